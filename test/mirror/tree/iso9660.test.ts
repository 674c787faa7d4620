// Images made by the real tools, read by us and by other readers: the same names, bytes and times.

import { link, mkdir, readdir, symlink, truncate, appendFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Place } from '../../../mirror/content/place.ts';
import { openDirectoryTree, openIsoTree } from '../../../mirror/tree/store.ts';
import { Malformed } from '../../../server/malformed.ts';
import { makeIso, makeRoom, runTool, skipWithout, writeFiles } from '../../support/iso.ts';
import type { IsoOptions } from '../../support/iso.ts';
import { walkTree } from './walk.ts';

const LONG = `${'long-name-'.repeat(24)}end`; // 243 characters: two NM entries, and a continuation
const DEEP = Array.from({ length: 14 }, (_, index) => `level${index + 1}`).join('/');
const MIXED = 'Packages/MySQL-server_5.1+x~1.x86_64.rpm';

let room: Awaited<ReturnType<typeof makeRoom>>;
let tree: string;

beforeAll(async () => {
  room = await makeRoom();
  tree = join(room.path, 'tree');
  await writeFiles(tree, {
    '.treeinfo': '[general]\n',
    '.discinfo': '1.0\n',
    'images/pxeboot/vmlinuz': 'kernel'.repeat(1000),
    'empty.txt': '',
    'exact.bin': Buffer.alloc(4096, 7),
    [MIXED]: 'mysql',
    [`names/${LONG}`]: 'a long name',
    [`${DEEP}/deep.txt`]: 'deep down',
    'names/Ærøskøbing.txt': 'not ASCII',
  });
  for (let index = 0; index < 60; index += 1)
    await writeFiles(tree, { [`many/${index}-${LONG.slice(0, 200)}`]: `${index}` });
  await mkdir(join(tree, 'Server'));
  await mkdir(join(tree, 'isolinux'));
  await mkdir(join(tree, 'nothing'));
  await link(join(tree, 'images/pxeboot/vmlinuz'), join(tree, 'isolinux/vmlinuz'));
  const links = {
    'Server/Packages': '../Packages',
    kernel: 'images/pxeboot/../pxeboot/./vmlinuz',
    twice: 'kernel',
    'names/long-link': `../names/${LONG}`,
    out: '../../../../etc/passwd',
    absolute: '/etc/passwd',
    dangling: 'nowhere',
    'loop-a': 'loop-b',
    'loop-b': 'loop-a',
  };
  for (const [path, target] of Object.entries(links)) await symlink(target, join(tree, path));
  await utimes(join(tree, 'exact.bin'), 1_321_546_114, 1_321_546_114);
});

afterAll(() => room.remove());

async function opened(
  name: string,
  options: IsoOptions,
): Promise<Awaited<ReturnType<typeof openIsoTree>> & { iso: string }> {
  const iso = join(room.path, `${name}.iso`);
  await makeIso(tree, iso, options);
  return { ...(await openIsoTree(iso)), iso };
}

describe.skipIf(skipWithout('xorriso', 'genisoimage', 'bsdtar'))('images of real makers', () => {
  // bsdtar loses a slash where a link's target goes on in a second SL entry, and cannot read xorriso's relocations.
  const makers: readonly (readonly [string, IsoOptions, 'bsdtar' | 'xorriso'])[] = [
    ['xorriso, Rock Ridge and Joliet', { args: ['-R', '-J', '-joliet-long'] }, 'xorriso'],
    ['xorriso, as RHEL 9 and 10 are made', { args: ['-R', '-J', '-joliet-long', '-iso-level', '3'] }, 'xorriso'],
    ['xorriso with relocated directories', { args: ['-R', '-rr_reloc_dir', '/moved'] }, 'xorriso'],
    [
      'genisoimage, Rock Ridge and Joliet',
      { maker: 'genisoimage', args: ['-R', '-J', '-joliet-long', '-T'] },
      'bsdtar',
    ],
    ['genisoimage, Rock Ridge only', { maker: 'genisoimage', args: ['-r'] }, 'bsdtar'],
  ];

  test.each(makers)('%s: the same files as another reader finds', async (name, options, oracle) => {
    const iso = await opened(name.replaceAll(/\W/g, ''), options);
    const out = join(room.path, `out-${name.replaceAll(/\W/g, '')}`);
    await mkdir(out);
    await (oracle === 'bsdtar'
      ? runTool('bsdtar', ['-xf', iso.iso, '-C', out])
      : runTool('xorriso', ['-osirrox', 'on', '-indev', iso.iso, '-extract', '/', out]));
    const other = await openDirectoryTree(out);
    const ours = await walkTree(iso);
    expect(ours.length).toBeGreaterThan(70);
    expect(ours).toEqual(await walkTree(other));
    const raw = (await readdir(out, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    expect(ours.map(({ path }) => path)).toEqual(
      expect.arrayContaining(raw.map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))),
    );
    await iso.close();
  });

  test.each([
    [
      'Joliet without Rock Ridge',
      { maker: 'genisoimage', args: ['-J', '-joliet-long'] },
      (path: string) => path.length < 90,
    ],
    [
      'Joliet beside Rock Ridge taken out',
      { args: ['--norock', '-J', '-joliet-long'] },
      (path: string) => path.length < 90,
    ],
  ] as const)('%s: real names as far as they fit', async (name, options, fits) => {
    const iso = await opened(name.replaceAll(/\W/g, ''), options);
    const ours = new Map((await walkTree(iso)).map((file) => [file.path, file.sum]));
    const theirs = (await walkTree(await openDirectoryTree(tree))).filter(
      ({ path }) => fits(path) && !/^(?:kernel|twice|Server\/|names\/long)/.test(path),
    );
    expect(theirs.length).toBeGreaterThan(5);
    for (const { path, sum } of theirs) expect([path, ours.get(path)]).toEqual([path, sum]);
    await iso.close();
  });

  test.each([
    ['level1', ['-iso-level', '1']],
    ['level4', ['-iso-level', '4']],
  ])('plain %s: names in lower case, found in any case', async (name, args) => {
    const iso = await opened(name, { maker: 'genisoimage', args });
    const place = await iso.find('images/pxeboot/vmlinuz');
    expect(place).toMatchObject({ kind: 'file', sizeBytes: 6000 });
    expect(await iso.find('IMAGES/PxeBoot/VMLINUZ')).toEqual(place);
    expect(await iso.find('exact.bin')).toMatchObject({ modifiedMs: 1_321_546_114_000 });
    await iso.close();
  });

  test('hard links share their bytes in the image', async () => {
    const iso = await opened('shared', { maker: 'genisoimage', args: ['-R', '-J'] });
    const one = await iso.find('images/pxeboot/vmlinuz');
    const other = await iso.find('isolinux/vmlinuz');
    expect(one).toMatchObject({ kind: 'file', sizeBytes: 6000 });
    expect(other).toEqual(one);
    await iso.close();
  });

  describe('links and odd paths', () => {
    let iso: Awaited<ReturnType<typeof opened>>;
    beforeAll(async () => (iso = await opened('links', {})));
    afterAll(() => iso.close());

    test.each([
      ['kernel', 'images/pxeboot/vmlinuz'],
      ['twice', 'images/pxeboot/vmlinuz'],
      ['Server/Packages/MySQL-server_5.1+x~1.x86_64.rpm', MIXED],
      ['names/long-link', `names/${LONG}`],
    ])('%s leads to %s', async (path, target) => {
      const found = await iso.find(path);
      expect(found.kind).toBe('file');
      expect(found).toEqual(await iso.find(target));
    });

    test.each([
      ['out', 'a symbolic link leads out of the tree'],
      ['absolute', 'a symbolic link leads out of the tree'],
      ['dangling', 'not in the tree'],
      ['loop-a', 'too many symbolic links'],
      ['nowhere', 'not in the tree'],
      ['.treeinfo/x', 'not in the tree: a file is no directory'],
      ['kernel/x', 'not in the tree'],
      ['images/PXEBOOT', 'not in the tree'],
      ['..', 'not a path inside the tree'],
      ['../tree/.treeinfo', 'not a path inside the tree'],
      ['images/../.treeinfo', 'not a path inside the tree'],
      ['./images', 'not a path inside the tree'],
      ['/images', 'not a path inside the tree'],
      ['images/', 'not a path inside the tree'],
      ['images//pxeboot', 'not a path inside the tree'],
      ['images\\pxeboot', 'not in the tree'],
      ['images\0', 'not a path inside the tree'],
      ['%2e%2e/etc', 'not in the tree'],
      ['a/'.repeat(70) + 'a', 'the path is too deep'],
      ['x'.repeat(5000), 'the path is too long'],
      ['__proto__', 'not in the tree'],
      ['constructor', 'not in the tree'],
    ])('%j: %s', async (path, reason) => {
      const found: Place = await iso.find(path);
      expect(found).toMatchObject({ kind: 'no', reason: expect.stringContaining(reason) });
    });

    test('a listing shows what can be served, and no links that lead nowhere', async () => {
      const root = await iso.find('');
      const names = root.kind === 'directory' ? root.names : [];
      const of = (name: string): unknown => names.find((each) => each.name === name);
      expect(of('kernel')).toEqual({ name: 'kernel', kind: 'file', sizeBytes: 6000 });
      expect(of('Server')).toEqual({ name: 'Server', kind: 'directory', sizeBytes: 0 });
      expect(['out', 'absolute', 'dangling', 'loop-a', 'loop-b'].map(of)).toEqual(Array(5).fill(undefined));
      expect(await iso.find('Server')).toEqual({
        kind: 'directory',
        names: [{ name: 'Packages', kind: 'directory', sizeBytes: 0 }],
      });
      expect(await iso.find('nothing')).toEqual({ kind: 'directory', names: [] });
    });

    test('an empty file has no extents', async () => {
      expect(await iso.find('empty.txt')).toMatchObject({ kind: 'file', extents: [], sizeBytes: 0 });
    });
  });

  test('bytes after the volume are no harm; missing ones are counted', async () => {
    const iso = join(room.path, 'length.iso');
    await makeIso(tree, iso);
    await appendFile(iso, Buffer.alloc(5000, 1));
    const longer = await openIsoTree(iso);
    expect(await longer.find('.treeinfo')).toMatchObject({ kind: 'file' });
    await longer.close();
    const { size } = await stat(iso);
    await truncate(iso, size - 5000 - 1);
    await expect(openIsoTree(iso)).rejects.toThrow(/cut off: 1 of its \d+ bytes are missing/);
    await truncate(iso, 17 * 2048);
    await expect(openIsoTree(iso)).rejects.toThrow(Malformed);
    await truncate(iso, 10_000);
    await expect(openIsoTree(iso)).rejects.toThrow(/not an ISO 9660 image/);
  });
});
