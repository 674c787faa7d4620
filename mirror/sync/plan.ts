// What a sync still has to fetch: the files that metadata wants against what the pool has. Running: only to breathe between slices.

import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import { checksumKey, type Checksum, type Sha256 } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import { inSlices, type Breathe } from './parallel.ts';

/** A file that metadata names. The size is unknown only for metadata of createrepo's first years. */
export type WantedFile = {
  readonly path: RelativePath;
  readonly checksum: Checksum;
  readonly sizeBytes: number | undefined;
};
/** What the pool has: the declared checksum's key → the pool file. */
export type Have = ReadonlyMap<string, { readonly sha256: Sha256; readonly sizeBytes: number }>;

export type SyncPlan = {
  /** One per content, in the order wanted: the first path that wants it. */
  readonly fetch: readonly WantedFile[];
  readonly present: readonly SnapshotFile[];
  /** Declared sizes of what is to be fetched; files of unknown size count 0. */
  readonly fetchBytes: number;
};

/** Sorts what is wanted into what is there and what must be fetched. The same file wanted twice counts once. */
export async function planSync(wanted: readonly WantedFile[], have: Have, breathe: Breathe): Promise<SyncPlan> {
  const present: SnapshotFile[] = [];
  const fetch = new Map<string, WantedFile>();
  const byPath = new Map<string, WantedFile>();
  let fetchBytes = 0;
  await inSlices(wanted, breathe, (file) => {
    if (isKnown(byPath, file)) return;
    const key = checksumKey(file.checksum);
    const found = have.get(key);
    const sizeBytes = file.sizeBytes ?? found?.sizeBytes;
    if (found !== undefined && found.sizeBytes === sizeBytes) {
      present.push({ path: file.path, sha256: found.sha256, sizeBytes, checksum: file.checksum });
      return;
    }
    const other = fetch.get(key);
    if (other !== undefined && other.sizeBytes !== file.sizeBytes) {
      throw new Malformed('one content is declared with two sizes', `${other.path} and ${file.path}`);
    }
    if (other !== undefined) return;
    fetch.set(key, file);
    fetchBytes += file.sizeBytes ?? 0;
  });
  return { fetch: [...fetch.values()], present, fetchBytes };
}

/**
 * The whole of a snapshot, each path once. Throws `Malformed` where one path is to hold two contents, or is a file
 * and a directory at once: no directory can serve both.
 */
export async function assembleSnapshot(
  files: readonly SnapshotFile[],
  breathe: Breathe,
): Promise<readonly SnapshotFile[]> {
  const byPath = new Map<string, SnapshotFile>();
  const directories = new Set<string>();
  await inSlices(files, breathe, (file) => {
    const other = byPath.get(file.path);
    if (other !== undefined && other.sha256 !== file.sha256) throw twoContents(file.path);
    byPath.set(file.path, other ?? file);
    addParents(directories, file.path);
  });
  for (const path of directories) {
    if (byPath.has(path)) throw new Malformed('a file and a directory at once', path);
  }
  return [...byPath.values()];
}

/** Adds the directories above `path`; those above a known one are known. */
function addParents(directories: Set<string>, path: string): void {
  for (let slash = path.lastIndexOf('/'); slash !== -1; slash = path.lastIndexOf('/', slash - 1)) {
    const directory = path.slice(0, slash);
    if (directories.has(directory)) return;
    directories.add(directory);
  }
}

/** Was this path wanted before? Notes it. Throws `Malformed` where it was to hold another content. */
function isKnown(byPath: Map<string, WantedFile>, file: WantedFile): boolean {
  const other = byPath.get(file.path);
  if (other === undefined) {
    byPath.set(file.path, file);
    return false;
  }
  if (other.checksum.digest !== file.checksum.digest || other.checksum.type !== file.checksum.type) {
    throw twoContents(file.path);
  }
  return true;
}

function twoContents(path: string): Malformed {
  return new Malformed('two contents for one path', path);
}
