// Damaged files of snapshots made whole: from a copy that lies here, else from upstream, proved by the digest they were published with.

import type { Log } from '../../server/log.ts';
import { messageOf } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import type { Pool, Staging } from '../content/pool/store.ts';
import type { ContentStore, Mended } from '../content/store.ts';
import { startHasher, type Sha256 } from '../rpm/checksum.ts';
import { downloadFile } from './download.ts';
import type { LocalFiles } from './edges.ts';
import { inParallel } from './parallel.ts';
import type { WantedFile } from './plan.ts';
import type { ProgressCounter } from './progress.ts';
import { takeLocal } from './reuse.ts';
import { SyncFault, type Upstream } from './upstream.ts';

export type RepairEdges = {
  /** Of the repo whose files these are. `ContentStore.lockPool` is held. */
  readonly upstream: Upstream;
  readonly pool: Pool;
  /** `Pool.openMending`. */
  readonly staging: Staging;
  readonly store: Pick<ContentStore, 'relink'>;
  /** Files of this content elsewhere on this disk: other snapshots' copies, trees. What they give is checked like a download. */
  readonly local: LocalFiles;
  readonly progress: ProgressCounter;
  readonly log: Log;
  readonly signal: AbortSignal;
};

export type RepairReport = {
  /** Every place that holds the sound file now, in whichever repo. */
  readonly mended: readonly Mended[];
  /** What nothing could give, and why. */
  readonly lost: readonly { readonly path: string; readonly reason: string }[];
};

/** An upstream that does not answer for so many files is not asked for the rest. */
const LIMIT_UNANSWERED = 3;

/**
 * Brings each file's content into the pool anew and puts it in the place of every damaged one. A file is what it was when it
 * was published, or it is not repaired: upstream's newer file of the same name is none. Rejects when `signal` aborts, and for
 * faults of this disk.
 */
export async function repairFiles(files: readonly SnapshotFile[], edges: RepairEdges): Promise<RepairReport> {
  const contents = [...new Map(files.map((file) => [file.sha256, file] as const)).values()];
  const lost: { path: string; reason: string }[] = [];
  let unanswered = 0;
  const { signal, upstream, progress } = edges;
  progress.expect(
    contents.length,
    contents.reduce((sum, file) => sum + file.sizeBytes, 0),
  );
  const brought = await inParallel(contents, { atOnce: upstream.connections, signal }, async (file, stop) => {
    try {
      if (unanswered >= LIMIT_UNANSWERED) throw new SyncFault(file.path, 'upstream does not answer');
      await bring(file, { ...edges, signal: stop });
      return file.sha256;
    } catch (error) {
      if (!(error instanceof SyncFault)) throw error;
      if (!error.stale) unanswered += 1;
      lost.push({ path: file.path, reason: reasonOf(error, file) });
      return undefined;
    }
  });
  await edges.staging.settle();
  const mended = await edges.store.relink(new Set(brought.filter((sha256) => sha256 !== undefined)));
  await edges.staging.clear();
  return { mended, lost };
}

/** Puts the content into the pool, unless the pool's own file of it is sound. Throws `SyncFault`. */
async function bring(file: SnapshotFile, edges: RepairEdges): Promise<void> {
  if (await isSound(file, edges)) return edges.progress.reused(file.sizeBytes);
  const { sha256, sizeBytes, path, checksum } = file;
  const wanted: WantedFile = { path, checksum: { type: 'sha256', digest: sha256 }, sizeBytes };
  // A tree's own metadata may know the file by the checksum that this one declared.
  const local: LocalFiles = async () =>
    (await edges.local(wanted)) ?? (checksum === undefined ? undefined : edges.local({ ...wanted, checksum }));
  if ((await takeLocal(wanted, { ...edges, local })) === undefined) await downloadFile(wanted, edges);
}

async function isSound({ sha256, sizeBytes }: SnapshotFile, { pool, signal }: RepairEdges): Promise<boolean> {
  if ((await pool.sizeOf(sha256)) !== sizeBytes) return false;
  return (await digestOf(pool.read(sha256), signal)) === sha256;
}

/** Undefined where the disk cannot read it any more. */
async function digestOf(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<Sha256 | undefined> {
  const hasher = startHasher('sha256');
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      hasher.update(chunk);
    }
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
  return hasher.digests().sha256;
}

/** Metadata changes under one name, packages hardly: what is no package was made here, or upstream has a newer one by now. */
function reasonOf(error: SyncFault, file: SnapshotFile): string {
  const reason = messageOf(error).replace(`${file.path}: `, '');
  if (!error.stale || file.path.endsWith('.rpm')) return reason;
  return `${reason}; it was made here, or upstream has another by now: publish another snapshot, or sync again`;
}
