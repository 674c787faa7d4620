// One pass over an upstream: repomd.xml → metadata → packages, all in the pool, and repomd.xml read again at the end.

import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import { parseRepomd, type Repomd, type RepomdEntry } from '../rpm/repomd.ts';
import { isFiltering } from '../metadata/select.ts';
import { bringFiles, type Prove } from './bring.ts';
import type { Brought, FoundRepomd, RoundContent, RoundEdges } from './edges.ts';
import { bringFiltered } from './filtered.ts';
import { listPackages, type Primary } from './listing.ts';
import { proveNames } from './names.ts';
import { assembleSnapshot, type WantedFile } from './plan.ts';
import { bringRepomd, proveRepomd, readChange, type Signed } from './repomd.ts';
import { packageProof } from './signed.ts';
import { proveUnpacked } from './unpacked.ts';
import { SyncFault } from './upstream.ts';

export type Round =
  | { readonly kind: 'content'; readonly content: RoundContent }
  | { readonly kind: 'changed'; readonly repomd: FoundRepomd };

/**
 * Brings the pool up to what `repomd` names. `changed`: upstream published something else meanwhile, go round again with
 * that. Throws `SyncFault` or `Malformed` with the reason.
 */
export async function syncRound(repomd: FoundRepomd, edges: RoundEdges): Promise<Round> {
  try {
    const signed = await proveFirst(repomd, edges);
    if (signed?.kind === 'changed') return signed;
    const content = await bringContent(repomd, signed, edges);
    const changed = await readChange(repomd, edges);
    return changed === undefined ? { kind: 'content', content } : { kind: 'changed', repomd: changed };
  } catch (error) {
    const stale = error instanceof Malformed || (error instanceof SyncFault && error.stale);
    // Where upstream does not even answer now, the first fault is the one worth telling.
    const changed = stale ? await readChange(repomd, edges).catch(() => undefined) : undefined;
    if (changed === undefined) throw error;
    return { kind: 'changed', repomd: changed };
  }
}

/** Nothing of an upstream is looked at before its signature, where that must be right. */
async function proveFirst(repomd: FoundRepomd, edges: RoundEdges): Promise<Signed | undefined> {
  return edges.repo.trust.checks.includes('metadata') ? proveRepomd(repomd, edges) : undefined;
}

async function bringContent(
  found: FoundRepomd,
  signed: Extract<Signed, { kind: 'good' }> | undefined,
  edges: RoundEdges,
): Promise<RoundContent> {
  const repomd = parseRepomd(found.bytes);
  const metadata = await bringMetadata(repomd, edges);
  const primary = { repomd, metadata: new Map(metadata.map((file) => [file.path, file])) };
  await proveUnpacked(repomd.data, primary.metadata, edges);
  const prove = await packageProof(edges);
  const bring = isFiltering(edges.repo.filter) ? bringFiltered : bringAll;
  const { files, packages } = await bring(primary, prove, edges);
  const own = isFiltering(edges.repo.filter)
    ? []
    : [...metadata, ...(await bringRepomd(found, signed?.signature, edges))];
  await edges.staging.settle();
  const all = await assembleSnapshot([...own, ...files], edges.breathe);
  return { files: all, revision: repomd.revision, packages, repomd: found };
}

async function bringAll(primary: Primary, prove: Prove, edges: RoundEdges): Promise<Brought> {
  const listed = await listPackages(primary, edges);
  edges.progress.begin('packages');
  const files = await bringFiles(listed, prove, edges);
  await proveNames(listed, files, edges);
  return { files, packages: listed.length };
}

async function bringMetadata(repomd: Repomd, edges: RoundEdges): Promise<readonly SnapshotFile[]> {
  return bringFiles(repomd.data.map(wantedEntry), async () => undefined, edges);
}

function wantedEntry({ path, checksum, sizeBytes }: RepomdEntry): WantedFile {
  return { path, checksum, sizeBytes };
}
