// File names on an image: which are possible at all, and how Joliet (UCS-2) and plain ISO 9660 (`README.;1`) write them. Pure.

import { Malformed } from '../../server/malformed.ts';

const MAX_NAME = 1024;
const UCS2 = new TextDecoder('utf-16be');

/** The name of a Joliet record. A version (`;1`) is cut off. Throws `Malformed` for a name no file can have. */
export function jolietName(identifier: Uint8Array, where: string): string {
  if (identifier.byteLength % 2 !== 0) throw new Malformed('a Joliet name has half a character', where);
  return checkName(UCS2.decode(identifier).replace(/;\d*$/, ''), where);
}

/**
 * The name of a plain record: without version and without the dot that ends a name without extension, and in lower case
 * as Linux shows it (mount(8), iso9660, `map=normal`).
 */
export function plainName(identifier: Uint8Array, where: string): string {
  const text = Buffer.from(identifier).toString('latin1').replace(/;\d*$/, '').replace(/\.$/, '');
  return checkName(text.toLowerCase(), where);
}

/** `name` itself. Throws `Malformed` where no file can have it, and for `.` and `..`. */
export function checkName(name: string, where: string): string {
  if (name.length > MAX_NAME) throw new Malformed('a name is too long', where);
  if (name === '' || name === '.' || name === '..' || name.includes('/') || name.includes('\0')) {
    throw new Malformed(`no file can be named ${JSON.stringify(name)}`, where);
  }
  return name;
}
