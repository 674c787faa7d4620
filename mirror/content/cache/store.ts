// The files that content is answered from, edge: small ones in memory, the last ones used held open, each proved by stat(2) before use.

import { constants, read, statSync, type BigIntStats } from 'node:fs';
import { open, stat, statfs, type FileHandle } from 'node:fs/promises';
import { weightOf, type Kept } from '../kept.ts';
import type { FilePlace, Spot } from '../place.ts';
import { createBufferPool, type BufferPool } from '../buffers.ts';
import { createBounded } from './bounded.ts';
import { Descriptors, type Held, type Lent } from './descriptors.ts';
import { isSettled, isUntouched, sameBytes, type Identity } from './identity.ts';

/** A file that is open for one answer. */
export type OpenFile = {
  readonly about: Identity;
  /** Fills all of `target` from `position` of the file, or rejects. */
  readAt(target: Uint8Array, position: number): Promise<void>;
  /** Rejects where the file was written since it was opened. */
  verify(): Promise<void>;
  release(): void;
};

export type ContentFiles = {
  /** A file up to this size is kept in memory. */
  readonly smallBytes: number;
  /** What bodies that are read from disk pass through; all of them share it, so that the memory of all transfers is bounded. */
  readonly buffers: BufferPool;
  /**
   * What was remembered of a spot, where stat says that it is still so. It waits for that one stat(2): about 1 µs for a file whose
   * entry the kernel has in memory, where the thread pool takes 20 to 50 µs. Only files on local disks are ever remembered.
   */
  recall(spot: Spot): Kept | undefined;
  /** Remembers, where a later change of the file is sure to be seen. */
  remember(spot: Spot, kept: Kept): Promise<void>;
  /**
   * The file of a place. Rejects with the system's error where it cannot be had, and with another where it is no longer the one
   * that was found: no bytes of another file are ever sent in its name. `seen` is what stat has just said of it, if it was asked.
   */
  open(place: FilePlace, seen?: Identity): Promise<OpenFile>;
  /** What is held now. */
  holding(): { readonly files: number; readonly bytes: number; readonly descriptors: number };
  close(): void;
};

export type ContentFileLimits = {
  /** Of all files in memory, with what belongs to each. */
  readonly memoryBytes: number;
  /** A larger file is read from disk each time. */
  readonly smallBytes: number;
  /** Files known, in memory or not. */
  readonly files: number;
  readonly descriptors: number;
  /** A file that nobody reads is closed after one to two of these. */
  readonly idleMs: number;
  /** How long a file has to have been left alone before it is remembered: see `isSettled`. */
  readonly settledMs: number;
};

/**
 * 256 KiB holds nearly all of a repository's metadata but the large lists, and half of its packages; 64 MiB of such files is the
 * part of a mirror that a hundred machines installing the same profile ask for again and again. Descriptors are few, far below the
 * 1024 that a process may have by default, and are soon let go: a medium whose files are held open can be neither unmounted nor,
 * when removed, give its space back.
 */
export const LIMITS: ContentFileLimits = {
  memoryBytes: 64 * 1024 * 1024,
  smallBytes: 256 * 1024,
  files: 16_384,
  descriptors: 128,
  idleMs: 5_000,
  // The coarsest steps of dates are FAT's 2 s; where the kernel keeps them by its tick they are 4 ms.
  settledMs: 2_500,
};

/** Nothing is held yet. */
export function openContentFiles(limits: ContentFileLimits = LIMITS): ContentFiles {
  const known = createBounded<Kept>({ entries: limits.files, weight: limits.memoryBytes });
  const descriptors = new Descriptors<FileHandle>({
    open: openFile,
    look: (path) => stat(path, { bigint: true }),
    // Nothing was written to it: what goes wrong at its end is of no account.
    close: (file) => void file.close().catch(() => undefined),
    limit: limits.descriptors,
  });
  let sweeping: NodeJS.Timeout | undefined;
  const sweepLater = (): void => {
    sweeping ??= setTimeout(() => {
      sweeping = undefined;
      if (descriptors.sweep()) sweepLater();
    }, limits.idleMs).unref();
  };
  return {
    smallBytes: limits.smallBytes,
    buffers: createBufferPool(),
    recall: (spot) => {
      const kept = known.get(spot.key);
      if (kept === undefined) return undefined;
      const now = lookNow(spot.file);
      if (now !== undefined && isUntouched(kept.about, now) && spot.still?.() !== false) return kept;
      known.drop(spot.key);
      return undefined;
    },
    remember: async (spot, kept) => {
      if (!isSettled(kept.about, Date.now(), limits.settledMs) || !(await mayRemember(spot.file))) return;
      known.put(spot.key, kept, weightOf(kept));
    },
    open: async (place, seen) => {
      const lent = await descriptors.take(place.file, seen);
      sweepLater();
      try {
        requireSame(place, lent.about, seen);
        return reading(lent);
      } catch (error) {
        lent.release();
        throw error;
      }
    },
    holding: () => ({ files: known.size, bytes: known.weight, descriptors: descriptors.size }),
    close: () => {
      clearTimeout(sweeping);
      descriptors.close();
    },
  };
}

async function openFile(path: string): Promise<Held<FileHandle>> {
  // O_NONBLOCK: opening a pipe by accident must not hang a thread.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const about = await file.stat({ bigint: true });
    if (!about.isFile()) throw new Error('the place is no regular file');
    return { file, about };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Undefined where nothing lies there, or it cannot be told: the long way then says why. */
function lookNow(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** The file for one answer. It is given back once it is released and no read of it runs: a descriptor that is closed may soon be another file's. */
function reading({ file, about, release }: Lent<FileHandle>): OpenFile {
  let [running, released] = [0, false];
  const settle = (): void => {
    running -= 1;
    if (running === 0 && released) release();
  };
  return {
    about,
    readAt: async (target, position) => {
      running += 1;
      await new Promise<void>((resolve, reject) => fill(file.fd, { target, position, resolve, reject })).finally(
        settle,
      );
    },
    verify: async () => {
      if (!sameBytes(about, await file.stat({ bigint: true }))) throw new Error('the file changed while it was sent');
    },
    release: () => {
      released = true;
      if (running === 0) release();
    },
  };
}

type Filling = {
  readonly target: Uint8Array;
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
};

/** Reads until `target` is full. With a callback: the promises and objects of `FileHandle.read` cost a fast transfer a tenth of its rate. */
function fill(fd: number, { target, position, resolve, reject }: Filling, done = 0): void {
  read(fd, target, done, target.byteLength - done, position + done, (error, bytesRead) => {
    if (error !== null) reject(error);
    else if (done + bytesRead === target.byteLength) resolve();
    else if (bytesRead === 0) reject(new Error('the file ended before the bytes that were promised'));
    else fill(fd, { target, position, resolve, reject }, done + bytesRead);
  });
}

/** Throws where the opened file cannot be the one that was located. */
function requireSame(place: FilePlace, about: Identity, seen: Identity | undefined): void {
  const [first, second] = place.extents;
  const end = place.extents.reduce((most, { offset, length }) => Math.max(most, offset + length), 0);
  // A file of an ISO never starts at 0, where the ISO's own system area lies; for any other the file on disk is the place itself.
  const isWhole = first !== undefined && second === undefined && first.offset === 0;
  const sameSize = isWhole ? Number(about.size) === place.sizeBytes : Number(about.size) >= end;
  const sameTime = !isWhole || Math.abs(Number(about.mtimeNs) / 1e6 - place.modifiedMs) < 1;
  const sameFile = [place.image, seen].every((one) => one === undefined || sameBytes(one, about));
  if (!sameSize || !sameTime || !sameFile) throw new Error('the file changed after it was found');
}

/**
 * The f_type of file systems (statfs(2), linux/magic.h) whose stat never waits for another machine: ext2–4, XFS, Btrfs, tmpfs,
 * overlayfs, F2FS, ZFS, ISO 9660, UDF, SquashFS, EROFS, FAT, exFAT, bcachefs. Any other, and all of them on another system, counts as remote.
 */
const LOCAL = new Set([
  ...[0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x794c7630, 0xf2f52010, 0x2fc12fc1, 0x9660, 0x15013346],
  ...[0x73717368, 0xe0f5e1e2, 0x4d44, 0x2011bab0, 0xca451a4e],
]);

/** False too where the spot has just become another's: whatever was published last is followed, and may not have this file. */
async function mayRemember(path: string): Promise<boolean> {
  try {
    return await isLocalDisk(path);
  } catch {
    return false;
  }
}

/**
 * Does `path` lie on a disk of this machine, so that its stat may be waited for? A hung NFS server must not hang DHCP too. Not where it
 * cannot be told: nothing lies at the spot of what was found in an older snapshot.
 */
export async function isLocalDisk(path: string): Promise<boolean> {
  if (process.platform !== 'linux') return false;
  const about = await statfs(path).catch(() => undefined);
  return about !== undefined && LOCAL.has(about.type);
}
