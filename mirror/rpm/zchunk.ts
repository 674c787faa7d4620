// zchunk (zchunk_format.txt of the zchunk project, version 1): metadata in chunks of its own, checked one by one. Running: packed chunks in.

import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { zstdDecompress } from 'node:zlib';
import { Malformed, messageOf } from '../../server/malformed.ts';
import type { StreamReader } from './stream.ts';
import { readStream } from './stream.ts';

//  ┌─────────────────────────────────────────┬─────────────────────────────┬─────────────────────────────┬────────────┬───────────────┐
//  │ lead: ID, checksum type, size of what   │ preface: checksum of data,  │ index: size, checksum type, │ signatures │ data: the     │
//  │ follows up to the data, checksum        │ flags, compression          │ count, an entry per chunk   │            │ dictionary, … │
//  └─────────────────────────────────────────┴─────────────────────────────┴─────────────────────────────┴────────────┴───────────────┘
export const ZCHUNK_MAGIC = [0x00, 0x5a, 0x43, 0x4b, 0x31] as const;

/** Checksum types: the digest, and how much of it is kept. */
const CHECKSUMS = [
  { name: 'sha1', bytes: 20 },
  { name: 'sha256', bytes: 32 },
  { name: 'sha512', bytes: 64 },
  { name: 'sha512', bytes: 16 },
] as const;
type Checksum = (typeof CHECKSUMS)[number];

const COMPRESSION = { none: 0, zstd: 2 } as const;
/** Flags: 1 data streams, 2 optional elements, 4 checksums of what is unpacked. createrepo_c sets none. */
const OPTIONAL_ELEMENTS = 2;
/** The index of 50,000 packages has some 4 MB. It is read in one go: what is larger would hold everybody up. */
const LIMIT_HEADER_BYTES = 16 * 1024 * 1024;
/** One chunk is in memory, packed and unpacked; createrepo_c makes one of each source package. */
const LIMIT_CHUNK_BYTES = 64 * 1024 * 1024;
/** Each chunk loads it anew: distributions' have some 100 KB. */
const LIMIT_DICTIONARY_BYTES = 4 * 1024 * 1024;
/** Numbers are seven bits a byte, the last one marked: four bytes hold all that is allowed here, a few more what is refused. */
const LIMIT_NUMBER_BYTES = 7;

const unpackZstd = promisify(zstdDecompress);

type Entry = { readonly checksum: string; readonly packedBytes: number; readonly sizeBytes: number };
type Header = { readonly compression: number; readonly checksum: Checksum; readonly entries: readonly Entry[] };

/** What `source` unpacks to, a chunk at a time, each checked before it goes out. Throws `Malformed`; `where` names the file. */
export async function* unzchunk(source: AsyncIterable<Uint8Array>, where: string): AsyncGenerator<Uint8Array> {
  const iterator = source[Symbol.asyncIterator]();
  try {
    const reader = readStream(iterator, where);
    const header = await readHeader(reader, where);
    const [first, ...rest] = header.entries;
    if ((first?.sizeBytes ?? 0) > LIMIT_DICTIONARY_BYTES)
      throw new Malformed('zchunk: its dictionary is too large', where);
    const dictionary = first === undefined ? undefined : await readChunk(reader, { header, entry: first, where });
    for (const entry of rest) yield await readChunk(reader, { header, entry, where, dictionary });
    if (!(await reader.isAtEnd())) throw new Malformed('zchunk: there is more behind its last chunk', where);
  } finally {
    await iterator.return?.();
  }
}

type Chunk = {
  readonly header: Header;
  readonly entry: Entry;
  readonly where: string;
  readonly dictionary?: Uint8Array | undefined;
};

async function readChunk(reader: StreamReader, { header, entry, where, dictionary }: Chunk): Promise<Uint8Array> {
  if (entry.packedBytes === 0 && entry.sizeBytes === 0) return new Uint8Array();
  const packed = await reader.bytes(entry.packedBytes);
  if (digestOf(header.checksum, packed) !== entry.checksum) throw new Malformed('zchunk: a damaged chunk', where);
  const bytes = header.compression === COMPRESSION.none ? packed : await unpack(packed, { entry, where, dictionary });
  if (bytes.byteLength !== entry.sizeBytes) throw new Malformed('zchunk: a chunk of another size', where);
  return bytes;
}

async function unpack(packed: Uint8Array, { entry, where, dictionary }: Omit<Chunk, 'header'>): Promise<Uint8Array> {
  const help = dictionary === undefined || dictionary.byteLength === 0 ? {} : { dictionary: Buffer.from(dictionary) };
  try {
    return await unpackZstd(packed, { maxOutputLength: Math.max(1, entry.sizeBytes), ...help });
  } catch (error) {
    throw new Malformed(`zchunk: ${messageOf(error)}`, where);
  }
}

async function readHeader(reader: StreamReader, where: string): Promise<Header> {
  const id = await reader.bytes(ZCHUNK_MAGIC.length);
  if (!ZCHUNK_MAGIC.every((byte, at) => id[at] === byte)) throw new Malformed('zchunk: no header', where);
  const type = await readNumber(reader, where);
  const size = await readNumber(reader, where);
  const checksum = checksumOf(type.value, where);
  if (size.value > LIMIT_HEADER_BYTES) throw new Malformed('zchunk: its header is too large', where);
  const digest = hex(await reader.bytes(checksum.bytes));
  const body = await reader.bytes(size.value);
  if (digestOf(checksum, id, type.bytes, size.bytes, body) !== digest) {
    throw new Malformed('zchunk: a damaged header', where);
  }
  return parseHeader(cursorOf(body, where), { checksum, where });
}

function parseHeader(at: Cursor, { checksum, where }: { checksum: Checksum; where: string }): Header {
  at.bytes(checksum.bytes); // of all the data: each chunk has its own.
  const flags = at.number();
  const compression = at.number();
  if ((flags & ~OPTIONAL_ELEMENTS) !== 0) throw new Malformed(`zchunk: flags ${flags}`, where);
  if (compression !== COMPRESSION.none && compression !== COMPRESSION.zstd) {
    throw new Malformed(`zchunk: compression ${compression}`, where);
  }
  for (let left = flags === 0 ? 0 : at.number(); left > 0; left -= 1) {
    at.number();
    at.bytes(at.number());
  }
  const end = at.number() + at.position();
  const ofChunks = checksumOf(at.number(), where);
  at.number(); // how many there are: the size of the index says it too.
  const entries: Entry[] = [];
  while (at.position() < end) entries.push(readEntry(at, ofChunks, where));
  if (at.position() !== end) throw new Malformed('zchunk: the index ends within an entry', where);
  return { compression, checksum: ofChunks, entries };
}

function readEntry(at: Cursor, checksum: Checksum, where: string): Entry {
  const entry = { checksum: hex(at.bytes(checksum.bytes)), packedBytes: at.number(), sizeBytes: at.number() };
  if (Math.max(entry.packedBytes, entry.sizeBytes) > LIMIT_CHUNK_BYTES) {
    throw new Malformed('zchunk: a chunk is too large', where);
  }
  return entry;
}

type Cursor = { position(): number; bytes(length: number): Uint8Array; number(): number };

function cursorOf(body: Uint8Array, where: string): Cursor {
  let at = 0;
  const bytes = (length: number): Uint8Array => {
    if (at + length > body.byteLength) throw new Malformed('zchunk: its header ends too soon', where);
    at += length;
    return body.subarray(at - length, at);
  };
  return {
    position: () => at,
    bytes,
    number: () => {
      const digits: number[] = [];
      do digits.push(bytes(1)[0] ?? 0);
      while (!isLast(digits, where));
      return valueOf(digits);
    },
  };
}

async function readNumber(reader: StreamReader, where: string): Promise<{ value: number; bytes: Uint8Array }> {
  const digits: number[] = [];
  do digits.push((await reader.bytes(1))[0] ?? 0);
  while (!isLast(digits, where));
  return { value: valueOf(digits), bytes: Uint8Array.from(digits) };
}

function isLast(digits: readonly number[], where: string): boolean {
  if (((digits.at(-1) ?? 0) & 0x80) !== 0) return true;
  if (digits.length >= LIMIT_NUMBER_BYTES) throw new Malformed('zchunk: a number without end', where);
  return false;
}

/** The lowest seven bits first. */
function valueOf(digits: readonly number[]): number {
  return digits.reduceRight((value, digit) => value * 128 + (digit & 0x7f), 0);
}

function checksumOf(type: number, where: string): Checksum {
  const checksum = CHECKSUMS[type];
  if (checksum === undefined) throw new Malformed(`zchunk: checksum type ${type}`, where);
  return checksum;
}

function digestOf({ name, bytes }: Checksum, ...parts: readonly Uint8Array[]): string {
  const hash = createHash(name);
  for (const part of parts) hash.update(part);
  return hash.digest('hex').slice(0, bytes * 2);
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
