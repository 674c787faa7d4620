// Bundle entries as a tar.gz or zip archive: the same entries give the same bytes, at any time and in any time zone.

import { buffer } from 'node:stream/consumers';

import { TarArchive, ZipArchive } from 'archiver';

import type { BundleEntry } from './entries.ts';

export type ArchiveFormat = 'tar.gz' | 'zip';

/** Every entry's time. zip knows none before 1980 and keeps no zone; archiver writes UTC. */
const ENTRY_DATE = new Date(Date.UTC(2000, 0, 1));
const LEVEL = 9;

/** The archive's bytes, in memory: a bundle is some hundred small texts. Entries keep their order; owner and group are 0. */
export async function archiveBytes(entries: readonly BundleEntry[], format: ArchiveFormat): Promise<Buffer> {
  const archive = format === 'zip' ? new ZipArchive({ zlib: { level: LEVEL } }) : new TarArchive(TAR_OPTIONS);
  for (const { name, mode, text } of entries) archive.append(Buffer.from(text), { name, mode, date: ENTRY_DATE });
  const [bytes] = await Promise.all([buffer(archive), archive.finalize()]);
  return bytes;
}

const TAR_OPTIONS = { gzip: true, gzipOptions: { level: LEVEL } };
