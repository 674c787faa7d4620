// A repository's metadata for the check of its dependencies, wherever its files lie. Running: opening a file is handed in.

import { Malformed } from '../../server/malformed.ts';
import { decompress } from '../rpm/decompress.ts';
import { parseHref, type RelativePath } from '../rpm/href.ts';
import { parseRepomd, REPOMD_LIMIT_BYTES, type Repomd, type RepomdEntry } from '../rpm/repomd.ts';
import type { ClosureRepo } from './resolve.ts';

export type MetadataEdges = {
  /** The content of a file of the repository; undefined where there is none. */
  readonly find: (path: RelativePath) => Promise<(() => AsyncIterable<Uint8Array>) | undefined>;
  readonly breathe: () => Promise<void>;
};

const REPOMD = parseHref('repodata/repomd.xml', 'repomd.xml');
/** Uncompressed filelists.xml of the largest distributions is below 1 GB. */
const LIMIT_BYTES = 4 * 1024 * 1024 * 1024;

/** Reads repomd.xml and finds the two files that tell of dependencies. Throws `Malformed`, naming the repository. */
export async function openMetadata(name: string, edges: MetadataEdges): Promise<ClosureRepo> {
  return dependencyFiles(name, parseRepomd(await readRepomd(name, edges)), edges);
}

/** The two of the files that `repomd` names. Throws `Malformed`, naming the repository. */
export async function dependencyFiles(name: string, { data }: Repomd, edges: MetadataEdges): Promise<ClosureRepo> {
  const [primary, filelists] = ['primary', 'filelists'].map((type) => data.find((entry) => entry.type === type));
  if (primary === undefined) throw new Malformed('no primary', `${name}, repomd.xml`);
  return {
    name,
    primary: await unpacked(name, primary, edges),
    filelists: filelists === undefined ? undefined : await unpacked(name, filelists, edges),
  };
}

/** The bytes of the repository's repomd.xml. Throws `Malformed`. */
export async function readRepomd(name: string, { find }: MetadataEdges): Promise<Uint8Array> {
  const open = await find(REPOMD);
  if (open === undefined) throw new Malformed('it is not there', `${name}, repomd.xml`);
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of open()) {
    sizeBytes += chunk.byteLength;
    if (sizeBytes > REPOMD_LIMIT_BYTES) throw new Malformed('it is too long', `${name}, repomd.xml`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** A file that repomd.xml names, uncompressed each time it is opened. Throws `Malformed` where it is not there. */
export async function unpacked(
  name: string,
  { path, type, openSizeBytes }: RepomdEntry,
  { find, breathe }: MetadataEdges,
): Promise<() => AsyncIterable<Uint8Array>> {
  const open = await find(path);
  const where = `${name}, ${type}.xml`;
  if (open === undefined) throw new Malformed(`${path} is not there`, where);
  const limitBytes = Math.min(openSizeBytes ?? LIMIT_BYTES, LIMIT_BYTES);
  return () => decompress(open(), { limitBytes, breathe }, where);
}
