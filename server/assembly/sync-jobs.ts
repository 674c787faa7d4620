// Syncs as jobs of the house: each one logged, followed and ended from any process; two of one repo or tree never run at once.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { contentNameOfTree, isRepoName, treeOfContentName } from '../../mirror/content/layout.ts';
import type { SyncCause, SyncEnding, SyncOutcome, SyncRecord } from '../../mirror/sync/log/record.ts';
import { LIFE_SIGN_MS, brokenOff, isBrokenOff, noFindings, tellable } from '../../mirror/sync/log/record.ts';
import type { SyncProgress } from '../../mirror/sync/progress.ts';
import type { SyncResult } from '../../mirror/sync/outcome.ts';
import { failed } from '../../mirror/sync/outcome.ts';
import type { Tree } from '../domain.ts';
import type { Lock } from '../lock.ts';
import { takeLock } from '../lock.ts';
import type { No } from '../malformed.ts';
import { messageOf, no } from '../malformed.ts';
import type { Repo } from '../repo.ts';
import { ensureDirectory } from '../store.ts';
import type { House } from './house.ts';
import { dataPaths } from './house.ts';
import type { SyncWatch } from './sync.ts';
import { syncNow } from './sync.ts';
import { syncTreeNow } from './trees.ts';

/** The part of the house that knows of syncs. */
export type SyncDesk = Pick<House, 'syncs' | 'now'> & { readonly settings: Pick<House['settings'], 'dataDirectory'> };

/** How a caller follows a sync, and what it means when the caller ends it by `signal`. */
export type JobWatch = {
  readonly cause: SyncCause;
  readonly onProgress: (progress: SyncProgress) => void;
  readonly signal: AbortSignal;
  readonly ifAborted: Extract<SyncOutcome, 'cancelled' | 'stopped'>;
  /** Plan everything anew, although upstream has nothing new. */
  readonly fresh?: 'always' | undefined;
};

/** `busy`: another process, or this one, syncs it already; `record` is that sync where the log knows it. */
export type JobEnd =
  | { readonly kind: 'ended'; readonly record: SyncRecord; readonly result: SyncResult }
  | { readonly kind: 'busy'; readonly record: SyncRecord | undefined };

const PROGRESS_EVERY_MS = 1000;
const POLL_MS = 250;
const LOCK_TRIES = 25;
const LOCK_WAIT_MS = 20;

/** Brings `repo` up to date, logged from begin to end. Ends early when `watch.signal` aborts or any process asks for it. */
export function runSync(house: House, repo: Repo, watch: JobWatch): Promise<JobEnd> {
  // Who waited for the lock may have waited for its removal.
  const sync = async (following: SyncWatch): Promise<SyncResult> =>
    house.site().repos.some(({ name }) => name === repo.name)
      ? syncNow(house, repo, following)
      : failed(`the site has no repo ${repo.name} any more`);
  return runJob(house, { name: repo.name, sync }, watch);
}

/** The same for a tree, which must be one from a URL. */
export function runTreeSync(house: House, tree: Tree, watch: JobWatch): Promise<JobEnd> {
  const name = contentNameOfTree(tree.name);
  return runJob(house, { name, sync: (following) => syncTreeNow(house, tree, following) }, watch);
}

/** What is to be synced: `name` is what the log, and the lock, know it by. */
type SyncJob = { readonly name: string; readonly sync: (watch: SyncWatch) => Promise<SyncResult> };

async function runJob(house: House, job: SyncJob, watch: JobWatch): Promise<JobEnd> {
  const lock = await lockJob(house, job.name);
  if (lock === undefined) return { kind: 'busy', record: runningSync(house, job.name) };
  try {
    return await runLogged(house, job, watch);
  } finally {
    lock.release();
  }
}

async function runLogged(house: House, job: SyncJob, watch: JobWatch): Promise<JobEnd> {
  const beginning = { repo: job.name, cause: watch.cause, startedAt: house.now() };
  const id = house.syncs.begin(beginning) ?? 0;
  const cancel = new AbortController();
  const life = showLife(house, id, cancel);
  const end = (ending: SyncEnding): SyncRecord => {
    life.end();
    house.syncs.end(id, ending);
    const { progress } = life;
    return {
      ...beginning,
      id,
      seenAt: ending.endedAt,
      cancelAsked: cancel.signal.aborted,
      progress,
      ...tellable(ending),
    };
  };
  try {
    const result = await job.sync({
      onProgress: (progress) => {
        life.progress = progress;
        watch.onProgress(progress);
      },
      signal: AbortSignal.any([watch.signal, cancel.signal]),
      fresh: watch.fresh,
    });
    const ended = cancel.signal.aborted ? 'cancelled' : watch.signal.aborted ? watch.ifAborted : undefined;
    return { kind: 'ended', record: end(endingOf(result, ended, house.now())), result };
  } catch (error) {
    end({ ...noFindings, outcome: 'failed', reason: messageOf(error), endedAt: house.now() });
    throw error;
  }
}

/** Writes the newest progress down once a second, says every few seconds that this process lives, and hears who wants it ended. */
function showLife(house: SyncDesk, id: number, cancel: AbortController) {
  const life = { progress: undefined as SyncProgress | undefined, end: () => clearInterval(timer) };
  let written: SyncProgress | undefined;
  let writtenAt = house.now();
  const timer = setInterval(() => {
    const now = house.now();
    const sinceMs = Math.abs(now - writtenAt);
    const isNews = life.progress !== written;
    if ((isNews && sinceMs >= PROGRESS_EVERY_MS) || sinceMs >= LIFE_SIGN_MS) {
      house.syncs.sign(id, now, isNews ? life.progress : undefined);
      written = life.progress;
      writtenAt = now;
    }
    if (house.syncs.cancelAsked(id)) cancel.abort(new Error('cancelled'));
  }, POLL_MS);
  return life;
}

function endingOf(result: SyncResult, ended: SyncOutcome | undefined, endedAt: number): SyncEnding {
  switch (result.kind) {
    case 'published': {
      const { packages, files, bytes, filesFetched, bytesFetched, bytesReused, snapshot, notes } = result;
      const counts = { packages, files, bytes, filesFetched, bytesFetched, bytesReused };
      return { ...noFindings, endedAt, outcome: 'published', snapshot, counts, notes };
    }
    case 'unchanged': {
      const { snapshot, newest } = result;
      const notes = newest === snapshot ? [] : [`the newest snapshot, ${newest}, is not the published one`];
      return { ...noFindings, endedAt, outcome: 'unchanged', snapshot, notes };
    }
    case 'failed': {
      const { reason, remedy, file, holes } = result;
      return { ...noFindings, endedAt, outcome: ended ?? 'failed', reason, remedy, file, notes: holes ?? [] };
    }
  }
}

/**
 * The right to sync the repo, or the tree kept under that name: while it is held no sync of it begins, in any process. Undefined
 * while one runs. Who only looks whether a sync lives holds the lock for an instant: that is waited out.
 */
export async function lockJob(house: SyncDesk, repo: string): Promise<Lock | undefined> {
  await ensureDirectory(dataPaths(house.settings.dataDirectory).locks);
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const lock = takeJobLock(house, repo);
    if (lock !== undefined) return lock;
    await sleep(LOCK_WAIT_MS);
  }
  return undefined;
}

function takeJobLock({ settings }: SyncDesk, repo: string): Lock | undefined {
  if (!isRepoName(repo)) throw new Error(`not a repo's name: ${JSON.stringify(repo.slice(0, 60))}`);
  return takeLock(join(dataPaths(settings.dataDirectory).locks, `sync-${repo}.lock`), 'exclusive');
}

/** Closes the records of processes that died. Asked before records are shown. */
export async function settleSyncs(house: SyncDesk): Promise<void> {
  const now = house.now();
  for (const record of house.syncs.open()) {
    await ensureDirectory(dataPaths(house.settings.dataDirectory).locks);
    let lock: Lock | undefined;
    const isLocked = (): boolean => (lock = takeJobLock(house, record.repo)) === undefined;
    if (isBrokenOff(record, { now, isLocked }))
      house.syncs.end(record.id, { ...brokenOff, endedAt: Math.max(record.startedAt, record.seenAt) });
    lock?.release();
  }
}

/** The sync of the repo, or of the tree kept under that name, that runs now, in whatever process. */
export function runningSync(house: SyncDesk, repo: string): SyncRecord | undefined {
  return house.syncs.open().findLast((record) => record.repo === repo);
}

/** How people call what is kept under `name`. */
export function shownName(name: string): string {
  const tree = treeOfContentName(name);
  return tree === undefined ? name : `the tree ${tree}`;
}

/** Follows a sync of any process to its end; undefined when `signal` aborts first, which leaves the sync running. */
export async function followSync(
  house: SyncDesk,
  id: number,
  watch: { readonly onProgress: (progress: NonNullable<SyncRecord['progress']>) => void; readonly signal: AbortSignal },
): Promise<SyncRecord | undefined> {
  while (!watch.signal.aborted) {
    await settleSyncs(house);
    const record = house.syncs.record(id);
    if (record === undefined || record.endedAt !== undefined) return record;
    if (record.progress !== undefined) watch.onProgress(record.progress);
    await sleep(POLL_MS, undefined, { signal: watch.signal }).catch((error: unknown) => {
      if (!watch.signal.aborted) throw error;
    });
  }
  return undefined;
}

/** Asks the process that syncs the repo, or the tree kept under that name, to end: it hears it within a second, and what it fetched is used the next time. */
export async function cancelSync(
  house: SyncDesk,
  repo: string,
): Promise<{ readonly kind: 'asked'; readonly id: number } | No> {
  await settleSyncs(house);
  const running = runningSync(house, repo);
  if (running === undefined || !house.syncs.askCancel(running.id)) return no(`no sync of ${shownName(repo)} runs`);
  return { kind: 'asked', id: running.id };
}
