// Reads snapshots again and holds every file against the content it was published with. Edges are arguments.

import { messageOf } from '../../server/malformed.ts';
import { startHasher } from '../rpm/checksum.ts';
import type { SnapshotFile, SnapshotRecord } from './layout.ts';
import { contentDigest, type Breathe } from './manifest.ts';
import { atOnce } from './parallel.ts';

/** What can be wrong with a snapshot's file: it is `stray` where the manifest names none. */
export type Damage = 'missing' | 'unreadable' | 'cut' | 'too long' | 'altered' | 'stray';
/** `file` is what should be there; undefined for a stray one. */
export type DamagedFile = {
  readonly path: string;
  readonly damage: Damage;
  readonly reason: string;
  readonly file: SnapshotFile | undefined;
};

/** What stands at a path: `identity` tells hard links of one file from copies of it. */
export type Found = { readonly path: string; readonly identity: string; readonly kind: 'file' | 'other' };
/** A content as it was read: its size, its name in the pool, or why it could not be read. */
export type Judged = { readonly sizeBytes: number; readonly sha256: string } | { readonly reason: string };

export type VerifyEdges = {
  /** Everything in the snapshot that is no directory. */
  readonly list: () => Promise<readonly Found[]>;
  /** The bytes of a snapshot's file; throws where it cannot be read. */
  readonly read: (path: string) => AsyncIterable<Uint8Array>;
  /** What was read so far, by identity: a file that a hundred snapshots share is read once. Filled here. */
  readonly judged: Map<string, Judged>;
  /** Called after each file; `bytesRead` is 0 where it was judged already. */
  readonly onFile: (file: SnapshotFile, bytesRead: number) => void;
  readonly signal: AbortSignal;
};

/** The hash is the work of one core; reads of some files wait while others are hashed. */
const READS_AT_ONCE = 4;

/** Every file that is missing, unreadable, not what it was, or none of the snapshot's, by path. Rejects when `signal` aborts. */
export async function verifySnapshot(
  files: readonly SnapshotFile[],
  edges: VerifyEdges,
): Promise<readonly DamagedFile[]> {
  const found = new Map((await edges.list()).map((entry) => [entry.path, entry] as const));
  const damaged: DamagedFile[] = [];
  await atOnce(READS_AT_ONCE, files, async (file) => {
    edges.signal.throwIfAborted();
    const entry = found.get(file.path);
    found.delete(file.path);
    const before = entry === undefined ? undefined : edges.judged.get(entry.identity);
    const judged = entry === undefined ? 'missing' : (before ?? (await judge(entry, edges)));
    const damage = judged === 'missing' ? (['missing', 'is missing'] as const) : damageOf(file, judged);
    if (damage !== undefined) damaged.push({ path: file.path, damage: damage[0], reason: damage[1], file });
    edges.onFile(file, judged !== 'missing' && before === undefined && 'sizeBytes' in judged ? judged.sizeBytes : 0);
  });
  for (const path of found.keys()) {
    damaged.push({ path, damage: 'stray', reason: 'is no part of the snapshot', file: undefined });
  }
  return damaged.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

async function judge(entry: Found, edges: VerifyEdges): Promise<Judged> {
  const judged: Judged = entry.kind === 'file' ? await hash(entry.path, edges) : { reason: 'it is no plain file' };
  edges.judged.set(entry.identity, judged);
  return judged;
}

async function hash(path: string, { read, signal }: VerifyEdges): Promise<Judged> {
  const hasher = startHasher('sha256');
  let sizeBytes = 0;
  try {
    for await (const chunk of read(path)) {
      signal.throwIfAborted();
      hasher.update(chunk);
      sizeBytes += chunk.length;
    }
  } catch (error) {
    signal.throwIfAborted();
    return { reason: messageOf(error) };
  }
  return { sizeBytes, sha256: hasher.digests().sha256 };
}

function damageOf(file: SnapshotFile, judged: Judged): readonly [Damage, string] | undefined {
  if ('reason' in judged) return ['unreadable', `cannot be read: ${judged.reason}`];
  const { sizeBytes, sha256 } = judged;
  if (sizeBytes !== file.sizeBytes) {
    return [sizeBytes < file.sizeBytes ? 'cut' : 'too long', `has ${sizeBytes} bytes instead of ${file.sizeBytes}`];
  }
  return sha256 === file.sha256 ? undefined : ['altered', 'has another content than it was published with'];
}

/** Why the list of a snapshot's files is not the one it was published with; undefined where it is. `sorted` is as read. */
export async function manifestDamage(
  sorted: readonly SnapshotFile[],
  record: SnapshotRecord,
  breathe: Breathe,
): Promise<string | undefined> {
  const digest = await contentDigest(sorted, breathe);
  return digest === record.digest ? undefined : 'its list of files is not the one it was published with';
}
