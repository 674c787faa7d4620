// The pool on disk: every file stored once under its sha256, and per repo the parts and claims of a running sync.

import { readdir, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf, no, type No } from '../../../server/malformed.ts';
import { ensureDirectory, namesIn, saveFile } from '../../../server/store.ts';
import { checksumKey, sha256Of, type Checksum, type Sha256 } from '../../rpm/checksum.ts';
import { requireRepoName } from '../layout.ts';
import { readClaims } from './claims/store.ts';
import { openIfThere, openPart, readFrom, readOpened, type Part } from './part/store.ts';
import { startSettling, type Settling, type Verified } from './settling/store.ts';

export type { Part } from './part/store.ts';

export type Pool = {
  /** The size of a pool file, or a `No` where there is none. */
  sizeOf(sha256: Sha256): Promise<number | No>;
  read(sha256: Sha256): AsyncIterable<Uint8Array>;
  /** Puts bytes in memory into the pool, durable when it resolves. */
  save(bytes: Uint8Array): Promise<Sha256>;
  /** Bytes that may still be written. */
  freeBytes(): Promise<number>;
  /** Files that may still be made; Infinity on a file system that does not count them. */
  freeFiles(): Promise<number>;
  /** What the last sync of a repo left: nothing; or parts and claims; or all of a snapshot, which may not have been published. */
  stagingState(repo: string): Promise<'none' | 'unfinished' | 'whole'>;
  /** The staging area of one repo; its sync's lock must be held. Throws `Malformed` for a name that is none. */
  openStaging(repo: string): Promise<Staging>;
  /** One whose files replace what the pool has under their names: that is damaged. `ContentStore.lockPool` must be held. */
  openMending(repo: string): Promise<Staging>;
};

export type Staging = {
  /** The verified files of a sync that did not end: declared checksum's key → pool name. Believe it of names the pool has. */
  claims(): Promise<ReadonlyMap<string, Sha256>>;
  openPart(checksum: Checksum): Promise<Part>;
  /** Bytes held by unfinished parts: by those of the checksums with these keys (`checksumKey`) where any are named. */
  partBytes(keys?: ReadonlySet<string>): Promise<number>;
  /** Resolves when everything kept so far is durable in the pool; throws what kept one of them out. */
  settle(): Promise<void>;
  /** Notes down that all of a snapshot is there, until `clear`. */
  markWhole(): Promise<void>;
  /** Removes parts, so that a full disk has room again for the rest of the appliance. */
  dropParts(): Promise<void>;
  /** Removes all of it: the snapshot now holds what was claimed. */
  clear(): Promise<void>;
};

/** Opens the pool below a data directory, making its directories. */
export async function openPool(dataDirectory: string): Promise<Pool> {
  const pool = join(dataDirectory, 'pool');
  await ensureDirectory(pool);
  const settling = startSettling(pool);
  const sizeOf = async (sha256: Sha256): Promise<number | No> =>
    settling.find(sha256)?.sizeBytes ?? (await sizeAt(join(pool, sha256)));
  const staging = async (root: string, repo: string, existing: Verified['existing']): Promise<Staging> => {
    const directory = join(dataDirectory, root, requireRepoName(repo));
    await ensureDirectory(directory);
    return openStaging(settling, directory, existing);
  };
  return {
    sizeOf,
    read: async function* (sha256) {
      const path = settling.find(sha256)?.path;
      // It moves into the pool at any moment: opened here, or found there.
      const waiting = path === undefined ? undefined : await openIfThere(path);
      yield* waiting === undefined ? readFrom(join(pool, sha256)) : readOpened(waiting);
    },
    save: async (bytes) => {
      const sha256 = sha256Of(bytes);
      if ((await sizeAt(join(pool, sha256))) !== bytes.length) await saveFile(join(pool, sha256), bytes);
      return sha256;
    },
    freeBytes: async () => {
      const { bavail, bsize } = await statfs(pool);
      return bavail * bsize;
    },
    freeFiles: async () => {
      const { files, ffree } = await statfs(pool);
      return files === 0 ? Infinity : ffree;
    },
    stagingState: async (repo) => {
      const names = await namesIn(join(dataDirectory, 'staging', requireRepoName(repo)));
      return names.includes(WHOLE) ? 'whole' : names.length > 0 ? 'unfinished' : 'none';
    },
    openStaging: (repo) => staging('staging', repo, 'keep'),
    openMending: (repo) => staging('mending', repo, 'replace'),
  };
}

const PART = '.part';
const WHOLE = 'whole';

async function openStaging(settling: Settling, directory: string, existing: Verified['existing']): Promise<Staging> {
  // Nobody else writes here: the repo's lock is held.
  const found = new Set((await readdir(directory)).filter((name) => name.endsWith(PART)));
  const partNames = async (): Promise<readonly string[]> =>
    (await readdir(directory)).filter((name) => name.endsWith(PART));
  return {
    claims: async () => {
      await settling.idle();
      return readClaims(directory);
    },
    openPart: async (checksum) => {
      const key = checksumKey(checksum);
      const path = join(directory, `${key}${PART}`);
      if (settling.isWaiting(path)) await settling.idle();
      const part = await openPart({
        path,
        found: found.has(`${key}${PART}`),
        onVerified: async (sha256, file) => {
          found.delete(`${key}${PART}`);
          await settling.add({ staging: directory, path, key, sha256, existing, ...file });
        },
      });
      return {
        ...part,
        close: async () => {
          if (part.sizeBytes() > 0) found.add(`${key}${PART}`);
          await part.close();
        },
      };
    },
    partBytes: async (keys) => {
      await settling.idle();
      const names = (await partNames()).filter((name) => keys?.has(name.slice(0, -PART.length)) ?? true);
      const sizes = await Promise.all(names.map((name) => sizeAt(join(directory, name))));
      return sizes.reduce((sum: number, size) => sum + (typeof size === 'number' ? size : 0), 0);
    },
    settle: () => settling.settle(directory),
    markWhole: () => saveFile(join(directory, WHOLE), ''),
    dropParts: async () => {
      await settling.forget(directory);
      for (const name of await partNames()) await rm(join(directory, name), { force: true });
    },
    clear: async () => {
      await settling.forget(directory);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function sizeAt(path: string): Promise<number | No> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return no('not in the pool');
    throw error;
  }
}
