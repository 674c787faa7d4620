// Where a tree's file must lie without a look-up: only while the tree is open, the first choice, and still what it was.

import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectedFacts } from '../../../mirror/tree/detect.ts';
import { openShelf, type OpenedTree } from '../../../mirror/tree/shelf.ts';
import { openTree, type StoredTree } from '../../../mirror/tree/store.ts';
import type { Tree } from '../../../server/domain.ts';
import { parseOs } from '../../../server/os.ts';
import { makeIso, makeRoom, skipWithout, writeFiles } from '../../support/iso.ts';

let room: Awaited<ReturnType<typeof makeRoom>>;
beforeAll(async () => (room = await makeRoom()));
afterAll(() => room.remove());

describe('a directory', () => {
  let count = 0;
  const build = async (): Promise<{ root: string; tree: StoredTree }> => {
    const name = `tree-${(count += 1)}`;
    const below = { '.treeinfo': '[general]\n', 'images/vmlinuz': 'kernel', 'packages.main/a.rpm': 'a' };
    await writeFiles(
      room.path,
      Object.fromEntries(Object.entries(below).map(([path, text]) => [`${name}/${path}`, text])),
    );
    const root = join(room.path, name);
    return { root, tree: await openTree({ kind: 'directory', path: root }) };
  };

  test('has its files where they lie in it', async () => {
    const { root, tree } = await build();
    const file = join(root, 'images/vmlinuz');
    expect(tree.spot?.('images/vmlinuz')).toMatchObject({ key: file, file });
    expect(tree.spot?.('images/vmlinuz')?.still?.()).toBe(true);
  });

  test.each<readonly [string, (root: string) => Promise<unknown>, boolean]>([
    ['what tells of the tree is written anew', (root) => writeFile(join(root, '.treeinfo'), '[release]\n'), false],
    ['what tells of the tree is gone', (root) => rm(join(root, '.treeinfo')), false],
    ['something comes that may tell of another', (root) => writeFile(join(root, '.discinfo'), 'x'), false],
    ['it comes into a directory below', (root) => writeFile(join(root, 'packages.main/XS-REPOSITORY'), 'x'), false],
    [
      'the whole tree is another',
      async (root) => {
        await mkdir(`${root}.new`);
        await rename(root, `${root}.old`);
        await rename(`${root}.new`, root);
      },
      false,
    ],
    ['it is gone', (root) => rm(root, { recursive: true }), false],
    ['a file comes that tells nothing, deeper', (root) => writeFile(join(root, 'images/initrd.img'), 'x'), true],
  ])('%s', async (_, change, still) => {
    const { root, tree } = await build();
    const spot = tree.spot?.('images/vmlinuz');
    await change(root);
    expect(spot?.still?.()).toBe(still);
  });
});

describe.skipIf(skipWithout('xorriso'))('an image', () => {
  test('tells its files apart, and has none once it is closed', async () => {
    await writeFiles(room.path, { 'content/a': 'a', 'content/b': 'b' });
    const iso = join(room.path, 'content.iso');
    await makeIso(join(room.path, 'content'), iso);
    const tree = await openTree({ kind: 'iso', path: iso });
    const [a, b] = [tree.spot?.('a'), tree.spot?.('b')];
    expect([a?.file, b?.file, a?.key === b?.key]).toEqual([iso, iso, false]);
    await tree.close();
    expect(tree.spot?.('a')).toBeUndefined();
  });
});

describe('the shelf', () => {
  const tree: Tree = { name: 'rhel6', source: { kind: 'iso', path: 'a.iso' }, os: parseOs('rhel-6.2-x86_64') };
  const files: OpenedTree = {
    find: async () => ({ kind: 'directory', names: [] }),
    read: async () => new Uint8Array(),
    isCurrent: async () => true,
    spot: (path) => ({ key: path, file: `/media/${path}` }),
    close: async () => {},
  };
  const shelfWith = (there: string, candidates = () => ['/first/a.iso', '/second/a.iso']) =>
    openShelf({
      open: async ({ path }) => {
        if (path !== there) throw Object.assign(new Error('not there'), { code: 'ENOENT' });
        return files;
      },
      detect: async () => expectedFacts(parseOs('rhel-6.2-x86_64')),
      expected: expectedFacts,
      candidates: () => candidates().map((path) => ({ kind: 'iso', path })),
      mediaDirectory: '/data/media',
    });

  test('has none for a tree that was never looked up, and then its files’', async () => {
    const shelf = shelfWith('/first/a.iso');
    expect(shelf.spot(tree, 'x')).toBeUndefined();
    await shelf.files(tree);
    expect(shelf.spot(tree, 'x')).toEqual({ key: 'x', file: '/media/x' });
    await shelf.close();
    expect(shelf.spot(tree, 'x')).toBeUndefined();
  });

  test('has none where a better medium may come', async () => {
    const shelf = shelfWith('/second/a.iso');
    await shelf.files(tree);
    expect(shelf.spot(tree, 'x')).toBeUndefined();
  });

  test('has none once another medium is the first choice', async () => {
    const candidates = ['/first/a.iso'];
    const shelf = shelfWith('/first/a.iso', () => candidates);
    await shelf.files(tree);
    candidates.unshift('/better/a.iso');
    expect(shelf.spot(tree, 'x')).toBeUndefined();
  });

  test('has none for a tree of that name that the site says is another', async () => {
    const shelf = shelfWith('/first/a.iso');
    await shelf.files(tree);
    for (const other of [
      { ...tree, os: parseOs('rhel-6.5-x86_64') },
      { ...tree, source: { kind: 'iso', path: 'b.iso' } } as const,
    ])
      expect(shelf.spot(other, 'x')).toBeUndefined();
  });
});
