// How the data directory names repos and snapshots, and which of them pruning leaves. Pure; store.ts does the disk.

import { Malformed } from '../../server/malformed.ts';
import type { Checksum, Sha256 } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';

/** One file of a snapshot. `checksum` is what upstream's metadata declares; repomd.xml and its signature have none. */
export type SnapshotFile = {
  readonly path: RelativePath;
  readonly sha256: Sha256;
  readonly sizeBytes: number;
  readonly checksum: Checksum | undefined;
};

/** What is told about a snapshot, beside it in `<id>.json`. */
export type SnapshotRecord = {
  readonly id: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly upstream: string;
  readonly revision: string | undefined;
  readonly packages: number;
  readonly files: number;
  readonly bytes: number;
  /** Of all paths and contents; equal digests are equal snapshots. */
  readonly digest: string;
  /** What was said aloud when it was made: a weak key accepted, an upstream's signature that no longer applies, holes. */
  readonly notes: readonly string[];
  readonly origin: SnapshotOrigin | undefined;
};

/** What upstream's repomd.xml, of a tree its .treeinfo, was when a snapshot was made: a sync that finds the same under the same settings has nothing to do. */
export type SnapshotOrigin = {
  readonly repomd: Sha256 | undefined;
  readonly etag: string | undefined;
  readonly lastModified: string | undefined;
  /** A digest of what the site said of the repo then. */
  readonly settings: string;
};

/** What can be kept as evidence beside a snapshot. */
export type JsonValue =
  string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue | undefined };

/** Mirrored trees lie beside the repos, under names that no repo of a site can have. */
const TREE = 'tree@';
const REPO_NAME = /^(?:tree@)?[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const SNAPSHOT_ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{8}$/;
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);

export function isRepoName(name: string): boolean {
  return REPO_NAME.test(name);
}

/** Under which name the content of a tree that is mirrored from a URL is kept. */
export function contentNameOfTree(name: string): string {
  return `${TREE}${name}`;
}

/** The tree whose content is kept under `name`; undefined where that is a repo's. */
export function treeOfContentName(name: string): string | undefined {
  return name.startsWith(TREE) ? name.slice(TREE.length) : undefined;
}

/** Throws `Malformed` unless the name is fit to be a directory's. */
export function requireRepoName(name: string): string {
  if (!isRepoName(name)) throw new Malformed(`not a repo's name: ${JSON.stringify(name.slice(0, 60))}`, 'repo');
  return name;
}

export function isSnapshotId(id: string): boolean {
  return SNAPSHOT_ID.test(id);
}

/**
 * `20261122T143000Z-1a2b3c4d`: UTC time and the content's digest. Ids sort by age; where the clock stands before the
 * newest of `existing`, a second after that one is taken, so that a clock set back never makes the new one the oldest.
 */
export function snapshotId(nowMs: number, digest: string, existing: readonly string[]): string {
  const newest = existing.toSorted().at(-1);
  const atMs = Math.max(nowMs, newest === undefined ? 0 : timeOfSnapshot(newest) + 1000);
  const stamp = new Date(atMs)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(/[-:]/g, '');
  return `${stamp}-${digest.slice(0, 8)}`;
}

/** Milliseconds since 1970 of a snapshot's id; 0 for what is no id. */
function timeOfSnapshot(id: string): number {
  const parts = SNAPSHOT_ID.exec(id)?.slice(1).map(Number);
  if (parts === undefined) return 0;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** The ids to remove so that `keep` newest stay, and `current` and the pinned ones wherever they are. */
export function planPrune(ids: readonly string[], keep: number, held: ReadonlySet<string>): readonly string[] {
  const removable = ids.toSorted();
  return removable.slice(0, Math.max(0, removable.length - Math.max(1, keep))).filter((id) => !held.has(id));
}

/** The longest time for which clients believe metadata they have read: dnf's `metadata_expire`, two days (yum's is six hours). */
const READ_FOR_MS = 48 * 3_600_000;

/**
 * The snapshots that somebody may still install by, having read their metadata while they were current: those that a newer one took the
 * place of less than two days before `nowMs`.
 */
export function stillRead(ids: readonly string[], nowMs: number): readonly string[] {
  const sorted = ids.toSorted();
  return sorted.filter((_, index) => {
    const next = sorted[index + 1];
    return next !== undefined && nowMs - timeOfSnapshot(next) < READ_FOR_MS;
  });
}

/** Why each snapshot that `planPrune` leaves is left: `current`, `pinned by cs40`, `one of the 3 newest`. */
export function explainKept(
  ids: readonly string[],
  { keep, current, pins, read }: Keeping,
): readonly { readonly snapshot: string; readonly because: readonly string[] }[] {
  const most = Math.max(1, keep);
  const newest = new Set(ids.toSorted().slice(-most));
  return ids.toSorted().flatMap((snapshot) => {
    const hosts = pins.get(snapshot) ?? [];
    const because = [
      ...(snapshot === current ? ['current'] : []),
      ...(hosts.length > 0 ? [`pinned by ${hosts.join(', ')}`] : []),
      ...(newest.has(snapshot) ? [most === 1 ? 'the newest' : `one of the ${most} newest`] : []),
      ...(read.includes(snapshot) ? ['replaced less than 48 hours ago'] : []),
    ];
    return because.length === 0 ? [] : [{ snapshot, because }];
  });
}

export type Keeping = {
  readonly keep: number;
  readonly current: string | undefined;
  /** Snapshot → the hosts that are pinned to it. */
  readonly pins: ReadonlyMap<string, readonly string[]>;
  /** See `stillRead`. */
  readonly read: readonly string[];
};

/** Does this system error's code say that nothing more can be written? */
export function isDiskFull(code: string | undefined): boolean {
  return code !== undefined && DISK_FULL.has(code);
}
