// Rock Ridge (IEEE P1282) in SUSP (IEEE P1281) entries: POSIX names, links, modes and times of directory records. Pure.

import { Malformed } from '../../server/malformed.ts';
import { parseShortTime } from './directory.ts';
import { checkName } from './names.ts';

/** `data` is what follows the four bytes of signature, length and version. */
export type SystemUseEntry = { readonly signature: string; readonly data: Uint8Array };
/** Where a system use area goes on (SUSP §5.1, CE). */
export type Continuation = { readonly block: number; readonly offset: number; readonly length: number };
export type SystemUse = {
  readonly entries: readonly SystemUseEntry[];
  readonly continuation: Continuation | undefined;
};

/** Where a symbolic link points. */
export type LinkTarget = { readonly absolute: boolean; readonly segments: readonly string[] };

/** What Rock Ridge says of one directory record; a field is undefined where it says nothing. */
export type RockRidge = {
  readonly name: string | undefined;
  readonly mode: number | undefined;
  readonly modifiedMs: number | undefined;
  readonly target: LinkTarget | undefined;
  /** The block of a directory that was moved away because it lay too deep (CL). */
  readonly childBlock: number | undefined;
  /** Is it a moved directory in its storage place, not to be shown there (RE)? */
  readonly relocated: boolean;
  /** Are its bytes compressed (ZF)? */
  readonly compressed: boolean;
};

const MAX_TARGET_BYTES = 4096;

/** Splits a system use area into its entries. A byte of zero pads the rest. Throws `Malformed` on a broken length. */
export function parseSystemUse(area: Uint8Array, where: string): SystemUse {
  const entries: SystemUseEntry[] = [];
  let continuation: Continuation | undefined;
  let at = 0;
  while (at + 4 <= area.byteLength && area[at] !== 0) {
    const signature = String.fromCharCode(area[at] ?? 0, area[at + 1] ?? 0);
    const length = area[at + 2] ?? 0;
    if (length < 4 || at + length > area.byteLength) {
      throw new Malformed(`system use entry ${JSON.stringify(signature)} has a bad length`, where);
    }
    const data = area.subarray(at + 4, at + length);
    if (signature === 'ST') break;
    if (signature === 'CE') continuation = parseContinuation(data, where);
    else entries.push({ signature, data });
    at += length;
  }
  return { entries, continuation };
}

/**
 * The bytes to skip before the entries of every other record, or undefined where the image has no SUSP. `area` is the
 * system use area of the root directory's own record (SUSP §5.3, SP: it must come first there).
 */
export function parseSkip(area: Uint8Array): number | undefined {
  const [s, p, length, version, be, ef, skip] = area;
  return s === 0x53 && p === 0x50 && length === 7 && version === 1 && be === 0xbe && ef === 0xef ? skip : undefined;
}

/** What the entries of one record say. Throws `Malformed` for names and targets no file can have. */
export function readRockRidge(entries: readonly SystemUseEntry[], where: string): RockRidge {
  const all = (signature: string): readonly Uint8Array[] =>
    entries.filter((entry) => entry.signature === signature).map((entry) => entry.data);
  const first = (signature: string): Uint8Array | undefined =>
    entries.find((entry) => entry.signature === signature)?.data;
  return {
    name: readName(all('NM'), where),
    mode: optionalUint32(first('PX'), where),
    modifiedMs: readModified(all('TF'), where),
    target: readTarget(all('SL'), where),
    childBlock: optionalUint32(first('CL'), where),
    relocated: first('RE') !== undefined,
    compressed: first('ZF') !== undefined,
  };
}

/** Block, offset and length, each both-endian (SUSP §5.1). */
function parseContinuation(data: Uint8Array, where: string): Continuation {
  return { block: uint32(data, 0, where), offset: uint32(data, 8, where), length: uint32(data, 16, where) };
}

/** NM (RRIP §4.1.4): a name in one or more pieces. The flags 0x02 and 0x04 mark `.` and `..`, which have no name here. */
function readName(pieces: readonly Uint8Array[], where: string): string | undefined {
  const parts: Uint8Array[] = [];
  for (const piece of pieces) {
    const flags = piece[0] ?? 0;
    if ((flags & 0x06) !== 0) return undefined;
    parts.push(piece.subarray(1));
    if ((flags & 0x01) === 0) break;
  }
  const [only, second] = parts;
  if (only === undefined) return undefined;
  const whole =
    second === undefined ? Buffer.from(only.buffer, only.byteOffset, only.byteLength) : Buffer.concat(parts);
  return checkName(decodeText(whole), where);
}

/** TF (RRIP §4.1.6): stamps in a fixed order, those whose bit is set; bit 1 is the modification, bit 7 the long form. */
function readModified(stamps: readonly Uint8Array[], where: string): number | undefined {
  for (const stamp of stamps) {
    const flags = stamp[0] ?? 0;
    if ((flags & 0x02) === 0) continue;
    const width = (flags & 0x80) === 0 ? 7 : 17;
    const start = 1 + ((flags & 0x01) === 0 ? 0 : width);
    if (start + width > stamp.byteLength) throw new Malformed('a time stamp breaks off', where);
    const bytes = stamp.subarray(start, start + width);
    return width === 7 ? parseShortTime(bytes) : parseLongTime(bytes);
  }
  return undefined;
}

/** The seventeen-byte time (ECMA-119 §8.4.26.1): sixteen digits to the hundredth of a second, and a zone. */
function parseLongTime(bytes: Uint8Array): number | undefined {
  const digits = Buffer.from(bytes.subarray(0, 16)).toString('latin1');
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/.exec(digits);
  if (match === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0, hundredths = 0] = match.slice(1).map(Number);
  const zone = bytes[16] ?? 0;
  const quarters = zone > 127 ? zone - 256 : zone;
  return Date.UTC(year, month - 1, day, hour, minute, second, hundredths * 10) - quarters * 15 * 60_000;
}

/** SL (RRIP §4.1.3): components of flags, length, text; flag 0x01 on a component says that the next one goes on with it. */
function readTarget(links: readonly Uint8Array[], where: string): LinkTarget | undefined {
  if (links.length === 0) return undefined;
  const components = Buffer.concat(links.map((link) => link.subarray(1)));
  if (components.byteLength > MAX_TARGET_BYTES) throw new Malformed('a link target is too long', where);
  const segments: string[] = [];
  let absolute = false;
  let pending: Uint8Array[] = [];
  for (let at = 0; at < components.byteLength;) {
    const flags = components[at] ?? 0;
    const length = components[at + 1];
    if (length === undefined || at + 2 + length > components.byteLength) {
      throw new Malformed('a link target breaks off', where);
    }
    const text = components.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    if ((flags & ~0x07) !== 0)
      absolute = true; // the root, a mount point, a host's name: all lie outside the image
    else if ((flags & 0x04) !== 0) segments.push('..');
    else if ((flags & 0x02) === 0) {
      pending.push(text);
      if ((flags & 0x01) !== 0) continue;
      const segment = decodeText(Buffer.concat(pending));
      if (segment !== '' && segment !== '.') segments.push(checkName(segment, where));
      pending = [];
    }
  }
  return { absolute, segments };
}

function decodeText(bytes: Buffer): string {
  const utf8 = bytes.toString('utf8');
  return utf8.includes('\uFFFD') ? bytes.toString('latin1') : utf8;
}

function optionalUint32(data: Uint8Array | undefined, where: string): number | undefined {
  return data === undefined ? undefined : uint32(data, 0, where);
}

function uint32(data: Uint8Array, at: number, where: string): number {
  if (at + 4 > data.byteLength) throw new Malformed('a system use entry breaks off', where);
  return new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(at, true);
}
