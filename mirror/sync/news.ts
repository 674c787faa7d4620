// Has upstream anything new? One conditional request answers it; where nothing is new, nothing is written either.

import type { SnapshotOrigin, SnapshotRecord } from '../content/layout.ts';
import { sha256Of } from '../rpm/checksum.ts';
import type { FoundRepomd, SyncOptions } from './edges.ts';
import { readIfChanged, readRepomd } from './repomd.ts';
import type { Upstream } from './upstream.ts';

export type News =
  /** As in `SyncResult`. */
  | { readonly kind: 'unchanged'; readonly snapshot: string; readonly newest: string }
  | { readonly kind: 'new'; readonly repomd: FoundRepomd };

/** Reads upstream's repomd.xml, or hears that it is what the newest snapshot was made of. Throws `SyncFault`. */
export async function lookForNews(upstream: Upstream, options: SyncOptions): Promise<News> {
  const { signal } = options;
  const past = await readPast(options);
  if (past === undefined) return { kind: 'new', repomd: await readRepomd(upstream, signal) };
  const { repomd, etag, lastModified } = past.origin;
  const condition = { etag, lastModified, checksum: { type: 'sha256', digest: repomd } } as const;
  const found = await readIfChanged(upstream, { signal, condition });
  const isSame = found === 'unchanged' || past.known.has(sha256Of(found.bytes));
  return isSame ? { kind: 'unchanged', snapshot: past.published, newest: past.newest } : { kind: 'new', repomd: found };
}

export type Past = {
  readonly published: string;
  readonly newest: string;
  /** Of the newest. */
  readonly origin: WholeOrigin;
  /** The repomd.xml of both: an upstream that went back, and was followed, has nothing new. */
  readonly known: ReadonlySet<string>;
};
type WholeOrigin = SnapshotOrigin & { readonly repomd: string };

/** What earlier syncs made, where it is worth comparing with: under the same settings, and none of them ended in the middle. */
export async function readPast({ repo, store, pool, settings, fresh }: SyncOptions): Promise<Past | undefined> {
  if (fresh === 'always' || (await pool.stagingState(repo.name)) !== 'none') return undefined;
  const newest = await store.newestSnapshot(repo.name);
  const published = await store.currentSnapshot(repo.name);
  if (!('digest' in newest) || !('digest' in published)) return undefined;
  const origin = originUnder(settings, newest);
  if (origin === undefined) return undefined;
  const known = [origin, originUnder(settings, published)].flatMap((one) => (one === undefined ? [] : [one.repomd]));
  return { published: published.id, newest: newest.id, origin, known: new Set(known) };
}

function originUnder(settings: string, { origin }: SnapshotRecord): WholeOrigin | undefined {
  if (origin?.repomd === undefined || origin.settings !== settings) return undefined;
  return { ...origin, repomd: origin.repomd };
}
