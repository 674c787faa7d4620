// The subpackets of a V4 signature (RFC 9580 §5.2.3.7): bytes → the facts that decide whether it counts. Pure and bounded.

import { readBytes, type ByteReader } from '../../server/bytes.ts';
import { Malformed } from '../../server/malformed.ts';

/** What a signature says of itself. Times are seconds: `createdS` since 1970, `expiresS` since that, `keyExpiresS` since the key was made. */
export type Claims = {
  readonly createdS?: number;
  readonly expiresS?: number;
  readonly keyExpiresS?: number;
  /** The first byte of the key flags. */
  readonly keyFlags?: number;
  readonly reasonCode?: number;
  /** Fingerprints of keys that may revoke this one. */
  readonly revokers?: readonly string[];
  readonly issuerKeyId?: string;
  readonly issuerFingerprint?: string;
  readonly embedded?: readonly Uint8Array[];
  /** Something unknown that must be understood: the signature does not count. */
  readonly critical?: string;
};

/** §5.2.3.7. Not all that is known matters here: what does not is named so that it may be critical. */
const TYPE = {
  ...{ created: 2, expires: 3, keyExpires: 9, revocationKey: 12, issuer: 16, notation: 20, keyFlags: 27 },
  ...{ reason: 29, embedded: 32, issuerFingerprint: 33 },
} as const;
const KNOWN = new Set<number>([
  ...Object.values(TYPE),
  ...[4, 5, 6, 7, 10, 11, 21, 22, 23, 24, 25, 26, 28, 30, 31, 34, 35, 38, 39],
]);
/** Nobody can know every notation: a critical one is understood by those alone who agreed on it. */
const NEVER_CRITICAL: number = TYPE.notation;
const LIMIT_EMBEDDED = 8;

type Read = (body: ByteReader) => Claims;

/** Of the hashed area, which is signed. */
const HASHED: ReadonlyMap<number, Read> = new Map<number, Read>([
  [TYPE.created, (body) => ({ createdS: body.u32be('a time') })],
  [TYPE.expires, (body) => ({ expiresS: body.u32be('a time') })],
  [TYPE.keyExpires, (body) => ({ keyExpiresS: body.u32be('a time') })],
  [TYPE.keyFlags, (body) => ({ keyFlags: body.remaining() === 0 ? 0 : body.u8('key flags') })],
  [TYPE.reason, (body) => ({ reasonCode: body.u8('a reason') })],
]);

/** Of either area: they only help to find a key, or are proved themselves. */
const ANYWHERE: ReadonlyMap<number, Read> = new Map<number, Read>([
  [TYPE.issuer, (body) => ({ issuerKeyId: hex(body.bytes(8, 'a key id')) })],
  [TYPE.issuerFingerprint, readFingerprint],
]);

/** Reads one area. `area` `unhashed`: anybody may have written it, so that nothing but hints are taken. Throws `Malformed`. */
export function readSubpackets(bytes: Uint8Array, area: 'hashed' | 'unhashed'): Claims {
  const reader = readBytes(bytes);
  const embedded: Uint8Array[] = [];
  const revokers: string[] = [];
  let claims: Claims = {};
  while (reader.remaining() > 0) {
    const { type, isCritical, body } = readOne(reader);
    if (isCritical && (!KNOWN.has(type) || type === NEVER_CRITICAL))
      claims = { ...claims, critical: `subpacket ${type}` };
    const read = ANYWHERE.get(type) ?? (area === 'hashed' ? HASHED.get(type) : undefined);
    // Of two, the later counts (§5.2.3.9).
    if (read !== undefined) claims = { ...claims, ...read(readBytes(body)) };
    if (type === TYPE.embedded && embedded.length < LIMIT_EMBEDDED) embedded.push(body);
    if (type === TYPE.revocationKey && area === 'hashed' && body.byteLength >= 22)
      revokers.push(hex(body.subarray(2, 22)));
  }
  return {
    ...claims,
    ...(embedded.length === 0 ? {} : { embedded }),
    ...(revokers.length === 0 ? {} : { revokers }),
  };
}

type Subpacket = { readonly type: number; readonly isCritical: boolean; readonly body: Uint8Array };

function readOne(reader: ByteReader): Subpacket {
  const length = readLength(reader);
  if (length === 0) throw new Malformed('a subpacket without a type', 'OpenPGP signature');
  const type = reader.u8('a subpacket');
  return { type: type & 0x7f, isCritical: type >= 0x80, body: reader.bytes(length - 1, 'a subpacket') };
}

/** Unlike a packet's, these lengths know no parts. */
function readLength(reader: ByteReader): number {
  const first = reader.u8('a subpacket');
  if (first < 192) return first;
  if (first < 255) return ((first - 192) << 8) + reader.u8('a subpacket') + 192;
  return reader.u32be('a subpacket');
}

/** §5.2.3.35: the key's version, and its fingerprint. That of a V6 key names no key we could have. */
function readFingerprint(body: ByteReader): Claims {
  const version = body.u8('a fingerprint');
  if (version === 4) return { issuerFingerprint: hex(body.bytes(20, 'a fingerprint')) };
  return { issuerFingerprint: hex(body.bytes(body.remaining(), 'a fingerprint')) };
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex').toUpperCase();
}
