// Repairing over the open house: damaged files of a repo's snapshots brought anew, put in their places, and looked at again.

import { lstat, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { SnapshotFile } from '../../mirror/content/layout.ts';
import { refuseForRoom } from '../../mirror/content/room.ts';
import { startHasher } from '../../mirror/rpm/checksum.ts';
import type { DamagedFile } from '../../mirror/content/verify.ts';
import type { LocalFiles } from '../../mirror/sync/edges.ts';
import { openUpstream } from '../../mirror/sync/fetcher.ts';
import { countProgress, type SyncProgress } from '../../mirror/sync/progress.ts';
import { repairFiles, type RepairReport } from '../../mirror/sync/repair.ts';
import type { No } from '../malformed.ts';
import { codeOf, isNo, Malformed, no } from '../malformed.ts';
import type { Repo } from '../repo.ts';
import { accessOf } from './access.ts';
import type { House } from './house.ts';
import { findLocalFiles } from './local-files.ts';
import { prunableBytes } from './pruning.ts';
import { readInPieces, verifyAgain, type RepoVerdict, type SnapshotVerdict } from './verify.ts';

export type RepairWatch = { readonly onProgress: (progress: SyncProgress) => void; readonly signal: AbortSignal };

export type Repair = RepairReport & {
  readonly kind: 'repaired';
  /** Files that were no part of their snapshots. */
  readonly removed: readonly { readonly snapshot: string; readonly path: string }[];
  /** As it is now. */
  readonly verdict: RepoVerdict;
};

/** Repairs what `verdict` found damaged in `repo`. No sync of any repo runs meanwhile: a `No` while one does. */
export async function repairRepo(
  house: House,
  repo: Repo,
  { verdict, watch }: { readonly verdict: RepoVerdict; readonly watch: RepairWatch },
): Promise<Repair | No> {
  const lock = await house.content.lockPool();
  if (isNo(lock)) return no(`nothing is repaired: ${lock.reason}`, lock.remedy);
  try {
    const files = verdict.snapshots.flatMap(({ damaged }) => damaged.flatMap(({ file }) => file ?? []));
    const report = files.length === 0 ? NOTHING : await bring(house, repo, { files, watch });
    if (isNo(report)) return report;
    const removed = await removeStrays(house, verdict);
    return { kind: 'repaired', ...report, removed, verdict: await lookAgain(house, verdict, watch.signal) };
  } finally {
    lock.release();
  }
}

const NOTHING: RepairReport = { mended: [], lost: [] };

async function bring(
  house: House,
  repo: Repo,
  { files, watch }: { readonly files: readonly SnapshotFile[]; readonly watch: RepairWatch },
): Promise<RepairReport | No> {
  const contents = new Map(files.map((file) => [file.sha256, file.sizeBytes] as const));
  const neededBytes = [...contents.values()].reduce((sum, size) => sum + size, 0);
  const freeBytes = await house.pool.freeBytes();
  const prunable = neededBytes > freeBytes ? await prunableBytes(house) : undefined;
  const full = refuseForRoom({ neededBytes, freeBytes, prunableBytes: prunable });
  if (full !== undefined) return full;
  const target = await accessOf(house, repo);
  if (isNo(target)) return target;
  const upstream = openUpstream(target);
  const progress = countProgress(watch.onProgress, house.now);
  const { content: store, pool, log } = house;
  try {
    const staging = await pool.openMending(repo.name);
    const local = oneAfterTheOther(await copiesOf(house, contents), findLocalFiles(house, watch.signal));
    return await repairFiles(files, { upstream, pool, staging, store, local, progress, log, signal: watch.signal });
  } finally {
    progress.end();
    await upstream.close();
  }
}

function oneAfterTheOther(...all: readonly LocalFiles[]): LocalFiles {
  return async (wanted) => {
    for (const local of all) {
      const found = await local(wanted);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Files of these contents (sha256 → size) in any snapshot: one that is a copy, not a link, may be sound still. */
async function copiesOf({ content }: House, contents: ReadonlyMap<string, number>): Promise<LocalFiles> {
  const places = new Map<string, string[]>();
  for (const name of await content.repoNames()) {
    for (const id of (await content.repoStatus(name)).snapshots) {
      const directory = await content.snapshotDirectory(name, id);
      if (isNo(directory)) continue;
      const files = (await readableFiles(content, name, id)).filter(({ sha256 }) => contents.has(sha256));
      for (const { sha256, path } of files) places.set(sha256, [...(places.get(sha256) ?? []), join(directory, path)]);
    }
  }
  return async ({ checksum }) => {
    const path =
      checksum.type === 'sha256' ? await findSound(places.get(checksum.digest) ?? [], checksum.digest) : undefined;
    return path === undefined ? undefined : { chunks: () => readInPieces(path) };
  };
}

async function readableFiles(content: House['content'], name: string, id: string): Promise<readonly SnapshotFile[]> {
  try {
    const files = await content.snapshotFiles(name, id);
    return isNo(files) ? [] : files;
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}

/** The first of the files that has this content. Names of one file are read once. */
async function findSound(paths: readonly string[], sha256: string): Promise<string | undefined> {
  const seen = new Set<string>();
  for (const path of paths) {
    try {
      const { dev, ino } = await lstat(path);
      if (seen.has(`${dev}:${ino}`)) continue;
      seen.add(`${dev}:${ino}`);
      const hasher = startHasher('sha256');
      for await (const chunk of readInPieces(path)) hasher.update(chunk);
      if (hasher.digests().sha256 === sha256) return path;
    } catch (error) {
      // Gone, no plain file, or on blocks that cannot be read: another copy may do.
      if (codeOf(error) === undefined) throw error;
    }
  }
  return undefined;
}

async function removeStrays(house: House, { repo, snapshots }: RepoVerdict): Promise<Repair['removed']> {
  const removed: { snapshot: string; path: string }[] = [];
  for (const { snapshot, damaged } of snapshots) {
    const directory = await house.content.snapshotDirectory(repo, snapshot);
    if (isNo(directory)) continue;
    for (const { path } of damaged.filter(isStray)) {
      await rm(join(directory, path), { force: true });
      removed.push({ snapshot, path });
    }
  }
  return removed;
}

async function lookAgain(house: House, verdict: RepoVerdict, signal: AbortSignal): Promise<RepoVerdict> {
  const snapshots: SnapshotVerdict[] = [];
  for (const one of verdict.snapshots) {
    const directory = await house.content.snapshotDirectory(verdict.repo, one.snapshot);
    // Pruned meanwhile.
    if (isNo(directory)) continue;
    const files = one.damaged.flatMap(({ file }) => file ?? []);
    snapshots.push({ ...one, damaged: await verifyAgain(directory, files, signal) });
  }
  return { ...verdict, snapshots };
}

function isStray({ damage }: DamagedFile): boolean {
  return damage === 'stray';
}
