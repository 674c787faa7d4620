// cpio archives as RPM payloads are: newc, newc with checksums, and rpm's stripped form; wanted files are picked while it streams.

import { Malformed } from '../../server/malformed.ts';
import type { StreamReader } from './stream.ts';
import { readStream } from './stream.ts';

/** A member of a stripped archive, which tells only its number: the rest is in the package's header. */
export type CpioMember = {
  readonly path: string;
  readonly isFile: boolean;
  readonly packedBytes: number;
  readonly identity: string;
};

export type CpioOptions = {
  /** Paths from the root, with their first slash. */
  readonly wanted: ReadonlySet<string>;
  /** A longer wanted file is `Malformed`; others are passed over whatever their size. */
  readonly limitBytes: number;
  /** The member of that number. */
  readonly memberAt: (index: number) => CpioMember | undefined;
};

type Entry = CpioMember & { readonly checksum: number | undefined };

//  newc, all fields in eight hex digits, padded to four bytes behind the name and behind the data:
//  ┌────────┬─────┬──────┬─────┬─────┬───────┬───────┬──────┬──────────┬───────────┬───────────┬─────────┬───────┬──────┬──────┐
//  │ 070701 │ ino │ mode │ uid │ gid │ links │ mtime │ size │ dev maj, │ rdev maj, │ name size │ check   │ name, │ pad  │ data │
//  │ 070702 │     │      │     │     │       │       │      │ dev min  │ rdev min  │           │ (07 02) │ NUL   │      │      │
//  └────────┴─────┴──────┴─────┴─────┴───────┴───────┴──────┴──────────┴───────────┴───────────┴─────────┴───────┴──────┴──────┘
//  stripped (rpm ≥ 4.12, for files of 4 GiB): 07070X, the file's number in the header, pad, data
const MAGIC_BYTES = 6;
const FIELDS = 13;
const FIELD_BYTES = 8;
const STRIPPED_BYTES = MAGIC_BYTES + FIELD_BYTES;
const TRAILER = 'TRAILER!!!';
const LIMIT_NAME_BYTES = 4096; // PATH_MAX, with the NUL
const FILE_TYPE = 0o170000;
const REGULAR = 0o100000;

/**
 * The wanted regular files that `chunks` holds, by path. Reads no further than the last of them. Throws `Malformed` for what is no
 * such archive, for one that breaks off before its trailer, and for a wanted file that is too long or has another checksum.
 */
export async function pickFromCpio(
  chunks: AsyncIterable<Uint8Array>,
  options: CpioOptions,
  where: string,
): Promise<Map<string, Uint8Array>> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    return await pick(readStream(iterator, where), options, where);
  } finally {
    await iterator.return?.();
  }
}

async function pick(reader: StreamReader, options: CpioOptions, where: string): Promise<Map<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  /** Names of files whose content comes with a later name of the same file. */
  const waiting = new Map<string, string[]>();
  while (found.size < options.wanted.size) {
    const entry = await readEntry(reader, options, where);
    if (entry === undefined) break;
    const names = namesFor(entry, options.wanted, waiting);
    if (names.length === 0) {
      await reader.skip(padded(entry.packedBytes));
      continue;
    }
    const bytes = await readData(reader, entry, { limitBytes: options.limitBytes, where });
    for (const name of names) found.set(name, bytes);
  }
  for (const name of [...waiting.values()].flat()) if (!found.has(name)) found.set(name, new Uint8Array());
  return found;
}

/** Under which wanted names the data of `entry` is kept; a wanted one without data is noted in `waiting`. */
function namesFor(entry: Entry, wanted: ReadonlySet<string>, waiting: Map<string, string[]>): readonly string[] {
  if (!entry.isFile) return [];
  const own = wanted.has(entry.path) ? [entry.path] : [];
  const earlier = waiting.get(entry.identity) ?? [];
  if (entry.packedBytes > 0) return [...earlier, ...own];
  waiting.set(entry.identity, [...earlier, ...own]);
  return [];
}

async function readData(
  reader: StreamReader,
  entry: Entry,
  { limitBytes, where }: { limitBytes: number; where: string },
): Promise<Uint8Array> {
  const { packedBytes: length, path, checksum } = entry;
  if (length > limitBytes)
    throw new Malformed(`${length} bytes where at most ${limitBytes} are read`, `${where}, ${path}`);
  const bytes = await reader.bytes(length);
  await reader.skip(padded(length) - length);
  if (checksum !== undefined && sumOf(bytes) !== checksum) {
    throw new Malformed('it has another checksum', `${where}, ${path}`);
  }
  return bytes;
}

/** The next entry, at its data; undefined at the trailer. */
async function readEntry(reader: StreamReader, options: CpioOptions, where: string): Promise<Entry | undefined> {
  const start = textOf(await reader.bytes(STRIPPED_BYTES));
  const magic = start.slice(0, MAGIC_BYTES);
  const first = start.slice(MAGIC_BYTES);
  if (magic === '07070X') {
    await reader.skip(padded(STRIPPED_BYTES) - STRIPPED_BYTES);
    const member = options.memberAt(hex(first, where));
    if (member === undefined) throw new Malformed('a cpio entry of no file in the header', where);
    return { ...member, checksum: undefined };
  }
  if (magic !== '070701' && magic !== '070702') throw new Malformed('no cpio entry', where);
  const fields = [first, ...splitFields(textOf(await reader.bytes((FIELDS - 1) * FIELD_BYTES)))].map((text) =>
    hex(text, where),
  );
  return newcEntry(reader, { fields, hasChecksum: magic === '070702' }, where);
}

type Newc = { readonly fields: readonly number[]; readonly hasChecksum: boolean };

async function newcEntry(
  reader: StreamReader,
  { fields, hasChecksum }: Newc,
  where: string,
): Promise<Entry | undefined> {
  const [inode = 0, mode = 0, , , links = 0, , size = 0, major = 0, minor = 0, , , nameBytes = 0, check = 0] = fields;
  if (nameBytes === 0 || nameBytes > LIMIT_NAME_BYTES) throw new Malformed(`a cpio name of ${nameBytes} bytes`, where);
  const name = await reader.bytes(nameBytes);
  if (name.indexOf(0) !== nameBytes - 1) throw new Malformed('a cpio name that does not end where it should', where);
  const before = MAGIC_BYTES + FIELDS * FIELD_BYTES + nameBytes;
  await reader.skip(padded(before) - before);
  const text = Buffer.from(name.subarray(0, -1)).toString('utf8');
  if (text === TRAILER) return undefined;
  const path = `/${text.replace(/^\.?\/+/, '')}`;
  return {
    path,
    isFile: (mode & FILE_TYPE) === REGULAR,
    packedBytes: size,
    identity: links > 1 ? `${major}:${minor}:${inode}` : path,
    checksum: hasChecksum ? check : undefined,
  };
}

function splitFields(text: string): readonly string[] {
  return text.match(/.{8}/gs) ?? [];
}

function hex(text: string, where: string): number {
  if (!/^[0-9a-fA-F]{8}$/.test(text)) throw new Malformed('a cpio field that is no number', where);
  return Number.parseInt(text, 16);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1');
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

/** What `070702` calls a checksum: the sum of all bytes. */
function sumOf(bytes: Uint8Array): number {
  let sum = 0;
  for (const byte of bytes) sum = (sum + byte) >>> 0;
  return sum;
}
