// From a whole content in the pool to a published snapshot: its dependencies looked at, the snapshot built, one rename.

import type { SnapshotRecord } from '../content/layout.ts';
import { sha256Of } from '../rpm/checksum.ts';
import type { RoundContent, RoundEdges } from './edges.ts';
import { findNewHoles, tellHoles } from './holes.ts';
import { failed, type SyncResult } from './outcome.ts';
import { withoutLogin } from './settings.ts';

/** Publishes `content`, unless that would open holes in a strict repo, or undo a roll-back although upstream has nothing new. */
export async function publishContent(content: RoundContent, edges: RoundEdges): Promise<SyncResult> {
  const { repo, store, signal, staging } = edges;
  edges.progress.begin('publishing');
  const holes = await findNewHoles(content.files, edges);
  if (holes.length > 0 && repo.strict) return holesFailure(holes);
  edges.notes.add(tellHoles(holes));
  signal.throwIfAborted();
  const before = { current: await store.currentId(repo.name), newest: await store.newestSnapshot(repo.name) };
  await staging.markWhole();
  const saved = await store.saveSnapshot(repo.name, draftOf(content, edges));
  const isKnown = 'digest' in before.newest && before.newest.id === saved.id;
  if (before.current === saved.id || (before.current !== undefined && isKnown && !edges.mayPublishAgain)) {
    return { kind: 'unchanged', snapshot: before.current, newest: saved.id };
  }
  const published = await store.publish(repo.name, saved.id);
  return 'digest' in published ? publishedResult(published, edges) : failed(published.reason);
}

function draftOf({ repomd, ...content }: RoundContent, { repo, now, notes, settings }: RoundEdges) {
  const { bytes, etag, lastModified } = repomd;
  const origin = { repomd: sha256Of(bytes), etag, lastModified, settings };
  return { now: now(), upstream: withoutLogin(repo.upstream), ...content, notes: notes.all(), origin };
}

function publishedResult({ id, packages, files, bytes }: SnapshotRecord, edges: RoundEdges): SyncResult {
  const about = { notes: edges.notes.all(), pruned: [] };
  return { kind: 'published', snapshot: id, packages, files, bytes, ...about, ...edges.progress.totals() };
}

function holesFailure(holes: readonly string[]): SyncResult {
  const some = tellHoles(holes);
  const reason = `${holes.length} dependencies that were met, or came new, are met by nothing: ${some[0] ?? ''}`;
  const remedy =
    'wait until upstream is whole, or mirror the repo that has what is missing; strict: false publishes it as it is';
  return { ...failed(reason, { remedy }), holes: some };
}
