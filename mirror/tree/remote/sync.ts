// The sync of one install tree from a URL to a published snapshot; any failure leaves what is published alone.

import { messageOf, no } from '../../../server/malformed.ts';
import { contentNameOfTree, isRepoName } from '../../content/layout.ts';
import { sha256Of } from '../../rpm/checksum.ts';
import { limitBodies } from '../../sync/bodies.ts';
import { collectNotes } from '../../sync/notes.ts';
import { failed, failureOf, Refused, type SyncResult } from '../../sync/outcome.ts';
import { countProgress, type ProgressCounter } from '../../sync/progress.ts';
import { withoutLogin } from '../../sync/settings.ts';
import { withStaging } from '../../sync/staged.ts';
import { SyncFault, type Upstream } from '../../sync/upstream.ts';
import type { TreeEdges, TreeSyncOptions } from './edges.ts';
import { lookForTreeNews } from './news.ts';
import type { TreeRoot } from './root.ts';
import { treeRound, type TreeContent } from './round.ts';

const LIMIT_ROUNDS = 4;
/** What was published before stays for those who are in the middle of reading it. */
const KEEP = 2;
/** What a tree is mirrored with may change with a version: raise this, and every tree is planned anew. */
const GENERATION = 1;

/** Brings a tree up to date. Never throws for what upstream, the disk or another process does: that is `failed`. */
export async function syncTree(options: TreeSyncOptions): Promise<SyncResult> {
  const name = contentNameOfTree(options.tree.name);
  if (!isRepoName(name)) return failed(`not a tree's name: ${JSON.stringify(options.tree.name.slice(0, 60))}`);
  const lock = await options.store.lockRepo(name);
  if (lock.kind === 'no') return failed(lock.reason, { remedy: lock.remedy });
  let result: SyncResult;
  try {
    result = await syncLocked(name, options);
  } catch (error) {
    result = failureOf(error, options.signal);
  } finally {
    lock.release();
  }
  return result.kind === 'published' ? { ...result, pruned: await pruneOld(name, options) } : result;
}

async function syncLocked(name: string, options: TreeSyncOptions): Promise<SyncResult> {
  const upstream = options.fetch(options.tree.upstream);
  const progress = countProgress(options.onProgress, options.now);
  try {
    const settings = settingsOf(options);
    const news = await lookForTreeNews(upstream, { ...options, name, settings });
    if (news.kind === 'unchanged') return { kind: 'unchanged', snapshot: news.snapshot, newest: news.snapshot };
    await requireNobodyInstalls(name, options);
    return await syncNews(news.root, { name, options, upstream, progress });
  } finally {
    progress.end();
    await upstream.close();
  }
}

type Opened = {
  readonly name: string;
  readonly options: TreeSyncOptions;
  readonly upstream: Upstream;
  readonly progress: ProgressCounter;
};

async function syncNews(root: TreeRoot, { name, options, upstream, progress }: Opened): Promise<SyncResult> {
  const { pool, signal } = options;
  const staging = await pool.openStaging(name);
  const edges: TreeEdges = {
    ...options,
    name,
    upstream: limitBodies(upstream, upstream.connections),
    staging,
    progress,
    notes: collectNotes(),
    breathe: () => upstream.pause(0, signal),
  };
  return withStaging(staging, async () => publishTree(await syncRounds(root, edges), edges));
}

async function syncRounds(first: TreeRoot, edges: TreeEdges): Promise<TreeContent> {
  let root = first;
  for (let rounds = 0; rounds < LIMIT_ROUNDS; rounds += 1) {
    // What one round noted may not be true of the next.
    const notes = collectNotes();
    const round = await treeRound(root, { ...edges, notes });
    if (round.kind === 'content') {
      edges.notes.add(notes.all());
      return round.content;
    }
    ({ root } = round);
    edges.log.info('upstream changed during the sync; planning again', { tree: edges.tree.name, round: rounds + 1 });
  }
  throw new SyncFault(root.path, `changed ${LIMIT_ROUNDS} times during the sync`, {
    remedy: 'sync again when upstream has ended publishing',
  });
}

async function publishTree(content: TreeContent, edges: TreeEdges): Promise<SyncResult> {
  const { name, store, staging, signal, notes, progress } = edges;
  progress.begin('publishing');
  signal.throwIfAborted();
  await staging.markWhole();
  const saved = await store.saveSnapshot(name, draftOf(content, edges));
  if ((await store.currentId(name)) === saved.id) return { kind: 'unchanged', snapshot: saved.id, newest: saved.id };
  await requireNobodyInstalls(name, edges);
  const published = await store.publish(name, saved.id);
  if (!('digest' in published)) return failed(published.reason, { remedy: published.remedy });
  const { id, packages, files, bytes } = published;
  return {
    kind: 'published',
    snapshot: id,
    packages,
    files,
    bytes,
    notes: notes.all(),
    pruned: [],
    ...progress.totals(),
  };
}

function draftOf({ root, files, packages, revision }: TreeContent, edges: TreeEdges) {
  const { etag, lastModified } = root;
  const origin = { repomd: sha256Of(root.bytes), etag, lastModified, settings: settingsOf(edges) };
  const upstream = withoutLogin(edges.tree.upstream);
  return { now: edges.now(), upstream, revision, packages, files, notes: edges.notes.all(), origin };
}

/** An installer reads its tree for half an hour: half of the old one and half of the new one install nothing. */
async function requireNobodyInstalls(name: string, { store, installing, tree }: TreeSyncOptions): Promise<void> {
  if ((await store.currentId(name)) === undefined) return;
  const hosts = await installing();
  if (hosts.length === 0) return;
  const some = `${hosts.slice(0, 5).join(', ')}${hosts.length > 5 ? ` and ${hosts.length - 5} more` : ''}`;
  const remedy = `wait until they are installed, or: kickstand host disarm HOST; then: kickstand tree sync ${tree.name}`;
  throw new Refused(no(`the tree is not replaced while hosts may be installing from it: ${some}`, remedy));
}

function settingsOf({ tree }: Pick<TreeSyncOptions, 'tree'>): string {
  return `tree:${GENERATION} source:${sha256Of(withoutLogin(tree.upstream)).slice(0, 16)}`;
}

/** Pruning that fails loses no content and spoils no sync: it is told and left for the next time. */
async function pruneOld(name: string, { store, log, tree }: TreeSyncOptions): Promise<readonly string[]> {
  try {
    const pruned = await store.prune(name, KEEP, async () => []);
    const swept = await store.sweepPool();
    if (typeof swept !== 'number') log.info('the pool was not swept', { tree: tree.name, reason: swept.reason });
    if (!('kind' in pruned)) return pruned;
    log.warn('old snapshots were not pruned', { tree: tree.name, reason: pruned.reason });
  } catch (error) {
    log.warn('old snapshots were not pruned', { tree: tree.name, reason: messageOf(error) });
  }
  return [];
}
