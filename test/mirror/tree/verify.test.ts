// Proving a tree against its maker's sums: files by .treeinfo, a whole image by the MD5 implanted in it.

import { createHash } from 'node:crypto';
import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseImplantedSum } from '../../../mirror/tree/implanted.ts';
import { openDirectoryTree, openIsoTree } from '../../../mirror/tree/store.ts';
import { verifyTree } from '../../../mirror/tree/verify.ts';
import type { Verified } from '../../../mirror/tree/verify.ts';
import { isNo } from '../../../server/malformed.ts';
import { craftIso, directory, sourceOf } from '../../support/craftediso.ts';
import { makeRoom, writeFiles } from '../../support/iso.ts';

let room: Awaited<ReturnType<typeof makeRoom>>;
beforeAll(async () => (room = await makeRoom()));
afterAll(() => room.remove());

const BIG = Buffer.alloc(9 * 1024 * 1024, 'many pieces');
const sum = (algorithm: string, bytes: string | Uint8Array): string =>
  createHash(algorithm).update(bytes).digest('hex');

test('each file of [checksums] gets a verdict, and progress ends at the whole', async () => {
  const treeinfo = [
    '[general]\nfamily = CentOS\nversion = 6\n[checksums]',
    `images/good = sha256:${sum('sha256', BIG).toUpperCase()}`,
    `images/md5 = md5:${sum('md5', 'md5')}`,
    `images/old = sha:${sum('sha1', 'old')}`,
    `images/bad = sha256:${sum('sha256', 'what it was')}`,
    `./images//empty = sha256:${sum('sha256', '')}`,
    `images/boot.iso = sha256:${sum('sha256', '')}`,
    `images = sha256:${sum('sha256', '')}`,
    `../outside = sha256:${sum('sha256', '')}`,
    `images/odd = crc77:0123456789abcdef`,
  ];
  await writeFiles(room.path, {
    'tree/.treeinfo': treeinfo.join('\n'),
    'tree/images/good': BIG,
    'tree/images/md5': 'md5',
    'tree/images/old': 'old',
    'tree/images/bad': 'what it is',
    'tree/images/empty': '',
    'tree/images/odd': 'odd',
    outside: '',
  });
  const steps: (readonly [number, number])[] = [];
  const verified = await verifyTree(await openDirectoryTree(join(room.path, 'tree')), {
    progress: (done, total) => steps.push([done, total]),
  });
  expect(verified.map(({ path, verdict }) => `${verdict} ${path}`)).toEqual([
    'good images/good',
    'good images/md5',
    'good images/old',
    'bad images/bad',
    'good ./images//empty',
    'missing images/boot.iso',
    'missing images',
    'missing ../outside',
    'unknown images/odd',
  ]);
  expect(verified[3]?.detail).toBe(
    `sha256 is ${sum('sha256', 'what it is')}, published is ${sum('sha256', 'what it was')}`,
  );
  const total = BIG.byteLength + 3 + 3 + 10;
  // Half a megabyte each, and the three small files.
  expect(steps.length).toBe(18 + 3);
  expect(steps.at(-1)).toEqual([total, total]);
});

test('a proof is ended between two pieces, and calls nothing bad that it did not read', async () => {
  await writeFiles(room.path, {
    'ended/.treeinfo': `[general]\nfamily = CentOS\nversion = 6\n[checksums]\nbig = sha256:${sum('sha256', BIG)}`,
    'ended/big': BIG,
  });
  const end = new AbortController();
  const steps: number[] = [];
  const proof = verifyTree(await openDirectoryTree(join(room.path, 'ended')), {
    progress: (done) => {
      steps.push(done);
      if (steps.length === 2) end.abort(new Error('cancelled'));
    },
    signal: end.signal,
  });
  await expect(proof).rejects.toThrow('cancelled');
  expect(steps.length).toBe(2);
});

test('a tree without .treeinfo has nothing to prove', async () => {
  await writeFiles(room.path, { 'plain/x': 'x' });
  expect(await verifyTree(await openDirectoryTree(join(room.path, 'plain')))).toEqual([]);
});

describe('an implanted MD5', () => {
  // What implantisomd5 1.2.3 wrote into exactly the image that `image` makes, and checkisomd5 passed.
  const IMPLANTED =
    'ISO MD5SUM = ce7e107b865e201847e40d17e5e7d66a;SKIPSECTORS = 15;RHLISOSTATUS=0;' +
    'FRAGMENT SUMS = fef92f7e656ca59647964ab72c33b15c292bdfa93cb575c7534195b18572;FRAGMENT COUNT = 20;' +
    'THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!';
  const BLOCKS = 600;

  const image = async (): Promise<Buffer> => {
    const root = directory({ block: 20, parent: 20 }, [{ name: 'A.;1', block: 30, length: 5 }]);
    const sectors = { 20: root, 30: Buffer.from('hello'), 500: Buffer.alloc(2048, 7), 599: Buffer.alloc(2048, 9) };
    const source = sourceOf(craftIso(sectors, { volumeBlocks: BLOCKS }), BLOCKS * 2048);
    return Buffer.from(await source.readAt(0, BLOCKS * 2048));
  };
  const verify = async (name: string, bytes: Uint8Array): Promise<readonly Verified[]> => {
    const path = join(room.path, name);
    await writeFile(path, bytes);
    const tree = await openIsoTree(path);
    const place = await tree.image();
    if (isNo(place)) throw new Error(place.reason);
    const verified = await verifyTree(tree, { image: place });
    await tree.close();
    return verified;
  };
  const implanted = async (): Promise<Buffer> => {
    const bytes = await image();
    bytes.write(IMPLANTED, 16 * 2048 + 883, 'latin1');
    return bytes;
  };

  test('of an untouched image is good', async () => {
    expect(await verify('good.iso', await implanted())).toEqual([
      { path: '', verdict: 'good', detail: 'md5 ce7e107b865e201847e40d17e5e7d66a' },
    ]);
  });

  test.each([
    ['in a file', 30 * 2048],
    ['in the volume descriptor before the blanked area', 16 * 2048 + 882],
    ['in the volume descriptor after it', 16 * 2048 + 1395],
    ['in the last sector that counts', 584 * 2048 + 2047],
  ])('tells a changed byte %s', async (_, at) => {
    const bytes = await implanted();
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    expect(await verify('bad.iso', bytes)).toMatchObject([{ path: '', verdict: 'bad' }]);
  });

  test('does not count the 15 sectors at the end, nor what follows the volume', async () => {
    const bytes = await implanted();
    bytes[585 * 2048] = 1;
    expect(await verify('end.iso', Buffer.concat([bytes, Buffer.alloc(3000, 5)]))).toMatchObject([{ verdict: 'good' }]);
  });

  test('that is not there proves nothing', async () => {
    expect(await verify('none.iso', await image())).toEqual([]);
  });

  test('an image cut while it is read is bad', async () => {
    const path = join(room.path, 'cut.iso');
    await writeFile(path, await implanted());
    const tree = await openIsoTree(path);
    const place = await tree.image();
    if (isNo(place)) throw new Error(place.reason);
    const files = {
      ...tree,
      read: async (...asked: Parameters<typeof tree.read>) => {
        const bytes = await tree.read(...asked);
        await truncate(path, 100_000);
        return bytes;
      },
    };
    expect(await verifyTree(files, { image: place })).toMatchObject([
      { path: '', verdict: 'bad', detail: expect.stringContaining('cannot be read') },
    ]);
    await tree.close();
  });

  test.each([
    ['', undefined],
    [' '.repeat(512), undefined],
    ['ISO MD5SUM = xyz;SKIPSECTORS = 15;', undefined],
    [`ISO MD5SUM = ${'a'.repeat(32)};`, undefined],
    [`ISO MD5SUM = ${'a'.repeat(32)};SKIPSECTORS = 9999999;`, undefined],
    [`ISO MD5SUM = ${'a'.repeat(32)};SKIPSECTORS = 999;`, undefined],
    [`ISO MD5SUM = ${'a'.repeat(32)};SKIPSECTORS = 15;`, { md5: 'a'.repeat(32), lengthBytes: 85 * 2048 }],
    [`SKIPSECTORS=0;ISO MD5SUM=${'0'.repeat(32)}`, { md5: '0'.repeat(32), lengthBytes: 100 * 2048 }],
  ])('%j', (text, expected) => {
    expect(parseImplantedSum(Buffer.from(text), 100 * 2048)).toEqual(expected);
  });
});
