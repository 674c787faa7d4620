// Has a rescued upstream anything new? It is asked for what was looked at when the newest snapshot was made: where all is the same, nothing is written.

import { isNo } from '../../server/malformed.ts';
import { sha256Of } from '../rpm/checksum.ts';
import type { SyncOptions } from '../sync/edges.ts';
import { readPast, type Past } from '../sync/news.ts';
import type { Upstream } from '../sync/upstream.ts';
import { REPOMD } from './documents.ts';
import { parseEvidence, pictureOf, type Evidence, type Looked } from './evidence.ts';
import { areStillGone, isAsLooked } from './look.ts';

export type PoorNews =
  /** As in `SyncResult`. */
  | { readonly kind: 'unchanged'; readonly snapshot: string; readonly newest: string }
  /** `before`: what the newest snapshot was made of, under these very settings. */
  | { readonly kind: 'poor'; readonly before: Evidence | undefined };

/**
 * Costs one request for each thing that was looked at (repomd.xml where upstream has a sound list of packages; else that, if it is
 * there, and each index page, and comps found beside them), and one for each file that was gone. Throws `SyncFault`.
 */
export async function lookForPoorNews(upstream: Upstream, options: SyncOptions): Promise<PoorNews> {
  const before = await readEvidence(options);
  const past = await readPast(options);
  const looked = past === undefined ? undefined : lookedThen(past, before);
  if (past === undefined || looked === undefined) return { kind: 'poor', before };
  const edges = { upstream, signal: options.signal, breathe: () => upstream.pause(0, options.signal) };
  const isSame = (await isAsLooked(looked, edges)) && (await areStillGone(before?.flaws ?? [], edges));
  return isSame ? { kind: 'unchanged', snapshot: past.published, newest: past.newest } : { kind: 'poor', before };
}

/** The evidence of the newest snapshot, where it was made under the same settings. */
async function readEvidence({ repo, store, settings }: SyncOptions): Promise<Evidence | undefined> {
  const newest = await store.newestSnapshot(repo.name);
  if (isNo(newest) || newest.origin?.settings !== settings) return undefined;
  const evidence = await store.snapshotEvidence(repo.name, newest.id);
  return isNo(evidence) ? undefined : parseEvidence(evidence.value);
}

/** Undefined where evidence and record do not belong together: that of a snapshot stamped anew is of another. */
function lookedThen({ origin }: Past, before: Evidence | undefined): readonly Looked[] | undefined {
  const { repomd, etag, lastModified } = origin;
  if (before === undefined) return [{ path: REPOMD, sha256: repomd, etag, lastModified }];
  return sha256Of(pictureOf(before.looked)) === repomd ? before.looked : undefined;
}
