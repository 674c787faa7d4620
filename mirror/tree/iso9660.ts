// An ISO 9660 image as a file system: opens it over an injected read, and reads its directories when they are asked for.

import { Malformed } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import { groupRecords, isDotRecord, parseDirectory } from './directory.ts';
import type { DirectoryRecord, RecordGroup } from './directory.ts';
import { createDirectoryCache } from './directorycache.ts';
import { entryOf } from './entry.ts';
import type { IsoEntry } from './entry.ts';
import { jolietName, plainName } from './names.ts';
import { lookUp } from './resolve.ts';
import type { IsoDirectory, IsoFound } from './resolve.ts';
import { parseSkip, parseSystemUse, readRockRidge } from './rockridge.ts';
import type { SystemUse, SystemUseEntry } from './rockridge.ts';
import { FIRST_DESCRIPTOR, isDescriptor, parseDescriptor, SECTOR_BYTES } from './volume.ts';
import type { Descriptor, DirectoryAt, Volume } from './volume.ts';

/** Where an image's bytes come from. `readAt` answers exactly `length` bytes or throws. */
export type IsoSource = {
  readonly sizeBytes: number;
  readAt(offset: number, length: number): Promise<Uint8Array>;
};

/** Which of its trees of names an image is read by. */
export type Namespace = 'rock-ridge' | 'joliet' | 'plain';

export type IsoImage = {
  readonly volume: Volume;
  readonly namespace: Namespace;
  /** What lies at a path (see `TreeFiles`). Throws `Malformed` where the image is damaged there. */
  find(path: string): Promise<IsoFound | No>;
};

const MAX_DESCRIPTORS = 64;
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024;
const MAX_CONTINUATIONS = 64;
const MAX_KEPT_BLOCKS = 256;

type Reader = {
  readonly source: IsoSource;
  readonly namespace: Namespace;
  /** Bytes before the SUSP entries of each record but the root's own. */
  readonly skip: number;
};

/**
 * Opens an image: names by Rock Ridge where it has that, else by Joliet, else plain. Throws `Malformed` for what is no
 * ISO 9660 image, and for one that is shorter than its volume; bytes after the volume (hybrid boot partitions) are fine.
 */
export async function openIso(source: IsoSource): Promise<IsoImage> {
  const { primary, joliet } = await readDescriptors(source);
  const missing = primary.sizeBytes - source.sizeBytes;
  if (missing > 0) {
    throw new Malformed(
      `the image is cut off: ${missing} of its ${primary.sizeBytes} bytes are missing (was the download complete?)`,
      'volume size',
    );
  }
  const skip = await readSkip(source, primary);
  const namespace = skip !== undefined ? 'rock-ridge' : joliet === undefined ? 'plain' : 'joliet';
  const reader = { source, namespace, skip: skip ?? 0 } as const;
  const root = namespace === 'joliet' && joliet !== undefined ? joliet.root : primary.root;
  const cache = createDirectoryCache((at) => loadDirectory(reader, at));
  const directories = {
    root,
    load: (at: DirectoryAt) => cache.load(at),
    locate: (block: number) => locateDirectory(source, block),
    keyOf: namespace === 'plain' ? (name: string) => name.toLowerCase() : (name: string) => name,
  };
  return { volume: primary, namespace, find: (path) => lookUp(directories, path) };
}

async function readDescriptors(source: IsoSource): Promise<{ primary: Volume; joliet: Volume | undefined }> {
  let primary: Volume | undefined;
  let joliet: Volume | undefined;
  for (let number = FIRST_DESCRIPTOR; number < FIRST_DESCRIPTOR + MAX_DESCRIPTORS; number += 1) {
    const descriptor = await readDescriptor(source, number);
    if (descriptor.kind === 'end') break;
    if (descriptor.kind === 'primary') primary ??= descriptor.volume;
    if (descriptor.kind === 'joliet') joliet ??= descriptor.volume;
  }
  if (primary === undefined) throw new Malformed('not an ISO 9660 image: no primary volume descriptor', 'sector 16');
  return { primary, joliet };
}

async function readDescriptor(source: IsoSource, number: number): Promise<Descriptor> {
  const offset = number * SECTOR_BYTES;
  const inside = offset + SECTOR_BYTES <= source.sizeBytes;
  const sector = inside ? await source.readAt(offset, SECTOR_BYTES) : new Uint8Array();
  if (number === FIRST_DESCRIPTOR && !isDescriptor(sector)) throw new Malformed('not an ISO 9660 image', 'sector 16');
  return parseDescriptor(sector, number);
}

/** Rock Ridge is there when the root's own record begins with SP and the entries after it are Rock Ridge's. */
async function readSkip(source: IsoSource, primary: Volume): Promise<number | undefined> {
  const own = await readOwnRecord(source, primary.root.block);
  for (const before of [0, 14]) {
    // CD-ROM XA puts 14 bytes of its own first
    const area = own.systemUse.subarray(before);
    const skip = parseSkip(area);
    if (skip === undefined) continue;
    const { entries } = parseSystemUse(area, 'root directory');
    return entries.some(({ signature }) => signature === 'PX' || signature === 'RR') ? skip : undefined;
  }
  return undefined;
}

/** The `.` record at the beginning of a directory: it alone tells the length of a moved directory. */
async function readOwnRecord(source: IsoSource, block: number): Promise<DirectoryRecord> {
  const bytes = await readInside(source, { offset: block * SECTOR_BYTES, length: SECTOR_BYTES });
  const own = parseDirectory(bytes.subarray(0, bytes[0] ?? 0), `directory at block ${block}`)[0];
  if (own === undefined || !isDotRecord(own)) throw new Malformed('not a directory', `block ${block}`);
  return own;
}

async function locateDirectory(source: IsoSource, block: number): Promise<DirectoryAt> {
  const own = await readOwnRecord(source, block);
  return { block, length: own.length };
}

async function loadDirectory(reader: Reader, at: DirectoryAt): Promise<IsoDirectory> {
  const where = `directory at block ${at.block}`;
  if (at.length === 0 || at.length > MAX_DIRECTORY_BYTES) {
    throw new Malformed(`a directory of ${at.length} bytes`, where);
  }
  const bytes = await readInside(reader.source, { offset: at.block * SECTOR_BYTES, length: at.length });
  const records = parseDirectory(bytes, where);
  if (records[0] === undefined || !isDotRecord(records[0])) throw new Malformed('not a directory', where);
  const loading = { reader, readBlock: keepingBlocks(reader.source), where };
  const entries = new Map<string, IsoEntry>();
  for (const group of groupRecords(records, where)) {
    const use = systemUseOf(loading, group);
    // Few records go on elsewhere, and a directory may hold thousands: only those few are waited for.
    const told = use.continuation === undefined ? use.entries : await readContinued(loading, use);
    const named = nameEntry(loading, group, told);
    if (named !== undefined && !entries.has(named.name)) entries.set(named.name, named.entry);
  }
  return entries;
}

type Loading = {
  readonly reader: Reader;
  readonly readBlock: (block: number) => Promise<Uint8Array>;
  readonly where: string;
};

const NOTHING: SystemUse = { entries: [], continuation: undefined };

/** What Rock Ridge says in the record itself. */
function systemUseOf({ reader, where }: Loading, { first }: RecordGroup): SystemUse {
  return reader.namespace === 'rock-ridge' ? parseSystemUse(first.systemUse.subarray(reader.skip), where) : NOTHING;
}

/** All entries of a record, following its continuations (CE) through other blocks. */
async function readContinued(loading: Loading, first: SystemUse): Promise<readonly SystemUseEntry[]> {
  const all = [...first.entries];
  let use = first;
  for (let count = 0; use.continuation !== undefined; count += 1) {
    if (count === MAX_CONTINUATIONS) throw new Malformed('a system use area goes on without end', loading.where);
    const { block, offset, length } = use.continuation;
    if (offset + length > SECTOR_BYTES) throw new Malformed('a continuation leaves its block', loading.where);
    const bytes = await loading.readBlock(block);
    use = parseSystemUse(bytes.subarray(offset, offset + length), loading.where);
    all.push(...use.entries);
  }
  return all;
}

/** The file or directory of a record, under its name; undefined for one that is shown elsewhere. */
function nameEntry(
  { reader, where }: Loading,
  group: RecordGroup,
  entries: readonly SystemUseEntry[],
): { readonly name: string; readonly entry: IsoEntry } | undefined {
  const rockRidge = readRockRidge(entries, where);
  if (rockRidge.relocated) return undefined;
  const decode = reader.namespace === 'joliet' ? jolietName : plainName;
  const name = rockRidge.name ?? decode(group.first.identifier, where);
  return { name, entry: entryOf(group, rockRidge, reader.source.sizeBytes) };
}

/** Reads blocks and keeps some: the continuations of a directory's records share a few. */
function keepingBlocks(source: IsoSource): (block: number) => Promise<Uint8Array> {
  const kept = new Map<number, Uint8Array>();
  return async (block) => {
    const known = kept.get(block);
    if (known !== undefined) return known;
    const bytes = await readInside(source, { offset: block * SECTOR_BYTES, length: SECTOR_BYTES });
    if (kept.size >= MAX_KEPT_BLOCKS) kept.clear();
    kept.set(block, bytes);
    return bytes;
  };
}

async function readInside(source: IsoSource, range: { offset: number; length: number }): Promise<Uint8Array> {
  if (range.offset + range.length > source.sizeBytes) {
    throw new Malformed('a directory lies outside the image', `byte ${range.offset}`);
  }
  return source.readAt(range.offset, range.length);
}
