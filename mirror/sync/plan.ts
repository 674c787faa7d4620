// What a sync still has to fetch: the files that metadata wants against what the pool has. Pure.

import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import { checksumKey, type Checksum, type Sha256 } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';

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
export function planSync(wanted: readonly WantedFile[], have: Have): SyncPlan {
  const present: SnapshotFile[] = [];
  const fetch = new Map<string, WantedFile>();
  for (const file of distinct(wanted)) {
    const key = checksumKey(file.checksum);
    const found = have.get(key);
    const sizeBytes = file.sizeBytes ?? found?.sizeBytes;
    if (found !== undefined && found.sizeBytes === sizeBytes) {
      present.push({ path: file.path, sha256: found.sha256, sizeBytes, checksum: file.checksum });
      continue;
    }
    const other = fetch.get(key);
    if (other === undefined) fetch.set(key, file);
    else if (other.sizeBytes !== file.sizeBytes) {
      throw new Malformed('one content is declared with two sizes', `${other.path} and ${file.path}`);
    }
  }
  const missing = [...fetch.values()];
  return { fetch: missing, present, fetchBytes: missing.reduce((sum, file) => sum + (file.sizeBytes ?? 0), 0) };
}

/**
 * The whole of a snapshot, each path once. Throws `Malformed` where one path is to hold two contents, or is a file
 * and a directory at once: no directory can serve both.
 */
export function assembleSnapshot(files: readonly SnapshotFile[]): readonly SnapshotFile[] {
  const byPath = new Map<string, SnapshotFile>();
  for (const file of files) {
    const other = byPath.get(file.path);
    if (other !== undefined && other.sha256 !== file.sha256) throw twoContents(file.path);
    byPath.set(file.path, other ?? file);
  }
  for (const path of byPath.keys()) {
    for (let slash = path.indexOf('/'); slash !== -1; slash = path.indexOf('/', slash + 1)) {
      if (byPath.has(path.slice(0, slash))) throw new Malformed('a file and a directory at once', path.slice(0, slash));
    }
  }
  return [...byPath.values()];
}

/** Each path and content once. */
function distinct(wanted: readonly WantedFile[]): readonly WantedFile[] {
  const byPath = new Map<string, WantedFile>();
  for (const file of wanted) {
    const other = byPath.get(file.path);
    if (other === undefined) byPath.set(file.path, file);
    else if (checksumKey(other.checksum) !== checksumKey(file.checksum)) throw twoContents(file.path);
  }
  return [...byPath.values()];
}

function twoContents(path: string): Malformed {
  return new Malformed('two contents for one path', path);
}
