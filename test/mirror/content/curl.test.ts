// Interoperation with curl: whole files, resumed files and several ranges.

import { execFile, spawnSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeDirectory, patternBytes, removeDirectory, serveContent } from './rig.ts';

const run = promisify(execFile);
const hasCurl = spawnSync('curl', ['--version']).status === 0;
if (!hasCurl && process.env['CI'] !== undefined) throw new Error('curl is missing: install the package curl');

describe.runIf(hasCurl)('curl', () => {
  const content = patternBytes(900_000);
  let root = '';
  let site: Awaited<ReturnType<typeof serveContent>>;
  let output = '';
  const curl = async (...args: readonly string[]): Promise<Buffer> => {
    const options = { encoding: 'buffer', maxBuffer: 1e7 } as const;
    const url = `http://127.0.0.1:${site.port}/4.0/a.iso`;
    return (await run('curl', ['-sS', '--fail', '--max-time', '20', '--noproxy', '*', ...args, url], options)).stdout;
  };

  beforeAll(async () => {
    root = await makeDirectory({ 'a.iso': content });
    output = join(root, 'download');
    site = await serveContent(root);
  });
  afterAll(async () => {
    await site.close();
    await removeDirectory(root);
  });

  test('takes the whole file', async () => {
    expect((await curl()).equals(content)).toBe(true);
  });

  test('resumes a file that was cut off', async () => {
    await writeFile(output, content.subarray(0, 300_001));
    await curl('-C', '-', '-o', output);
    expect((await readFile(output)).equals(content)).toBe(true);
  });

  test('resumes a file that was complete already', async () => {
    await writeFile(output, content);
    // curl takes a 416 whose Content-Range shows that nothing is missing as success, but under --fail.
    await curl('--no-fail', '-C', '-', '-o', output);
    expect((await readFile(output)).equals(content)).toBe(true);
  });

  test('takes one range and several', async () => {
    expect((await curl('-r', '262140-262150')).equals(content.subarray(262_140, 262_151))).toBe(true);
    expect((await curl('-r', '-5')).equals(content.subarray(-5))).toBe(true);
    const several = (await curl('-r', '0-1,5-6')).toString('latin1');
    expect(several).toContain('Content-Range: bytes 0-1/900000');
    expect(several).toContain('Content-Range: bytes 5-6/900000');
  });

  test('fetches nothing that it has already', async () => {
    const tags = join(root, 'tag');
    await curl('--etag-save', tags, '-o', output);
    const options = ['--etag-compare', tags, '-o', join(root, 'again'), '-w', '%{http_code} %{size_download}'];
    expect((await curl(...options)).toString()).toBe('304 0');
    expect((await curl('-z', output, '-o', '/dev/null', '-w', '%{http_code}')).toString()).toBe('304');
  });
});
