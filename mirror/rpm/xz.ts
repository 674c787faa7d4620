// The .xz container (The .xz File Format 1.1.0) around LZMA2, with the checks that rpm's payloads use. Running: packed chunks in.

import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Malformed } from '../../server/malformed.ts';
import { readLzma2 } from './lzma2.ts';
import type { StreamReader } from './stream.ts';
import { readStream } from './stream.ts';

//  ┌────────────────────┬───────────────────────────────────────────┬──────────┬───────┬──────────────────────────────────────┐
//  │ header: magic,     │ block: header │ LZMA2 │ pad to 4 │ check  │ … blocks │ index │ footer: CRC, index size, flags, "YZ" │
//  │ flags, CRC         │               │       │          │        │          │       │                                      │
//  └────────────────────┴───────────────────────────────────────────┴──────────┴───────┴──────────────────────────────────────┘
const MAGIC = 'fd377a585a00';
const FOOTER_MAGIC = '595a';
const STREAM_HEADER_BYTES = 12;
const LZMA2 = 0x21;
/** The largest dictionary that is unpacked with: twice what `xz -9` writes. */
const LIMIT_DICTIONARY_BYTES = 128 * 1024 * 1024;
/** A number of 63 bits takes nine bytes; sizes beyond 2^53 are nobody's. */
const LIMIT_NUMBER_BYTES = 8;

/** By the low four bits of the flags: how long a check is, and what it is of a block. CRC-64 is left to the faster decoder. */
const CHECKS: Readonly<Record<number, { readonly bytes: number; readonly start: () => Check }>> = {
  0: { bytes: 0, start: () => ({ update: () => {}, hex: () => '' }) },
  1: { bytes: 4, start: startCrc32 },
  10: { bytes: 32, start: startSha256 },
};

type Check = { update(bytes: Uint8Array): void; hex(): string };

/** A reader that counts what was read. */
type Counter = StreamReader & { count(): number };

/** What `source` unpacks to, in pieces of some 32 KiB; a block's check is proved when its last piece has gone out. Throws `Malformed`. */
export async function* unxz(source: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const reader = counting(readStream(iterator, where));
    yield* readOneStream(reader, where);
    // rpm writes one stream, and nothing behind it.
    if (!(await reader.isAtEnd())) throw new Malformed('xz: there is more behind its end', where);
  } finally {
    await iterator.return?.();
  }
}

async function* readOneStream(reader: Counter, where: string): AsyncGenerator<Uint8Array> {
  const bad = (what: string): Malformed => new Malformed(`xz: ${what}`, where);
  const header = await reader.bytes(STREAM_HEADER_BYTES);
  if (hex(header.subarray(0, 6)) !== MAGIC) throw bad('no header');
  const flags = header.subarray(6, 8);
  if (crc32(flags) !== littleEndian(header, 8)) throw bad('the header has another checksum');
  const [high = 0, low = 0] = flags;
  const check = CHECKS[low];
  if (high !== 0 || check === undefined) throw bad(`flags ${hex(flags)}`);
  // Block sizes are told again in the index: two running digests prove that both agree, however many there are.
  const blocks = { count: 0, sizes: createHash('sha256') };
  for (let size = await readByte(reader); size !== 0; size = await readByte(reader)) {
    yield* readBlock(reader, { size, check, blocks }, where);
  }
  const indexBytes = await readIndex(reader, blocks, where);
  const footer = await reader.bytes(STREAM_HEADER_BYTES);
  if (hex(footer.subarray(10)) !== FOOTER_MAGIC || hex(footer.subarray(8, 10)) !== hex(flags)) throw bad('no footer');
  if (crc32(footer.subarray(4, 10)) !== littleEndian(footer, 0)) throw bad('the footer has another checksum');
  if ((littleEndian(footer, 4) + 1) * 4 !== indexBytes) throw bad('an index of another size');
}

type Blocks = { count: number; readonly sizes: Hash };
type BlockStart = { readonly size: number; readonly check: (typeof CHECKS)[number]; readonly blocks: Blocks };

async function* readBlock(
  reader: Counter,
  { size, check, blocks }: BlockStart,
  where: string,
): AsyncGenerator<Uint8Array> {
  const bad = (what: string): Malformed => new Malformed(`xz: ${what}`, where);
  const headerBytes = (size + 1) * 4;
  const header = Buffer.concat([Uint8Array.of(size), await reader.bytes(headerBytes - 1)]);
  const said = await parseBlockHeader(header, where);
  const before = reader.count();
  const found = check?.start();
  // A block may hold nothing, and still takes its time: whoever counts pieces gets one.
  yield new Uint8Array();
  let unpackedBytes = 0;
  for await (const piece of readLzma2(reader, said.dictionaryBytes, where)) {
    found?.update(piece);
    unpackedBytes += piece.byteLength;
    yield piece;
  }
  const packedBytes = reader.count() - before;
  if ((said.packedBytes ?? packedBytes) !== packedBytes || (said.unpackedBytes ?? unpackedBytes) !== unpackedBytes) {
    throw bad('a block of another size than it says');
  }
  await skipZeros(reader, padding(packedBytes), where);
  if (hex(await reader.bytes(check?.bytes ?? 0)) !== found?.hex()) throw bad('a block has another checksum');
  blocks.count += 1;
  blocks.sizes.update(`${headerBytes + packedBytes + (check?.bytes ?? 0)} ${unpackedBytes} `);
}

type BlockHeader = {
  readonly packedBytes: number | undefined;
  readonly unpackedBytes: number | undefined;
  readonly dictionaryBytes: number;
};

async function parseBlockHeader(header: Uint8Array, where: string): Promise<BlockHeader> {
  const bad = (what: string): Malformed => new Malformed(`xz: ${what}`, where);
  const end = header.byteLength - 4;
  if (crc32(header.subarray(0, end)) !== littleEndian(header, end)) throw bad('a block header has another checksum');
  const reader = counting(readStream(one(header.subarray(1, end)), where));
  const flags = await readByte(reader);
  if ((flags & 0x3f) !== 0) throw bad('a block with filters before LZMA2');
  const packedBytes = (flags & 0x40) === 0 ? undefined : await readNumber(reader, where);
  const unpackedBytes = (flags & 0x80) === 0 ? undefined : await readNumber(reader, where);
  const [filter, propertiesBytes, bits] = [
    await readNumber(reader, where),
    await readByte(reader),
    await readByte(reader),
  ];
  if (filter !== LZMA2 || propertiesBytes !== 1) throw bad('a block that is not LZMA2');
  // Two bits of mantissa, then the exponent (§5.3.1).
  const dictionaryBytes = (2 | (bits & 1)) * 2 ** ((bits >> 1) + 11);
  if (dictionaryBytes > LIMIT_DICTIONARY_BYTES) throw bad(`a dictionary of ${dictionaryBytes} bytes`);
  await skipZeros(reader, end - 1 - reader.count(), where);
  return { packedBytes, unpackedBytes, dictionaryBytes };
}

/** Reads the index behind its first byte, which was the 0 in place of a block's size; its length with its checksum. */
async function readIndex(reader: Counter, blocks: Blocks, where: string): Promise<number> {
  const before = reader.count() - 1;
  let sum = crc32(Uint8Array.of(0));
  const summed: Counter = {
    ...reader,
    bytes: async (length) => {
      const bytes = await reader.bytes(length);
      sum = crc32(bytes, sum);
      return bytes;
    },
  };
  const count = await readNumber(summed, where);
  const sizes = createHash('sha256');
  for (let left = Math.min(count, blocks.count); left > 0; left -= 1) {
    sizes.update(`${await readNumber(summed, where)} ${await readNumber(summed, where)} `);
  }
  if (count !== blocks.count || sizes.digest('hex') !== blocks.sizes.digest('hex')) {
    throw new Malformed('xz: an index of other blocks', where);
  }
  await skipZeros(summed, padding(reader.count() - before), where);
  const found = sum;
  if (littleEndian(await reader.bytes(4), 0) !== found)
    throw new Malformed('xz: the index has another checksum', where);
  return reader.count() - before;
}

/** A number of seven bits a byte, the lowest first (§1.2); no form but the shortest. */
async function readNumber(reader: StreamReader, where: string): Promise<number> {
  let value = 0;
  for (let count = 0; count < LIMIT_NUMBER_BYTES; count += 1) {
    const byte = await readByte(reader);
    value += (byte & 0x7f) * 128 ** count;
    if (byte >= 0x80) continue;
    if ((byte === 0 && count > 0) || !Number.isSafeInteger(value)) break;
    return value;
  }
  throw new Malformed('xz: a number that cannot be', where);
}

async function readByte(reader: StreamReader): Promise<number> {
  const [byte = 0] = await reader.bytes(1);
  return byte;
}

async function skipZeros(reader: StreamReader, length: number, where: string): Promise<void> {
  if ((await reader.bytes(length)).some((byte) => byte !== 0)) {
    throw new Malformed('xz: no zeros where they must be', where);
  }
}

function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}

function counting(reader: StreamReader): Counter {
  let count = 0;
  return {
    isAtEnd: () => reader.isAtEnd(),
    count: () => count,
    bytes: (length) => {
      count += length;
      return reader.bytes(length);
    },
    skip: (length) => {
      count += length;
      return reader.skip(length);
    },
  };
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

function startCrc32(): Check {
  let sum = 0;
  return {
    update: (bytes) => {
      sum = crc32(bytes, sum);
    },
    hex: () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32LE(sum);
      return hex(bytes);
    },
  };
}

function startSha256(): Check {
  const hash = createHash('sha256');
  return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest('hex') };
}

function littleEndian(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(at, true);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
