// Writes OpenPGP keys and signatures of any shape with node:crypto, also such as no program makes any more: the tests' own signer.

import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';

/** A key that can sign. Times are seconds since 1970. */
export type TestKey = {
  readonly body: Buffer;
  readonly fingerprint: string;
  readonly keyId: string;
  readonly algorithm: number;
  readonly createdS: number;
  readonly privateKey: KeyObject;
};
export type Hash = 'md5' | 'sha1' | 'sha256' | 'sha512';
export type Subpacket = readonly [type: number, body: Uint8Array, critical?: 'critical'];
export type TestSignature = {
  readonly key: TestKey;
  readonly type: number;
  readonly createdS: number;
  readonly hash?: Hash;
  readonly version?: 3 | 4;
  /** Beside the time of creation. */
  readonly hashed?: readonly Subpacket[];
  /** The issuer's key id where nothing is said. */
  readonly unhashed?: readonly Subpacket[];
};

const HASH_NUMBERS: Readonly<Record<Hash, number>> = { md5: 1, sha1: 2, sha256: 8, sha512: 10 };

export const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function mpi(bytes: Uint8Array): Buffer {
  const start = bytes.findIndex((byte) => byte !== 0);
  const value = start === -1 ? Buffer.alloc(0) : bytes.subarray(start);
  const bits = value.length === 0 ? 0 : value.length * 8 - Math.clz32(value[0] ?? 0) + 24;
  return Buffer.concat([u16(bits), value]);
}

export function packet(tag: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0xc0 | tag, 0xff]), u32(body.length), body]);
}

/** A new key. `dsa` is of 1024 bits, as in the days of SHA-1. */
export function makeKey(kind: 'rsa' | 'dsa' | 'ed25519' | 'p256', createdS: number): TestKey {
  const { algorithm, material, privateKey } = materialOf(kind);
  return keyFrom(privateKey, { algorithm, material, createdS });
}

/** The same key pair as another key: other times, other fingerprint. */
function keyFrom(
  privateKey: KeyObject,
  { algorithm, material, createdS }: { algorithm: number; material: Buffer; createdS: number },
): TestKey {
  const body = Buffer.concat([Buffer.from([4]), u32(createdS), Buffer.from([algorithm]), material]);
  const fingerprint = createHash('sha1').update(keyInput(body)).digest('hex').toUpperCase();
  return { body, fingerprint, keyId: fingerprint.slice(-16), algorithm, createdS, privateKey };
}

function materialOf(kind: 'rsa' | 'dsa' | 'ed25519' | 'p256') {
  if (kind === 'rsa') {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const { n = '', e = '' } = publicKey.export({ format: 'jwk' });
    return {
      algorithm: 1,
      material: Buffer.concat([n, e].map((part) => mpi(Buffer.from(part, 'base64url')))),
      privateKey,
    };
  }
  if (kind === 'dsa') {
    const { publicKey, privateKey } = generateKeyPairSync('dsa', { modulusLength: 1024, divisorLength: 160 });
    const numbers = derIntegers(publicKey.export({ format: 'der', type: 'spki' }));
    return { algorithm: 17, material: Buffer.concat(numbers.map(mpi)), privateKey };
  }
  if (kind === 'p256') {
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const { x = '', y = '' } = publicKey.export({ format: 'jwk' });
    const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')]);
    return {
      algorithm: 19,
      material: Buffer.concat([Buffer.from('082a8648ce3d030107', 'hex'), mpi(point)]),
      privateKey,
    };
  }
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const point = Buffer.concat([
    Buffer.from([0x40]),
    Buffer.from(publicKey.export({ format: 'jwk' }).x ?? '', 'base64url'),
  ]);
  const material = Buffer.concat([Buffer.from('092b06010401da470f01', 'hex'), mpi(point)]);
  return { algorithm: 22, material, privateKey };
}

/** The integers of a DSA key's DER, in order: p, q, g, y. */
function derIntegers(der: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < der.length;) {
    const tag = der[at] ?? 0;
    const first = der[at + 1] ?? 0;
    const wide = first > 0x80 ? first - 0x80 : 0;
    const length = wide === 0 ? first : der.readUIntBE(at + 2, wide);
    const start = at + 2 + wide;
    if (tag === 0x02) found.push(der.subarray(start, start + length));
    // Into sequences, and into a bit string behind its first byte; over all else.
    at = tag === 0x30 ? start : tag === 0x03 ? start + 1 : start + length;
  }
  return found;
}

export function keyInput(body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0x99]), u16(body.length), body]);
}

function userIdInput(name: string): Buffer {
  return Buffer.concat([Buffer.from([0xb4]), u32(Buffer.byteLength(name)), Buffer.from(name)]);
}

function area(subpackets: readonly Subpacket[]): Buffer {
  const parts = subpackets.map(([type, body, critical]) =>
    Buffer.concat([
      Buffer.from([0xff]),
      u32(body.length + 1),
      Buffer.from([type | (critical === undefined ? 0 : 0x80)]),
      body,
    ]),
  );
  const all = Buffer.concat(parts);
  return Buffer.concat([u16(all.length), all]);
}

/** The body of a signature over `input`, which is what the signature's type says, whole. */
export function signatureBody(signature: TestSignature, input: Uint8Array): Buffer {
  const { key, type, createdS, hash = 'sha256', version = 4 } = signature;
  const issuer = Buffer.from(key.keyId, 'hex');
  const numbers = Buffer.from([key.algorithm, HASH_NUMBERS[hash]]);
  if (version === 3) {
    const hashed = Buffer.concat([Buffer.from([type]), u32(createdS)]);
    const head = Buffer.concat([Buffer.from([3, 5]), hashed, issuer, numbers]);
    return Buffer.concat([head, signDigest(Buffer.concat([input, hashed]), key, hash)]);
  }
  const hashed = area([[2, u32(createdS)], ...(signature.hashed ?? [])]);
  const head = Buffer.concat([Buffer.from([4, type]), numbers, hashed]);
  const end = Buffer.concat([Buffer.from([4, 0xff]), u32(head.length)]);
  const unhashed = area(signature.unhashed ?? [[16, issuer]]);
  return Buffer.concat([head, unhashed, signDigest(Buffer.concat([input, head, end]), key, hash)]);
}

/** The start of the digest and the numbers. */
function signDigest(bytes: Buffer, { algorithm, privateKey }: TestKey, hash: Hash): Buffer {
  const digest = createHash(hash).update(bytes).digest();
  const start = digest.subarray(0, 2);
  if (algorithm === 1) return Buffer.concat([start, mpi(sign(hash, bytes, privateKey))]);
  const pair =
    algorithm === 22
      ? sign(null, digest, privateKey)
      : sign(hash, bytes, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  const half = pair.length / 2;
  return Buffer.concat([start, mpi(pair.subarray(0, half)), mpi(pair.subarray(half))]);
}

/** What a signature packet signs of a key, for `pieces` of a transferable key. */
export const overKey = (key: TestKey): Buffer => keyInput(key.body);
export const overUserId = (key: TestKey, name: string): Buffer =>
  Buffer.concat([keyInput(key.body), userIdInput(name)]);
export const overSubkey = (key: TestKey, subkey: TestKey): Buffer =>
  Buffer.concat([keyInput(key.body), keyInput(subkey.body)]);

export const flags = (value: number): Subpacket => [27, Buffer.from([value])];
export const keyExpires = (seconds: number): Subpacket => [9, u32(seconds)];
export const reason = (code: number): Subpacket => [29, Buffer.from([code])];

export const NAME = 'Kickstand tests <tests@example.com>';

/** How a key is dressed: what the owner says of it, and what comes behind it. */
export type Dress = {
  readonly selfHashed?: readonly Subpacket[];
  readonly selfUnhashed?: readonly Subpacket[];
  readonly selfHash?: Hash;
  /** Packets directly behind the primary key, behind the user id, at the end. */
  readonly direct?: readonly Buffer[];
  readonly named?: readonly Buffer[];
  readonly more?: readonly Buffer[];
};

/** A transferable key: key, user id and its certification, made when the key was. */
export function transferable(key: TestKey, dress: Dress = {}): Buffer {
  const { selfHashed = [flags(0x03)], selfHash = 'sha256', selfUnhashed } = dress;
  const self: TestSignature = {
    ...{ key, type: 0x13, createdS: key.createdS, hash: selfHash, hashed: selfHashed },
    unhashed: [[16, Buffer.from(key.keyId, 'hex')], ...(selfUnhashed ?? [])],
  };
  return Buffer.concat([
    packet(6, key.body),
    ...(dress.direct ?? []),
    packet(13, Buffer.from(NAME)),
    packet(2, signatureBody(self, overUserId(key, NAME))),
    ...(dress.named ?? []),
    ...(dress.more ?? []),
  ]);
}

/** A subkey with its binding; `back` is how it signs back: not at all, or by whose key. */
export function subkeyPackets(
  primary: TestKey,
  subkey: TestKey,
  { back, hashed = [flags(0x02)] }: { readonly back: TestKey | 'none'; readonly hashed?: readonly Subpacket[] },
): Buffer {
  const input = overSubkey(primary, subkey);
  const createdS = subkey.createdS;
  const embedded: Subpacket[] =
    back === 'none' ? [] : [[32, signatureBody({ key: back, type: 0x19, createdS }, input)]];
  const binding = { key: primary, type: 0x18, createdS, hashed: [...hashed, ...embedded] };
  return Buffer.concat([packet(14, subkey.body), packet(2, signatureBody(binding, input))]);
}

/** ASCII armor with its checksum. */
export function armored(label: string, bytes: Uint8Array): string {
  let crc = 0xb704ce;
  for (const byte of bytes) {
    crc ^= byte << 16;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc << 1) ^ ((crc & 0x800000) === 0 ? 0 : 0x1864cfb);
  }
  const checksum = Buffer.from([(crc >> 16) & 0xff, (crc >> 8) & 0xff, crc & 0xff]).toString('base64');
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`-----BEGIN ${label}-----`, '', ...lines, `=${checksum}`, `-----END ${label}-----`, ''].join('\n');
}
