// The keys a site trusts: files of one or many keys, armored or not → found by whom a signature names. Pure and bounded.

import { Malformed } from '../../server/malformed.ts';
import { isText, readArmor } from './armor.ts';
import { readCertificate, revocation, type Certificate, type Subkey } from './certificate.ts';
import { isIssuedBy, isSignedBy } from './check.ts';
import { keyHashInput, type RefusedKey } from './key.ts';
import { PACKET, readPackets, type Packet } from './packets.ts';
import type { Signature } from './signature.ts';
import { keyOf, type SigningKey } from './standing.ts';

export type KeyFile = { readonly name: string; readonly bytes: Uint8Array };

export type Keyring = {
  readonly certificates: readonly Certificate[];
  /** Who may have made a signature: more than one where their short ids are equal. */
  find(signature: Signature): readonly SigningKey[];
  /** Why the key that a signature names is not believed, though a file holds it. */
  refusal(signature: Signature): string | undefined;
  /** What the operator should know of the files. */
  readonly notes: readonly string[];
};

const LIMIT_FILE_BYTES = 16 * 1024 * 1024;
const LIMIT_KEYS = 1000;
const PUBLIC_BLOCK = 'PGP PUBLIC KEY BLOCK';

/** Reads key files. Throws `Malformed`, naming the file, for one that is broken or without a key that can be used. */
export function readKeyring(files: readonly KeyFile[]): Keyring {
  const read = files.map((file) => readFile(file));
  const byFingerprint = new Map<string, Certificate>();
  for (const certificate of read.flatMap(({ certificates }) => certificates)) {
    const { fingerprint } = certificate.key;
    byFingerprint.set(fingerprint, merge(byFingerprint.get(fingerprint), certificate));
  }
  const certificates = [...byFingerprint.values()].map((certificate) => revokedByOthers(certificate, byFingerprint));
  const signers = certificates.flatMap((certificate): SigningKey[] => [
    { certificate, subkey: undefined },
    ...certificate.subkeys.map((subkey) => ({ certificate, subkey })),
  ]);
  const refused = new Map(read.flatMap((file) => file.refused));
  return {
    certificates,
    find: (signature) => signers.filter((signer) => isIssuedBy(signature, keyOf(signer))),
    refusal: ({ issuer }) => refused.get(issuer.keyId ?? '') ?? refused.get(issuer.fingerprint?.slice(0, 16) ?? ''),
    notes: [...refused.values(), ...certificates.flatMap((certificate) => absentRevokers(certificate, byFingerprint))],
  };
}

type Read = {
  readonly certificates: readonly Certificate[];
  readonly refused: readonly (readonly [keyId: string, reason: string])[];
};

function readFile({ name, bytes }: KeyFile): Read {
  if (bytes.byteLength > LIMIT_FILE_BYTES) throw new Malformed(`a key file of ${bytes.byteLength} bytes`, name);
  const found = inFile(name, () =>
    splitKeys(readAllPackets(bytes, name), name).map((packets) => readCertificate(packets, name)),
  );
  const certificates = found.filter((key): key is Certificate => key.kind === 'certificate');
  const refused = found
    .filter((key): key is RefusedKey => key.kind === 'refused')
    .map(({ keyId, reason }) => [keyId, `key ${keyId} (${name}) ${reason}`] as const);
  if (certificates.length === 0) throw new Malformed(refused[0]?.[1] ?? 'no OpenPGP key', name);
  return { certificates, refused };
}

/** Decoders below know a byte or a field; the operator needs the file as well. */
function inFile<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Malformed && error.where !== name) throw new Malformed(error.message, name);
    throw error;
  }
}

function readAllPackets(bytes: Uint8Array, where: string): readonly Packet[] {
  if (!isText(bytes)) return readPackets(bytes, where);
  const blocks = readArmor(bytes, where);
  if (blocks.some(({ label }) => label.includes('PRIVATE'))) {
    throw new Malformed('it holds a private key: keep that elsewhere and put the public half here', where);
  }
  return blocks.filter(({ label }) => label === PUBLIC_BLOCK).flatMap((block) => readPackets(block.bytes, where));
}

function splitKeys(packets: readonly Packet[], where: string): readonly (readonly Packet[])[] {
  if (packets.some(({ tag }) => tag === PACKET.secretKey || tag === PACKET.secretSubkey)) {
    throw new Malformed('it holds a private key: keep that elsewhere and put the public half here', where);
  }
  const starts = packets.flatMap(({ tag }, at) => (tag === PACKET.publicKey ? [at] : []));
  if (packets.length > 0 && !isStart(packets, starts[0])) throw new Malformed('it does not begin with a key', where);
  if (starts.length > LIMIT_KEYS) throw new Malformed(`more than ${LIMIT_KEYS} keys`, where);
  return starts.map((start, index) => packets.slice(start, starts[index + 1]));
}

/** Nothing but markers may come before the first key. */
function isStart(packets: readonly Packet[], first: number | undefined): boolean {
  return first !== undefined && packets.slice(0, first).every(({ tag }) => tag === PACKET.marker);
}

/** The same key of two files is one: a revocation that one of them has counts. */
function merge(one: Certificate | undefined, other: Certificate): Certificate {
  if (one === undefined) return other;
  const subkeys = new Map<string, Subkey>();
  for (const subkey of [...one.subkeys, ...other.subkeys]) {
    const known = subkeys.get(subkey.key.fingerprint);
    subkeys.set(subkey.key.fingerprint, {
      key: subkey.key,
      bindings: [...(known?.bindings ?? []), ...subkey.bindings],
      revocations: [...(known?.revocations ?? []), ...subkey.revocations],
    });
  }
  return {
    ...one,
    selfSignatures: [...one.selfSignatures, ...other.selfSignatures],
    revocations: [...one.revocations, ...other.revocations],
    foreign: [...one.foreign, ...other.foreign],
    subkeys: [...subkeys.values()],
  };
}

type ByFingerprint = ReadonlyMap<string, Certificate>;

/** Counts revocations by keys that this one named as its revokers (RFC 9580 §5.2.3.23). */
function revokedByOthers(certificate: Certificate, others: ByFingerprint): Certificate {
  const proved = certificate.foreign.filter((signature) =>
    revokersOf(certificate).some((fingerprint) => {
      const revoker = others.get(fingerprint)?.key;
      if (revoker === undefined || !isIssuedBy(signature, revoker)) return false;
      return (
        signature.claims.critical === undefined && isSignedBy(signature, revoker, [keyHashInput(certificate.key.body)])
      );
    }),
  );
  return { ...certificate, revocations: [...certificate.revocations, ...proved.map(revocation)] };
}

function absentRevokers(certificate: Certificate, others: ByFingerprint): readonly string[] {
  const { key, file, foreign } = certificate;
  return revokersOf(certificate)
    .filter((fingerprint) => !others.has(fingerprint))
    .filter((fingerprint) => foreign.some((by) => isIssuedBy(by, { fingerprint, keyId: fingerprint.slice(-16) })))
    .map(
      (revoker) => `key ${key.keyId} (${file}) is said to be revoked by key ${revoker.slice(-16)}, which no file holds`,
    );
}

function revokersOf({ selfSignatures }: Certificate): readonly string[] {
  return [...new Set(selfSignatures.flatMap(({ claims }) => claims.revokers ?? []))];
}
