// The sync of one repo from upstream to a published snapshot; any failure leaves what is published alone.

import type { Log } from '../../server/log.ts';
import { codeOf, Malformed, messageOf } from '../../server/malformed.ts';
import { isDiskFull, isRepoName, type SnapshotRecord } from '../content/layout.ts';
import type { Pool } from '../content/pool/store.ts';
import type { ContentStore } from '../content/store.ts';
import { checksumKey, type Sha256 } from '../rpm/checksum.ts';
import { countProgress, type SyncProgress } from './progress.ts';
import { syncRound, type RoundContent, type RoundEdges } from './round.ts';
import { SyncFault, type Upstream } from './upstream.ts';

export type SyncOptions = {
  readonly repo: { readonly name: string; readonly upstream: string; readonly keep: number };
  readonly store: ContentStore;
  readonly pool: Pool;
  /** Opens an upstream; `openUpstream` of fetcher.ts. */
  readonly fetch: (upstream: string) => Upstream;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly log: Log;
  readonly onProgress: (progress: SyncProgress) => void;
  readonly signal: AbortSignal;
  /** Snapshots of this repo that armed hosts are pinned to, asked for when the old ones are pruned. */
  readonly pinned: () => Promise<readonly string[]>;
};

export type SyncResult =
  | {
      readonly kind: 'published';
      readonly snapshot: string;
      readonly packages: number;
      readonly files: number;
      readonly bytes: number;
      /** What was really received; the rest was in the pool. */
      readonly bytesFetched: number;
      readonly filesFetched: number;
      readonly pruned: readonly string[];
    }
  /** Upstream is what is published already. */
  | { readonly kind: 'unchanged'; readonly snapshot: string }
  | { readonly kind: 'failed'; readonly reason: string; readonly file: string | undefined };

const LIMIT_ROUNDS = 4;

/** Brings a repo up to date. Never throws for what upstream, the disk or another process does: that is `failed`. */
export async function syncRepo(options: SyncOptions): Promise<SyncResult> {
  const { repo, store } = options;
  if (!isRepoName(repo.name)) return failed(`not a repo's name: ${JSON.stringify(repo.name.slice(0, 60))}`);
  const lock = await store.lockRepo(repo.name);
  if (lock.kind === 'no') return failed(lock.reason);
  let result: SyncResult;
  try {
    result = await syncLocked(options);
  } catch (error) {
    result = failureOf(error, options.signal);
  } finally {
    lock.release();
  }
  return result.kind === 'published' ? { ...result, pruned: await pruneOld(options) } : result;
}

async function syncLocked(options: SyncOptions): Promise<SyncResult> {
  const { repo, pool, store, log, signal } = options;
  const upstream = options.fetch(repo.upstream);
  const staging = await pool.openStaging(repo.name);
  const progress = countProgress(options.onProgress);
  try {
    const known = await knownChecksums(store, repo.name);
    const content = await syncRounds({ upstream, pool, staging, known, progress, log, signal });
    const result = await publishContent(content, options);
    await staging.clear();
    return result.kind === 'published' ? { ...result, ...progress.fetched() } : result;
  } catch (error) {
    if (isDiskFull(codeOf(error))) await staging.dropParts();
    throw error;
  } finally {
    await upstream.close();
  }
}

async function syncRounds(edges: RoundEdges): Promise<RoundContent> {
  for (let rounds = 0; rounds < LIMIT_ROUNDS; rounds += 1) {
    const round = await syncRound(edges);
    if (round.kind === 'content') return round.content;
    edges.log.info('upstream changed during the sync; planning again', { round: rounds + 1 });
  }
  throw new SyncFault('repodata/repomd.xml', `changed ${LIMIT_ROUNDS} times during the sync`);
}

async function publishContent(content: RoundContent, options: SyncOptions): Promise<SyncResult> {
  const { repo, store } = options;
  options.signal.throwIfAborted();
  const before = await store.currentSnapshot(repo.name);
  const draft = { now: options.now(), upstream: withoutPassword(repo.upstream), ...content };
  const saved = await store.saveSnapshot(repo.name, draft);
  if ('digest' in before && before.id === saved.id) return { kind: 'unchanged', snapshot: saved.id };
  const published = await store.publish(repo.name, saved.id);
  return 'digest' in published ? publishedResult(published) : failed(published.reason);
}

function publishedResult({ id, packages, files, bytes }: SnapshotRecord): SyncResult {
  const none = { bytesFetched: 0, filesFetched: 0, pruned: [] };
  return { kind: 'published', snapshot: id, packages, files, bytes, ...none };
}

function withoutPassword(upstream: string): string {
  if (!URL.canParse(upstream)) return upstream;
  const url = new URL(upstream);
  url.username = '';
  url.password = '';
  return url.href;
}

/** Checksums other than sha256 name no pool file by themselves: the published snapshot remembers what they stood for. */
async function knownChecksums(store: ContentStore, name: string): Promise<ReadonlyMap<string, Sha256>> {
  const current = await store.currentSnapshot(name);
  if (!('digest' in current)) return new Map();
  const files = await store.snapshotFiles(name, current.id);
  if ('kind' in files) return new Map();
  return new Map(files.flatMap(({ checksum, sha256 }) => (checksum ? [[checksumKey(checksum), sha256]] : [])));
}

/** Pruning that fails loses no content and spoils no sync: it is told and left for the next time. */
async function pruneOld({ repo, store, pinned, log }: SyncOptions): Promise<readonly string[]> {
  try {
    const pruned = await store.prune(repo.name, repo.keep, pinned);
    const swept = await store.sweepPool();
    if (typeof swept !== 'number') log.info('the pool was not swept', { repo: repo.name, reason: swept.reason });
    if (!('kind' in pruned)) return pruned;
    log.warn('old snapshots were not pruned', { repo: repo.name, reason: pruned.reason });
  } catch (error) {
    log.warn('old snapshots were not pruned', { repo: repo.name, reason: messageOf(error) });
  }
  return [];
}

function failureOf(error: unknown, signal: AbortSignal): SyncResult {
  if (signal.aborted) return failed('the sync was stopped');
  if (isDiskFull(codeOf(error))) return failed(`the disk is full: ${messageOf(error)}`);
  if (error instanceof SyncFault) return { kind: 'failed', reason: error.message, file: error.file };
  if (error instanceof Malformed) return { kind: 'failed', reason: error.message, file: error.where };
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  return failed(messageOf(error));
}

function failed(reason: string): SyncResult {
  return { kind: 'failed', reason, file: undefined };
}
