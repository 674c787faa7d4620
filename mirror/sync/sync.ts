// The sync of one repo from upstream to a published snapshot; any failure leaves what is published alone.

import { messageOf } from '../../server/malformed.ts';
import { isRepoName } from '../content/layout.ts';
import { lookForPoorNews, type PoorNews } from '../rescue/news.ts';
import { rescueContent } from '../rescue/rescue.ts';
import { limitBodies } from './bodies.ts';
import type { FoundRepomd, RoundContent, RoundEdges, SyncOptions } from './edges.ts';
import { lookForNews, type News } from './news.ts';
import { collectNotes } from './notes.ts';
import { failed, failureOf, type SyncResult } from './outcome.ts';
import { countProgress, type ProgressCounter } from './progress.ts';
import { publishContent } from './publishing.ts';
import { syncRound } from './round.ts';
import { withStaging } from './staged.ts';
import { SyncFault, type Upstream } from './upstream.ts';

export type { SyncOptions } from './edges.ts';
export type { SyncResult } from './outcome.ts';

const LIMIT_ROUNDS = 4;

/** Brings a repo up to date. Never throws for what upstream, the disk or another process does: that is `failed`. */
export async function syncRepo(options: SyncOptions): Promise<SyncResult> {
  const { repo, store } = options;
  if (!isRepoName(repo.name)) return failed(`not a repo's name: ${JSON.stringify(repo.name.slice(0, 60))}`);
  const lock = await store.lockRepo(repo.name);
  if (lock.kind === 'no') return failed(lock.reason, { remedy: lock.remedy });
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
  const upstream = options.fetch(options.repo.upstream);
  const progress = countProgress(options.onProgress, options.now);
  try {
    const look = options.repo.rescue ? lookForPoorNews : lookForNews;
    const news = await look(upstream, options);
    if (news.kind === 'unchanged') return news;
    return await syncNews(news, { options, upstream, progress });
  } finally {
    progress.end();
    await upstream.close();
  }
}

type Opened = { readonly options: SyncOptions; readonly upstream: Upstream; readonly progress: ProgressCounter };

type Told = Exclude<News | PoorNews, { kind: 'unchanged' }>;

async function syncNews(news: Told, { options, upstream, progress }: Opened): Promise<SyncResult> {
  const { repo, pool, signal } = options;
  const wasWhole = (await pool.stagingState(repo.name)) === 'whole';
  const staging = await pool.openStaging(repo.name);
  const edges: RoundEdges = {
    ...options,
    upstream: limitBodies(upstream, upstream.connections),
    staging,
    progress,
    notes: collectNotes(),
    breathe: () => upstream.pause(0, signal),
    mayPublishAgain: wasWhole || options.fresh === 'always',
  };
  return withStaging(staging, async () => {
    const rounds = news.kind === 'poor' ? rescueContent(news.before, edges) : syncRounds(news.repomd, edges);
    return publishContent(await rounds, edges);
  });
}

async function syncRounds(first: FoundRepomd, edges: RoundEdges): Promise<RoundContent> {
  let repomd = first;
  for (let rounds = 0; rounds < LIMIT_ROUNDS; rounds += 1) {
    const round = await syncRound(repomd, edges);
    if (round.kind === 'content') return round.content;
    ({ repomd } = round);
    edges.log.info('upstream changed during the sync; planning again', { round: rounds + 1 });
  }
  throw new SyncFault('repodata/repomd.xml', `changed ${LIMIT_ROUNDS} times during the sync`, {
    remedy: 'sync again when upstream has ended publishing',
  });
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
