// The arithmetic of one signature by one key over bytes fed piece by piece, with node:crypto. No rule of validity here.

import { constants, createHash, createVerify, publicDecrypt, verify, type Hash } from 'node:crypto';
import { KEY_ALGORITHM } from './algorithms.ts';
import type { PublicKey, VerifyingKey } from './key.ts';
import type { Signature } from './signature.ts';

export type Check = {
  update(chunk: Uint8Array): void;
  /** Is the signature this key's over what was fed? Ask once, at the end. */
  isGood(): boolean;
};

/** Begins to check `signature` by `key`; what is signed follows by `update`. A key of another algorithm is never right. */
export function startCheck(signature: Signature, key: PublicKey): Check {
  const { verifying } = key;
  if (verifying === undefined || !isOfAlgorithm(signature.algorithm, verifying)) {
    return { update: () => {}, isGood: () => false };
  }
  const hash = createHash(signature.hash.crypto);
  // node:crypto takes a ready digest for RSA and EdDSA alone; for the others it must see the bytes itself.
  const needsBytes = verifying.scheme === 'dsa' || verifying.scheme === 'ecdsa';
  const verifier = needsBytes ? createVerify(signature.hash.crypto) : undefined;
  const update = (chunk: Uint8Array): void => {
    hash.update(chunk);
    verifier?.update(chunk);
  };
  return {
    update,
    isGood: () => {
      update(signature.trailer);
      const digest = finishHash(hash, signature);
      if (digest === undefined) return false;
      if (verifier === undefined) return proveDigest(digest, signature, verifying);
      const numbers = joined(signature, verifying.partBytes);
      if (numbers === undefined) return false;
      return verifier.verify({ key: verifying.object, dsaEncoding: 'ieee-p1363' }, numbers);
    },
  };
}

/** Is `signature` this key's over `parts`, one behind the other? */
export function isSignedBy(signature: Signature, key: PublicKey, parts: readonly Uint8Array[]): boolean {
  const check = startCheck(signature, key);
  for (const part of parts) check.update(part);
  return check.isGood();
}

/** Does the signature name this key as its issuer? The fingerprint decides where there is one; one that names none is nobody's. */
export function isIssuedBy({ issuer }: Signature, key: Pick<PublicKey, 'fingerprint' | 'keyId'>): boolean {
  if (issuer.fingerprint !== undefined) return issuer.fingerprint === key.fingerprint;
  return issuer.keyId === key.keyId;
}

function isOfAlgorithm(algorithm: number, { scheme }: VerifyingKey): boolean {
  switch (scheme) {
    case 'rsa':
      return algorithm === KEY_ALGORITHM.rsa || algorithm === KEY_ALGORITHM.rsaSign;
    case 'dsa':
      return algorithm === KEY_ALGORITHM.dsa;
    case 'ecdsa':
      return algorithm === KEY_ALGORITHM.ecdsa;
    case 'eddsa':
      return algorithm === KEY_ALGORITHM.eddsaLegacy || algorithm === KEY_ALGORITHM.ed25519;
  }
}

/** The digest, unless its first 16 bits are not those that the signature tells. */
function finishHash(hash: Hash, { start }: Signature): Buffer | undefined {
  const digest = hash.digest();
  return digest[0] === start[0] && digest[1] === start[1] ? digest : undefined;
}

function proveDigest(digest: Buffer, signature: Signature, verifying: VerifyingKey): boolean {
  if (verifying.scheme === 'rsa') return proveRsa(digest, signature, verifying);
  const numbers = joined(signature, verifying.partBytes);
  return numbers !== undefined && verify(null, digest, verifying.object, numbers);
}

/** RFC 8017 §8.2.2: the whole block that the signature stands for is made and compared, so that nothing of it is parsed. */
function proveRsa(digest: Buffer, { hash, numbers }: Signature, { object, partBytes }: VerifyingKey): boolean {
  const number = padded(numbers[0], partBytes);
  const filling = partBytes - 3 - hash.digestInfo.byteLength - digest.byteLength;
  if (number === undefined || filling < 8) return false;
  const expected = Buffer.concat([
    Buffer.from([0, 1]),
    Buffer.alloc(filling, 0xff),
    Buffer.alloc(1),
    hash.digestInfo,
    digest,
  ]);
  try {
    return publicDecrypt({ key: object, padding: constants.RSA_NO_PADDING }, number).equals(expected);
  } catch {
    // A number beyond the modulus is no signature by this key.
    return false;
  }
}

function joined({ numbers }: Signature, partBytes: number): Buffer | undefined {
  const [first, second] = [padded(numbers[0], partBytes), padded(numbers[1], partBytes)];
  return first === undefined || second === undefined ? undefined : Buffer.concat([first, second]);
}

/** The number in as many bytes as its algorithm wants, or undefined where it needs more. */
function padded(number: Uint8Array | undefined, length: number): Buffer | undefined {
  if (number === undefined || number.byteLength > length) return undefined;
  return Buffer.concat([Buffer.alloc(length - number.byteLength), number]);
}
