// A hypervisor that lies in gzip is given unpacked: once, proved, and never out of a damaged file.

import { readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { openDirectoryTree } from '../../../mirror/tree/store.ts';
import { writeFiles } from '../../support/iso.ts';
import { openRig } from './rig.ts';

const rig = openRig();
afterAll(() => rig.remove());

describe('a hypervisor in gzip', () => {
  const xen = Buffer.from('xen '.repeat(100_000));

  async function treeWith(file: Uint8Array) {
    const directory = await rig.fresh();
    await writeFiles(directory, { 'boot/xen.gz': file });
    const files = await openDirectoryTree(directory);
    const place = await files.find('boot/xen.gz');
    if (place.kind !== 'file') throw new Error('no file');
    return { files, place, path: join(directory, 'boot/xen.gz') };
  }

  test('is given unpacked, from a file that is kept and proved', async () => {
    const { shelf, data } = await rig.shelfOver();
    const { files, place } = await treeWith(gzipSync(xen));
    const [one, two] = await Promise.all([shelf.gunzipped(files, place), shelf.gunzipped(files, place)]);
    if (one.kind !== 'file') throw new Error(one.reason);
    expect(await readFile(one.file)).toEqual(xen);
    expect([two, await shelf.gunzipped(files, place)]).toEqual([one, one]);
    expect([one.sizeBytes, one.file.startsWith(data)]).toEqual([xen.length, true]);
    await rm(data, { recursive: true });
    expect(await shelf.gunzipped(files, place)).toMatchObject({ kind: 'file', sizeBytes: xen.length });
  });

  test('that was replaced is unpacked anew', async () => {
    const { shelf } = await rig.shelfOver();
    const { files, place, path } = await treeWith(gzipSync(xen));
    await shelf.gunzipped(files, place);
    await writeFile(path, gzipSync('another'));
    await utimes(path, 5, 5);
    const now = await files.find('boot/xen.gz');
    if (now.kind !== 'file') throw new Error('no file');
    expect(await shelf.gunzipped(files, now)).toMatchObject({ sizeBytes: 7 });
  });

  test('that is not packed at all is given as it is', async () => {
    const { shelf } = await rig.shelfOver();
    const { files, place } = await treeWith(xen);
    expect(await shelf.gunzipped(files, place)).toBe(place);
  });

  test.each<[string, Buffer]>([
    ['cut off', gzipSync(xen).subarray(0, -20)],
    ['a bomb', gzipSync(Buffer.alloc(65 * 1024 * 1024))],
  ])('that is %s is refused', async (_name, bytes) => {
    const { shelf } = await rig.shelfOver();
    const { files, place } = await treeWith(bytes);
    expect(await shelf.gunzipped(files, place)).toMatchObject({
      kind: 'no',
      reason: expect.stringContaining('unpack'),
    });
  });
});
