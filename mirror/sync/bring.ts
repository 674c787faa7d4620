// Brings wanted files into the pool: what is there stays, what a local tree has is copied, the rest is downloaded, many at once.

import { no } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import { refuseForRoom } from '../content/room.ts';
import { checksumKey } from '../rpm/checksum.ts';
import { downloadFile } from './download.ts';
import type { RoundEdges } from './edges.ts';
import { findHave } from './known.ts';
import { Refused } from './outcome.ts';
import { inParallel, inSlices } from './parallel.ts';
import { planSync, type SyncPlan, type WantedFile } from './plan.ts';
import { takeLocal } from './reuse.ts';
import { SyncFault } from './upstream.ts';

/** Says whether a file in the pool may be published; throws `SyncFault` where it may not. */
export type Prove = (file: SnapshotFile, signal: AbortSignal) => Promise<void>;

/** While so many files are hashed, synced to disk and named, the connections are busy with others. */
const FINISHING = 8;
const PROVED_AT_ONCE = 2;

/**
 * Answers every wanted path with its content, which is in the pool and proved; but for what `edges.onGone` was told of. Throws
 * `SyncFault` or `Malformed`.
 */
export async function bringFiles(
  wanted: readonly WantedFile[],
  prove: Prove,
  edges: RoundEdges,
): Promise<readonly SnapshotFile[]> {
  const plan = await planSync(wanted, await findHave(wanted, edges), edges.breathe);
  await requireSpace(plan, edges);
  const { fetch, present, fetchBytes } = plan;
  edges.progress.expect(fetch.length, fetchBytes);
  edges.log.debug('sync planned', { fetch: fetch.length, bytes: fetchBytes, present: present.length });
  const { signal } = edges;
  await inParallel(present, { atOnce: PROVED_AT_ONCE, signal }, prove);
  const atOnce = edges.upstream.connections + FINISHING;
  const fetched = await inParallel(fetch, { atOnce, signal }, async (file, stop) => {
    const brought = await bringFile(file, { ...edges, signal: stop });
    if (brought !== undefined) await prove(brought, stop);
    return brought;
  });
  const byKey = new Map<string, SnapshotFile>();
  for (const [index, file] of fetch.entries()) {
    const brought = fetched[index];
    if (brought !== undefined) byKey.set(checksumKey(file.checksum), brought);
  }
  const files = [...present];
  await inSlices(byKey.size === 0 ? [] : wanted, edges.breathe, (file) => {
    const found = byKey.get(checksumKey(file.checksum));
    if (found !== undefined) files.push({ ...found, path: file.path });
  });
  return files;
}

/** Undefined for a file that is left out. */
async function bringFile(wanted: WantedFile, edges: RoundEdges): Promise<SnapshotFile | undefined> {
  try {
    return (await takeLocal(wanted, edges)) ?? (await downloadFile(wanted, edges));
  } catch (error) {
    if (edges.onGone === undefined || !(error instanceof SyncFault) || !error.stale) throw error;
    edges.onGone(wanted, error);
    return undefined;
  }
}

/** What cannot fit is not begun. */
async function requireSpace({ fetch, fetchBytes }: SyncPlan, edges: RoundEdges): Promise<void> {
  if (fetch.length === 0) return;
  const keys = new Set(fetch.map(({ checksum }) => checksumKey(checksum)));
  const neededBytes = fetchBytes - (await edges.staging.partBytes(keys));
  const freeBytes = await edges.pool.freeBytes();
  const prunableBytes = neededBytes > freeBytes ? await edges.prunable?.() : undefined;
  const refusal = refuseForRoom({ neededBytes, freeBytes, prunableBytes });
  if (refusal !== undefined) throw new Refused(refusal);
  const freeFiles = await edges.pool.freeFiles();
  if (fetch.length <= freeFiles) return;
  throw new Refused(
    no(`the disk is full: ${fetch.length} files are to be fetched, and ${freeFiles} more can be made on it`),
  );
}
