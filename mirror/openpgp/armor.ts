// ASCII armor (RFC 9580 §6): text in, labelled blocks of bytes out. Pure; bounded by what it is given.

import { Malformed } from '../../server/malformed.ts';

/** One block; `label` is what stands behind BEGIN: `PGP PUBLIC KEY BLOCK`, `PGP SIGNATURE` … */
export type ArmorBlock = { readonly label: string; readonly bytes: Uint8Array };

const BEGIN = /^-----BEGIN (PGP [A-Z ,/0-9]{1,60})-----$/;
const HEADER = /^[A-Za-z][A-Za-z0-9-]*:/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;
const CHECKSUM = /^=[A-Za-z0-9+/]{4}$/;
const LIMIT_BLOCKS = 1000;
const BYTE_ORDER_MARK = [0xef, 0xbb, 0xbf];

/** Is this text? The highest bit of a packet's first byte is set (§4.2); a text's is not, but for an editor's byte order mark. */
export function isText(bytes: Uint8Array): boolean {
  return (bytes[0] ?? 0) < 0x80 || BYTE_ORDER_MARK.every((byte, at) => bytes[at] === byte);
}

/** Every block of a text, in order; what stands between them is skipped. Throws `Malformed` for a block that is broken. */
export function readArmor(bytes: Uint8Array, where: string): readonly ArmorBlock[] {
  const lines = Buffer.from(bytes)
    .toString('latin1')
    .replace(/^\xef\xbb\xbf/, '')
    .split('\n')
    .map((line) => line.trimEnd());
  const blocks: ArmorBlock[] = [];
  for (let at = 0; at < lines.length; at += 1) {
    const label = BEGIN.exec(lines[at] ?? '')?.[1];
    if (label === undefined) continue;
    const end = lines.indexOf(`-----END ${label}-----`, at + 1);
    if (end === -1) throw new Malformed(`a ${label} without its end`, where);
    if (blocks.length === LIMIT_BLOCKS) throw new Malformed(`more than ${LIMIT_BLOCKS} armored blocks`, where);
    blocks.push({ label, bytes: readBlock(lines.slice(at + 1, end), where) });
    at = end;
  }
  return blocks;
}

function readBlock(lines: readonly string[], where: string): Uint8Array {
  const blank = lines.indexOf('');
  if (blank === -1 || !lines.slice(0, blank).every((line) => HEADER.test(line))) {
    throw new Malformed('armor without an empty line before its data', where);
  }
  const data = lines.slice(blank + 1).filter((line) => line !== '');
  const last = data.at(-1) ?? '';
  const checksum = CHECKSUM.test(last) ? last.slice(1) : undefined;
  const text = (checksum === undefined ? data : data.slice(0, -1)).join('');
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new Malformed('armor that is not base64', where);
  const bytes = Buffer.from(text, 'base64');
  if (checksum !== undefined && crc24(bytes) !== Buffer.from(checksum, 'base64').readUIntBE(0, 3)) {
    throw new Malformed('armor with another checksum', where);
  }
  return bytes;
}

/** §6.1.1. */
function crc24(bytes: Uint8Array): number {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) {
      crc <<= 1;
      if ((crc & 0x1000000) !== 0) crc ^= 0x1864cfb;
    }
  }
  return crc & 0xffffff;
}
