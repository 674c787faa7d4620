// The content of the mirror on disk, behind one interface: snapshots made, published, pruned and mended, under locks.

import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RepoStatus } from '../../server/domain.ts';
import type { Lock } from '../../server/lock.ts';
import { Malformed, no, type No } from '../../server/malformed.ts';
import { ensureDirectory, saveSymlink } from '../../server/store.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import { saveSnapshot, type SnapshotDraft } from './building/store.ts';
import { drop } from './dropping/store.ts';
import { isRepoName, requireRepoName, type JsonValue, type SnapshotFile, type SnapshotRecord } from './layout.ts';
import { lockPool, lockRepo, whilePublishing } from './locks/store.ts';
import { relink, type Mended } from './mending/store.ts';
import { prune, reclaimable, sweepPool } from './pruning/store.ts';
import {
  bytesOf,
  currentId,
  diskOf,
  evidenceOf,
  filesOf,
  pathOf,
  recordOf,
  repoNames,
  snapshotDirectory,
  snapshotIds,
  type Disk,
  type SmallFile,
} from './snapshots/store.ts';

export type { SnapshotDraft } from './building/store.ts';
export type { Mended } from './mending/store.ts';

/** A repo's or snapshot's name that is none is answered like one that is not there. */
export type ContentStore = {
  /** Every repo that has snapshots here, in the site or not any more. */
  repoNames(): Promise<readonly string[]>;
  repoStatus(name: string): Promise<RepoStatus>;
  /** The id of the published snapshot alone: what each request for content asks. */
  currentId(name: string): Promise<string | undefined>;
  /**
   * Where a snapshot's files lie, without a look at the disk: what is published (no `id`) under the link that publishing changes, so
   * that whoever opens a file there has the snapshot published at that moment. Undefined for what is no name or no id.
   */
  pathOf(name: string, id: string | undefined): string | undefined;
  /** The directory that holds exactly upstream's files. */
  snapshotDirectory(name: string, id: string): Promise<string | No>;
  /** Throws `Malformed` for a record that was damaged; so do the next two. */
  snapshotRecord(name: string, id: string): Promise<SnapshotRecord | No>;
  snapshotFiles(name: string, id: string): Promise<readonly SnapshotFile[] | No>;
  /** One small file as it lies in the snapshot now. */
  snapshotBytes(name: string, id: string, file: SmallFile): Promise<Uint8Array | No>;
  snapshotEvidence(name: string, id: string): Promise<{ readonly kind: 'evidence'; readonly value: JsonValue } | No>;
  /** The record of what is published; of a damaged one a `No`, for it vouches for nothing. So is the next. */
  currentSnapshot(name: string): Promise<SnapshotRecord | No>;
  /** The record of the newest snapshot: after a roll-back, not that of the published one. */
  newestSnapshot(name: string): Promise<SnapshotRecord | No>;
  /**
   * Builds a snapshot, or finds the one with this very content, whose notes, origin and evidence become the draft's. Needs
   * the repo's lock, and the pool files settled.
   */
  saveSnapshot(name: string, draft: SnapshotDraft): Promise<SnapshotRecord>;
  /** Makes a snapshot current by one rename. */
  publish(name: string, id: string): Promise<SnapshotRecord | No>;
  /**
   * The snapshot's directory, once no prune runs: asked after a pin was written, the answer stands, for `prune` asks for
   * pins only after it has begun.
   */
  confirmSnapshot(name: string, id: string): Promise<string | No>;
  /** Removes snapshots beyond the `keep` newest, but never the current nor a pinned one. */
  prune(name: string, keep: number, pinned: () => Promise<readonly string[]>): Promise<readonly string[] | No>;
  /** Removes all snapshots of `name`, its link and what an unfinished sync left; answers which. Needs the repo's lock. */
  drop(name: string): Promise<readonly string[] | No>;
  /** Removes pool files that no snapshot holds; a `No` while any sync runs. Answers the bytes set free. */
  sweepPool(): Promise<number | No>;
  /** The bytes that a sweep would set free once these snapshots (repo → ids) were gone. Removes nothing, needs no lock. */
  reclaimable(removed: ReadonlyMap<string, ReadonlySet<string>>): Promise<number | No>;
  /** Puts the pool's files of these contents in the place of damaged and missing ones, in every snapshot. Needs `lockPool`. */
  relink(contents: ReadonlySet<Sha256>): Promise<readonly Mended[]>;
  /** The right to sync a repo, across processes. */
  lockRepo(name: string): Promise<Lock | No>;
  /** The right to replace files of the pool: no sync of any repo runs meanwhile. */
  lockPool(): Promise<Lock | No>;
};

/** Opens the content below a data directory. */
export function openContentStore(dataDirectory: string): ContentStore {
  const disk = diskOf(dataDirectory);
  return {
    repoNames: () => repoNames(disk),
    repoStatus: async (name) => ({ current: await currentId(disk, name), snapshots: await snapshotIds(disk, name) }),
    currentId: (name) => currentId(disk, name),
    pathOf: (name, id) => pathOf(disk, name, id),
    snapshotDirectory: (name, id) => snapshotDirectory(disk, name, id),
    snapshotRecord: (name, id) => recordOf(disk, name, id),
    snapshotFiles: (name, id) => filesOf(disk, name, id),
    snapshotBytes: async (name, id, file) => {
      const directory = await snapshotDirectory(disk, name, id);
      return typeof directory === 'string' ? bytesOf(directory, file) : directory;
    },
    snapshotEvidence: (name, id) => evidenceOf(disk, name, id),
    currentSnapshot: async (name) => {
      const id = await currentId(disk, name);
      return id === undefined ? no('nothing is published yet') : readableRecord(disk, name, id);
    },
    newestSnapshot: async (name) => {
      const id = (await snapshotIds(disk, name)).at(-1);
      return id === undefined ? no('there is no snapshot yet') : readableRecord(disk, name, id);
    },
    saveSnapshot: async (name, draft) => saveSnapshot(disk, requireRepoName(name), draft),
    publish: (name, id) => publish(disk, name, id),
    confirmSnapshot: async (name, id) =>
      isRepoName(name)
        ? whilePublishing(disk.locks, name, () => snapshotDirectory(disk, name, id))
        : no('no such repo'),
    prune: (name, keep, pinned) => prune(disk, name, { keep, pinned }),
    drop: (name) => drop(disk, name),
    sweepPool: () => sweepPool(disk),
    reclaimable: (removed) => reclaimable(disk, removed),
    relink: (contents) => relink(disk, contents),
    lockRepo: (name) => lockRepo(disk.locks, name),
    lockPool: () => lockPool(disk.locks),
  };
}

async function readableRecord(disk: Disk, name: string, id: string): Promise<SnapshotRecord | No> {
  try {
    return await recordOf(disk, name, id);
  } catch (error) {
    if (error instanceof Malformed) return no(`the record of ${name}@${id} is damaged: ${error.message}`);
    throw error;
  }
}

async function publish(disk: Disk, name: string, id: string): Promise<SnapshotRecord | No> {
  if (!isRepoName(name)) return no('no such repo');
  return whilePublishing(disk.locks, name, async () => {
    const record = await recordOf(disk, name, id);
    if (!('digest' in record)) return record;
    await ensureDirectory(disk.repos);
    await removeHalfLinks(disk.repos, name);
    await saveSymlink(join(disk.repos, name), join('..', 'snapshots', name, id));
    return record;
  });
}

/** What a process killed between the two steps of `saveSymlink` left. */
async function removeHalfLinks(repos: string, name: string): Promise<void> {
  const isHalf = (entry: string): boolean =>
    entry.startsWith(`.${name}.`) && /^[0-9a-f]{12}\.tmp$/.test(entry.slice(name.length + 2));
  for (const entry of (await readdir(repos)).filter(isHalf)) await rm(join(repos, entry), { force: true });
}
