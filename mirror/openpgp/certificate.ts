// A transferable public key (RFC 9580 §10.1): packets → a key with those of its own signatures that are proved. Pure.

import { Malformed } from '../../server/malformed.ts';
import { isIssuedBy, isSignedBy } from './check.ts';
import { keyHashInput, parsePublicKey, type PublicKey, type RefusedKey } from './key.ts';
import { PACKET, type Packet } from './packets.ts';
import { isCertification, parseSignature, SIGNATURE_TYPE, type Signature } from './signature.ts';
import type { Claims } from './subpackets.ts';

/** What a key says of itself or of a subkey, proved. */
export type SelfSignature = {
  readonly createdAtMs: number;
  readonly claims: Claims;
  readonly isWeak: boolean;
  /** Of a subkey's: did the subkey sign back, without which anybody could claim it as a signer of theirs (§5.2.1.8)? */
  readonly isAnswered: boolean;
};
/** A hard one (compromised, or no reason) holds for all signatures; a soft one (superseded, retired) for later ones (§5.2.3.31). */
export type Revocation = { readonly atMs: number; readonly strength: 'hard' | 'soft' };

export type Subkey = {
  readonly key: PublicKey;
  readonly bindings: readonly SelfSignature[];
  readonly revocations: readonly Revocation[];
};
export type Certificate = {
  readonly kind: 'certificate';
  /** Whence it was read, for reasons. */
  readonly file: string;
  readonly key: PublicKey;
  readonly selfSignatures: readonly SelfSignature[];
  readonly revocations: readonly Revocation[];
  /** Revocations by other keys, not proved: they count where `selfSignatures` name those keys as revokers. */
  readonly foreign: readonly Signature[];
  readonly subkeys: readonly Subkey[];
};

/** A packet of a key, and the signatures behind it. */
type Component = { readonly packet: Packet; readonly signatures: readonly Signature[] };

const LIMIT_CHECKS = 2000;
const IGNORED = new Set<number>([PACKET.trust, PACKET.marker, PACKET.padding]);
/** §5.2.3.31: superseded, retired. */
const SOFT_REASONS = new Set<number | undefined>([1, 3]);

/** Reads one key: `packets` begin with it and end before the next. Throws `Malformed` where it is broken. */
export function readCertificate(packets: readonly Packet[], file: string): Certificate | RefusedKey {
  const [first, ...rest] = components(packets, file);
  if (first === undefined) throw new Malformed('no OpenPGP key', file);
  const key = parsePublicKey(first.packet.body);
  if (key.kind === 'refused') return key;
  const own = ownSignatures(key, file);
  const ofKey = [first, ...rest].flatMap(({ signatures }) => signatures);
  const revoking = ofKey.filter(({ type }) => type === SIGNATURE_TYPE.keyRevocation);
  const input = [keyHashInput(key.body)];
  const direct = own(ofKey, [SIGNATURE_TYPE.directKey], () => input).filter(isBelieved);
  return {
    kind: 'certificate',
    file,
    key,
    selfSignatures: [
      ...direct.map((signature) => selfSignature(signature)),
      ...rest.flatMap((part) => named(part, key, own)),
    ],
    revocations: own(revoking, [SIGNATURE_TYPE.keyRevocation], () => input).map(revocation),
    foreign: revoking.filter((signature) => !isIssuedBy(signature, key)),
    subkeys: rest.flatMap((part) => subkey(part, key, own)),
  };
}

/** Proves a signature by `key` that may be one of several kinds; what is hashed depends on the signature's version. */
type Own = (
  signatures: readonly Signature[],
  types: readonly number[],
  input: (signature: Signature) => readonly Uint8Array[],
) => readonly Signature[];

/** Keeps of signatures those that `key` made. A critical thing that is unknown spoils one (§5.2.3.7). */
function ownSignatures(key: PublicKey, file: string): Own {
  let checks = 0;
  return (signatures, types, input) =>
    signatures.filter((signature) => {
      if (!types.includes(signature.type) || !isIssuedBy(signature, key)) return false;
      if (signature.claims.critical !== undefined) return false;
      checks += 1;
      if (checks > LIMIT_CHECKS) throw new Malformed(`more than ${LIMIT_CHECKS} signatures of a key by itself`, file);
      return isSignedBy(signature, key, input(signature));
    });
}

/**
 * What the key says of itself while it certifies a user id. That it took a name back (type 0x30) is no matter here: keys are
 * chosen by their files, not by names, and GnuPG too goes on believing the key.
 */
function named({ packet, signatures }: Component, key: PublicKey, own: Own): readonly SelfSignature[] {
  if (packet.tag !== PACKET.userId && packet.tag !== PACKET.userAttribute) return [];
  const head = Buffer.from([packet.tag === PACKET.userId ? 0xb4 : 0xd1, 0, 0, 0, 0]);
  head.writeUInt32BE(packet.body.byteLength, 1);
  // §5.2.4: a V3 signature hashes the user id without its length.
  const input = ({ version }: Signature): readonly Uint8Array[] => [
    keyHashInput(key.body),
    ...(version === 3 ? [] : [head]),
    packet.body,
  ];
  const types = signatures.map(({ type }) => type).filter(isCertification);
  return own(signatures, types, input)
    .filter(isBelieved)
    .map((signature) => selfSignature(signature));
}

function subkey({ packet, signatures }: Component, primary: PublicKey, own: Own): readonly Subkey[] {
  if (packet.tag !== PACKET.publicSubkey) return [];
  const key = parsePublicKey(packet.body);
  if (key.kind === 'refused') return [];
  const input = [keyHashInput(primary.body), keyHashInput(key.body)];
  const bindings = own(signatures, [SIGNATURE_TYPE.subkeyBinding], () => input).filter(isBelieved);
  const revoked = own(signatures, [SIGNATURE_TYPE.subkeyRevocation], () => input);
  const answered = (binding: Signature): boolean =>
    (binding.claims.embedded ?? []).some((body) => isAnswer(body, key, input));
  return [
    {
      key,
      bindings: bindings.map((binding) => ({ ...selfSignature(binding), isAnswered: answered(binding) })),
      revocations: revoked.map(revocation),
    },
  ];
}

function isAnswer(body: Uint8Array, key: PublicKey, input: readonly Uint8Array[]): boolean {
  const signature = parseSignature(body);
  if (signature.kind === 'skipped' || signature.type !== SIGNATURE_TYPE.primaryBinding) return false;
  return signature.claims.critical === undefined && isBelieved(signature) && isSignedBy(signature, key, input);
}

/** MD5 lets others make a second key with the same signature; GnuPG does not believe it either. */
function isBelieved({ hash }: Signature): boolean {
  return hash.name !== 'MD5';
}

function selfSignature({ createdAtMs, claims, hash }: Signature): SelfSignature {
  return { createdAtMs, claims, isWeak: hash.isWeak, isAnswered: false };
}

/** What a proved revocation means. */
export function revocation({ createdAtMs, claims }: Signature): Revocation {
  return { atMs: createdAtMs, strength: SOFT_REASONS.has(claims.reasonCode) ? 'soft' : 'hard' };
}

function components(packets: readonly Packet[], file: string): readonly Component[] {
  const found: { packet: Packet; signatures: Signature[] }[] = [];
  for (const packet of packets) {
    if (packet.tag === PACKET.signature) {
      const signature = parseSignature(packet.body);
      if (signature.kind === 'signature') found.at(-1)?.signatures.push(signature);
    } else if (packet.tag in COMPONENTS) {
      found.push({ packet, signatures: [] });
      // §4.3: others may be left out from 40 on.
    } else if (!IGNORED.has(packet.tag) && packet.tag < 40) {
      throw new Malformed(`a packet of type ${packet.tag} in a key`, file);
    }
  }
  return found;
}

const COMPONENTS: Readonly<Record<number, true>> = {
  ...{ [PACKET.publicKey]: true, [PACKET.userId]: true, [PACKET.userAttribute]: true, [PACKET.publicSubkey]: true },
};
