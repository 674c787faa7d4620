// Reads and makes the values of DHCP options: addresses, numbers and texts from strangers (RFC 2132); pure.

import { fromNumber, toNumber, type Ipv4 } from '../address.ts';
import { printable as plain } from '../printable.ts';

type Options = ReadonlyMap<number, Uint8Array>;

/** The longest text kept of a stranger's, in characters: as much as one option holds. */
export const TEXT_LIMIT = 255;

/** The address in option `code`: `undefined` where it is absent, `'unreadable'` where it has not four bytes. */
export function readAddress(options: Options, code: number): Ipv4 | 'unreadable' | undefined {
  const bytes = options.get(code);
  if (bytes === undefined) return undefined;
  return bytes.byteLength === 4 ? fromNumber(view(bytes).getUint32(0)) : 'unreadable';
}

/** The 16-bit number in option `code`; `undefined` where it is absent or has not two bytes. */
export function readNumber16(options: Options, code: number): number | undefined {
  const bytes = options.get(code);
  return bytes?.byteLength === 2 ? view(bytes).getUint16(0) : undefined;
}

/** The text in option `code`, made harmless; `undefined` where it is absent or empty. */
export function readText(options: Options, code: number): string | undefined {
  const bytes = options.get(code);
  return bytes === undefined ? undefined : printable(bytes);
}

/**
 * A stranger's bytes as at most 255 characters of printable ASCII, `?` for each other byte. NULs at the end go (RFC 2132 §2: receivers
 * must expect them). `undefined` where nothing is left.
 */
export function printable(bytes: Uint8Array): string | undefined {
  const text = Buffer.from(bytes.subarray(0, TEXT_LIMIT)).toString('latin1');
  return plain(text.replace(/\0+$/, ''), TEXT_LIMIT) || undefined;
}

/** Four bytes an address. */
export function addressBytes(...addresses: readonly Ipv4[]): Uint8Array {
  const bytes = new Uint8Array(addresses.length * 4);
  for (const [index, address] of addresses.entries()) view(bytes).setUint32(index * 4, toNumber(address));
  return bytes;
}

/** A time in seconds, in four bytes; fractions are dropped. */
export function secondsBytes(seconds: number): Uint8Array {
  const bytes = new Uint8Array(4);
  view(bytes).setUint32(0, Math.floor(seconds));
  return bytes;
}

/** A text of this server's own: one byte a character; what ASCII does not hold becomes `?`. */
export function textBytes(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text.replaceAll(/[^\x20-\x7e]/gu, '?'), 'latin1'));
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
