// How the data directory names repos, snapshots and their records. Pure: text in, text out; store.ts does the disk.

import { Malformed } from '../../server/malformed.ts';
import { asSha256, parseChecksumKey, checksumKey, sha256Of, type Checksum, type Sha256 } from '../rpm/checksum.ts';
import { parseHref, encodePath, type RelativePath } from '../rpm/href.ts';

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
};

const REPO_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;
const SNAPSHOT_ID = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-[0-9a-f]{8}$/;
const DISK_FULL = new Set(['ENOSPC', 'EDQUOT']);

export function isRepoName(name: string): boolean {
  return REPO_NAME.test(name);
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

/** One digest for a whole content: the same files under the same names give the same, in any order. */
export function contentDigest(files: readonly SnapshotFile[]): string {
  return sha256Of(
    sorted(files)
      .map((file) => `${file.sha256} ${file.path}\n`)
      .join(''),
  );
}

/** The ids to remove so that `keep` newest stay, and `current` and the pinned ones wherever they are. */
export function planPrune(ids: readonly string[], keep: number, held: ReadonlySet<string>): readonly string[] {
  const removable = ids.toSorted();
  return removable.slice(0, Math.max(0, removable.length - Math.max(1, keep))).filter((id) => !held.has(id));
}

/** `<id>.manifest`: a line per file, `sha256 size declared-checksum-or-dash encoded-path`, sorted by path. */
export function renderManifest(files: readonly SnapshotFile[]): string {
  const line = (file: SnapshotFile): string => {
    const declared = file.checksum === undefined ? '-' : checksumKey(file.checksum);
    return `${file.sha256} ${file.sizeBytes} ${declared} ${encodePath(file.path)}\n`;
  };
  return sorted(files).map(line).join('');
}

/** Reads what `renderManifest` wrote. Throws `Malformed`. */
export function parseManifest(text: string): readonly SnapshotFile[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const where = `manifest, line ${index + 1}`;
      const [name = '', size = '', declared = '', path = ''] = line.split(' ');
      const sha256 = asSha256(name);
      if (sha256 === undefined || !/^\d{1,15}$/.test(size)) throw new Malformed('not a manifest line', where);
      const checksum = declared === '-' ? undefined : parseChecksumKey(declared, where);
      return { path: parseHref(path, where), sha256, sizeBytes: Number(size), checksum };
    });
}

/** Reads an `<id>.json`. Throws `Malformed`. */
export function parseRecord(text: string, id: string): SnapshotRecord {
  const where = `${id}.json`;
  const value: unknown = parseJson(text, where);
  if (typeof value !== 'object' || value === null) throw new Malformed('not a snapshot record', where);
  const fields = new Map<string, unknown>(Object.entries(value));
  const word = (key: string): string => {
    const field = fields.get(key);
    if (typeof field !== 'string') throw new Malformed(`no ${key}`, where);
    return field;
  };
  const count = (key: string): number => {
    const field = fields.get(key);
    if (typeof field !== 'number' || !Number.isSafeInteger(field) || field < 0) throw new Malformed(`no ${key}`, where);
    return field;
  };
  return {
    id,
    createdAt: word('createdAt'),
    upstream: word('upstream'),
    revision: fields.get('revision') === undefined ? undefined : word('revision'),
    packages: count('packages'),
    files: count('files'),
    bytes: count('bytes'),
    digest: word('digest'),
  };
}

/** Does this system error's code say that nothing more can be written? */
export function isDiskFull(code: string | undefined): boolean {
  return code !== undefined && DISK_FULL.has(code);
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Malformed(cause instanceof Error ? cause.message : 'not JSON', where);
  }
}

function sorted(files: readonly SnapshotFile[]): readonly SnapshotFile[] {
  return files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}
