// Images no tool would write: damage and traps end in Malformed or a No, large files are found whole, nothing hangs.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openIso } from '../../../mirror/tree/iso9660.ts';
import type { IsoImage } from '../../../mirror/tree/iso9660.ts';
import { isNo, Malformed } from '../../../server/malformed.ts';
import * as craft from '../../support/craftediso.ts';
import type { CraftedRecord } from '../../support/craftediso.ts';
import { makeIso, makeRoom, skipWithout, writeFiles } from '../../support/iso.ts';

const SECTOR = 2048;
const GIB = 1024 ** 3;
const root = (records: readonly CraftedRecord[], own?: Uint8Array): Uint8Array =>
  craft.directory({ block: 20, parent: 20, ...(own === undefined ? {} : { own }) }, records);
const openCrafted = (sectors: Record<number, Uint8Array>, sizeBytes = 40 * SECTOR): Promise<IsoImage> =>
  openIso(craft.sourceOf(craft.craftIso(sectors), sizeBytes));
const rock = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);

describe('files in several extents', () => {
  const MULTI = 0x80;
  const first = 4 * GIB - SECTOR;

  test('are one file; extents that follow each other are one extent', async () => {
    const image = await openCrafted(
      {
        20: root([
          { name: 'BIG.BIN;1', block: 100, length: first, flags: MULTI },
          { name: 'BIG.BIN;1', block: 100 + first / SECTOR, length: 5000, flags: 0 },
          { name: 'NEXT.;1', block: 30, length: 7 },
        ]),
      },
      9 * GIB,
    );
    expect(await image.find('big.bin')).toMatchObject({
      kind: 'file',
      sizeBytes: first + 5000,
      extents: [{ offset: 100 * SECTOR, length: first + 5000 }],
    });
    expect(await image.find('next')).toMatchObject({ sizeBytes: 7 });
  });

  test('keep their order where they lie apart, with Rock Ridge on each record', async () => {
    const use = craft.nameUse('Big file');
    const image = await openCrafted(
      {
        20: root(
          [
            { name: 'BIG.;1', block: 2_000_000, length: first, flags: MULTI, systemUse: use },
            { name: 'BIG.;1', block: 30, length: SECTOR, flags: MULTI, systemUse: use },
            { name: 'BIG.;1', block: 50, length: 9, systemUse: use },
          ],
          craft.rockRidgeRoot(),
        ),
      },
      9 * GIB,
    );
    expect(image.namespace).toBe('rock-ridge');
    expect(await image.find('Big file')).toMatchObject({
      sizeBytes: first + SECTOR + 9,
      extents: [
        { offset: 2_000_000 * SECTOR, length: first },
        { offset: 30 * SECTOR, length: SECTOR },
        { offset: 50 * SECTOR, length: 9 },
      ],
    });
  });

  test.each([
    ['the last record has the flag too', [{ name: 'A', block: 30, length: 9, flags: MULTI }]],
    [
      'another file comes between',
      [
        { name: 'A', block: 30, length: 9, flags: MULTI },
        { name: 'B', block: 31, length: 9 },
      ],
    ],
  ])('break off: %s', async (_, records) => {
    const image = await openCrafted({ 20: root(records) });
    await expect(image.find('a')).rejects.toThrow(/the extents of a file break off/);
  });

  test('cannot hold more than the image does', async () => {
    const records = Array.from({ length: 3 }, (_, index) => {
      return { name: 'A', block: 20, length: 15 * SECTOR, flags: index < 2 ? MULTI : 0 };
    });
    const image = await openCrafted({ 20: root(records) });
    await expect(image.find('a')).rejects.toThrow(/outside the image/);
  });
});

describe('traps', () => {
  test.each<readonly [string, Record<number, Uint8Array>, string, RegExp]>([
    [
      'a directory that is its own child',
      { 20: root([{ name: 'A', block: 20, length: SECTOR, flags: 2 }]) },
      'a/a/a',
      /contains itself/,
    ],
    [
      'a directory that contains its grandparent',
      {
        20: root([{ name: 'A', block: 21, length: SECTOR, flags: 2 }]),
        21: craft.directory({ block: 21, parent: 20 }, [{ name: 'B', block: 20, length: SECTOR, flags: 2 }]),
      },
      'a/b',
      /contains itself/,
    ],
    [
      'a directory outside the image',
      { 20: root([{ name: 'A', block: 99, length: SECTOR, flags: 2 }]) },
      'a',
      /outside the image/,
    ],
    [
      'a directory of 4 GiB',
      { 20: root([{ name: 'A', block: 30, length: 0xfffff800, flags: 2 }]) },
      'a',
      /a directory of \d+ bytes/,
    ],
    [
      'a directory of no bytes',
      { 20: root([{ name: 'A', block: 30, length: 0, flags: 2 }]) },
      'a',
      /a directory of 0 bytes/,
    ],
    [
      'a directory without its own record',
      { 20: root([{ name: 'A', block: 30, length: SECTOR, flags: 2 }]) },
      'a',
      /not a directory/,
    ],
    [
      'a file outside the image',
      { 20: root([{ name: 'A', block: 39, length: SECTOR + 1 }]) },
      'a',
      /outside the image/,
    ],
    [
      'a file at the last block there can be',
      { 20: root([{ name: 'A', block: 0xffffffff, length: 1 }]) },
      'a',
      /outside the image/,
    ],
    ['an interleaved file', { 20: root([{ name: 'A', block: 30, length: 1, interleave: 2 }]) }, 'a', /interleaved/],
    ['a name with a slash', { 20: root([{ name: '../A', block: 30, length: 1 }]) }, 'a', /no file can be named/],
    [
      'a Rock Ridge name with a slash',
      {
        20: root(
          [{ name: 'A', block: 30, length: 1, systemUse: craft.nameUse('../../etc/passwd') }],
          craft.rockRidgeRoot(),
        ),
      },
      'a',
      /no file can be named/,
    ],
    [
      'a Rock Ridge name that is the parent',
      { 20: root([{ name: 'A', block: 30, length: 1, systemUse: craft.nameUse('..') }], craft.rockRidgeRoot()) },
      'a',
      /no file can be named/,
    ],
    [
      'a system use entry longer than its area',
      {
        20: root(
          [{ name: 'A', block: 30, length: 1, systemUse: Buffer.from('NM\xc8\x01\0a', 'latin1') }],
          craft.rockRidgeRoot(),
        ),
      },
      'a',
      /bad length/,
    ],
    [
      'a continuation of itself',
      {
        20: root(
          [{ name: 'A', block: 30, length: 1, systemUse: craft.use('CE', craft.bothEndian(31, 0, 28)) }],
          craft.rockRidgeRoot(),
        ),
        31: craft.use('CE', craft.bothEndian(31, 0, 28)),
      },
      'a',
      /goes on without end/,
    ],
    [
      'a continuation outside the image',
      {
        20: root(
          [{ name: 'A', block: 30, length: 1, systemUse: craft.use('CE', craft.bothEndian(900, 0, 28)) }],
          craft.rockRidgeRoot(),
        ),
      },
      'a',
      /outside the image/,
    ],
    [
      'a continuation that leaves its block',
      {
        20: root(
          [{ name: 'A', block: 30, length: 1, systemUse: craft.use('CE', craft.bothEndian(30, 2040, 28)) }],
          craft.rockRidgeRoot(),
        ),
      },
      'a',
      /leaves its block/,
    ],
    [
      'a moved directory that is no directory',
      {
        20: root(
          [{ name: 'A', block: 30, length: 1, systemUse: craft.use('CL', craft.bothEndian(30)) }],
          craft.rockRidgeRoot(),
        ),
      },
      'a',
      /not a directory/,
    ],
    [
      'a moved directory that is its ancestor',
      {
        20: root(
          [{ name: 'A', block: 30, length: 1, systemUse: craft.use('CL', craft.bothEndian(20)) }],
          craft.rockRidgeRoot(),
        ),
      },
      'a',
      /contains itself/,
    ],
  ])('%s is Malformed', async (_, sectors, path, message) => {
    const image = await openCrafted(sectors);
    const found = image.find(path);
    await expect(found).rejects.toBeInstanceOf(Malformed);
    await expect(found).rejects.toThrow(message);
  });

  test.each<readonly [string, Uint8Array, string]>([
    ['to the root of the reader', craft.linkUse([8, ''], [0, 'etc']), 'leads out of the tree'],
    ['above the root', craft.linkUse([4, ''], [4, ''], [0, 'etc']), 'leads out of the tree'],
    ['above the root by a literal name', craft.linkUse([0, '..'], [0, 'x']), ''],
    ['to another host', craft.linkUse([0x20, ''], [0, 'x']), 'leads out of the tree'],
    ['to itself', craft.linkUse([0, 'A']), 'too many symbolic links'],
    ['to itself twice, so that the way doubles', craft.linkUse([0, 'A'], [0, 'A']), 'too many symbolic links'],
  ])('a link %s is a No', async (_, link, reason) => {
    const name = craft.nameUse('A');
    const image = await openCrafted({
      20: root([{ name: 'A', block: 0, length: 0, systemUse: rock(name, link) }], craft.rockRidgeRoot()),
    });
    const found = await image.find('A').catch((error: unknown) => error);
    if (reason === '') expect(found).toBeInstanceOf(Malformed);
    else expect(found).toMatchObject({ kind: 'no', reason: expect.stringContaining(reason) });
  });

  test('devices and compressed files are not to be had', async () => {
    const device = rock(craft.nameUse('dev'), craft.use('PX', craft.bothEndian(0o020666, 1, 0, 0)));
    const zipped = rock(
      craft.nameUse('zipped'),
      craft.use('ZF', [...Buffer.from('pz'), 4, 15, ...craft.bothEndian(9)]),
    );
    const image = await openCrafted({
      20: root(
        [
          { name: 'DEV', block: 0, length: 0, systemUse: device },
          { name: 'ZIPPED', block: 30, length: 9, systemUse: zipped },
        ],
        craft.rockRidgeRoot(),
      ),
    });
    expect(await image.find('dev')).toMatchObject({ kind: 'no' });
    expect(await image.find('zipped')).toMatchObject({ kind: 'no' });
    expect(await image.find('')).toEqual({ kind: 'directory', names: [] });
  });

  test('bytes that the image says to skip are skipped', async () => {
    const image = await openCrafted({
      20: root(
        [{ name: 'A', block: 30, length: 1, systemUse: rock(Buffer.alloc(14, 0xff), craft.nameUse('Real name')) }],
        craft.rockRidgeRoot(14),
      ),
    });
    expect(await image.find('Real name')).toMatchObject({ kind: 'file' });
  });

  test('directories nested beyond reason are Malformed', async () => {
    const sectors: Record<number, Uint8Array> = {};
    for (let block = 20; block < 100; block += 1) {
      const up = craft.linkUse([0, 'D']);
      const records = [{ name: 'D', block: block + 1, length: SECTOR, flags: 2, systemUse: craft.nameUse('D') }];
      const jump = { name: 'J', block: 0, length: 0, systemUse: rock(craft.nameUse('J'), up) };
      sectors[block] = craft.directory({ block, parent: block - 1, own: craft.rockRidgeRoot() }, [...records, jump]);
    }
    const deep = Array.from({ length: 20 }, () => [0, 'D'] as const);
    const link = { name: 'L', block: 0, length: 0, systemUse: rock(craft.nameUse('L'), craft.linkUse(...deep)) };
    sectors[39] = craft.directory({ block: 39, parent: 38 }, [
      { name: 'D', block: 40, length: SECTOR, flags: 2, systemUse: craft.nameUse('D') },
      link,
    ]);
    const image = await openCrafted(sectors, 200 * SECTOR);
    expect(await image.find('D/'.repeat(30) + 'D')).toMatchObject({ kind: 'directory' });
    await expect(image.find('D/'.repeat(19) + 'L/' + 'D/'.repeat(40) + 'D')).rejects.toThrow(/nested too deep/);
  });
});

describe('what is no image', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(60 * SECTOR)],
    ['text', Buffer.from('<html>404 Not Found</html>')],
    ['a squashfs', Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(60 * SECTOR)])],
  ])('%s', async (_, bytes) => {
    const opened = openIso({
      sizeBytes: bytes.byteLength,
      readAt: async (at, length) => bytes.subarray(at, at + length),
    });
    await expect(opened).rejects.toThrow(/^not an ISO 9660 image/);
  });

  test('only descriptors that are none of ours', async () => {
    const image = craft.craftIso({ 20: root([]) });
    image.delete(16);
    image.set(16, image.get(17) ?? Buffer.alloc(0));
    await expect(openIso(craft.sourceOf(image, 40 * SECTOR))).rejects.toThrow(/no primary volume descriptor/);
  });
});

describe.skipIf(skipWithout('genisoimage'))('damage', () => {
  let room: Awaited<ReturnType<typeof makeRoom>>;
  let pristine: Buffer;
  beforeAll(async () => {
    room = await makeRoom();
    const tree = join(room.path, 'tree');
    const files: Record<string, string> = { '.treeinfo': 'x', 'a/b/c/d.txt': 'd', 'images/pxeboot/vmlinuz': 'k' };
    for (let index = 0; index < 40; index += 1) files[`Packages/${index}-${'long-name-'.repeat(20)}.rpm`] = `${index}`;
    await writeFiles(tree, files);
    const iso = join(room.path, 'a.iso');
    await makeIso(tree, iso, { maker: 'genisoimage' });
    pristine = await readFile(iso);
  });
  afterAll(() => room.remove());

  /** Opens and walks; anything but Malformed passes on. Answers how many places were seen. */
  const explore = async (bytes: Buffer): Promise<number> => {
    const readAt = async (at: number, length: number): Promise<Uint8Array> => {
      if (at < 0 || at + length > bytes.byteLength) throw new Error('a read beyond the image');
      return bytes.subarray(at, at + length);
    };
    let seen = 0;
    const visit = async (image: IsoImage, path: string): Promise<void> => {
      seen += 1;
      if (seen > 500) return;
      const found = await image.find(path).catch(onlyMalformed);
      if (found === undefined || isNo(found) || found.kind === 'file') return;
      for (const { name } of found.names.slice(0, 50)) await visit(image, path === '' ? name : `${path}/${name}`);
    };
    const image = await openIso({ sizeBytes: bytes.byteLength, readAt }).catch(onlyMalformed);
    if (image !== undefined) await visit(image, '');
    return seen;
  };
  const onlyMalformed = (error: unknown): undefined => {
    if (!(error instanceof Malformed)) throw error;
  };

  test('of no byte: all 50 places are seen', async () => {
    expect(await explore(pristine)).toBe(50);
  });

  test('of some bytes in the first 64 sectors: Malformed or less to see, nothing else', async () => {
    const at = fc.integer({ min: 16 * SECTOR, max: 64 * SECTOR - 1 });
    const flips = fc.array(fc.tuple(at, fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const bytes = Buffer.from(pristine.subarray());
        for (const [position, value] of changes) bytes[position] = value;
        expect(await explore(bytes)).toBeLessThan(2000);
      }),
      { numRuns: 400 },
    );
  });

  test('of every byte that matters in the root directory: one flip at a time', async () => {
    const view = pristine.readUInt32LE(16 * SECTOR + 158) * SECTOR;
    for (let offset = 0; offset < 700; offset += 1) {
      const bytes = Buffer.from(pristine);
      bytes[view + offset] = (bytes[view + offset] ?? 0) ^ (1 << (offset % 8));
      await explore(bytes);
    }
  });

  test('cut anywhere: refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: pristine.byteLength - 1 }), async (length) => {
        const readAt = async (at: number, count: number): Promise<Uint8Array> => pristine.subarray(at, at + count);
        await expect(openIso({ sizeBytes: length, readAt })).rejects.toBeInstanceOf(Malformed);
      }),
    );
  });
});
