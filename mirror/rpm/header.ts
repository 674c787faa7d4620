// The header structure of RPM packages (docs/manual/format_header.md): bytes in, typed values by tag out. Pure and bounded.

import { Malformed } from '../../server/malformed.ts';

/** A header. Values that are absent are `undefined` or empty; a value of another type than was asked for is `Malformed`. */
export type RpmHeader = {
  /** All of it as it lies in the package: what digests of the header cover. */
  readonly bytes: Uint8Array;
  /** A text, or the first of several. */
  text(tag: number): string | undefined;
  texts(tag: number): readonly string[];
  /** The texts as `decode` reads their bytes: packages older than UTF-8 hold others. */
  decoded(tag: number, decode: (bytes: Uint8Array) => string): readonly string[];
  numbers(tag: number): readonly number[];
  binary(tag: number): Uint8Array | undefined;
};

/** How many values of a tag are read, and how long a text may be. */
export type HeaderLimits = { readonly values: number; readonly textBytes: number };

type Entry = { readonly type: number; readonly offset: number; readonly count: number };

export const HEADER_INTRO_BYTES = 16;
const MAGIC = [0x8e, 0xad, 0xe8, 0x01];
const ENTRY_BYTES = 16;
/** rpm itself allows 65,535 entries and 256 MiB; no package with a loader comes near this. */
const LIMIT_ENTRIES = 65_535;
const LIMIT_DATA_BYTES = 32 * 1024 * 1024;
/** Of what is read: entries may share their data, so that few bytes would become many values. The largest kernel package has 20,000 files. */
const LIMITS: HeaderLimits = { values: 50_000, textBytes: 4096 }; // PATH_MAX

const TYPE = { int8: 2, int16: 3, int32: 4, int64: 5, text: 6, binary: 7, texts: 8, translated: 9 } as const;
const WIDTH: Readonly<Record<number, number>> = {
  1: 1,
  [TYPE.int8]: 1,
  [TYPE.int16]: 2,
  [TYPE.int32]: 4,
  [TYPE.int64]: 8,
};

//  0           4          8             12
//  ┌───────────┬──────────┬─────────────┬───────────┬─────────────────────────────────────┬──────┐
//  │ 8eade8 01 │ reserved │ entries (n) │ data size │ n × { tag, type, offset, count }    │ data │
//  └───────────┴──────────┴─────────────┴───────────┴─────────────────────────────────────┴──────┘

/** How long the header is that begins with these 16 bytes, itself included. Throws `Malformed`. */
export function headerSize(intro: Uint8Array, where: string): number {
  const { entries, dataBytes } = parseIntro(intro, where);
  return HEADER_INTRO_BYTES + entries * ENTRY_BYTES + dataBytes;
}

function parseIntro(bytes: Uint8Array, where: string): { entries: number; dataBytes: number } {
  if (bytes.byteLength < HEADER_INTRO_BYTES) throw new Malformed('an RPM header ends too soon', where);
  if (!MAGIC.every((byte, at) => bytes[at] === byte)) throw new Malformed('no RPM header', where);
  const view = viewOf(bytes);
  const entries = view.getUint32(8);
  const dataBytes = view.getUint32(12);
  if (entries > LIMIT_ENTRIES || dataBytes > LIMIT_DATA_BYTES) {
    throw new Malformed(`an RPM header of ${entries} entries and ${dataBytes} bytes`, where);
  }
  return { entries, dataBytes };
}

/** Reads a whole header, by default as far as packages of loaders go. Throws `Malformed`; no entry that is kept reaches out of the data. */
export function parseHeader(bytes: Uint8Array, where: string, limits: HeaderLimits = LIMITS): RpmHeader {
  const { entries: count, dataBytes } = parseIntro(bytes, where);
  const dataStart = HEADER_INTRO_BYTES + count * ENTRY_BYTES;
  if (bytes.byteLength !== dataStart + dataBytes) throw new Malformed('an RPM header of another size', where);
  const data = bytes.subarray(dataStart);
  const entries = readEntries(bytes, { count, dataBytes }, where);
  const find = (tag: number, types: readonly number[]): Entry | undefined => {
    const entry = entries.get(tag);
    if (entry === undefined) return undefined;
    if (!types.includes(entry.type)) throw new Malformed(`RPM tag ${tag} has type ${entry.type}`, where);
    if (entry.type !== TYPE.binary && entry.count > limits.values) {
      throw new Malformed(`RPM tag ${tag}: ${entry.count} values are too many`, where);
    }
    return entry;
  };
  const decoded = (tag: number, decode: (bytes: Uint8Array) => string): readonly string[] => {
    const entry = find(tag, [TYPE.text, TYPE.texts, TYPE.translated]);
    if (entry === undefined) return [];
    return readTexts(data, { ...entry, limitBytes: limits.textBytes, decode }, `${where}, tag ${tag}`);
  };
  const texts = (tag: number): readonly string[] => decoded(tag, decodeUtf8);
  return {
    bytes,
    text: (tag) => texts(tag)[0],
    texts,
    decoded,
    numbers: (tag) => {
      const entry = find(tag, [1, TYPE.int8, TYPE.int16, TYPE.int32, TYPE.int64]);
      return entry === undefined ? [] : readNumbers(data, entry, `${where}, tag ${tag}`);
    },
    binary: (tag) => {
      const entry = find(tag, [TYPE.binary]);
      return entry === undefined ? undefined : data.subarray(entry.offset, entry.offset + entry.count);
    },
  };
}

type Sizes = { readonly count: number; readonly dataBytes: number };

/** The first entry of each tag, as rpm finds it. */
function readEntries(bytes: Uint8Array, { count, dataBytes }: Sizes, where: string): ReadonlyMap<number, Entry> {
  const view = viewOf(bytes);
  const entries = new Map<number, Entry>();
  for (let index = 0; index < count; index += 1) {
    const at = HEADER_INTRO_BYTES + index * ENTRY_BYTES;
    const tag = view.getUint32(at);
    const entry = { type: view.getUint32(at + 4), offset: view.getUint32(at + 8), count: view.getUint32(at + 12) };
    // A text takes a byte at least: its end.
    const size = entry.count * (WIDTH[entry.type] ?? 1);
    if (entry.type > TYPE.translated || entry.offset + size > dataBytes) {
      throw new Malformed(`RPM tag ${tag} reaches out of its header`, where);
    }
    if (!entries.has(tag)) entries.set(tag, entry);
  }
  return entries;
}

type Texts = Entry & { readonly limitBytes: number; readonly decode: (bytes: Uint8Array) => string };

function readTexts(data: Uint8Array, { offset, count, limitBytes, decode }: Texts, where: string): readonly string[] {
  const texts: string[] = [];
  let at = offset;
  for (let left = count; left > 0; left -= 1) {
    const end = data.indexOf(0, at);
    if (end === -1) throw new Malformed('a text has no end', where);
    if (end - at > limitBytes) throw new Malformed(`a text of ${end - at} bytes`, where);
    texts.push(decode(data.subarray(at, end)));
    at = end + 1;
  }
  return texts;
}

function decodeUtf8(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function readNumbers(data: Uint8Array, { type, offset, count }: Entry, where: string): readonly number[] {
  const view = viewOf(data);
  const width = WIDTH[type] ?? 1;
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * width;
    if (type === TYPE.int16) return view.getUint16(at);
    if (type === TYPE.int32) return view.getUint32(at);
    if (type !== TYPE.int64) return view.getUint8(at);
    const value = Number(view.getBigUint64(at));
    if (!Number.isSafeInteger(value)) throw new Malformed('a number beyond all sizes', where);
    return value;
  });
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
