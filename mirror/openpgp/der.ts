// The little DER (X.690) that it takes to hand a public key to node:crypto. Pure; writes only.

const TAG = { integer: 0x02, bits: 0x03, null: 0x05, oid: 0x06, sequence: 0x30 } as const;

function value(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  return Buffer.concat([Buffer.from([tag, ...derLength(body.byteLength)]), body]);
}

function derLength(length: number): readonly number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

/** A positive integer: a zero is put before a set sign bit. */
function integer(bytes: Uint8Array): Uint8Array {
  const isPlain = bytes.byteLength > 0 && (bytes[0] ?? 0) < 0x80;
  return isPlain ? value(TAG.integer, bytes) : value(TAG.integer, new Uint8Array(1), bytes);
}

const sequence = (...parts: readonly Uint8Array[]): Uint8Array => value(TAG.sequence, ...parts);
const oid = (hex: string): Uint8Array => value(TAG.oid, Buffer.from(hex, 'hex'));
const bits = (bytes: Uint8Array): Uint8Array => value(TAG.bits, new Uint8Array(1), bytes);

/** SubjectPublicKeyInfo (RFC 5280 §4.1) of an RSA key. */
export function rsaSpki(n: Uint8Array, e: Uint8Array): Uint8Array {
  const key = sequence(integer(n), integer(e));
  return sequence(sequence(oid('2a864886f70d010101'), value(TAG.null)), bits(key));
}

/** SubjectPublicKeyInfo (RFC 3279 §2.3.2) of a DSA key. */
export function dsaSpki(key: Readonly<Record<'p' | 'q' | 'g' | 'y', Uint8Array>>): Uint8Array {
  const parameters = sequence(integer(key.p), integer(key.q), integer(key.g));
  return sequence(sequence(oid('2a8648ce380401'), parameters), bits(integer(key.y)));
}

/** SubjectPublicKeyInfo (RFC 5480 §2) of a point on the curve with this object identifier. */
export function ecSpki(curve: string, point: Uint8Array): Uint8Array {
  return sequence(sequence(oid('2a8648ce3d0201'), oid(curve)), bits(point));
}

/** SubjectPublicKeyInfo (RFC 8410 §4) of an Ed25519 key. */
export function ed25519Spki(key: Uint8Array): Uint8Array {
  return sequence(sequence(oid('2b6570')), bits(key));
}
