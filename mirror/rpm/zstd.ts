// Zstandard (RFC 8878) of any number of frames: the engine's decoder ends after the first, so the frames are told apart here.

import { createZstdDecompress } from 'node:zlib';
import { Malformed } from '../../server/malformed.ts';
import type { StreamReader } from './stream.ts';
import { readStream } from './stream.ts';
import { through } from './through.ts';

//  ┌───────┬────────────┬────────┬────────────┬──────────────┬─────────────────────────────────────┬──────────┐
//  │ magic │ descriptor │ window │ dictionary │ content size │ blocks: 3 bytes of header, content … │ checksum │   RFC 8878 §3.1.1
//  │ 4     │ 1          │ 0 or 1 │ 0 to 4     │ 0 to 8       │                                     │ 0 or 4   │
//  └───────┴────────────┴────────┴────────────┴──────────────┴─────────────────────────────────────┴──────────┘
const MAGIC = 0xfd2fb528;
/** §3.1.2: sixteen kinds of frame that hold nothing to unpack. */
const SKIPPABLE = { first: 0x184d2a50, last: 0x184d2a5f } as const;
const DICTIONARY_BYTES = [0, 1, 2, 4] as const;
/** §3.1.1.2.4: no block is larger, whatever the window. */
const LIMIT_BLOCK_BYTES = 128 * 1024;
/** Each frame costs a decoder; pzstd makes one of each few megabytes. */
const LIMIT_FRAMES = 20_000;
const CHUNK_BYTES = 128 * 1024;

/** What the frames of `source` unpack to, one after the other. Throws `Malformed`; `where` names the file. */
export async function* unzstd(source: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const reader = readStream(iterator, where);
    for (let frames = 0; !(await reader.isAtEnd()); frames += 1) {
      if (frames >= LIMIT_FRAMES) throw new Malformed(`zstd: more than ${LIMIT_FRAMES} frames`, where);
      const magic = await reader.bytes(4);
      const number = littleEndian(magic);
      if (number >= SKIPPABLE.first && number <= SKIPPABLE.last) {
        await reader.skip(littleEndian(await reader.bytes(4)));
      } else if (number === MAGIC) {
        yield* through(frameBytes(magic, reader, where), createZstdDecompress({ chunkSize: CHUNK_BYTES }));
      } else throw new Malformed('zstd: no frame', where);
    }
  } finally {
    await iterator.return?.();
  }
}

/** Do these bytes begin with a frame that is to be skipped, as those of pzstd do? */
export function beginsSkipped(head: Uint8Array): boolean {
  const number = littleEndian(head.subarray(0, 4));
  return head.byteLength >= 4 && number >= SKIPPABLE.first && number <= SKIPPABLE.last;
}

/** One frame as it is packed, from its magic to its end. */
async function* frameBytes(magic: Uint8Array, reader: StreamReader, where: string): AsyncGenerator<Uint8Array> {
  yield magic;
  const [descriptor = 0] = yield* passed(reader, 1);
  yield* passed(reader, headerBytes(descriptor));
  for (let last = false; !last;) {
    const header = littleEndian(yield* passed(reader, 3));
    last = (header & 1) === 1;
    const type = (header >> 1) & 3;
    const size = header >> 3;
    if (type === 3 || size > LIMIT_BLOCK_BYTES) throw new Malformed('zstd: no block', where);
    // A block of one byte repeated holds that byte.
    yield* passed(reader, type === 1 ? 1 : size);
  }
  if ((descriptor & 4) !== 0) yield* passed(reader, 4);
}

/** How much of the header follows the descriptor (§3.1.1.1). */
function headerBytes(descriptor: number): number {
  const isOneSegment = (descriptor & 0x20) !== 0;
  const flag = descriptor >> 6;
  const contentSize = flag === 0 ? Number(isOneSegment) : 2 ** flag;
  return Number(!isOneSegment) + (DICTIONARY_BYTES[descriptor & 3] ?? 0) + contentSize;
}

/** The next bytes, given on and handed back. */
async function* passed(reader: StreamReader, length: number): AsyncGenerator<Uint8Array, Uint8Array> {
  const bytes = await reader.bytes(length);
  if (length > 0) yield bytes;
  return bytes;
}

/** The number in up to four bytes. */
function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((number, byte) => number * 256 + byte, 0);
}
