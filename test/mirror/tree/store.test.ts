// Trees on a real disk: directories that may not be left, images that are replaced while they are open, files over 4 GiB.

import { mkdir, open, readFile, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FilePlace, Place } from '../../../mirror/content/place.ts';
import { openDirectoryTree, openIsoTree, openTree } from '../../../mirror/tree/store.ts';
import { Malformed } from '../../../server/malformed.ts';
import { craftIso, directory } from '../../support/craftediso.ts';
import { makeIso, makeRoom, skipWithout, writeFiles } from '../../support/iso.ts';

const GIB = 1024 ** 3;
let room: Awaited<ReturnType<typeof makeRoom>>;
beforeAll(async () => (room = await makeRoom()));
afterAll(() => room.remove());

function asFile(place: Place): FilePlace {
  if (place.kind !== 'file') throw new Error(`not a file: ${JSON.stringify(place)}`);
  return place;
}

describe('a directory', () => {
  let root: string;
  let close: () => void;
  beforeAll(async () => {
    root = join(room.path, 'directory');
    await writeFiles(room.path, {
      'directory/images/vmlinuz': 'kernel',
      'directory/empty': '',
      secret: 'secret',
      'directory-beside/x': 'x',
    });
    const links = {
      kernel: 'images/vmlinuz',
      dir: 'images',
      out: '../secret',
      absolute: '/etc/passwd',
      beside: '../directory-beside/x',
      gone: 'nowhere',
      loop: 'loop',
      up: '..',
    };
    for (const [name, target] of Object.entries(links)) await symlink(target, join(root, name));
    const server = createServer();
    await new Promise<void>((done) => server.listen(join(root, 'socket'), done));
    close = () => server.close();
  });
  afterAll(() => close());

  test('answers files, links inside, and listings', async () => {
    const tree = await openDirectoryTree(root);
    const kernel = asFile(await tree.find('images/vmlinuz'));
    expect(kernel).toMatchObject({ sizeBytes: 6, extents: [{ offset: 0, length: 6 }] });
    expect(kernel.modifiedMs).toBeGreaterThan(1e12);
    expect(await tree.find('kernel')).toEqual(kernel);
    expect(await tree.find('dir/vmlinuz')).toEqual(kernel);
    expect(Buffer.from(await tree.read(kernel, 6)).toString()).toBe('kernel');
    await expect(tree.read(kernel, 5)).rejects.toThrow(Malformed);
    expect(await tree.find('empty')).toMatchObject({ kind: 'file', extents: [], sizeBytes: 0 });
    expect(await tree.find('')).toEqual({
      kind: 'directory',
      names: [
        { name: 'dir', kind: 'directory', sizeBytes: 0 },
        { name: 'empty', kind: 'file', sizeBytes: 0 },
        { name: 'images', kind: 'directory', sizeBytes: 0 },
        { name: 'kernel', kind: 'file', sizeBytes: 6 },
      ],
    });
    await tree.close();
  });

  test.each([
    ['out', 'leads out'],
    ['absolute', 'leads out'],
    ['beside', 'leads out'],
    ['up', 'leads out'],
    ['gone', 'not in the tree'],
    ['loop', 'not in the tree'],
    ['socket', 'no regular file'],
    ['../secret', 'not a path'],
    ['images/../../secret', 'not a path'],
    ['/etc/passwd', 'not a path'],
    ['images/vmlinuz/x', 'not in the tree'],
    ['images\0', 'not a path'],
    ['x'.repeat(300), 'not in the tree'],
  ])('%s: No', async (path, reason) => {
    const tree = await openDirectoryTree(root);
    expect(await tree.find(path)).toMatchObject({ kind: 'no', reason: expect.stringContaining(reason) });
  });

  test('that is a file, or is not there, is refused', async () => {
    await expect(openTree({ kind: 'directory', path: join(room.path, 'secret') })).rejects.toThrow(Malformed);
    await expect(openTree({ kind: 'directory', path: join(room.path, 'nowhere') })).rejects.toThrow(/ENOENT/);
    await expect(openTree({ kind: 'iso', path: join(room.path, 'nowhere') })).rejects.toThrow(/ENOENT/);
    await expect(openTree({ kind: 'iso', path: root })).rejects.toThrow(Malformed);
  });
});

describe.skipIf(skipWithout('xorriso'))('an image that changes', () => {
  let one: string;
  let other: string;
  beforeAll(async () => {
    await writeFiles(room.path, { 'one/which': 'one', 'other/which': 'other' });
    [one, other] = [join(room.path, 'one.iso'), join(room.path, 'other.iso')];
    await makeIso(join(room.path, 'one'), one);
    await makeIso(join(room.path, 'other'), other);
  });
  const copy = async (from: string, to: string): Promise<string> => {
    const path = join(room.path, to);
    await writeFile(path, await readFile(from));
    return path;
  };
  const readWhich = async (tree: Awaited<ReturnType<typeof openIsoTree>>): Promise<string> =>
    Buffer.from(await tree.read(asFile(await tree.find('which')), 100)).toString();

  test('by another in its place: No from then on, and the new one for who opens it', async () => {
    const path = await copy(one, 'replaced.iso');
    const tree = await openIsoTree(path);
    expect(await readWhich(tree)).toBe('one');
    expect(await tree.isCurrent()).toBe(true);
    await rename(await copy(other, 'staged.iso'), path);
    for (let asked = 0; asked < 3; asked += 1) {
      expect(await tree.find('which')).toMatchObject({
        kind: 'no',
        reason: expect.stringContaining('was replaced while in use'),
      });
    }
    expect(await tree.isCurrent()).toBe(false);
    await tree.close();
    expect(await tree.find('which')).toMatchObject({ kind: 'no', reason: expect.stringContaining('closed') });
    const now = await openIsoTree(path);
    expect(await readWhich(now)).toBe('other');
    await now.close();
  });

  test('by being cut: No, and no other can be opened until it is whole again', async () => {
    const path = await copy(one, 'cut.iso');
    const tree = await openIsoTree(path);
    await truncate(path, 100_000);
    expect(await tree.find('which')).toMatchObject({ kind: 'no' });
    await tree.close();
    await expect(openIsoTree(path)).rejects.toThrow(/bytes are missing/);
    await copy(one, 'cut.iso');
    const whole = await openIsoTree(path);
    expect(await readWhich(whole)).toBe('one');
    await whole.close();
  });

  test('by going away, while many ask: every one gets a No', async () => {
    const path = await copy(one, 'gone.iso');
    const tree = await openIsoTree(path);
    await rm(path);
    const answers = await Promise.all(Array.from({ length: 20 }, () => tree.find('which')));
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(['no']));
    await tree.close();
  });

  test('only by its time', async () => {
    const path = await copy(one, 'touched.iso');
    const tree = await openIsoTree(path);
    await utimes(path, 1, 1);
    expect(await tree.find('which')).toMatchObject({ kind: 'no' });
    expect(await tree.isCurrent()).toBe(false);
    await tree.close();
  });
});

describe('a file over 4 GiB', () => {
  /** Marks at the places where 32-bit arithmetic goes wrong; `base` is where the file begins on disk. */
  const marks = (sizeBytes: number): readonly (readonly [number, string])[] => [
    [0, 'at the start'],
    [2 * GIB - 8, 'across 2 GiB..'],
    [4 * GIB - 6, 'across 4 GiB..'],
    [sizeBytes - 10, 'at the end'],
  ];
  const expectMarks = async (path: string, name: string, sizeBytes: number): Promise<void> => {
    const tree = await openIsoTree(path);
    const place = asFile(await tree.find(name));
    expect(place.sizeBytes).toBe(sizeBytes);
    for (const [at, text] of marks(sizeBytes)) {
      const [first] = place.extents;
      if (first === undefined || place.extents.length !== 1) throw new Error('expected its extents joined');
      const slice = { ...place, extents: [{ offset: first.offset + at, length: text.length }], sizeBytes: text.length };
      expect(Buffer.from(await tree.read(slice, 100)).toString()).toBe(text);
    }
    await expect(tree.read(place, 1_000_000)).rejects.toThrow(Malformed);
    await tree.close();
  };

  test('in a sparse image written by hand', async () => {
    const path = join(room.path, 'sparse.iso');
    const firstLength = 4 * GIB - 2048;
    const sizeBytes = firstLength + 700_000_000;
    const blocks = 30 + Math.ceil(sizeBytes / 2048);
    const image = craftIso(
      {
        20: directory({ block: 20, parent: 20 }, [
          { name: 'BIG.IMG;1', block: 30, length: firstLength, flags: 0x80 },
          { name: 'BIG.IMG;1', block: 30 + firstLength / 2048, length: 700_000_000 },
        ]),
      },
      { volumeBlocks: blocks },
    );
    const file = await open(path, 'w');
    for (const [number, sector] of image) await file.write(sector, 0, sector.byteLength, number * 2048);
    for (const [at, text] of marks(sizeBytes)) await file.write(text, 30 * 2048 + at);
    await file.truncate(blocks * 2048);
    await file.close();
    await expectMarks(path, 'big.img', sizeBytes);
    await rm(path);
  });

  // Needs 4.3 GiB in the temporary directory for half a minute.
  const wanted = process.env['CI'] !== undefined || process.env['KICKSTAND_BIG'] !== undefined;
  test.skipIf(!wanted || skipWithout('xorriso'))('in an image that xorriso made', { timeout: 240_000 }, async () => {
    const sizeBytes = 4 * GIB + 200_000_000;
    const tree = join(room.path, 'big');
    const path = join(room.path, 'big.iso');
    await mkdir(tree);
    const file = await open(join(tree, 'big.img'), 'w');
    for (const [at, text] of marks(sizeBytes)) await file.write(text, at);
    await file.close();
    try {
      await makeIso(tree, path, { args: ['-iso-level', '3', '-R', '-J'] });
      await expectMarks(path, 'big.img', sizeBytes);
    } finally {
      await rm(path, { force: true });
    }
  });
});
