// `kickstand repo closure`: what an operator is told of holes, and what a script.

import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SnapshotFile } from '../../mirror/content/layout.ts';
import { openPool } from '../../mirror/content/pool/store.ts';
import { openContentStore } from '../../mirror/content/store.ts';
import { parseHref } from '../../mirror/rpm/href.ts';
import { isNo } from '../../server/malformed.ts';
import { writeMetadata, type MetadataPackage } from '../support/closure-repos.ts';
import { kickstand, type Ran } from '../support/command.ts';
import { exampleText } from '../support/example.ts';

let data = '';
beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'kickstand-closure-'));
  const repos = ['whole', 'torn', 'new'].map((name) => `  - { name: ${name}, upstream: "http://127.0.0.1/${name}/" }`);
  await writeFile(join(data, 'site.yaml'), exampleText.replace(/^repos:\n/m, `repos:\n${repos.join('\n')}\n`));
  await publish('whole', [{ name: 'a', requires: ['b'] }, { name: 'b' }]);
  const askers = Array.from({ length: 7 }, (_, index) => ({ name: `asker${index}`, requires: ['gone >= 2', '(if'] }));
  await publish('torn', [...askers, { name: 'other', requires: ['/opt/x'] }]);
});
afterAll(() => rmSync(data, { recursive: true }));

async function publish(repo: string, packages: readonly MetadataPackage[]): Promise<void> {
  const [content, pool] = [openContentStore(data), await openPool(data)];
  const directory = mkdtempSync(join(data, 'upstream-'));
  await writeMetadata(directory, packages);
  const lock = await content.lockRepo(repo);
  if (isNo(lock)) throw new Error(lock.reason);
  const files: SnapshotFile[] = [];
  for (const name of ['repomd', 'primary', 'filelists']) {
    const path = parseHref(`repodata/${name}.xml`, 'test');
    const bytes = await readFile(join(directory, path));
    files.push({ path, sha256: await pool.save(bytes), sizeBytes: bytes.length, checksum: undefined });
  }
  const rest = { now: 1, upstream: 'u', revision: '1', packages: packages.length, notes: [], origin: undefined };
  await content.publish(repo, (await content.saveSnapshot(repo, { ...rest, files })).id);
  lock.release();
}

const closure = (...args: readonly string[]): Promise<Ran> =>
  kickstand(['repo', 'closure', ...args, '--data', data, '--site', join(data, 'site.yaml')]);

test('a repo without holes is done', async () => {
  const { code, out } = await closure('whole');
  expect(out).toBe('whole: everything that its 2 packages require is provided\n');
  expect(code).toBe(0);
});

test('holes are told by what is missing, and end with 1', async () => {
  const { code, out } = await closure('torn', 'new');
  expect(out).toContain('torn: nothing provides 2 of the requirements of 8 packages\n');
  expect(out).toContain('  gone >= 2\n    required by asker0-1-1.noarch, asker1-1-1.noarch');
  expect(out).toContain('asker4-1-1.noarch and 2 more\n');
  expect(out).toContain('  /opt/x\n    required by other-1-1.noarch\n');
  expect(out).toContain('asker0-1-1.noarch requires what no client can read: (if\n');
  expect(out).toContain('new: the repo new was never synced\n');
  expect(code).toBe(1);
});

test('a script is told everything', async () => {
  const { code, out } = await closure('torn', '--json');
  const [told] = JSON.parse(out) as { repo: string; holes: unknown[]; checkedPackages: number }[];
  expect(told).toMatchObject({ repo: 'torn', checkedPackages: 8, unjudged: [] });
  expect(told?.holes).toHaveLength(8);
  expect(told?.holes).toContainEqual({ repo: 'torn', package: 'asker6-1-1.noarch', requirement: 'gone >= 2' });
  expect(code).toBe(1);
});

test('a repo that is not there is wrong usage', async () => {
  expect((await closure('nonesuch')).code).toBe(2);
});
