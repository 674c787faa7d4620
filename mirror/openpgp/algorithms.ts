// What OpenPGP's numbers for algorithms and curves mean (RFC 9580 §9). A table for node:crypto; pure.

export type HashAlgorithm = {
  readonly name: string;
  /** As node:crypto calls it. */
  readonly crypto: string;
  /** The DigestInfo that RSA signs has this before the digest (RFC 9580 §5.2.3.1, RFC 8017 §9.2). */
  readonly digestInfo: Uint8Array;
  /** Collisions can be made, or are near. */
  readonly isWeak: boolean;
};

const hash = (name: string, crypto: string, digestInfo: string): HashAlgorithm => ({
  name,
  crypto,
  digestInfo: Buffer.from(digestInfo, 'hex'),
  isWeak: ['MD5', 'SHA-1', 'RIPEMD-160'].includes(name),
});

/** §9.5. */
export const HASHES: ReadonlyMap<number, HashAlgorithm> = new Map([
  [1, hash('MD5', 'md5', '3020300c06082a864886f70d020505000410')],
  [2, hash('SHA-1', 'sha1', '3021300906052b0e03021a05000414')],
  [3, hash('RIPEMD-160', 'ripemd160', '3021300906052b2403020105000414')],
  [8, hash('SHA-256', 'sha256', '3031300d060960864801650304020105000420')],
  [9, hash('SHA-384', 'sha384', '3041300d060960864801650304020205000430')],
  [10, hash('SHA-512', 'sha512', '3051300d060960864801650304020305000440')],
  [11, hash('SHA-224', 'sha224', '302d300d06096086480165030402040500041c')],
  [12, hash('SHA3-256', 'sha3-256', '3031300d060960864801650304020805000420')],
  [14, hash('SHA3-512', 'sha3-512', '3051300d060960864801650304020a05000440')],
]);

/** §9.1; what signs. 1 and 3 are RSA. */
export const KEY_ALGORITHM = { rsa: 1, rsaSign: 3, dsa: 17, ecdsa: 19, eddsaLegacy: 22, ed25519: 27 } as const;

/** For notes: what a number is that is no more than named here. */
const NAMES: Readonly<Record<number, string>> = {
  ...{ 1: 'RSA', 2: 'RSA', 3: 'RSA', 16: 'ElGamal', 17: 'DSA', 18: 'ECDH', 19: 'ECDSA', 20: 'ElGamal', 22: 'EdDSA' },
  ...{ 25: 'X25519', 26: 'X448', 27: 'Ed25519', 28: 'Ed448' },
};

/** `RSA`, or `algorithm 99`. */
export function algorithmName(algorithm: number): string {
  return NAMES[algorithm] ?? `algorithm ${algorithm}`;
}

/** §9.2: the curves of ECDSA by the DER of their object identifier, with the size of a coordinate in bytes. */
export const CURVES: ReadonlyMap<string, number> = new Map([
  ['2a8648ce3d030107', 32], // NIST P-256
  ['2b81040022', 48], // NIST P-384
  ['2b81040023', 66], // NIST P-521
  ['2b2403030208010107', 32], // brainpoolP256r1
  ['2b240303020801010b', 48], // brainpoolP384r1
  ['2b240303020801010d', 64], // brainpoolP512r1
]);

/** §9.2: Ed25519 as GnuPG first named it. */
export const ED25519_LEGACY = '2b06010401da470f01';
