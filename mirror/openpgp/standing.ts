// May this key sign, at the time it did and as of now? Expiry, revocation, key flags, strength (RFC 9580 §5.2.3). Pure.

import type { Certificate, Revocation, SelfSignature, Subkey } from './certificate.ts';
import type { PublicKey } from './key.ts';

/** A key of a keyring that may have signed: a primary key, or a subkey of it. */
export type SigningKey = { readonly certificate: Certificate; readonly subkey: Subkey | undefined };

/** `weak`: what the site must accept in so many words; `notes`: what is only told. */
export type Standing =
  | { readonly kind: 'usable'; readonly weak: readonly string[]; readonly notes: readonly string[] }
  | { readonly kind: 'unusable'; readonly reason: string };

/** When the signature says it was made, and the time now. Milliseconds since 1970. */
export type Times = { readonly signedAtMs: number; readonly nowMs: number };

/** How far another's clock may be ahead of ours. */
export const CLOCK_TOLERANCE_MS = 24 * 60 * 60 * 1000;
const MAY_SIGN = 0x02;
const STRONG_BITS = 2048;

/** The key itself. */
export function keyOf({ certificate, subkey }: SigningKey): PublicKey {
  return subkey?.key ?? certificate.key;
}

/** `key 0123456789ABCDEF (FILE)`. */
export function titleOf(signer: SigningKey): string {
  const { certificate, subkey } = signer;
  const of = subkey === undefined ? '' : `, a subkey of ${certificate.key.keyId}`;
  return `key ${keyOf(signer).keyId}${of} (${certificate.file})`;
}

/** Judges the key by all that its owner signed of it. */
export function judgeKey(signer: SigningKey, times: Times): Standing {
  const { certificate, subkey } = signer;
  const own = newest(certificate.selfSignatures, times.nowMs);
  if (own === undefined) return unusable(`${titleOf(signer)} has no valid signature of its own: its file is not whole`);
  const primary: Part = { key: certificate.key, claims: own, revocations: certificate.revocations };
  const binding = subkey === undefined ? undefined : newest(subkey.bindings, times.nowMs);
  if (subkey !== undefined && binding === undefined) {
    return unusable(`${titleOf(signer)} is not bound to its key by a valid signature`);
  }
  const parts = [primary];
  if (subkey !== undefined && binding !== undefined) {
    parts.push({ key: subkey.key, claims: binding, revocations: subkey.revocations });
  }
  return (
    forbidden(signer, binding ?? own) ??
    joined([...parts.map((part) => judgePart(part, signer, times)), strength(signer), hashes(parts, signer)])
  );
}

type Part = { readonly key: PublicKey; readonly claims: SelfSignature; readonly revocations: readonly Revocation[] };

/** The latest that holds now: not from the future, not expired itself. */
function newest(signatures: readonly SelfSignature[], nowMs: number): SelfSignature | undefined {
  return signatures
    .filter(({ createdAtMs }) => createdAtMs <= nowMs + CLOCK_TOLERANCE_MS)
    .filter(({ createdAtMs, claims: { expiresS } }) => endOf(createdAtMs, expiresS) > nowMs)
    .reduce<SelfSignature | undefined>(
      (best, other) => (best === undefined || other.createdAtMs > best.createdAtMs ? other : best),
      undefined,
    );
}

function forbidden(signer: SigningKey, { claims, isAnswered }: SelfSignature): Standing | undefined {
  // A key without flags may do what its algorithm can.
  if (claims.keyFlags !== undefined && (claims.keyFlags & MAY_SIGN) === 0) {
    return unusable(`${titleOf(signer)} is not for signing`);
  }
  if (signer.subkey !== undefined && !isAnswered) return unusable(`${titleOf(signer)} never confirmed to be one`);
  return undefined;
}

/** The life of the primary key or of the subkey: both must have been alive. */
function judgePart({ key, claims, revocations }: Part, signer: SigningKey, { signedAtMs, nowMs }: Times): Standing {
  const title = titleOf(signer);
  const hard = revocations.find(({ strength }) => strength === 'hard');
  if (hard !== undefined) return unusable(`${title} was revoked on ${dayOf(hard.atMs)}: nothing that it signed counts`);
  const soft = revocations.find(({ atMs }) => atMs <= signedAtMs);
  if (soft !== undefined) return unusable(`${title} was given up on ${dayOf(soft.atMs)}, before it signed this`);
  if (key.createdAtMs > signedAtMs) {
    return unusable(`${title} was made on ${dayOf(key.createdAtMs)}, after what it is to have signed`);
  }
  const endMs = endOf(key.createdAtMs, claims.claims.keyExpiresS);
  if (endMs <= signedAtMs) {
    return unusable(
      `${title} is expired since ${dayOf(endMs)} and signed later; put its owner's renewed key into that file`,
    );
  }
  return {
    kind: 'usable',
    // Who finds an expired key may write any time into a signature: its owner no longer warns of that.
    weak: endMs <= nowMs ? [`${title} is expired since ${dayOf(endMs)}, after it signed`] : [],
    notes: revocations.map(({ atMs }) => `${title} was given up on ${dayOf(atMs)}, after it signed`),
  };
}

function strength(signer: SigningKey): Standing {
  const { verifying } = keyOf(signer);
  const isShort = verifying !== undefined && ['rsa', 'dsa'].includes(verifying.scheme) && verifying.bits < STRONG_BITS;
  const weak = isShort
    ? [`${titleOf(signer)} is a ${verifying.scheme.toUpperCase()} key of only ${verifying.bits} bits`]
    : [];
  return { kind: 'usable', weak, notes: [] };
}

/** The operator chose the file of the key, so that a weak hash inside is worth a word and no more. */
function hashes(parts: readonly Part[], signer: SigningKey): Standing {
  const isWeak = parts.some(({ claims }) => claims.isWeak);
  return {
    kind: 'usable',
    weak: [],
    notes: isWeak ? [`${titleOf(signer)} describes itself by signatures with SHA-1`] : [],
  };
}

function joined(standings: readonly Standing[]): Standing {
  const usable = { weak: new Set<string>(), notes: new Set<string>() };
  for (const standing of standings) {
    if (standing.kind === 'unusable') return standing;
    for (const weak of standing.weak) usable.weak.add(weak);
    for (const note of standing.notes) usable.notes.add(note);
  }
  return { kind: 'usable', weak: [...usable.weak], notes: [...usable.notes] };
}

/** When something ends that lasts so many seconds; none and 0 are for ever (§5.2.3.13, §5.2.3.18). */
export function endOf(startMs: number, seconds: number | undefined): number {
  return seconds === undefined || seconds === 0 ? Number.POSITIVE_INFINITY : startMs + seconds * 1000;
}

/** `2021-06-30`, UTC. */
export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

function unusable(reason: string): Standing {
  return { kind: 'unusable', reason };
}
