// A package's header as a hostile medium may write it: a few MiB must not become millions of values, for they end the process.

import { describe, expect, test } from 'vitest';
import { openRpm } from '../../../mirror/rpm/package.ts';
import { sourceOfBytes } from '../../../mirror/rpm/source.ts';

type Entry = readonly [tag: number, type: number, offset: number, count: number];

const [INT16, INT32, TEXT, TEXTS] = [3, 4, 6, 8];
const TAG = {
  ...{ name: 1000, version: 1001, release: 1002, arch: 1022, sizes: 1028, modes: 1030 },
  ...{ indexes: 1116, names: 1117, directories: 1118 },
} as const;
/** Where the zeros begin that all arrays of the header share. */
const ZEROS = 64;

function header(entries: readonly Entry[], data: Uint8Array): Buffer {
  const intro = Buffer.from([0x8e, 0xad, 0xe8, 1, ...Array<number>(12).fill(0)]);
  intro.writeUInt32BE(entries.length, 8);
  intro.writeUInt32BE(data.byteLength, 12);
  const rows = entries.map((entry) => {
    const row = Buffer.alloc(16);
    entry.forEach((value, index) => row.writeUInt32BE(value, index * 4));
    return row;
  });
  return Buffer.concat([intro, ...rows, data]);
}

/** A package of `files` files without names, in a directory whose name is `directory`. */
function packageOf(files: number, directory = ''): Buffer {
  const lead = Buffer.from([0xed, 0xab, 0xee, 0xdb, 3, ...Array<number>(91).fill(0)]);
  const data = Buffer.alloc(ZEROS + files * 4 + directory.length + 1);
  data.write('a', 0);
  data.write(directory, ZEROS + files * 4);
  const words = [TAG.name, TAG.version, TAG.release, TAG.arch].map((tag): Entry => [tag, TEXT, 0, 1]);
  const lists: Entry[] = [
    [TAG.names, TEXTS, ZEROS, files],
    [TAG.directories, TEXTS, ZEROS + files * 4, 1],
    [TAG.indexes, INT32, ZEROS, files],
    [TAG.sizes, INT32, ZEROS, files],
    [TAG.modes, INT16, ZEROS, files],
  ];
  return Buffer.concat([lead, header([], Buffer.alloc(0)), header([...words, ...lists], data)]);
}

const open = (bytes: Buffer) => openRpm(sourceOfBytes(bytes, 'a.rpm'));

describe('a header', () => {
  test('of a package of many files is read', async () => {
    expect((await open(packageOf(50_000, '/usr/'))).files).toHaveLength(50_000);
  });

  test.each([
    ['more values than any package of a loader has', packageOf(50_001), 'tag 1117: 50001 values are too many'],
    ['a text longer than any path', packageOf(2, `/${'a'.repeat(4096)}`), 'a text of 4097 bytes'],
  ])('with %s is refused', async (_name, bytes, reason) => {
    await expect(open(bytes)).rejects.toThrow(reason);
  });
});
