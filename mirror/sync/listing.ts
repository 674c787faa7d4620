// Which packages a repository lists: its primary read from the pool, slice by slice.

import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import { parsePrimary, type PrimaryPackage } from '../rpm/primary.ts';
import type { Repomd } from '../rpm/repomd.ts';
import type { RoundEdges } from './edges.ts';
import { calledOf, type ListedFile } from './names.ts';
import { unpackMetadata } from './unpacked.ts';

const LIMIT_PACKAGES = 500_000;

export type Primary = { readonly repomd: Repomd; readonly metadata: ReadonlyMap<string, SnapshotFile> };

/** The files of all packages in primary's order, which is proved whole at the end. Throws `Malformed`. */
export async function listPackages(primary: Primary, edges: RoundEdges): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  const isNamed = edges.repo.trust.checks.includes('packages');
  // No more is kept of each: of 50,000 packages there is little else in memory.
  await readPackages(primary, edges, (found) => {
    const { path, checksum, sizeBytes } = found;
    files.push({ path, checksum, sizeBytes, ...(isNamed ? { called: calledOf(found) } : {}) });
  });
  return files;
}

/** The same with all that a filter asks for. */
export async function listCandidates(primary: Primary, edges: RoundEdges): Promise<readonly PrimaryPackage[]> {
  const packages: PrimaryPackage[] = [];
  await readPackages(primary, edges, (found) => packages.push(found));
  return packages;
}

async function readPackages(
  { repomd, metadata }: Primary,
  edges: RoundEdges,
  onPackage: (found: PrimaryPackage) => void,
): Promise<void> {
  const entry = repomd.data.find(({ type }) => type === 'primary');
  const file = metadata.get(entry?.path ?? '');
  if (entry === undefined || file === undefined) throw new Malformed('no primary', 'repomd.xml');
  let count = 0;
  for await (const found of parsePrimary(unpackMetadata(entry, file, edges), edges.breathe)) {
    edges.signal.throwIfAborted();
    count += 1;
    if (count > LIMIT_PACKAGES) throw new Malformed('too many packages', entry.path);
    onPackage(found);
  }
}
