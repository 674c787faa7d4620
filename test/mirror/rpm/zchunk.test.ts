// zchunk as createrepo_c writes it, and as somebody hostile might.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, zstdCompressSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unzchunk } from '../../../mirror/rpm/zchunk.ts';
import { Malformed } from '../../../server/malformed.ts';

const CHUNKS = ['<metadata>', 'one chunk of packages', 'another, longer chunk of packages'.repeat(50)];

describe('what is made here', () => {
  test.each<[string, Made]>([
    ['zstd', {}],
    ['zstd with a dictionary', { dictionary: 'one chunk of packages, another' }],
    ['no compression', { compression: 0 }],
    ['optional elements', { elements: [[1, 'abc']] }],
    ['SHA-512 cut to 128 bits for the chunks', { chunkSum: 3 }],
    ['SHA-1 for the header', { headSum: 0 }],
  ])('%s: whole and in crumbs', async (_, made) => {
    const packed = make(made);
    expect((await unpack(packed, packed.length)).toString()).toBe(CHUNKS.join(''));
    expect((await unpack(packed, 1)).toString()).toBe(CHUNKS.join(''));
  });

  test.each<[string, Made, string]>([
    ['streams', { flags: 1 }, 'flags 1'],
    ['an unknown compression', { compression: 1 }, 'compression 1'],
    ['an unknown checksum', { chunkSum: 4 }, 'checksum type 4'],
    ['a chunk that unpacks to more than it says', { lie: -1 }, 'zchunk: '],
    ['a chunk that unpacks to less than it says', { lie: 1 }, 'a chunk of another size'],
    ['a chunk of a gigabyte', { lie: 1 << 30 }, 'a chunk is too large'],
    ['more behind the last chunk', { tail: 'x' }, 'more behind its last chunk'],
    ['a dictionary of megabytes', { dictionary: 'd'.repeat(5 << 20) }, 'its dictionary is too large'],
    ['an index of 17 MB', { elements: [[1, 'x'.repeat(17 << 20)]] }, 'its header is too large'],
  ])('%s is Malformed', async (_, made, reason) => {
    await expect(unpack(make(made), 4096)).rejects.toThrow(reason);
  });

  test('every flip of a byte and every prefix is Malformed', async () => {
    const packed = make({ dictionary: 'one chunk' });
    for (let at = 0; at < packed.length; at += 1) {
      const flipped = Buffer.from(packed);
      flipped[at] = (flipped[at] ?? 0) ^ 0x10;
      await expect(unpack(flipped, 4096), `byte ${at}`).rejects.toThrow(Malformed);
      await expect(unpack(packed.subarray(0, at), 4096), `${at} bytes`).rejects.toThrow(Malformed);
    }
  });
});

describe('what createrepo_c makes', () => {
  let directory = '';
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kickstand-zchunk-'));
    execFileSync('createrepo_c', ['--zck', '--quiet', '--no-database', '--compress-type=gz', directory]);
  });
  afterAll(() => rm(directory, { recursive: true, force: true }));

  test.each(['primary', 'filelists', 'other'])('%s.xml.zck is the same as its .gz', async (type) => {
    const repodata = join(directory, 'repodata');
    const names = await readdir(repodata);
    const named = (end: string): Promise<Buffer> =>
      readFile(join(repodata, names.find((name) => name.endsWith(end)) ?? 'none'));
    const packed = await named(`${type}.xml.zck`);
    expect((await unpack(packed, 512)).toString()).toBe(gunzipSync(await named(`${type}.xml.gz`)).toString());
  });
});

type Made = {
  readonly flags?: number;
  readonly compression?: number;
  readonly dictionary?: string;
  readonly elements?: readonly (readonly [number, string])[];
  readonly headSum?: number;
  readonly chunkSum?: number;
  /** How much more than the truth the last chunk's size says. */
  readonly lie?: number;
  readonly tail?: string;
};

function make(made: Made): Buffer {
  const { compression = 2, dictionary = '', elements = [], headSum = 1, chunkSum = 1, lie = 0, tail = '' } = made;
  const dictionaryBytes = Buffer.from(dictionary);
  const pack = (text: string, help: { dictionary?: Buffer }): Buffer =>
    compression === 0 ? Buffer.from(text) : text === '' ? Buffer.alloc(0) : zstdCompressSync(Buffer.from(text), help);
  const help = dictionary === '' ? {} : { dictionary: dictionaryBytes };
  const packed = [pack(dictionary, {}), ...CHUNKS.map((chunk) => pack(chunk, help))];
  const sizes = [dictionaryBytes.length, ...CHUNKS.map((chunk) => Buffer.byteLength(chunk))];
  sizes[sizes.length - 1] = (sizes.at(-1) ?? 0) + lie;
  const entries = packed.map((bytes, at) =>
    Buffer.concat([sum(chunkSum, bytes), number(bytes.length), number(sizes[at] ?? 0)]),
  );
  const index = Buffer.concat([number(chunkSum), number(entries.length), ...entries]);
  const flags = made.flags ?? (elements.length > 0 ? 2 : 0);
  const optional = elements.flatMap(([id, text]) => [number(id), number(text.length), Buffer.from(text)]);
  const body = Buffer.concat([
    sum(headSum, ...packed),
    number(flags),
    number(compression),
    ...(elements.length > 0 ? [number(elements.length), ...optional] : []),
    number(index.length),
    index,
    number(0),
  ]);
  const lead = [Buffer.from('\0ZCK1'), number(headSum), number(body.length)];
  return Buffer.concat([...lead, sum(headSum, ...lead, body), body, ...packed, Buffer.from(tail)]);
}

/** Seven bits a byte, lowest first, the last one marked. */
function number(value: number): Buffer {
  const digits: number[] = [];
  let left = value;
  do {
    digits.push(left % 128);
    left = Math.floor(left / 128);
  } while (left > 0);
  digits[digits.length - 1] = (digits.at(-1) ?? 0) | 0x80;
  return Buffer.from(digits);
}

function sum(type: number, ...parts: readonly Buffer[]): Buffer {
  const [name = 'sha1', bytes = 20] =
    (
      [
        ['sha1', 20],
        ['sha256', 32],
        ['sha512', 64],
        ['sha512', 16],
      ] as const
    )[type] ?? [];
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return hash.digest().subarray(0, bytes);
}

async function unpack(packed: Uint8Array, crumb: number): Promise<Buffer> {
  const crumbs = async function* (): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < packed.length; at += crumb) yield packed.subarray(at, at + crumb);
  };
  const parts: Uint8Array[] = [];
  for await (const part of unzchunk(crumbs(), 'it')) parts.push(part);
  return Buffer.concat(parts);
}
