// Archives: the same bytes at any time, in any zone, and readable by the programs that people have.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import type { ArchiveFormat } from '../../../kickstart/bundle/archive.ts';
import { archiveBytes } from '../../../kickstart/bundle/archive.ts';
import type { BundleEntry } from '../../../kickstart/bundle/entries.ts';

const LONG = `${'deep/'.repeat(30)}${'n'.repeat(180)}.conf`;
const ENTRIES: readonly BundleEntry[] = [
  { name: 'cs40/README.txt', mode: 0o644, text: 'read me\n' },
  { name: 'cs40/files/etc/empty', mode: 0o644, text: '' },
  { name: 'cs40/files/etc/hosts', mode: 0o644, text: '127.0.0.1 localhost\n' },
  { name: 'cs40/files/usr/sbin/first-boot', mode: 0o755, text: '#!/bin/sh\necho größer\n' },
  { name: 'cs40/kickstart.ks', mode: 0o600, text: 'x'.repeat(100_000) },
  { name: LONG, mode: 0o644, text: 'long\n' },
];
const NAMES = ENTRIES.map(({ name }) => name);
const FORMATS: readonly ArchiveFormat[] = ['tar.gz', 'zip'];

const scratch = mkdtempSync(join(tmpdir(), 'kickstand-archive-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const fileOf = (format: ArchiveFormat): string => join(scratch, `bundle.${format}`);

beforeAll(async () => {
  for (const format of FORMATS) writeFileSync(fileOf(format), await archiveBytes(ENTRIES, format));
});

function available(tool: string): boolean {
  return spawnSync(tool, ['--version']).error === undefined;
}

function run(tool: string, ...args: readonly string[]): Buffer {
  return execFileSync(tool, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

const MAKE = `
  import { createHash } from 'node:crypto';
  const { archiveBytes } = await import(process.argv[1]);
  const bytes = await archiveBytes(JSON.parse(process.argv[2]), process.argv[3]);
  console.log(createHash('sha256').update(bytes).digest('hex'));
`;

describe.each(FORMATS)('%s', (format) => {
  test('two exports are the same bytes', async () => {
    const [first, second] = await Promise.all([archiveBytes(ENTRIES, format), archiveBytes(ENTRIES, format)]);
    expect(Buffer.compare(first, second)).toBe(0);
  });

  test.each(['UTC', 'America/New_York', 'Asia/Tokyo'])('another process in %s makes the same bytes', async (zone) => {
    const own = createHash('sha256').update(await archiveBytes(ENTRIES, format));
    const module = new URL('../../../kickstart/bundle/archive.ts', import.meta.url).href;
    const args = ['--input-type=module', '-e', MAKE, module, JSON.stringify(ENTRIES), format];
    const output = execFileSync(process.execPath, args, { env: { ...process.env, TZ: zone } });
    expect(output.toString().trim()).toBe(own.digest('hex'));
  });

  test('an archive of nothing can be read', async () => {
    const bytes = await archiveBytes([], format);
    expect(bytes.byteLength).toBeGreaterThan(20);
  });
});

describe('tar.gz', () => {
  test('tar lists every name in order', (context) => {
    if (!available('tar') && process.env['CI'] === undefined) return context.skip();
    expect(run('tar', '-tzf', fileOf('tar.gz')).toString().trim().split('\n')).toEqual(NAMES);
  });

  test('owner, group, modes and time are fixed', (context) => {
    if (!available('tar') && process.env['CI'] === undefined) return context.skip();
    const lines = run('tar', '--numeric-owner', '--utc', '--full-time', '-tvzf', fileOf('tar.gz')).toString();
    for (const line of lines.trim().split('\n')) expect(line).toMatch(/ 0\/0 .* 2000-01-01 00:00:00 /);
    expect(lines).toMatch(/^-rwxr-xr-x .*first-boot$/m);
    expect(lines).toMatch(/^-rw------- .*kickstart\.ks$/m);
  });

  test('the gzip header holds no time', async () => {
    const bytes = await archiveBytes(ENTRIES, 'tar.gz');
    expect(bytes.readUInt32LE(4)).toBe(0);
  });
});

describe('zip', () => {
  test('unzip lists every name, and prints a file as it was', (context) => {
    if (!available('unzip') && process.env['CI'] === undefined) return context.skip();
    expect(run('unzip', '-Z1', fileOf('zip')).toString().trim().split('\n')).toEqual(NAMES);
    expect(run('unzip', '-p', fileOf('zip'), LONG).toString()).toBe('long\n');
    expect(run('unzip', '-Z', fileOf('zip'), 'cs40/kickstart.ks').toString()).toMatch(/^-rw------- /);
    run('unzip', '-tq', fileOf('zip'));
  });
});

const READ_BOTH = `
import hashlib, json, sys, tarfile, zipfile
tar = tarfile.open(sys.argv[1]); zip = zipfile.ZipFile(sys.argv[2])
digest = lambda data: hashlib.sha256(data).hexdigest()
print(json.dumps({
  "tar": [[m.name, m.mode & 0o7777, digest(tar.extractfile(m).read()), m.isreg()] for m in tar.getmembers()],
  "zip": [[i.filename, (i.external_attr >> 16) & 0o7777, digest(zip.read(i)), not i.is_dir()] for i in zip.infolist()],
}))
`;

test('Python reads both with the same names, modes and contents', (context) => {
  if (!available('python3') && process.env['CI'] === undefined) return context.skip();
  const output = run('python3', '-c', READ_BOTH, fileOf('tar.gz'), fileOf('zip'));
  const expected = ENTRIES.map(({ name, mode, text }) => [
    name,
    mode,
    createHash('sha256').update(text).digest('hex'),
    true,
  ]);
  expect(JSON.parse(output.toString())).toEqual({ tar: expected, zip: expected });
});
