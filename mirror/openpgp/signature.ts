// A signature packet (RFC 9580 §5.2), V3 and V4: bytes → what it claims and what it hashes. Pure; proves nothing.

import { readBytes, type ByteReader } from '../../server/bytes.ts';
import { Malformed } from '../../server/malformed.ts';
import { HASHES, KEY_ALGORITHM, algorithmName, type HashAlgorithm } from './algorithms.ts';
import { readMpi } from './packets.ts';
import { readSubpackets, type Claims } from './subpackets.ts';

export type Signature = {
  readonly kind: 'signature';
  readonly version: 3 | 4;
  /** One of `SIGNATURE_TYPE`, or another. */
  readonly type: number;
  readonly algorithm: number;
  readonly hash: HashAlgorithm;
  readonly createdAtMs: number;
  readonly claims: Claims;
  /** Whose it says it is: one of these, of which the fingerprint is the stricter. */
  readonly issuer: { readonly keyId: string | undefined; readonly fingerprint: string | undefined };
  /** Hashed behind what is signed. */
  readonly trailer: Uint8Array;
  /** The first 16 bits of the digest. */
  readonly start: Uint8Array;
  /** One number of RSA, two of the others. */
  readonly numbers: readonly Uint8Array[];
};
/** Of a kind that is not known here: it proves nothing and breaks nothing. */
export type SkippedSignature = { readonly kind: 'skipped'; readonly reason: string };

/** §5.2.1. */
export const SIGNATURE_TYPE = {
  ...{ binary: 0x00, text: 0x01, subkeyBinding: 0x18, primaryBinding: 0x19, directKey: 0x1f },
  ...{ keyRevocation: 0x20, subkeyRevocation: 0x28 },
} as const;

/** Do these words certify a user id (§5.2.1.4 to §5.2.1.7)? */
export function isCertification(type: number): boolean {
  return type >= 0x10 && type <= 0x13;
}

/** Reads a signature's packet. Throws `Malformed` where it is broken. */
export function parseSignature(body: Uint8Array): Signature | SkippedSignature {
  const reader = readBytes(body);
  const version = reader.u8('a signature');
  if (version === 3) return parseV3(reader);
  if (version === 4) return parseV4(reader, body);
  return { kind: 'skipped', reason: `a signature of version ${version} is skipped` };
}

//   1          1           1      4      8        1           1       2
//  ┌───┬───────────────┬──────┬──────┬────────┬───────────┬──────┬───────┬─────────┐
//  │ 3 │ hashed len. 5 │ type │ time │ key id │ algorithm │ hash │ start │ numbers │
//  └───┴───────────────┴──────┴──────┴────────┴───────────┴──────┴───────┴─────────┘
function parseV3(reader: ByteReader): Signature | SkippedSignature {
  if (reader.u8('a signature') !== 5) throw new Malformed('a V3 signature of another form', WHERE);
  const trailer = reader.bytes(5, 'a signature');
  const hashed = readBytes(trailer);
  const type = hashed.u8('a signature');
  const createdAtMs = hashed.u32be('a signature') * 1000;
  const keyId = Buffer.from(reader.bytes(8, 'a signature')).toString('hex').toUpperCase();
  const algorithms = { algorithm: reader.u8('a signature'), hash: reader.u8('a signature') };
  const head = {
    version: 3,
    type,
    createdAtMs,
    claims: {},
    issuer: { keyId, fingerprint: undefined },
    trailer,
  } as const;
  return finish(head, algorithms, reader);
}

//   1     1         1         1      2        n          2          m          2
//  ┌───┬──────┬───────────┬──────┬───────┬─────────┬─────────┬────────────┬───────┬─────────┐
//  │ 4 │ type │ algorithm │ hash │ n     │ hashed  │ m       │ unhashed   │ start │ numbers │
//  └───┴──────┴───────────┴──────┴───────┴─────────┴─────────┴────────────┴───────┴─────────┘
function parseV4(reader: ByteReader, body: Uint8Array): Signature | SkippedSignature {
  const type = reader.u8('a signature');
  const algorithms = { algorithm: reader.u8('a signature'), hash: reader.u8('a signature') };
  const length = reader.u16be('a signature');
  const hashed = readSubpackets(reader.bytes(length, 'a signature'), 'hashed');
  const unhashed = readSubpackets(reader.bytes(reader.u16be('a signature'), 'a signature'), 'unhashed');
  if (hashed.createdS === undefined) throw new Malformed('a signature that does not say when it was made', WHERE);
  // §5.2.4: what was hashed ends with its own length.
  const end = Buffer.from([4, 0xff, 0, 0, 0, 0]);
  end.writeUInt32BE(length + 6, 2);
  const claims = { ...unhashed, ...hashed, ...joinEmbedded(hashed, unhashed) };
  const issuer = { keyId: claims.issuerKeyId, fingerprint: claims.issuerFingerprint };
  if (isTornApart(hashed) || isTornApart(unhashed) || isTornApart(claims)) {
    throw new Malformed('a signature that names two keys as its issuer', WHERE);
  }
  const trailer = Buffer.concat([body.subarray(0, length + 6), end]);
  const head = { version: 4, type, createdAtMs: hashed.createdS * 1000, claims, issuer, trailer } as const;
  return finish(head, algorithms, reader);
}

const WHERE = 'OpenPGP signature';

type Head = Pick<Signature, 'version' | 'type' | 'createdAtMs' | 'claims' | 'issuer' | 'trailer'>;
type Algorithms = { readonly algorithm: number; readonly hash: number };

function finish(head: Head, algorithms: Algorithms, reader: ByteReader): Signature | SkippedSignature {
  const { algorithm } = algorithms;
  const hash = HASHES.get(algorithms.hash);
  const start = reader.bytes(2, 'a signature');
  const numbers = readNumbers(algorithm, reader);
  if (hash === undefined) return { kind: 'skipped', reason: `a signature of hash ${algorithms.hash} is skipped` };
  if (numbers === undefined)
    return { kind: 'skipped', reason: `a signature of ${algorithmName(algorithm)} is skipped` };
  if (reader.remaining() > 0) throw new Malformed('a signature with something behind it', WHERE);
  return { kind: 'signature', ...head, algorithm, hash, start, numbers };
}

/** The numbers of a known algorithm (§5.2.3.1 to §5.2.3.5); Ed25519's are 64 plain bytes. */
function readNumbers(algorithm: number, reader: ByteReader): readonly Uint8Array[] | undefined {
  switch (algorithm) {
    case KEY_ALGORITHM.rsa:
    case KEY_ALGORITHM.rsaSign:
      return [readMpi(reader)];
    case KEY_ALGORITHM.dsa:
    case KEY_ALGORITHM.ecdsa:
    case KEY_ALGORITHM.eddsaLegacy:
      return [readMpi(reader), readMpi(reader)];
    case KEY_ALGORITHM.ed25519:
      return [reader.bytes(32, 'a signature'), reader.bytes(32, 'a signature')];
    default:
      return undefined;
  }
}

function joinEmbedded(hashed: Claims, unhashed: Claims): Claims {
  const critical = hashed.critical ?? unhashed.critical;
  return {
    embedded: [...(hashed.embedded ?? []), ...(unhashed.embedded ?? [])],
    ...(critical === undefined ? {} : { critical }),
  };
}

/** The id of a V4 key is the end of its fingerprint: two that disagree are two keys. */
function isTornApart({ issuerKeyId, issuerFingerprint }: Claims): boolean {
  if (issuerKeyId === undefined || issuerFingerprint?.length !== 40) return false;
  return !issuerFingerprint.endsWith(issuerKeyId);
}
