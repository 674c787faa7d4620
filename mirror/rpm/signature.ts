// Is a package what a trusted key signed, header and payload? The rules of `rpmkeys --checksig`, and stricter. Running: bytes are handed in.

import { Malformed } from '../../server/malformed.ts';
import { isText } from '../openpgp/armor.ts';
import { SIGNATURE_TYPE } from '../openpgp/signature.ts';
import { mergeVerdicts, type Good, type Verdict } from '../openpgp/verdict.ts';
import {
  LIMIT_SIGNATURES,
  readSignatures,
  startVerification,
  type Signatures,
  type Trusted,
  type Verification,
} from '../openpgp/verify.ts';
import type { PackageDigest } from './digests.ts';
import type { HeaderLimits, RpmHeader } from './header.ts';
import { digestPackage, readHeaders, readingPackage, type Agreement } from './streamed.ts';

/** Tags of the signature header (rpmtag.h): over the main header alone, and over header and payload together. */
const HEADER_ONLY = { dsa: 267, rsa: 268, list: 278 } as const;
const WHOLE = { pgp: 1002, gpg: 1005 } as const;
const LEAD_SIGNATURE_TYPE = 5;
/** Signatures of post-quantum algorithms are the longest texts. */
const LIMITS: HeaderLimits = { values: 64, textBytes: 256 * 1024 };
const WEAK_HASHES = new Set(['md5', 'sha1']);

/**
 * The verdict over a package, read once from front to end in bounded memory. Every digest and size that it carries must be
 * right, whoever signed it. Of signatures it is good where
 * - one covers header and payload together (rpm 3 and 4: tags 1002 and 1005), or
 * - one covers the header (267, 268, 278), and the header holds the payload's digest (5092, since rpm 4.14).
 * A signed header without that digest leaves the payload to an MD5 (1004) that nobody signed: that is told as weak. Without
 * even that nothing covers the payload, and it is bad. Throws `Malformed` for what is no package.
 */
export async function verifyPackage(
  chunks: AsyncIterable<Uint8Array>,
  where: string,
  trusted: Trusted,
): Promise<Verdict> {
  return readingPackage(chunks, where, async (reader) => {
    const headers = await readHeaders(reader, where, LIMITS);
    checkLead(headers.lead, where);
    const header = startVerification(signaturesOf(headers.signature, HEADER_ONLY, where), trusted);
    const whole = startVerification(signaturesOf(headers.signature, WHOLE, where), trusted);
    const agreement = await digestPackage(reader, headers, { where, also: { header, whole } });
    return damageOf(agreement) ?? joinedVerdict({ ofHeader: header, ofWhole: whole, digests: agreement.digests });
  });
}

type Proofs = {
  readonly ofHeader: Verification;
  readonly ofWhole: Verification;
  readonly digests: readonly PackageDigest[];
};

function joinedVerdict({ ofHeader, ofWhole, digests }: Proofs): Verdict {
  const header = ofHeader.verdict();
  // First in line: of two that are equally strong, the signature that covers the payload itself is the one to tell.
  return mergeVerdicts([ofWhole.verdict(), header.kind === 'good' ? withPayload(header, digests) : header]);
}

/** What a good signature of the header says of the payload. */
function withPayload(header: Good, digests: readonly PackageDigest[]): Verdict {
  const payload = digests.find(({ covers }) => covers === 'payload');
  if (payload !== undefined) {
    const weak = WEAK_HASHES.has(payload.hash) ? [`its payload is covered by ${payload.hash} alone`] : [];
    return { ...header, weak: [...header.weak, ...weak] };
  }
  if (digests.some(({ covers }) => covers === 'whole')) {
    return {
      ...header,
      weak: [...header.weak, 'only its header is signed: an MD5 that nobody signed covers its payload'],
    };
  }
  return { kind: 'bad', fault: 'key', reason: 'only its header is signed: nothing covers its payload' };
}

function damageOf({ wrong, declaredBytes, sizeBytes }: Agreement): Verdict | undefined {
  const reasons = wrong.map(({ title }) => `another ${title}`);
  if (declaredBytes !== undefined && declaredBytes !== sizeBytes) {
    reasons.push(`${sizeBytes} bytes instead of ${declaredBytes}`);
  }
  if (reasons.length === 0) return undefined;
  return { kind: 'bad', fault: 'content', reason: `the package is damaged: it has ${reasons.join(', ')}` };
}

function checkLead(lead: Uint8Array, where: string): void {
  const major = lead[4] ?? 0;
  if (major !== 3 && major !== 4) throw new Malformed(`an RPM package of format ${major}`, where);
  if (lead[78] !== 0 || lead[79] !== LEAD_SIGNATURE_TYPE)
    throw new Malformed('an RPM package without a signature header', where);
}

/** All signatures under these tags. Those of rpm 6 (278) are base64 texts, the others packets. */
function signaturesOf(header: RpmHeader, tags: Readonly<Record<string, number>>, where: string): Signatures {
  const blobs = Object.values(tags).flatMap((tag) => {
    if (tag === HEADER_ONLY.list) return header.texts(tag).map((text) => Buffer.from(text, 'base64'));
    const blob = header.binary(tag);
    return blob === undefined ? [] : [blob];
  });
  const read = blobs.map((blob) => {
    if (isText(blob)) throw new Malformed('a signature that is no OpenPGP packet', where);
    return readSignatures(blob, where);
  });
  const signatures = read.flatMap((each) => each.signatures);
  if (signatures.length > LIMIT_SIGNATURES) {
    throw new Malformed(`more than ${LIMIT_SIGNATURES} signatures of one content`, where);
  }
  if (signatures.some(({ type }) => type !== SIGNATURE_TYPE.binary)) {
    throw new Malformed('a signature that is not of bytes', where);
  }
  return { signatures, notes: read.flatMap(({ notes }) => notes) };
}
