// The packets of OpenPGP (RFC 9580 §4.2), old and new format: bytes → tags and bodies. Pure and bounded.

import { readBytes, type ByteReader } from '../../server/bytes.ts';
import { Malformed } from '../../server/malformed.ts';

export type Packet = { readonly tag: number; readonly body: Uint8Array };

/** §5: those that keys and signatures are made of. */
export const PACKET = {
  ...{ signature: 2, secretKey: 5, publicKey: 6, secretSubkey: 7, marker: 10, trust: 12 },
  ...{ userId: 13, publicSubkey: 14, userAttribute: 17, padding: 21 },
} as const;

/** Keys flooded with strangers' signatures have reached 150,000; more than this is an attack. */
const LIMIT_PACKETS = 20_000;
/** The largest RSA key that anything makes. */
const LIMIT_MPI_BITS = 16_384;

/** Splits `bytes` into packets. Lengths of parts and without end, allowed for data alone (§4.2.1.4), are `Malformed` here. */
export function readPackets(bytes: Uint8Array, where: string): readonly Packet[] {
  const reader = readBytes(bytes);
  const packets: Packet[] = [];
  while (reader.remaining() > 0) {
    if (packets.length === LIMIT_PACKETS) throw new Malformed(`more than ${LIMIT_PACKETS} packets`, where);
    const head = reader.u8('a packet');
    if (head < 0x80) throw new Malformed('no OpenPGP packet', where);
    const isNew = (head & 0x40) !== 0;
    const tag = isNew ? head & 0x3f : (head >> 2) & 0x0f;
    if (tag === 0) throw new Malformed('a packet of the reserved type 0', where);
    const length = isNew ? newLength(reader, where) : oldLength(reader, head & 3, where);
    packets.push({ tag, body: reader.bytes(length, 'a packet') });
  }
  return packets;
}

function oldLength(reader: ByteReader, lengthType: number, where: string): number {
  if (lengthType === 0) return reader.u8('a length');
  if (lengthType === 1) return reader.u16be('a length');
  if (lengthType === 2) return reader.u32be('a length');
  throw new Malformed('a packet without a length', where);
}

function newLength(reader: ByteReader, where: string): number {
  const first = reader.u8('a length');
  if (first < 192) return first;
  if (first < 224) return ((first - 192) << 8) + reader.u8('a length') + 192;
  if (first === 255) return reader.u32be('a length');
  throw new Malformed('a packet in parts', where);
}

/**
 * A multiprecision integer (§3.2) without leading zero bytes. Its declared count of bits only tells the bytes: old signers
 * counted those of EdDSA wrongly.
 */
export function readMpi(reader: ByteReader): Uint8Array {
  const bits = reader.u16be('a number');
  if (bits > LIMIT_MPI_BITS) throw new Malformed(`a number of ${bits} bits`, 'OpenPGP number');
  const bytes = reader.bytes(Math.ceil(bits / 8), 'a number');
  const start = bytes.findIndex((byte) => byte !== 0);
  return start === -1 ? new Uint8Array() : bytes.subarray(start);
}
