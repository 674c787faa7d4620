// The digests and sizes that an RPM package carries of itself, and what each of them covers (rpmtag.h). Pure.

import { createHash, type Hash } from 'node:crypto';
import { Malformed } from '../../server/malformed.ts';
import type { RpmHeader } from './header.ts';

/** `whole` is header and payload together. */
export type Coverage = 'header' | 'payload' | 'whole';
export type PackageDigest = {
  readonly title: string;
  readonly covers: Coverage;
  /** As node:crypto calls it. */
  readonly hash: string;
  /** Lower-case hex. */
  readonly digest: string;
};

/** Hashes what is fed for all digests of one coverage. */
export type DigestProof = {
  update(chunk: Uint8Array): void;
  /** The digests that differ. Ask once, at the end. */
  wrong(): readonly PackageDigest[];
};

/** Of the signature header, where rpm 6 has none from 1000 on. */
const SIGNATURE = { sha1: 269, longSize: 270, sha256: 273, sha3: 279, size: 1000, md5: 1004 } as const;
/** Of the main header. The digest of the unpacked payload (5097) is another matter: nothing here unpacks. */
const TAG = { payloadDigest: 5092, payloadAlgorithm: 5093 } as const;
/** RFC 9580 §9.5, which rpm's numbers follow. */
const ALGORITHMS: Readonly<Record<number, string>> = {
  ...{ 1: 'md5', 2: 'sha1', 8: 'sha256', 9: 'sha384', 10: 'sha512', 11: 'sha224', 12: 'sha3-256', 14: 'sha3-512' },
};
const SHA256 = 8;

/** All digests that the package carries; none is required. Throws `Malformed` for one that is no digest. */
export function packageDigests(signature: RpmHeader, header: RpmHeader, where: string): readonly PackageDigest[] {
  const ofHeader = (['sha1', 'sha256', 'sha3'] as const).flatMap((kind): PackageDigest[] => {
    const digest = signature.text(SIGNATURE[kind]);
    const hash = kind === 'sha3' ? 'sha3-256' : kind;
    return digest === undefined ? [] : [{ title: `${hash} of its header`, covers: 'header', hash, digest }];
  });
  const md5 = signature.binary(SIGNATURE.md5);
  const whole = { title: 'md5 of header and payload', covers: 'whole', hash: 'md5' } as const;
  const payload = payloadDigest(header, where);
  return [
    ...ofHeader,
    ...(md5 === undefined ? [] : [{ ...whole, digest: Buffer.from(md5).toString('hex') }]),
    ...(payload === undefined ? [] : [payload]),
  ].map((entry) => ({ ...entry, digest: entry.digest.toLowerCase() }));
}

function payloadDigest(header: RpmHeader, where: string): PackageDigest | undefined {
  const digest = header.text(TAG.payloadDigest);
  if (digest === undefined) return undefined;
  const algorithm = header.numbers(TAG.payloadAlgorithm)[0] ?? SHA256;
  const hash = ALGORITHMS[algorithm];
  if (hash === undefined) throw new Malformed(`a payload digest of algorithm ${algorithm}`, where);
  return { title: `${hash} of its payload`, covers: 'payload', hash, digest };
}

/** How long header and payload together say they are, in bytes; undefined where they do not. */
export function declaredSize(signature: RpmHeader): number | undefined {
  return signature.numbers(SIGNATURE.longSize)[0] ?? signature.numbers(SIGNATURE.size)[0];
}

/** Begins to prove those of `digests` that cover this. */
export function startDigests(digests: readonly PackageDigest[], covers: Coverage): DigestProof {
  const running = digests
    .filter((digest) => digest.covers === covers)
    .map((digest): { digest: PackageDigest; hash: Hash } => ({ digest, hash: createHash(digest.hash) }));
  return {
    update: (chunk) => running.forEach(({ hash }) => hash.update(chunk)),
    wrong: () => running.flatMap(({ digest, hash }) => (hash.digest('hex') === digest.digest ? [] : [digest])),
  };
}
