// The checksum names of RPM metadata and what they mean to node:crypto: parsed once, hashed while streaming.

import { createHash, type Hash } from 'node:crypto';
import { Malformed } from '../../server/malformed.ts';

export type ChecksumType = 'md5' | 'sha1' | 'sha224' | 'sha256' | 'sha384' | 'sha512';
/** A digest in lower-case hex, as long as its type demands. */
export type Checksum = { readonly type: ChecksumType; readonly digest: string };
/** The name of a file in the pool: 64 lower-case hex digits. */
export type Sha256 = string & { readonly __brand: 'Sha256' };

/** The words that createrepo has written over the years; `sha` is its old name for SHA-1. */
const TYPES: ReadonlyMap<string, ChecksumType> = new Map([
  ['md5', 'md5'],
  ['sha', 'sha1'],
  ['sha1', 'sha1'],
  ['sha224', 'sha224'],
  ['sha256', 'sha256'],
  ['sha384', 'sha384'],
  ['sha512', 'sha512'],
]);
const HEX_LENGTH: Readonly<Record<ChecksumType, number>> = {
  md5: 32,
  sha1: 40,
  sha224: 56,
  sha256: 64,
  sha384: 96,
  sha512: 128,
};
const SHA256 = /^[0-9a-f]{64}$/;

/** Reads a checksum as metadata writes it. Throws `Malformed` for an unknown type or a digest of the wrong form. */
export function parseChecksum(type: string, digest: string, where: string): Checksum {
  const known = TYPES.get(type.trim().toLowerCase());
  if (known === undefined) throw new Malformed(`unknown checksum type ${JSON.stringify(type.slice(0, 20))}`, where);
  const text = digest.trim().toLowerCase();
  if (text.length !== HEX_LENGTH[known] || !/^[0-9a-f]+$/.test(text)) {
    throw new Malformed(`not a ${known} digest: ${JSON.stringify(digest.slice(0, 140))}`, where);
  }
  return { type: known, digest: text };
}

/** Reads the checksum of a key made by `checksumKey`; throws `Malformed` for anything else. */
export function parseChecksumKey(key: string, where: string): Checksum {
  const [type = '', digest = ''] = key.split('-', 2);
  return parseChecksum(type, digest, where);
}

/** `sha1-da39…`: one text per checksum, fit for a file name. */
export function checksumKey(checksum: Checksum): string {
  return `${checksum.type}-${checksum.digest}`;
}

/** The text as a pool name, or undefined where it is none. */
export function asSha256(text: string): Sha256 | undefined {
  return SHA256.test(text) ? (text as Sha256) : undefined;
}

/** Hashes a stream for two purposes at once: the checksum upstream declares, and the name in the pool. */
export type Hasher = {
  update(chunk: Uint8Array): void;
  digests(): { readonly declared: string; readonly sha256: Sha256 };
};

/** A hasher for a declared checksum type. `digests` may be called once. */
export function startHasher(type: ChecksumType): Hasher {
  const sha256: Hash = createHash('sha256');
  const declared = type === 'sha256' ? undefined : createHash(type);
  return {
    update: (chunk) => {
      sha256.update(chunk);
      declared?.update(chunk);
    },
    digests: () => {
      const name = sha256.digest('hex') as Sha256;
      return { declared: declared?.digest('hex') ?? name, sha256: name };
    },
  };
}

/** The pool name of bytes in memory. */
export function sha256Of(bytes: Uint8Array | string): Sha256 {
  return createHash('sha256').update(bytes).digest('hex') as Sha256;
}
