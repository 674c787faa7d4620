// Is a package whole, by what it carries of itself, and what is it called? Who signed it is another matter. Running: bytes are handed in.

import { Malformed } from '../../server/malformed.ts';
import { METADATA_LIMITS } from '../metadata/describe.ts';
import type { Candidate } from '../metadata/select.ts';
import { packageName } from '../rpm/name.ts';
import { digestPackage, readHeaders, readingPackage } from '../rpm/streamed.ts';

export type IntactPackage = {
  readonly named: Candidate;
  /** `no`: it carries no digest over its payload. */
  readonly proved: 'yes' | 'no';
};

/**
 * Reads a package from front to end and holds it against every digest and size that it carries. Throws `Malformed` for what is
 * none, is cut off, or does not agree with itself.
 */
export async function proveIntact(chunks: AsyncIterable<Uint8Array>, where: string): Promise<IntactPackage> {
  return readingPackage(chunks, where, async (reader) => {
    const headers = await readHeaders(reader, where, METADATA_LIMITS);
    const { digests, wrong, sizeBytes, declaredBytes } = await digestPackage(reader, headers, { where });
    if (declaredBytes !== undefined && sizeBytes !== declaredBytes) {
      throw new Malformed(`${sizeBytes} bytes instead of ${declaredBytes}`, where);
    }
    const others = wrong.map(({ title }) => title).join(', ');
    if (others !== '') throw new Malformed(`the package is damaged: it has another ${others}`, where);
    const proved = digests.some(({ covers }) => covers !== 'header') ? 'yes' : 'no';
    return { named: packageName(headers, where), proved };
  });
}
