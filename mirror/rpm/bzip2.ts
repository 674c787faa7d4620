// bzip2 as a stream: blocks and their checksums, one stream after the other; packed chunks in, small pieces out.

import { Malformed } from '../../server/malformed.ts';
import { readBits, type BitReader } from './bits.ts';
import { readBlock, unfold } from './bzip2-block.ts';

/** No block of 900,000 symbols with its tables is longer: 20 bits a symbol are the most. */
const LIMIT_BLOCK_BYTES = 2.5 * 1024 * 1024;
const LEVEL_SYMBOLS = 100_000;
const HEADER = 0x425a68; // BZh
/** The digits of π begin a block, those of its root end a stream. */
const BLOCK = 0x314159265359;
const END = 0x177245385090;

/**
 * What `source` unpacks to. Holds one block, and no piece is longer than 130 KiB, however much a block stands for; a
 * block's checksum is proved when its last piece has gone out. Throws `Malformed`.
 */
export async function* unbzip2(source: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    yield* unpackStreams(iterator, where);
  } finally {
    await iterator.return?.();
  }
}

async function* unpackStreams(source: AsyncIterator<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const bits = readBits(where);
  const bad = (what: string): Malformed => new Malformed(`bzip2: ${what}`, where);
  const fill = filler(source, bits);
  const room = new Uint32Array(LEVEL_SYMBOLS * 9);
  for (await fill(); bits.leftBytes() > 0; await fill()) {
    if (bits.take(24) !== HEADER) throw bad('no header');
    const level = bits.take(8) - 0x30;
    if (level < 1 || level > 9) throw bad('no block size');
    let total = 0;
    let magic = take48(bits);
    for (; magic === BLOCK; magic = take48(bits)) {
      const declared = take32(bits);
      if ((yield* checked(unfold(readBlock(bits, room.subarray(0, level * LEVEL_SYMBOLS), where)))) !== declared)
        throw bad('a block has another checksum');
      total = (((total << 1) | (total >>> 31)) ^ declared) >>> 0;
      await fill();
    }
    if (magic !== END) throw bad('neither a block nor the end');
    if (take32(bits) !== total) throw bad('the whole has another checksum');
    bits.align();
  }
}

/** A function that feeds `bits` until they hold a whole block, or all there is. */
function filler(source: AsyncIterator<Uint8Array>, bits: BitReader): () => Promise<void> {
  return async () => {
    const more: Uint8Array[] = [];
    for (let bytes = bits.leftBytes(); bytes < LIMIT_BLOCK_BYTES;) {
      const next = await source.next();
      if (next.done === true) break;
      more.push(next.value);
      bytes += next.value.length;
    }
    if (more.length > 0) bits.feed(more);
  };
}

/** Passes the pieces through; returns their CRC. */
function* checked(pieces: Iterable<Uint8Array>): Generator<Uint8Array, number> {
  let crc = 0xffffffff;
  for (const piece of pieces) {
    for (const byte of piece) crc = (crc << 8) ^ (CRC[(crc >>> 24) ^ byte] ?? 0);
    yield piece;
  }
  return ~crc >>> 0;
}

/** CRC-32 with the highest bit first, of the polynomial 0x04c11db7. */
const CRC = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit += 1) crc = crc < 0 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc;
});

function take32(bits: BitReader): number {
  return bits.take(16) * 0x10000 + bits.take(16);
}

function take48(bits: BitReader): number {
  return bits.take(24) * 0x1000000 + bits.take(24);
}
