// Metadata as it comes (plain, gzip, bzip2, xz, zstd), told apart by its first bytes, uncompressed as a bounded stream.

import { pipeline, Readable, type Duplex } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import unbzip2 from 'unbzip2-stream';
import xz from 'xz-decompress';
import { Malformed, messageOf } from '../../server/malformed.ts';

type Chunks = AsyncIterable<Uint8Array>;
type Compression = 'plain' | 'gzip' | 'bzip2' | 'xz' | 'zstd';

const MAGIC: readonly { readonly bytes: readonly number[]; readonly compression: Compression }[] = [
  { bytes: [0x1f, 0x8b], compression: 'gzip' }, // RFC 1952 §2.3.1
  { bytes: [0x42, 0x5a, 0x68], compression: 'bzip2' },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], compression: 'xz' },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], compression: 'zstd' }, // RFC 8878 §3.1.1
];
const CHUNK_BYTES = 128 * 1024;
/** bzip2 packs 900 kB into 45 bytes, and its decoder empties its whole input at the end: small bites, a lower limit. */
const BZIP2_BITE_BYTES = 16 * 1024;
const BZIP2_LIMIT_BYTES = 512 * 1024 * 1024;

/**
 * The uncompressed content of `source`. Throws `Malformed` for damaged or cut input and for more than `limitBytes`;
 * an error of `source` itself passes through unchanged. `where` names the file.
 */
export async function* decompress(source: Chunks, limitBytes: number, where: string): AsyncGenerator<Uint8Array> {
  const fault: { error?: unknown } = {};
  let total = 0;
  try {
    const { head, rest } = await peek(watch(source, fault));
    for await (const chunk of open(compressionOf(head), rest, where)) {
      total += chunk.length;
      if (total > limitBytes) throw new Malformed(`unpacks to more than ${limitBytes} bytes`, where);
      yield chunk;
    }
  } catch (error) {
    if (fault.error !== undefined) throw fault.error;
    throw error instanceof Malformed ? error : new Malformed(`cannot be unpacked: ${messageOf(error)}`, where);
  }
}

function open(compression: Compression, source: Chunks, where: string): Chunks {
  switch (compression) {
    case 'plain':
      return source;
    case 'gzip':
      return through(source, createGunzip({ chunkSize: CHUNK_BYTES }));
    case 'zstd':
      return unzstd(source, where);
    case 'xz':
      return new xz.XzReadableStream(ReadableStream.from(source));
    case 'bzip2':
      return bunzip(source, where);
  }
}

async function* through(source: Chunks, transform: Duplex): AsyncGenerator<Uint8Array> {
  // The callback only keeps the error from being unhandled: the iteration below throws it.
  pipeline(Readable.from(source), transform, () => undefined);
  for await (const chunk of transform) yield chunk as Uint8Array;
}

/** Node 24 ends silently after the first zstd frame (createrepo_c writes one): what is left over must be an error. */
async function* unzstd(source: Chunks, where: string): AsyncGenerator<Uint8Array> {
  const transform = createZstdDecompress({ chunkSize: CHUNK_BYTES });
  let given = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      given += chunk.length;
      yield chunk;
    }
  };
  yield* through(counted(), transform);
  if (transform.bytesWritten !== given) throw new Malformed('more than one zstd frame', where);
}

async function* bunzip(source: Chunks, where: string): AsyncGenerator<Uint8Array> {
  const stream = unbzip2();
  const ready: Uint8Array[] = [];
  const failed: unknown[] = [];
  let total = 0;
  stream.on('data', (chunk: Uint8Array) => {
    total += chunk.length;
    if (total > BZIP2_LIMIT_BYTES) throw new Malformed(`unpacks to more than ${BZIP2_LIMIT_BYTES} bytes`, where);
    ready.push(chunk);
  });
  stream.on('error', (error: unknown) => failed.push(error));
  for await (const chunk of source) {
    for (let at = 0; at < chunk.length && failed.length === 0; at += BZIP2_BITE_BYTES) {
      stream.write(Buffer.from(chunk.subarray(at, at + BZIP2_BITE_BYTES)));
      yield* ready.splice(0);
    }
  }
  if (failed.length === 0) stream.end();
  if (failed.length > 0) throw failed[0];
  yield* ready;
}

function compressionOf(head: Uint8Array): Compression {
  return MAGIC.find(({ bytes }) => bytes.every((byte, at) => head[at] === byte))?.compression ?? 'plain';
}

/** The first bytes (at least 6 where there are so many), and all of them again with what follows. */
async function peek(source: AsyncGenerator<Uint8Array>): Promise<{ head: Uint8Array; rest: Chunks }> {
  let head: Uint8Array = new Uint8Array();
  while (head.length < 6) {
    const next = await source.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  const first = head;
  const rest = async function* (): AsyncGenerator<Uint8Array> {
    yield first;
    yield* source;
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
