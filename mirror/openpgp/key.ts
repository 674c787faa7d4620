// A public key packet (RFC 9580 §5.5.2): bytes → a key that node:crypto can check with, or why it is refused. Pure.

import { createHash, createPublicKey, type KeyObject } from 'node:crypto';
import { readBytes, type ByteReader } from '../../server/bytes.ts';
import { Malformed } from '../../server/malformed.ts';
import { algorithmName, CURVES, ED25519_LEGACY, KEY_ALGORITHM } from './algorithms.ts';
import { dsaSpki, ecSpki, ed25519Spki, rsaSpki } from './der.ts';
import { readMpi } from './packets.ts';

export type PublicKey = {
  readonly kind: 'key';
  /** 40 upper-case hex digits; `keyId` is its last 16. */
  readonly fingerprint: string;
  readonly keyId: string;
  readonly createdAtMs: number;
  readonly algorithm: number;
  readonly body: Uint8Array;
  /** What checks signatures; undefined where the key only encrypts, or `unusable` says why it cannot. */
  readonly verifying: VerifyingKey | undefined;
  readonly unusable: string | undefined;
};
/** `partBytes`: how long each of the two numbers of a DSA or ECDSA signature is to node:crypto. */
export type VerifyingKey = {
  readonly scheme: 'rsa' | 'dsa' | 'ecdsa' | 'eddsa';
  readonly object: KeyObject;
  readonly bits: number;
  readonly partBytes: number;
};
/** A key of a kind that is not believed here. */
export type RefusedKey = { readonly kind: 'refused'; readonly keyId: string; readonly reason: string };

/** Reads a key's packet. Throws `Malformed` where it is broken. */
export function parsePublicKey(body: Uint8Array): PublicKey | RefusedKey {
  const reader = readBytes(body);
  const version = reader.u8('a key');
  if (version !== 4) return refuse(version, body);
  const createdAtMs = reader.u32be('a key') * 1000;
  const algorithm = reader.u8('a key');
  const fingerprint = createHash('sha1').update(keyHashInput(body)).digest('hex').toUpperCase();
  const material = readMaterial(algorithm, reader);
  const usable = typeof material !== 'string';
  return {
    kind: 'key',
    fingerprint,
    keyId: fingerprint.slice(-16),
    createdAtMs,
    algorithm,
    body,
    verifying: usable ? material : undefined,
    unusable: usable ? undefined : material,
  };
}

/** What fingerprints and signatures hash of a V4 key (§5.2.4). */
export function keyHashInput(body: Uint8Array): Uint8Array {
  if (body.byteLength > 0xffff) throw new Malformed('a key of more than 64 KiB', 'OpenPGP key');
  return Buffer.concat([Buffer.from([0x99, body.byteLength >> 8, body.byteLength & 0xff]), body]);
}

/** The id of a V3 key is the end of its modulus: anyone can make another key of that id, hence the refusal (§5.5.4.1). */
function refuse(version: number, body: Uint8Array): RefusedKey {
  const refused = (keyId: string): RefusedKey => ({
    kind: 'refused',
    keyId,
    reason: `is an OpenPGP key of version ${version}, which is ${version < 4 ? 'too old to be believed' : 'not known here'}`,
  });
  if (version === 6) {
    const head = Buffer.from([0x9b, 0, 0, 0, 0]);
    head.writeUInt32BE(body.byteLength, 1);
    return refused(createHash('sha256').update(head).update(body).digest('hex').slice(0, 16).toUpperCase());
  }
  if (version !== 2 && version !== 3) return refused('');
  const reader = readBytes(body);
  reader.bytes(8, 'a key');
  return refused(Buffer.from(readMpi(reader)).toString('hex').slice(-16).padStart(16, '0').toUpperCase());
}

/** The key for node:crypto, or why there is none. */
function readMaterial(algorithm: number, reader: ByteReader): VerifyingKey | string {
  switch (algorithm) {
    case KEY_ALGORITHM.rsa:
    case KEY_ALGORITHM.rsaSign:
      return readRsa(reader);
    case KEY_ALGORITHM.dsa:
      return readDsa(reader);
    case KEY_ALGORITHM.ecdsa:
      return readEcdsa(reader);
    case KEY_ALGORITHM.eddsaLegacy:
      return readEddsaLegacy(reader);
    case KEY_ALGORITHM.ed25519:
      return importKey('eddsa', ed25519Spki(reader.bytes(32, 'an Ed25519 key')), { bits: 256, partBytes: 32 });
    default:
      return `signs nothing that is known here: it is a key for ${algorithmName(algorithm)}`;
  }
}

function readRsa(reader: ByteReader): VerifyingKey | string {
  const [n, e] = [readMpi(reader), readMpi(reader)];
  // RSA with a longer exponent exists nowhere and takes seconds to check.
  if (e.byteLength > 8) return 'has an RSA exponent of more than 64 bits';
  return importKey('rsa', rsaSpki(n, e), { bits: bitLength(n), partBytes: n.byteLength });
}

function readDsa(reader: ByteReader): VerifyingKey | string {
  const [p, q, g, y] = [readMpi(reader), readMpi(reader), readMpi(reader), readMpi(reader)];
  return importKey('dsa', dsaSpki({ p, q, g, y }), { bits: bitLength(p), partBytes: q.byteLength });
}

function readEcdsa(reader: ByteReader): VerifyingKey | string {
  const curve = readCurve(reader);
  const point = readMpi(reader);
  const partBytes = CURVES.get(curve);
  if (partBytes === undefined) return `is of a curve that is not known here (${curve})`;
  return importKey('ecdsa', ecSpki(curve, point), { bits: partBytes * 8, partBytes });
}

/** §5.5.5.5: the point behind a prefix byte, as a number. */
function readEddsaLegacy(reader: ByteReader): VerifyingKey | string {
  const curve = readCurve(reader);
  const point = readMpi(reader);
  if (curve !== ED25519_LEGACY) return `is of a curve that is not known here (${curve})`;
  if (point.byteLength !== 33 || point[0] !== 0x40) return 'is no Ed25519 key';
  return importKey('eddsa', ed25519Spki(point.subarray(1)), { bits: 256, partBytes: 32 });
}

function readCurve(reader: ByteReader): string {
  return Buffer.from(reader.bytes(reader.u8('a curve'), 'a curve')).toString('hex');
}

type Sizes = { readonly bits: number; readonly partBytes: number };

function importKey(scheme: VerifyingKey['scheme'], spki: Uint8Array, sizes: Sizes): VerifyingKey | string {
  try {
    const object = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    return { scheme, object, ...sizes };
  } catch {
    // OpenSSL's own words about numbers that are no key (a point off its curve …) help nobody.
    return `holds numbers that are no ${scheme.toUpperCase()} key`;
  }
}

function bitLength(bytes: Uint8Array): number {
  return bytes.byteLength === 0 ? 0 : bytes.byteLength * 8 - Math.clz32(bytes[0] ?? 0) + 24;
}
