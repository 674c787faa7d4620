// What comes packed (gzip, bzip2, xz, zstd, zchunk, lzma, or not at all), told apart by its first bytes, uncompressed as a bounded stream.

import { createGunzip } from 'node:zlib';
import xz from 'xz-decompress';
import { Malformed, messageOf } from '../../server/malformed.ts';
import { unbzip2 } from './bzip2.ts';
import { unlzma } from './lzma.ts';
import { through } from './through.ts';
import { unxz } from './xz.ts';
import { unzchunk, ZCHUNK_MAGIC } from './zchunk.ts';
import { beginsSkipped, unzstd } from './zstd.ts';

type Chunks = AsyncIterable<Uint8Array>;
type Compression = 'plain' | 'gzip' | 'bzip2' | 'xz' | 'xz-sha256' | 'zstd' | 'zchunk' | 'lzma';

const MAGIC: readonly { readonly bytes: readonly number[]; readonly compression: Compression }[] = [
  { bytes: [0x1f, 0x8b], compression: 'gzip' }, // RFC 1952 §2.3.1
  { bytes: [0x42, 0x5a, 0x68], compression: 'bzip2' },
  // rpm's payloads carry a SHA-256 behind each block (check 10), which the faster decoder does not know.
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x0a], compression: 'xz-sha256' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], compression: 'xz' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], compression: 'zstd' }, // RFC 8878 §3.1.1
  { bytes: ZCHUNK_MAGIC, compression: 'zchunk' },
];
const CHUNK_BYTES = 128 * 1024;

/** After so much that was unpacked on this thread, others have their turn. A small piece has cost as much as so many bytes. */
const BREATH_BYTES = 256 * 1024;
const PIECE_BYTES = 16 * 1024;

export type DecompressOptions = {
  readonly limitBytes: number;
  /** Lets everything else that waits have its turn; rejects where there is no use in going on. */
  readonly breathe: () => Promise<void>;
  /** LZMA-alone has no first bytes of its own: only what is called so is taken for it. */
  readonly called?: 'lzma' | undefined;
};

/**
 * The uncompressed content of `source`. Throws `Malformed` for damaged or cut input and for more than `limitBytes`;
 * an error of `source` itself passes through unchanged. `where` names the file.
 */
export async function* decompress(
  source: Chunks,
  { limitBytes, breathe, called }: DecompressOptions,
  where: string,
): AsyncGenerator<Uint8Array> {
  const fault: { error?: unknown } = {};
  let total = 0;
  try {
    const { head, rest } = await peek(watch(source, fault));
    for await (const chunk of open({ compression: called ?? compressionOf(head), breathe }, rest, where)) {
      total += chunk.length;
      if (total > limitBytes) throw new Malformed(`unpacks to more than ${limitBytes} bytes`, where);
      yield chunk;
    }
  } catch (error) {
    if (fault.error !== undefined) throw fault.error;
    throw error instanceof Malformed ? error : new Malformed(`cannot be unpacked: ${messageOf(error)}`, where);
  }
}

type Opening = Pick<DecompressOptions, 'breathe'> & { readonly compression: Compression };

function open({ compression, breathe }: Opening, source: Chunks, where: string): Chunks {
  switch (compression) {
    case 'plain':
      return source;
    case 'gzip':
      return through(source, createGunzip({ chunkSize: CHUNK_BYTES }));
    case 'zstd':
      return unzstd(source, where);
    case 'zchunk':
      return withBreaths(unzchunk(source, where), breathe);
    case 'xz':
      return withBreaths(new xz.XzReadableStream(ReadableStream.from(source)), breathe);
    case 'xz-sha256':
      return withBreaths(unxz(source, where), breathe);
    case 'bzip2':
      return withBreaths(unbzip2(source, where), breathe);
    case 'lzma':
      return withBreaths(unlzma(source, where), breathe);
  }
}

/** For what is unpacked on this thread: a few hundred bytes may stand for hundreds of megabytes. */
async function* withBreaths(chunks: Chunks, breathe: () => Promise<void>): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const chunk of chunks) {
    yield chunk;
    bytes += Math.max(chunk.length, PIECE_BYTES);
    if (bytes < BREATH_BYTES) continue;
    await breathe();
    bytes = 0;
  }
}

function compressionOf(head: Uint8Array): Compression {
  if (beginsSkipped(head)) return 'zstd';
  return MAGIC.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte))?.compression ?? 'plain';
}

/** The first bytes (at least 8 where there are so many), and all of them again with what follows. */
async function peek(source: AsyncGenerator<Uint8Array>): Promise<{ head: Uint8Array; rest: Chunks }> {
  let head: Uint8Array = new Uint8Array();
  while (head.length < 8) {
    const next = await source.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const first = head;
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    try {
      yield first;
      yield* source;
    } finally {
      // A reader that stops at the first piece has not come to `source` yet.
      await source.return(undefined);
    }
  };
  return { head, rest: rest() };
}

/** Notes an error of `source` itself; one that a reader throws in (a stream being destroyed does) is not source's. */
async function* watch(source: Chunks, fault: { error?: unknown }): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    try {
      return await iterator.next();
    } catch (error) {
      fault.error = error;
      throw error;
    }
  };
  try {
    for (let step = await next(); step.done !== true; step = await next()) yield step.value;
  } finally {
    await iterator.return?.();
  }
}
