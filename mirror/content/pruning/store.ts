// What nothing holds any more, removed: old snapshots, then the pool files that no manifest and no claim names.

import { lstat, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isNo, Malformed, no, type No } from '../../../server/malformed.ts';
import { ensureDirectory, namesIn } from '../../../server/store.ts';
import { removeLeftovers } from '../building/store.ts';
import { isRepoName, planPrune } from '../layout.ts';
import { lockPool, whilePublishing } from '../locks/store.ts';
import { atOnce } from '../parallel.ts';
import { stagedContents } from '../pool/claims/store.ts';
import { removeTree } from '../removal/store.ts';
import { contentsOf, currentId, repoNames, snapshotIds, type Disk } from '../snapshots/store.ts';

export type Keeping = { readonly keep: number; readonly pinned: () => Promise<readonly string[]> };

const LOOKS_AT_ONCE = 16;

/** Removes snapshots beyond the `keep` newest, but never the current nor a pinned one; answers which. */
export async function prune(disk: Disk, name: string, keeping: Keeping): Promise<readonly string[] | No> {
  if (!isRepoName(name)) return no('no such repo');
  const home = join(disk.snapshots, name);
  const removed = await whilePublishing(disk.locks, name, async () => {
    const current = await currentId(disk, name);
    const held = new Set([...(await keeping.pinned()), ...(current === undefined ? [] : [current])]);
    const ids = planPrune(await snapshotIds(disk, name), keeping.keep, held);
    for (const id of ids) await rename(join(home, id), join(home, `.removing-${id}`));
    return ids;
  });
  if ('kind' in removed) return removed;
  for (const id of removed) {
    for (const rest of [`${id}.json`, `${id}.evidence.json`, `${id}.manifest`, `.removing-${id}`]) {
      await removeTree(join(home, rest));
    }
  }
  return removed;
}

/** Removes what `unheld` names, while no sync runs. Answers the bytes set free. */
export async function sweepPool(disk: Disk): Promise<number | No> {
  const lock = await lockPool(disk.locks);
  if (isNo(lock)) return lock;
  try {
    await ensureDirectory(disk.pool);
    // A repair that was killed; none runs, for it would hold the lock.
    await removeTree(disk.mending);
    for (const name of await repoNames(disk)) await removeLeftovers(join(disk.snapshots, name));
    const found = await unheld(disk, new Map());
    if (isNo(found)) return found;
    let bytes = 0;
    await atOnce(LOOKS_AT_ONCE, found.names, async (name) => {
      const { nlink, size } = await lstat(join(disk.pool, name));
      // Another name for it that is none of ours: removing this one would free nothing.
      if (nlink > 1) return;
      await rm(join(disk.pool, name));
      bytes += size;
    });
    return bytes;
  } finally {
    lock.release();
  }
}

/** The bytes that a sweep would set free once the snapshots of `removed` (repo → ids) were gone. Removes nothing. */
export async function reclaimable(disk: Disk, removed: ReadonlyMap<string, ReadonlySet<string>>): Promise<number | No> {
  const found = await unheld(disk, removed);
  if (isNo(found)) return found;
  let bytes = 0;
  await atOnce(LOOKS_AT_ONCE, found.names, async (name) => {
    const { size } = await lstat(join(disk.pool, name));
    bytes += size;
  });
  return bytes;
}

/**
 * The pool's names that no snapshot but those of `without` and no unfinished sync holds. The manifests are the truth: a
 * snapshot of copies holds its files as one of links does, so the count of a file's links tells nothing. Where one
 * manifest cannot be read, nothing is known to be free: `No`.
 */
async function unheld(
  disk: Disk,
  without: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<{ readonly kind: 'unheld'; readonly names: readonly string[] } | No> {
  const left = new Set(await namesIn(disk.pool));
  for (const name of await repoNames(disk)) {
    for (const id of await snapshotIds(disk, name)) {
      if (without.get(name)?.has(id) === true) continue;
      const contents = await readableContents(disk, name, id);
      if (isNo(contents)) return contents;
      for (const { sha256 } of contents) left.delete(sha256);
    }
  }
  for (const name of await namesIn(disk.staging)) {
    for (const sha256 of await stagedContents(join(disk.staging, name))) left.delete(sha256);
  }
  return { kind: 'unheld', names: [...left] };
}

async function readableContents(disk: Disk, name: string, id: string): ReturnType<typeof contentsOf> {
  try {
    const contents = await contentsOf(disk, name, id);
    if (!isNo(contents) || !(await readdir(join(disk.snapshots, name))).includes(id))
      return isNo(contents) ? [] : contents;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  return no(
    `nobody knows which files ${name}@${id} holds: its manifest is damaged or gone, so no pool file is removed`,
    `kickstand repo verify ${name} --all-snapshots says more; publish another snapshot and remove ${name}/${id} from the data directory's snapshots`,
  );
}
