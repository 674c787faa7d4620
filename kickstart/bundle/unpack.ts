// A bundle's archive as entries again: bounded, plain files alone, names that stay inside. Bytes in; nothing is written anywhere.

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { extract } from 'tar-stream';
import { Malformed } from '../../server/malformed.ts';
import type { BundleEntry } from './entries.ts';
import { entryName } from './entries.ts';

/** `bytes` are those of all files together, unpacked. */
export type ArchiveLimits = { readonly entries: number; readonly bytes: number };

/** A site of ten thousand hosts just fits. */
const LIMITS: ArchiveLimits = { entries: 300_000, bytes: 512 * 1024 * 1024 };

/**
 * Reads a tar.gz as `archiveBytes` writes it. Throws `Malformed` for what is none, for more than it takes, and for anything in it
 * but files with names that a bundle could have: it may come from anywhere.
 */
export async function readArchive(
  bytes: Uint8Array,
  where: string,
  limits: ArchiveLimits = LIMITS,
): Promise<readonly BundleEntry[]> {
  const entries: BundleEntry[] = [];
  let left = limits.bytes;
  const unpacking = extract();
  const reading = async (): Promise<void> => {
    for await (const entry of unpacking) {
      const { name, type, mode } = entry.header;
      if (type !== 'file') throw new Malformed(`${JSON.stringify(name.slice(0, 60))} is no file`, where);
      if (entries.length === limits.entries) throw new Malformed('it holds too many files', where);
      const chunks: Buffer[] = [];
      for await (const chunk of entry as AsyncIterable<Buffer>) {
        left -= chunk.byteLength;
        if (left < 0) throw new Malformed('it is too large', where);
        chunks.push(chunk);
      }
      entries.push({ name: entryName(name.split('/')), mode, text: Buffer.concat(chunks).toString() });
    }
  };
  try {
    await Promise.all([pipeline(Readable.from([bytes]), createGunzip(), unpacking), reading()]);
  } catch (error) {
    if (error instanceof Malformed) throw error;
    throw new Malformed('not a bundle as tar.gz', where);
  }
  return entries;
}
