// A pool with packages in it for the tests of metadata, and what was made of them read back.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { findCreaterepo } from '../../../mirror/metadata/createrepo/store.ts';
import type { SaveFile } from '../../../mirror/metadata/document.ts';
import { DOCUMENT_TYPES, type DocumentType } from '../../../mirror/metadata/elements.ts';
import type { MadeMetadata, MetadataEdges, MetadataRequest } from '../../../mirror/metadata/make.ts';
import type { MetadataPackage } from '../../../mirror/metadata/packages.ts';
import { openPackages } from '../../../mirror/metadata/store.ts';
import type { Createrepo } from '../../../mirror/metadata/theirs.ts';
import { sha256Of, type Sha256 } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { parseRepomd, type RepomdEntry } from '../../../mirror/rpm/repomd.ts';

export const NOW_MS = 1_700_000_000_000;
export const NOTHING: Omit<MetadataRequest, 'packages'> = {
  extras: [],
  revision: undefined,
  nowMs: NOW_MS,
  upstream: undefined,
};

export type Rig = {
  readonly directory: string;
  /** Puts a file into the pool; `path` is where it lies in the repository. */
  readonly add: (file: string, path?: string) => Promise<MetadataPackage>;
  readonly addBytes: (bytes: Uint8Array, path: string) => Promise<MetadataPackage>;
  readonly edges: (createrepo?: Createrepo) => MetadataEdges;
  /** What was saved: every document, and repomd.xml. */
  readonly saved: ReadonlyMap<Sha256, Buffer>;
  /** createrepo_c of this machine. */
  readonly createrepo: () => Promise<Createrepo>;
  readonly remove: () => Promise<void>;
};

export async function makeRig(): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-metadata-'));
  const pool = join(directory, 'pool');
  await mkdir(pool);
  const saved = new Map<Sha256, Buffer>();
  const save: SaveFile = async (chunks) => {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    const bytes = Buffer.concat(parts);
    saved.set(sha256Of(bytes), bytes);
    return { sha256: sha256Of(bytes), sizeBytes: bytes.byteLength };
  };
  const addBytes = async (bytes: Uint8Array, path: string): Promise<MetadataPackage> => {
    const sha256 = sha256Of(bytes);
    await writeFile(join(pool, sha256), bytes);
    // One time for all: whoever lists it tells it.
    await utimes(join(pool, sha256), 1_600_000_000, 1_600_000_000);
    return {
      path: parseHref(encodeURIComponent(path).replaceAll('%2F', '/'), path),
      sha256,
      sizeBytes: bytes.byteLength,
    };
  };
  const add = async (file: string, path = basename(file)): Promise<MetadataPackage> =>
    addBytes(await readFile(file), path);
  const breathe = async (): Promise<void> => undefined;
  return {
    directory,
    add,
    addBytes,
    saved,
    edges: (createrepo) => ({
      open: openPackages({ pool }),
      save,
      breathe,
      signal: new AbortController().signal,
      createrepo,
    }),
    createrepo: async () => {
      const places = { path: process.env['PATH'] ?? '', scratch: join(directory, 'scratch') };
      const found = await findCreaterepo({ ...places, fileOf: (sha256) => join(pool, sha256) });
      if (found === undefined) throw new Error('no createrepo_c');
      return found;
    },
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/** What was made, read back by way of its repomd.xml; every size and digest in it is held against what was saved. */
export function readBack(
  made: MadeMetadata,
  rig: Rig,
): { entries: readonly RepomdEntry[]; text: (type: string) => string } {
  const repomd = made.files.at(-1);
  const bytesOf = (sha256: Sha256): Buffer => {
    const bytes = rig.saved.get(sha256);
    if (bytes === undefined) throw new Error(`${sha256} was not saved`);
    return bytes;
  };
  if (repomd?.path !== 'repodata/repomd.xml') throw new Error('the last file is no repomd.xml');
  const entries = parseRepomd(bytesOf(repomd.sha256)).data;
  const open = (entry: RepomdEntry): Buffer => {
    const bytes = bytesOf(entry.checksum.digest as Sha256);
    const content = entry.openChecksum === undefined ? bytes : gunzipSync(bytes);
    const digest = createHash('sha256').update(content).digest('hex');
    const is = [bytes.byteLength, entry.openChecksum?.digest ?? digest, entry.openSizeBytes ?? content.byteLength];
    const says = [entry.sizeBytes, digest, content.byteLength];
    if (is.some((value, index) => value !== says[index]))
      throw new Error(`${entry.type}: ${is.join()} is not ${says.join()}`);
    return content;
  };
  const opened = new Map(entries.map((entry) => [entry.type, open(entry).toString('utf8')]));
  return { entries, text: (type) => opened.get(type) ?? '' };
}

export function documentsOf(made: MadeMetadata, rig: Rig): Record<DocumentType, string> {
  const { text } = readBack(made, rig);
  const [primary = '', filelists = '', other = ''] = DOCUMENT_TYPES.map(text);
  return { primary, filelists, other };
}
