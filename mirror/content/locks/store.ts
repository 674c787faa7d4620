// Who may write to the mirror's disk: one sync per repo, one publisher or pruner per repo, and the pool's sweeper alone.

import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { no, type No } from '../../../server/malformed.ts';
import { takeLock, type Lock } from '../../../server/lock.ts';
import { ensureDirectory } from '../../../server/store.ts';
import { isRepoName } from '../layout.ts';

const LOCK_WAIT_MS = 20;
const LOCK_TRIES = 250;

/** The right to sync `name`: no other sync of it runs, and nobody removes or mends pool files meanwhile. */
export async function lockRepo(locks: string, name: string): Promise<Lock | No> {
  if (!isRepoName(name)) return no('no such repo');
  const repo = await lockOf(locks, `repo-${name}`, 'exclusive');
  if (repo === undefined) return no(`another sync of ${name} is running`, 'wait until it has ended');
  const pool = await lockOf(locks, 'pool', 'shared');
  if (pool !== undefined) return { kind: 'lock', release: () => [pool, repo].forEach((lock) => lock.release()) };
  repo.release();
  return no('files of the pool are being removed or mended', 'try again in a moment');
}

/** The right to remove or replace files of the pool: no sync runs. */
export async function lockPool(locks: string): Promise<Lock | No> {
  return (await lockOf(locks, 'pool', 'exclusive')) ?? no('a sync is running', 'try again when it has ended');
}

/** Runs `task` while nobody else publishes or prunes `name`. */
export async function whilePublishing<T>(locks: string, name: string, task: () => Promise<T>): Promise<T | No> {
  for (let tries = 0; tries < LOCK_TRIES; tries += 1) {
    const lock = await lockOf(locks, `publish-${name}`, 'exclusive');
    if (lock !== undefined) return task().finally(() => lock.release());
    await sleep(LOCK_WAIT_MS);
  }
  return no('another process is publishing or pruning this repo', 'try again in a moment');
}

async function lockOf(locks: string, name: string, hold: 'exclusive' | 'shared'): Promise<Lock | undefined> {
  await ensureDirectory(locks);
  return takeLock(join(locks, `${name}.lock`), hold);
}
