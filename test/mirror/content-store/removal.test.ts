// What is removed, and what only looks as if it lay there.

import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTree } from '../../../mirror/content/removal/store.ts';

let directory = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kickstand-removal-'));
  await mkdir(join(directory, 'other/below'), { recursive: true });
  await writeFile(join(directory, 'other/below/file'), 'precious');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

test.each<[string, () => Promise<unknown>]>([
  ['a directory and all in it', () => mkdir(join(directory, 'gone/a/b'), { recursive: true })],
  ['a file', () => writeFile(join(directory, 'gone'), '')],
  ['nothing', async () => undefined],
  ['a link to a directory, not what it leads to', () => symlink('other', join(directory, 'gone'))],
  ['a link to nowhere', () => symlink('nowhere', join(directory, 'gone'))],
])('%s', async (_what, make) => {
  await make();
  await removeTree(join(directory, 'gone'));
  expect(await readdir(directory)).toEqual(['other']);
  expect(await readdir(join(directory, 'other/below'))).toEqual(['file']);
});

test('a directory with a link in it, not what that leads to', async () => {
  await mkdir(join(directory, 'gone'));
  await symlink('../other', join(directory, 'gone/link'));
  await removeTree(join(directory, 'gone'));
  expect(await readdir(join(directory, 'other/below'))).toEqual(['file']);
});
