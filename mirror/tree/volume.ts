// ISO 9660 volume descriptors (ECMA-119 §8): bytes of one sector in, what it describes out. Pure; reads no disk.

import { Malformed } from '../../server/malformed.ts';

/** Bytes of a sector, and of the logical block of every image this reader takes. */
export const SECTOR_BYTES = 2048;
/** Volume descriptors begin here (ECMA-119 §6.2.1: sectors 0 to 15 are the system area). */
export const FIRST_DESCRIPTOR = 16;

/** Where a directory lies: its first block and its length in bytes. */
export type DirectoryAt = { readonly block: number; readonly length: number };

export type Volume = {
  readonly id: string;
  /** Volume space size × block size: what the image must hold at least. */
  readonly sizeBytes: number;
  readonly root: DirectoryAt;
  /** 512 bytes the standard leaves to applications; media checkers put their sums here. */
  readonly applicationUse: Uint8Array;
};

export type Descriptor =
  | { readonly kind: 'primary'; readonly volume: Volume }
  | { readonly kind: 'joliet'; readonly volume: Volume }
  /** A boot record, a partition, an enhanced descriptor: of no use here. */
  | { readonly kind: 'other' }
  | { readonly kind: 'end' };

/** Where the application-use area lies in its sector (ECMA-119 §8.4.32). */
export const APPLICATION_USE = { offset: 883, length: 512 } as const;

//  0       1         6      7                            8          40        80             128        156
//  ┌──────┬─────────┬───────┬──────────────────────────┬─────────┬─────────┬──────────────┬──────────┬───────────┐
//  │ type │ "CD001" │ vers. │ flags (SVD: UCS-2 …)     │ system  │ volume  │ space size,  │ block    │ root      │
//  │      │         │       │ escape sequences at 88   │ id      │ id      │ both-endian  │ size     │ directory │
//  └──────┴─────────┴───────┴──────────────────────────┴─────────┴─────────┴──────────────┴──────────┴───────────┘

/** Is this sector a volume descriptor at all? */
export function isDescriptor(sector: Uint8Array): boolean {
  return sector.byteLength === SECTOR_BYTES && latin1(sector, 1, 5) === 'CD001';
}

/** Reads the descriptor in `sector`, the `number`th of the image. Throws `Malformed` where it is none. */
export function parseDescriptor(sector: Uint8Array, number: number): Descriptor {
  const where = `sector ${number}`;
  if (!isDescriptor(sector)) throw new Malformed('not a volume descriptor', where);
  switch (sector[0] ?? 0) {
    case 1:
      return { kind: 'primary', volume: parseVolume(sector, where) };
    case 2:
      return isJoliet(sector) ? { kind: 'joliet', volume: parseVolume(sector, where) } : { kind: 'other' };
    case 255:
      return { kind: 'end' };
    default:
      return { kind: 'other' };
  }
}

/** Joliet's UCS-2 levels 1 to 3 are told by the escape sequences `%/@`, `%/C`, `%/E` (Joliet specification, "SVD"). */
function isJoliet(sector: Uint8Array): boolean {
  return ['%/@', '%/C', '%/E'].includes(latin1(sector, 88, 3));
}

function parseVolume(sector: Uint8Array, where: string): Volume {
  const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
  const blockBytes = view.getUint16(128, true);
  if (blockBytes !== SECTOR_BYTES) throw new Malformed(`a logical block of ${blockBytes} bytes instead of 2048`, where);
  const root = { block: view.getUint32(158, true) + view.getUint8(157), length: view.getUint32(166, true) };
  return {
    id: latin1(sector, 40, 32).trimEnd(),
    sizeBytes: view.getUint32(80, true) * blockBytes,
    root,
    applicationUse: sector.slice(APPLICATION_USE.offset, APPLICATION_USE.offset + APPLICATION_USE.length),
  };
}

function latin1(bytes: Uint8Array, at: number, length: number): string {
  return Buffer.from(bytes.subarray(at, at + length)).toString('latin1');
}
