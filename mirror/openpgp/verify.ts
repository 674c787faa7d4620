// The verdict over signatures of a document that is fed piece by piece. Pure: keys and the time are handed in.

import { Malformed } from '../../server/malformed.ts';
import { isText, readArmor } from './armor.ts';
import { startCheck, type Check } from './check.ts';
import type { Keyring } from './keyring.ts';
import { PACKET, readPackets } from './packets.ts';
import { parseSignature, SIGNATURE_TYPE, type Signature } from './signature.ts';
import { CLOCK_TOLERANCE_MS, dayOf, endOf, judgeKey, keyOf, titleOf, type SigningKey } from './standing.ts';
import { canonicalText } from './text.ts';
import { mergeVerdicts, type Good, type Verdict } from './verdict.ts';

/** The keys that count, and the time now in milliseconds since 1970. */
export type Trusted = { readonly keys: Keyring; readonly nowMs: number };

/** Signatures of one document, and what was skipped among them. */
export type Signatures = { readonly signatures: readonly Signature[]; readonly notes: readonly string[] };

export type Verification = {
  update(chunk: Uint8Array): void;
  /** Ask once, when all was fed. */
  verdict(): Verdict;
};

/** Each costs a digest of the whole document. Documents with more than three are unheard of. */
export const LIMIT_SIGNATURES = 8;
/** RFC 9580 §6.2: PGP 2 named its detached signatures so. */
const LABELS = new Set(['PGP SIGNATURE', 'PGP MESSAGE']);

/** Reads detached signatures, armored or not. Throws `Malformed` for what is none or holds anything else. */
export function readSignatures(bytes: Uint8Array, where: string): Signatures {
  const blocks = isText(bytes) ? readArmor(bytes, where) : [{ label: 'PGP SIGNATURE', bytes }];
  const packets = blocks.filter(({ label }) => LABELS.has(label)).flatMap((block) => readPackets(block.bytes, where));
  const bodies = packets.filter(({ tag }) => tag !== PACKET.marker && tag !== PACKET.padding);
  if (bodies.length === 0) throw new Malformed('no OpenPGP signature', where);
  if (bodies.length > LIMIT_SIGNATURES) throw new Malformed(`more than ${LIMIT_SIGNATURES} signatures`, where);
  const other = bodies.find(({ tag }) => tag !== PACKET.signature);
  if (other !== undefined) throw new Malformed(`a packet of type ${other.tag} among signatures`, where);
  const all = bodies.map(({ body }) => parseSignature(body));
  return {
    signatures: all.filter((one): one is Signature => one.kind === 'signature'),
    notes: all.flatMap((one) => (one.kind === 'skipped' ? [one.reason] : [])),
  };
}

/** The verdict over a whole document in memory. A signature that cannot be read is `bad`; none at all is `missing`. */
export function verifyDetached(document: Uint8Array, signature: Uint8Array | undefined, trusted: Trusted): Verdict {
  if (signature === undefined) return { kind: 'missing' };
  try {
    const verification = startVerification(readSignatures(signature, 'signature'), trusted);
    verification.update(document);
    return verification.verdict();
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'bad', fault: 'content', reason: error.message };
    throw error;
  }
}

/** Begins to prove all `signatures` of one document; its bytes follow by `update`. */
export function startVerification({ signatures, notes }: Signatures, trusted: Trusted): Verification {
  const attempts = signatures.map((signature) => startAttempt(signature, trusted));
  return {
    update: (chunk) => attempts.forEach((attempt) => attempt.update(chunk)),
    verdict: () => {
      const verdict = mergeVerdicts(attempts.map((attempt) => attempt.verdict()));
      if (verdict.kind === 'good') return { ...verdict, notes: [...verdict.notes, ...notes] };
      if (verdict.kind !== 'missing' || notes.length === 0) return verdict;
      return { kind: 'bad', fault: 'key', reason: `no signature of a kind that is known here: ${notes.join(', ')}` };
    },
  };
}

/** One signature, tried with every key that it may mean. */
function startAttempt(signature: Signature, trusted: Trusted): Verification {
  const signers = trusted.keys.find(signature);
  const early = refusedBefore(signature, signers, trusted);
  if (early !== undefined) return { update: () => {}, verdict: () => early };
  const canonical = signature.type === SIGNATURE_TYPE.text ? canonicalText() : undefined;
  const tries = signers.map((signer) => ({ signer, check: startCheck(signature, keyOf(signer)) }));
  return {
    update: (chunk) => {
      const bytes = canonical === undefined ? chunk : canonical(chunk);
      for (const { check } of tries) check.update(bytes);
    },
    verdict: () => concluded(signature, tries, trusted),
  };
}

type Try = { readonly signer: SigningKey; readonly check: Check };

function concluded(signature: Signature, tries: readonly Try[], trusted: Trusted): Verdict {
  const right = tries.filter(({ check }) => check.isGood());
  const [first] = tries;
  if (right.length > 0) return mergeVerdicts(right.map(({ signer }) => judge(signature, signer, trusted)));
  const title = first === undefined ? 'its key' : titleOf(first.signer);
  return { kind: 'bad', fault: 'content', reason: `the signature by ${title} is wrong: what it signed was changed` };
}

/** What needs no arithmetic. */
function refusedBefore(
  signature: Signature,
  signers: readonly SigningKey[],
  { keys, nowMs }: Trusted,
): Verdict | undefined {
  const { type, claims, createdAtMs, issuer } = signature;
  const keyId = issuer.keyId ?? issuer.fingerprint?.slice(-16) ?? '';
  const key = (reason: string): Verdict => ({ kind: 'bad', fault: 'key', reason });
  const refusal = keys.refusal(signature);
  const unusable = signers.every((signer) => keyOf(signer).verifying === undefined) ? signers[0] : undefined;
  if (signers.length === 0) return refusal === undefined ? { kind: 'unknown-key', keyIds: [keyId] } : key(refusal);
  if (unusable !== undefined) return key(`${titleOf(unusable)} ${keyOf(unusable).unusable ?? ''}`);
  if (type !== SIGNATURE_TYPE.binary && type !== SIGNATURE_TYPE.text) {
    return { kind: 'bad', fault: 'content', reason: `a signature of type ${type} signs no document` };
  }
  if (claims.critical !== undefined) {
    return {
      kind: 'bad',
      fault: 'content',
      reason: `a signature that needs an unknown ${claims.critical} to be understood`,
    };
  }
  if (createdAtMs > nowMs + CLOCK_TOLERANCE_MS) {
    return key(
      `the signature by key ${keyId} is of ${dayOf(createdAtMs)} and now is ${dayOf(nowMs)}: is the clock right?`,
    );
  }
  const endMs = endOf(createdAtMs, claims.expiresS);
  return endMs <= nowMs ? key(`the signature by key ${keyId} is expired since ${dayOf(endMs)}`) : undefined;
}

/** A signature that is right counts if its key may sign. */
function judge({ hash, createdAtMs }: Signature, signer: SigningKey, { nowMs }: Trusted): Good | Verdict {
  const standing = judgeKey(signer, { signedAtMs: createdAtMs, nowMs });
  if (standing.kind === 'unusable') return { kind: 'bad', fault: 'key', reason: standing.reason };
  const { keyId, fingerprint } = keyOf(signer);
  return {
    kind: 'good',
    keyId,
    fingerprint,
    file: signer.certificate.file,
    signedAtMs: createdAtMs,
    weak: [...(hash.isWeak ? [`${titleOf(signer)} signed with ${hash.name}`] : []), ...standing.weak],
    notes: standing.notes,
  };
}
