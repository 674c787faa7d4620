// Writes one binary RPM whose headers, digests and payload are as rpm's own: what rpmbuild makes, a hundred times faster. For benches.

import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';

export type RpmFile = {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  /** Names that it requires, of whatever version. */
  readonly requires: readonly string[];
  /** Names of empty files, beside the one file that holds `content`. */
  readonly documents: readonly string[];
  readonly content: Uint8Array;
};

const [CHAR16, INT32, STRING, BIN, STRINGS, TEXTS] = [3, 4, 6, 7, 8, 9];
const ALIGNMENT: Readonly<Record<number, number>> = { [CHAR16]: 2, [INT32]: 4 };
const REGION = { signatures: 62, immutable: 63 };
const SHA256 = 8; // RFC 9580 §9.5
const BUILT = 1_700_000_000;
const REGULAR = 0o100644;

type Entry = { readonly tag: number; readonly type: number; readonly count: number; readonly bytes: Buffer };

/** The bytes of the package (RPM 4 format). Its payload is gzip that packs nothing: the content is to be random anyway. */
export function rpmBytes(file: RpmFile): Buffer {
  const paths = [`${file.name}.bin`, ...file.documents];
  const contents = [file.content, ...file.documents.map(() => new Uint8Array())];
  const payload = gzipSync(cpioOf(paths, contents), { level: 0 });
  const header = headerOf(REGION.immutable, mainEntries(file, { paths, contents, payload }));
  const signature = headerOf(REGION.signatures, [
    strings(269, STRING, [digest('sha1', [header])]),
    strings(273, STRING, [digest('sha256', [header])]),
    numbers(1000, INT32, [header.length + payload.length]),
    { tag: 1004, type: BIN, count: 16, bytes: Buffer.from(digest('md5', [header, payload]), 'hex') },
  ]);
  const padding = Buffer.alloc((8 - (signature.length % 8)) % 8);
  return Buffer.concat([leadOf(file), signature, padding, header, payload]);
}

type Packed = {
  readonly paths: readonly string[];
  readonly contents: readonly Uint8Array[];
  readonly payload: Uint8Array;
};

function mainEntries(file: RpmFile, { paths, contents, payload }: Packed): readonly Entry[] {
  const { name, version, release, requires } = file;
  const each = <T>(value: T): readonly T[] => paths.map(() => value);
  const sizes = contents.map(({ length }) => length);
  const digests = contents.map((bytes) => digest('sha256', [bytes]));
  const total = file.content.length;
  return [
    strings(100, STRINGS, ['C']),
    ...[strings(1000, STRING, [name]), strings(1001, STRING, [version]), strings(1002, STRING, [release])],
    ...[strings(1004, TEXTS, [`What ${name} is for`]), strings(1005, TEXTS, [DESCRIPTION])],
    ...[numbers(1006, INT32, [BUILT]), strings(1007, STRING, ['build.invalid']), numbers(1009, INT32, [total])],
    ...[strings(1014, STRING, ['Public Domain']), strings(1016, TEXTS, ['Unspecified'])],
    ...[strings(1021, STRING, ['linux']), strings(1022, STRING, ['x86_64'])],
    ...[numbers(1028, INT32, sizes), numbers(1030, CHAR16, each(REGULAR)), numbers(1033, CHAR16, each(0))],
    ...[numbers(1034, INT32, each(BUILT)), strings(1035, STRINGS, digests), strings(1036, STRINGS, each(''))],
    ...[numbers(1037, INT32, each(0)), strings(1039, STRINGS, each('root')), strings(1040, STRINGS, each('root'))],
    ...[strings(1044, STRING, [`${name}-${version}-${release}.src.rpm`]), numbers(1045, INT32, each(-1))],
    ...[strings(1047, STRINGS, [name]), numbers(1048, INT32, [0x01_00_00_0a, ...requires.map(() => 0)])],
    strings(1049, STRINGS, ['rpmlib(CompressedFileNames)', ...requires]),
    strings(1050, STRINGS, ['3.0.4-1', ...requires.map(() => '')]),
    ...[numbers(1095, INT32, each(1)), numbers(1096, INT32, inodesOf(paths)), strings(1097, STRINGS, each(''))],
    ...[numbers(1112, INT32, [8]), strings(1113, STRINGS, [`${version}-${release}`])],
    ...[numbers(1116, INT32, each(0)), strings(1117, STRINGS, paths), strings(1118, STRINGS, [DIRECTORY])],
    ...[strings(1124, STRING, ['cpio']), strings(1125, STRING, ['gzip']), strings(1126, STRING, ['0'])],
    ...[numbers(5011, INT32, [SHA256]), strings(5092, STRINGS, [digest('sha256', [payload])])],
    numbers(5093, INT32, [SHA256]),
  ];
}

const DIRECTORY = '/usr/share/bench/';
const DESCRIPTION =
  'A text as long as those of real packages: what this does, for whom, and what else is needed. '.repeat(3);

/** The 96 bytes before the headers, which nothing but `file` reads any more. */
function leadOf({ name, version, release }: RpmFile): Buffer {
  const lead = Buffer.alloc(96);
  lead.writeUInt32BE(0xed_ab_ee_db, 0);
  lead.writeUInt8(3, 4);
  lead.writeUInt16BE(1, 8);
  lead.write(`${name}-${version}-${release}`.slice(0, 65), 10, 'latin1');
  lead.writeUInt16BE(1, 76);
  lead.writeUInt16BE(5, 78);
  return lead;
}

/** A header: magic, an index of 16 bytes for each entry, and the store; its region's entry is first, its trailer last. */
function headerOf(region: number, entries: readonly Entry[]): Buffer {
  const index: Buffer[] = [];
  const store: Buffer[] = [];
  let offset = 0;
  for (const { tag, type, count, bytes } of entries.toSorted((a, b) => a.tag - b.tag)) {
    const padding = -offset & ((ALIGNMENT[type] ?? 1) - 1);
    store.push(Buffer.alloc(padding), bytes);
    index.push(words(tag, type, offset + padding, count));
    offset += padding + bytes.length;
  }
  const all = index.length + 1;
  store.push(words(region, BIN, -16 * all, 16));
  const intro = words(0x8e_ad_e8_01, 0, all, offset + 16);
  return Buffer.concat([intro, words(region, BIN, offset, 16), ...index, ...store]);
}

function strings(tag: number, type: number, values: readonly string[]): Entry {
  return { tag, type, count: values.length, bytes: Buffer.from(values.map((value) => `${value}\0`).join('')) };
}

function numbers(tag: number, type: number, values: readonly number[]): Entry {
  const width = type === CHAR16 ? 2 : 4;
  const bytes = Buffer.alloc(width * values.length);
  for (const [at, value] of values.entries()) bytes.writeUIntBE(value >>> 0, at * width, width);
  return { tag, type, count: values.length, bytes };
}

function words(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, at * 4);
  return bytes;
}

/** cpio(5), "New ASCII Format". */
function cpioOf(paths: readonly string[], contents: readonly Uint8Array[]): Buffer {
  const inodes = inodesOf(paths);
  const members = paths.flatMap((path, at) => {
    const content = contents[at] ?? new Uint8Array();
    return member(`.${DIRECTORY}${path}`, content, { inode: inodes[at] ?? 0, mode: REGULAR });
  });
  return Buffer.concat([...members, ...member('TRAILER!!!', new Uint8Array(), { inode: 0, mode: 0 })]);
}

function member(path: string, content: Uint8Array, { inode, mode }: { inode: number; mode: number }): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const fields = [inode, mode, 0, 0, 1, BUILT, content.length, 0, 0, 0, 0, name.length, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, '0')).join('')}`;
  const padded = (length: number): Buffer => Buffer.alloc(-length & 3);
  return [Buffer.from(head), name, padded(head.length + name.length), content, padded(content.length)];
}

function inodesOf(paths: readonly string[]): readonly number[] {
  return paths.map((_, at) => at + 1);
}

function digest(type: string, pieces: readonly Uint8Array[]): string {
  const hash = createHash(type);
  for (const piece of pieces) hash.update(piece);
  return hash.digest('hex');
}
