// What the pool has of what a sync wants. Other checksums than sha256 name no pool file: snapshots remember what they stood for.

import { checksumKey, type Sha256 } from '../rpm/checksum.ts';
import type { RoundEdges } from './edges.ts';
import { inParallel, inSlices } from './parallel.ts';
import type { Have, WantedFile } from './plan.ts';

type KnownEdges = Pick<RoundEdges, 'repo' | 'store' | 'pool' | 'staging' | 'signal' | 'breathe'>;

const STATS_AT_ONCE = 32;

/** The wanted files that are in the pool, whichever repo or snapshot brought them. */
export async function findHave(wanted: readonly WantedFile[], edges: KnownEdges): Promise<Have> {
  const names = await poolNames(wanted, edges);
  const entries = [...names];
  const have = new Map<string, { readonly sha256: Sha256; readonly sizeBytes: number }>();
  await inParallel(entries, { atOnce: STATS_AT_ONCE, signal: edges.signal }, async ([key, sha256]) => {
    const sizeBytes = await edges.pool.sizeOf(sha256);
    if (typeof sizeBytes === 'number') have.set(key, { sha256, sizeBytes });
  });
  return have;
}

/** Checksum's key → what it would be called in the pool, as far as that is known. */
async function poolNames(wanted: readonly WantedFile[], edges: KnownEdges): Promise<ReadonlyMap<string, Sha256>> {
  const names = new Map<string, Sha256>();
  const unknown = new Set<string>();
  await inSlices(wanted, edges.breathe, ({ checksum }) => {
    const key = checksumKey(checksum);
    if (checksum.type === 'sha256') names.set(key, checksum.digest as Sha256);
    else unknown.add(key);
  });
  if (unknown.size === 0) return names;
  const take = (key: string, sha256: Sha256): void => {
    if (unknown.delete(key)) names.set(key, sha256);
  };
  for (const [key, sha256] of await edges.staging.claims()) take(key, sha256);
  for await (const { name, id } of manifests(edges)) {
    if (unknown.size === 0) break;
    const files = await edges.store.snapshotFiles(name, id);
    if ('kind' in files) continue;
    await inSlices(files, edges.breathe, ({ checksum, sha256 }) => {
      if (checksum !== undefined && checksum.type !== 'sha256') take(checksumKey(checksum), sha256);
    });
  }
  return names;
}

/** Every snapshot, those of this repo first and the newest of each repo before the older: what is wanted is mostly in the first. */
async function* manifests({
  repo,
  store,
}: Pick<KnownEdges, 'repo' | 'store'>): AsyncGenerator<{ readonly name: string; readonly id: string }> {
  const others = (await store.repoNames()).filter((name) => name !== repo.name);
  for (const name of [repo.name, ...others]) {
    const { snapshots } = await store.repoStatus(name);
    for (const id of snapshots.toReversed()) yield { name, id };
  }
}
