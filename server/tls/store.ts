// The certificate of HTTPS on disk: the operator's own, or one made here that is signed by itself. Edge.

import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { messageOf } from '../malformed.ts';
import { ensureDirectory, readIfThere, saveFile } from '../store.ts';

/** A certificate (with its chain) and its key, both PEM. */
export type Certificate = {
  readonly certificate: string;
  readonly key: string;
  /** SHA-256 of the certificate, in hex pairs: what an operator compares with what the browser shows. */
  readonly fingerprint: string;
  readonly validTo: Date;
  readonly isOwn: boolean;
};

/** What a certificate made here is for, and when it is made (ms since 1970). */
export type CertificateNames = {
  readonly names: readonly string[];
  readonly addresses: readonly string[];
  readonly now: number;
};

/** Browsers take none that lives longer (CA/Browser Forum, Ballot SC31). */
const LIFE_MS = 397 * 86_400_000;
/** A clock that is a day behind still takes it. */
const BEFORE_MS = 86_400_000;
const MARK = 'made-here';

/**
 * The pair in `directory` (`certificate.pem`, `key.pem`). Where there is none, one is made and kept; one made here earlier that has
 * expired, or lacks a name, is made anew. Throws `Error` with a cause for the operator's own that cannot be used.
 */
export async function openCertificate(directory: string, wanted: CertificateNames): Promise<Certificate> {
  const known = await readPair(directory);
  if (known === undefined) return make(directory, wanted);
  const isMade = (await readIfThere(join(directory, MARK))) !== undefined;
  try {
    const parsed = new X509Certificate(known.certificate);
    const covers = [
      ...wanted.names.map((name) => parsed.checkHost(name)),
      ...wanted.addresses.map((address) => parsed.checkIP(address)),
    ];
    const isUsable = parsed.validToDate.getTime() > wanted.now && covers.every((found) => found !== undefined);
    if (isMade && !isUsable) return await make(directory, wanted);
    return { ...known, fingerprint: parsed.fingerprint256, validTo: parsed.validToDate, isOwn: !isMade };
  } catch (error) {
    const remedy =
      'put a PEM certificate with its chain there, and its key into key.pem; or remove both, and one is made';
    throw new Error(`${directory}/certificate.pem cannot be used (${messageOf(error)}): ${remedy}`, { cause: error });
  }
}

async function readPair(
  directory: string,
): Promise<{ readonly certificate: string; readonly key: string } | undefined> {
  const [certificate, key] = await Promise.all(
    ['certificate.pem', 'key.pem'].map((name) => readIfThere(join(directory, name))),
  );
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

async function make(directory: string, { names, addresses, now }: CertificateNames): Promise<Certificate> {
  const altNames = [
    ...names.map((value) => ({ type: 2 as const, value })),
    ...addresses.map((ip) => ({ type: 7 as const, ip })),
  ];
  const made = await generate([{ name: 'commonName', value: names[0] ?? 'kickstand' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(now - BEFORE_MS),
    notAfterDate: new Date(now + LIFE_MS),
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  await ensureDirectory(directory, 0o700);
  await saveFile(join(directory, 'key.pem'), made.private, 0o600);
  await saveFile(join(directory, 'certificate.pem'), made.cert);
  await saveFile(
    join(directory, MARK),
    'This certificate was made by Kickstand and is replaced when it expires. Put your own here and remove this file.\n',
  );
  const parsed = new X509Certificate(made.cert);
  return {
    certificate: made.cert,
    key: made.private,
    fingerprint: parsed.fingerprint256,
    validTo: parsed.validToDate,
    isOwn: false,
  };
}
