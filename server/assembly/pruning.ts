// Pruning over the open house: what each repo keeps and why, what goes, and how much room that makes.

import { contentNameOfTree, explainKept } from '../../mirror/content/layout.ts';
import type { Repo } from '../repo.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import type { House } from './house.ts';
import { heldSnapshots, pinnedSnapshots, readSnapshots, snapshotPins } from './repos.ts';

export type PrunedRepo = {
  readonly repo: string;
  readonly kept: ReturnType<typeof explainKept>;
  /** Removed, or to be removed. */
  readonly removed: readonly string[];
};
export type PruneReport = {
  readonly repos: readonly PrunedRepo[];
  /** Repos that the site does not name any more: what they hold is left. */
  readonly strangers: readonly string[];
  /** Set free, or to be set free; a `No` where the pool could not be swept, and nothing was. */
  readonly freed: number | No;
};

/** Is what clients may still read kept for them (see `stillRead`), or is the room needed more? */
export type Readers = 'waited-for' | 'given-up';

/** What `pruneRepos` would do now. Changes nothing. */
export async function planPruning(house: House, readers: Readers = 'waited-for'): Promise<PruneReport> {
  const repos = await Promise.all(house.site().repos.map((repo) => planned(house, repo, readers)));
  const removed = new Map(repos.map(({ repo, removed: ids }) => [repo, new Set(ids)] as const));
  return { repos, strangers: await strangersOf(house), freed: await house.content.reclaimable(removed) };
}

/** Removes what neither the site's `keep` nor a host nor a reader holds, then what nothing holds any more. */
export async function pruneRepos(house: House, readers: Readers = 'waited-for'): Promise<PruneReport | No> {
  const repos: PrunedRepo[] = [];
  for (const repo of house.site().repos) {
    const { kept } = await planned(house, repo, readers);
    const held = readers === 'given-up' ? pinnedSnapshots : heldSnapshots;
    const removed = await house.content.prune(repo.name, repo.keep, () => held(house, repo.name));
    if (isNo(removed)) return removed;
    repos.push({ repo: repo.name, kept: kept.filter(({ snapshot }) => !removed.includes(snapshot)), removed });
  }
  return { repos, strangers: await strangersOf(house), freed: await house.content.sweepPool() };
}

/** The bytes that pruning would set free, for who lacks room; undefined where that cannot be told. */
export async function prunableBytes(house: House): Promise<number | undefined> {
  const { freed } = await planPruning(house);
  return isNo(freed) ? undefined : freed;
}

async function planned(house: House, repo: Repo, readers: Readers): Promise<PrunedRepo> {
  const { current, snapshots } = await house.content.repoStatus(repo.name);
  const read = readers === 'given-up' ? [] : await readSnapshots(house, repo.name);
  const kept = explainKept(snapshots, { keep: repo.keep, current, read, pins: await snapshotPins(house, repo.name) });
  const left = new Set(kept.map(({ snapshot }) => snapshot));
  return { repo: repo.name, kept, removed: snapshots.filter((id) => !left.has(id)) };
}

async function strangersOf(house: House): Promise<readonly string[]> {
  const { repos, trees } = house.site();
  const known = new Set([...repos.map(({ name }) => name), ...trees.map(({ name }) => contentNameOfTree(name))]);
  return (await house.content.repoNames()).filter((name) => !known.has(name));
}
