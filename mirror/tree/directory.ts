// ISO 9660 directory records (ECMA-119 §9.1): a directory's bytes in, its records out. Pure; names are not decoded here.

import { Malformed } from '../../server/malformed.ts';
import { SECTOR_BYTES } from './volume.ts';

export type DirectoryRecord = {
  readonly identifier: Uint8Array;
  /** First block of the data, after any extended attribute record. */
  readonly block: number;
  readonly length: number;
  readonly flags: number;
  readonly modifiedMs: number;
  /** What follows the name: Rock Ridge lives here. */
  readonly systemUse: Uint8Array;
};

/** One file or directory: its first record, and all of them where its data is in several extents. */
export type RecordGroup = { readonly first: DirectoryRecord; readonly all: readonly DirectoryRecord[] };

export const FLAG = { directory: 0x02, associated: 0x04, multiExtent: 0x80 } as const;
const MAX_RECORDS = 200_000;
const FIXED_BYTES = 33;

//  0        1     2              10             18     25      26     27    28        32         33
//  ┌────────┬─────┬──────────────┬──────────────┬──────┬───────┬──────┬─────┬─────────┬──────────┬──────┬─────┬────────┐
//  │ length │ XAR │ block LE, BE │ length LE,BE │ time │ flags │ unit │ gap │ volume  │ name len │ name │ pad │ system │
//  │        │     │              │              │      │       │ size │     │ sequence│          │      │     │ use    │
//  └────────┴─────┴──────────────┴──────────────┴──────┴───────┴──────┴─────┴─────────┴──────────┴──────┴─────┴────────┘

/** The records of a directory, `.` and `..` first. `where` names the directory in errors. Throws `Malformed`. */
export function parseDirectory(bytes: Uint8Array, where: string): readonly DirectoryRecord[] {
  const records: DirectoryRecord[] = [];
  let at = 0;
  while (at < bytes.byteLength) {
    const length = bytes[at] ?? 0;
    if (length === 0) {
      at = (Math.floor(at / SECTOR_BYTES) + 1) * SECTOR_BYTES; // a record never crosses a sector (ECMA-119 §6.8.1.1)
      continue;
    }
    if (length <= FIXED_BYTES || (at % SECTOR_BYTES) + length > SECTOR_BYTES || at + length > bytes.byteLength) {
      throw new Malformed('a directory record does not fit its sector', `${where}, byte ${at}`);
    }
    records.push(parseRecord(bytes.subarray(at, at + length), `${where}, byte ${at}`));
    if (records.length > MAX_RECORDS) throw new Malformed(`a directory of more than ${MAX_RECORDS} records`, where);
    at += length;
  }
  return records;
}

function parseRecord(record: Uint8Array, where: string): DirectoryRecord {
  const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
  const nameBytes = view.getUint8(32);
  const end = FIXED_BYTES + nameBytes;
  if (nameBytes === 0 || end > record.byteLength) throw new Malformed('a directory record cuts its name off', where);
  if (view.getUint8(26) !== 0 || view.getUint8(27) !== 0) throw new Malformed('an interleaved file', where);
  return {
    identifier: record.subarray(FIXED_BYTES, end),
    block: view.getUint32(2, true) + view.getUint8(1),
    length: view.getUint32(10, true),
    flags: view.getUint8(25),
    modifiedMs: parseShortTime(record.subarray(18, 25)),
    systemUse: record.subarray(end + (nameBytes % 2 === 0 ? 1 : 0)),
  };
}

/** Is it the record of the directory itself, or of its parent? */
export function isDotRecord(record: DirectoryRecord): boolean {
  return record.identifier.byteLength === 1 && (record.identifier[0] ?? 2) <= 1;
}

/**
 * Joins the records of files whose data is in several extents: all but the last carry the multi-extent flag
 * (ECMA-119 §9.1.6). Leaves out `.`, `..` and associated files. Throws `Malformed` for a row of records that breaks off.
 */
export function groupRecords(records: readonly DirectoryRecord[], where: string): readonly RecordGroup[] {
  const groups: RecordGroup[] = [];
  let open: DirectoryRecord[] = [];
  for (const record of records) {
    if (isDotRecord(record) || (record.flags & FLAG.associated) !== 0) continue;
    const first = open[0] ?? record;
    if (!Buffer.from(first.identifier).equals(record.identifier)) {
      throw new Malformed('the extents of a file break off', where);
    }
    open.push(record);
    if ((record.flags & FLAG.multiExtent) !== 0) continue;
    groups.push({ first, all: open });
    open = [];
  }
  if (open.length > 0) throw new Malformed('the extents of a file break off', where);
  return groups;
}

/** The seven-byte time of a directory record (ECMA-119 §9.1.5), in milliseconds since 1970; zone in quarters of an hour. */
export function parseShortTime(bytes: Uint8Array): number {
  const [year = 70, month = 1, day = 1, hour = 0, minute = 0, second = 0, zone = 0] = bytes;
  const quarters = zone > 127 ? zone - 256 : zone;
  return Date.UTC(1900 + year, month - 1, day, hour, minute, second) - quarters * 15 * 60_000;
}
