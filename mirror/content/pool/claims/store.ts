// The claims of a sync that has not ended: which pool files it brought, and which declared checksum each was held against.

import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../../server/malformed.ts';
import { asSha256, type Sha256 } from '../../../rpm/checksum.ts';
import { namesIn } from '../../../../server/store.ts';

/**
 * A line per file: `sha1-da39… <sha256>`. It is written before the file gets its name in the pool, so that no sweep finds
 * that name unclaimed; it says nothing about a name that is not there. What a power cut leaves of the last line is no line.
 */
const CLAIMS = 'claims';
const LIMIT_BYTES = 512 * 1024 * 1024;

/** Declared checksum's key → pool name. */
export async function readClaims(staging: string): Promise<ReadonlyMap<string, Sha256>> {
  const claims = new Map<string, Sha256>();
  const add = (key: string, name: string): void => {
    const sha256 = asSha256(name);
    if (sha256 !== undefined && key !== '') claims.set(key, sha256);
  };
  // The first release claimed by file names, `<key>.<sha256>`.
  for (const name of await namesIn(staging)) add(...halves(name, '.'));
  for (const line of (await claimsText(staging)).split('\n')) add(...halves(line, ' '));
  return claims;
}

/** The contents that the staging area claims. */
export async function stagedContents(staging: string): Promise<ReadonlySet<Sha256>> {
  return new Set((await readClaims(staging)).values());
}

/** Writes claims down, durable when it resolves. */
export async function appendClaims(
  staging: string,
  claims: readonly { readonly key: string; readonly sha256: Sha256 }[],
): Promise<void> {
  const file = await open(join(staging, CLAIMS), 'a', 0o644);
  try {
    // The line feed ahead ends whatever a killed process left half-written.
    await file.appendFile(`\n${claims.map(({ key, sha256 }) => `${key} ${sha256}\n`).join('')}`);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function claimsText(staging: string): Promise<string> {
  try {
    const text = await readFile(join(staging, CLAIMS), 'latin1');
    return text.slice(0, LIMIT_BYTES);
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return '';
    throw error;
  }
}

function halves(text: string, at: string): [string, string] {
  const [first = '', second = ''] = text.split(at, 2);
  return [first, second];
}
