// The way from a verified part to a name in the pool: data synced first, the name given after, many files at a time.

import type { FileHandle } from 'node:fs/promises';
import { link, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../../server/malformed.ts';
import { syncDirectory } from '../../../../server/store.ts';
import type { Sha256 } from '../../../rpm/checksum.ts';
import { atOnce } from '../../parallel.ts';
import { appendClaims } from '../claims/store.ts';

/** A whole file that was checked, not yet in the pool. Its handle is closed when it settles. */
export type Verified = {
  readonly staging: string;
  readonly path: string;
  readonly key: string;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly handle: FileHandle;
  /** `replace`: what the pool has under this name is known to be damaged. */
  readonly existing: 'keep' | 'replace';
};

/**
 * A name in the pool is a promise that outlives a power cut: its content was checked, and reached the disk before the name
 * did. So a verified file waits here under its part's name; meanwhile others gather, and a batch of them is synced together
 * (a database's group commit: one flush of the journal serves all that wait for it). What a kill or a power cut leaves of the
 * wait is a part, and a part is hashed again before it is believed.
 */
export type Settling = {
  /** Hands a file over; waits while too many wait. Throws what an earlier one of the same staging area failed with. */
  add(file: Verified): Promise<void>;
  /** The file with this content, while it waits. */
  find(sha256: Sha256): Verified | undefined;
  /** Does the file at `path` wait? */
  isWaiting(path: string): boolean;
  /** Resolves when none waits. */
  idle(): Promise<void>;
  /** Resolves when none waits and the pool's names are durable; throws what a file of `staging` failed with. */
  settle(staging: string): Promise<void>;
  /** Resolves when none waits; what failed is forgotten: the staging area is given up. */
  forget(staging: string): Promise<void>;
};

/** Descriptors held open by files that wait. */
const LIMIT_WAITING = 64;
/** Node's four disk threads also serve clients: a slow disk's syncs must not take them all. */
const SYNCS_AT_ONCE = 2;
const NAMES_AT_ONCE = 8;
const UNLINKABLE = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Starts with nothing waiting, for the pool directory `pool`. */
export function startSettling(pool: string): Settling {
  const waiting = new Map<string, Verified>();
  const failures = new Map<string, unknown>();
  let queue: Verified[] = [];
  let batches: Promise<void> | undefined;

  const settleAll = async (): Promise<void> => {
    while (queue.length > 0) {
      const files = queue;
      queue = [];
      await settleBatch(pool, files, failures);
      for (const { path } of files) waiting.delete(path);
    }
    batches = undefined;
  };
  const rethrow = (staging: string): void => {
    const failure = failures.get(staging);
    failures.delete(staging);
    if (failure !== undefined) throw failure;
  };
  // The batches end only when nothing is left in the queue.
  const idle = async (): Promise<void> => batches;
  return {
    add: async (file) => {
      queue.push(file);
      waiting.set(file.path, file);
      batches ??= settleAll();
      if (waiting.size > LIMIT_WAITING) await batches;
      rethrow(file.staging);
    },
    find: (sha256) => {
      for (const file of waiting.values()) if (file.sha256 === sha256) return file;
      return undefined;
    },
    isWaiting: (path) => waiting.has(path),
    idle,
    settle: async (staging) => {
      await idle();
      rethrow(staging);
      await syncDirectory(pool);
    },
    forget: async (staging) => {
      await idle();
      failures.delete(staging);
    },
  };
}

/** Never rejects: what went wrong is one staging area's failure, and its file stays a part. */
async function settleBatch(pool: string, files: readonly Verified[], failures: Map<string, unknown>): Promise<void> {
  const synced: Verified[] = [];
  const attempt = async (staging: string, task: () => Promise<void>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      failures.set(staging, error);
    }
  };
  await atOnce(SYNCS_AT_ONCE, files, (file) =>
    attempt(file.staging, async () => {
      await syncAndClose(file);
      synced.push(file);
    }),
  );
  const areas = Map.groupBy(synced, ({ staging }) => staging);
  await atOnce(SYNCS_AT_ONCE, areas, ([staging, claimed]) =>
    attempt(staging, async () => {
      await appendClaims(staging, claimed);
      await atOnce(NAMES_AT_ONCE, claimed, (file) => enterPool(pool, file));
    }),
  );
}

/** Published files are for everyone to read, whatever the umask of who started the sync. */
async function syncAndClose({ handle, path, sizeBytes }: Verified): Promise<void> {
  try {
    const { size, mode } = await handle.stat();
    if (size !== sizeBytes) throw new Error(`${path} has ${size} bytes on disk, and ${sizeBytes} were checked`);
    if ((mode & 0o777) !== 0o644) await handle.chmod(0o644);
    await syncOrRemove(handle, path);
  } finally {
    await handle.close();
  }
}

/** After a failed write the memory may hold what the disk does not (fsync(2)): such a part would pass every check. */
async function syncOrRemove(handle: FileHandle, path: string): Promise<void> {
  try {
    await handle.datasync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** What the pool has already stays, so that snapshots share it, unless it cannot be what its name says. */
async function enterPool(pool: string, { path, sha256, sizeBytes, existing }: Verified): Promise<void> {
  const target = join(pool, sha256);
  if (existing === 'replace') return rename(path, target);
  try {
    await link(path, target);
  } catch (error) {
    const there = codeOf(error) === 'EEXIST';
    if (!there && !UNLINKABLE.has(codeOf(error) ?? '')) throw error;
    if (!there || (await stat(target)).size !== sizeBytes) return rename(path, target);
  }
  await rm(path);
}
