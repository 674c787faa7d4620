// Has a tree's upstream anything new? One conditional request, and one more for each list that the root document does not vouch for.

import { isNo } from '../../../server/malformed.ts';
import { sha256Of } from '../../rpm/checksum.ts';
import { parseHref, type RelativePath } from '../../rpm/href.ts';
import { REPOMD_LIMIT_BYTES } from '../../rpm/repomd.ts';
import { fetchSmall } from '../../sync/small.ts';
import { SyncFault, type Upstream } from '../../sync/upstream.ts';
import type { TreeSyncOptions } from './edges.ts';
import { parseRepositoryList } from './lists.ts';
import { REPOMD } from './repositories.ts';
import { planRoot, readRoot, ROOT_LIMIT_BYTES, ROOT_PATHS, XS_LIST, type TreeRoot } from './root.ts';
import { joinPath } from './wanted.ts';

export type TreeNews =
  { readonly kind: 'unchanged'; readonly snapshot: string } | { readonly kind: 'new'; readonly root: TreeRoot };

type Asking = Pick<TreeSyncOptions, 'store' | 'pool' | 'signal' | 'fresh'> & {
  readonly name: string;
  readonly settings: string;
};
type Past = Pick<TreeRoot, 'path' | 'bytes' | 'etag' | 'lastModified'> & { readonly snapshot: string };

/** Reads the root document, or hears that all is as what is published was made of. Throws `SyncFault`. */
export async function lookForTreeNews(upstream: Upstream, asking: Asking): Promise<TreeNews> {
  const { signal } = asking;
  const past = await readPast(asking);
  const checksum = past === undefined ? undefined : ({ type: 'sha256', digest: sha256Of(past.bytes) } as const);
  const found = await readRoot(upstream, { signal, condition: past && { ...past, checksum } });
  if (found === 'unchanged' && past === undefined) {
    throw new SyncFault('.treeinfo', 'the upstream answered a condition that was not set');
  }
  if (past === undefined) return { kind: 'new', root: orPast(found, past) };
  const isSame = found === 'unchanged' || (found.path === past.path && Buffer.compare(found.bytes, past.bytes) === 0);
  if (isSame && (await areListsUnchanged(upstream, past, asking)))
    return { kind: 'unchanged', snapshot: past.snapshot };
  return { kind: 'new', root: orPast(found, past) };
}

function orPast(found: TreeRoot | 'unchanged', past: Past | undefined): TreeRoot {
  if (found !== 'unchanged') return found;
  if (past === undefined) throw new SyncFault('.treeinfo', 'the upstream answered a condition that was not set');
  return past;
}

/** What is published, where it is worth comparing with: under the same settings, and no sync since ended in the middle. */
async function readPast({ store, pool, name, settings, fresh }: Asking): Promise<Past | undefined> {
  if (fresh === 'always' || (await pool.stagingState(name)) !== 'none') return undefined;
  const published = await store.currentSnapshot(name);
  if (!('digest' in published) || published.origin?.settings !== settings) return undefined;
  const { etag, lastModified, repomd } = published.origin;
  for (const path of ROOT_PATHS) {
    const bytes = await store.snapshotBytes(name, published.id, { path, limitBytes: ROOT_LIMIT_BYTES });
    if (isNo(bytes) || sha256Of(bytes) !== repomd) continue;
    return { path, bytes, etag, lastModified, snapshot: published.id };
  }
  return undefined;
}

/** Some publish updates into the repository of a tree whose .treeinfo stays: its repomd.xml is asked for where no checksum pins it. */
async function areListsUnchanged(upstream: Upstream, past: Past, asking: Asking): Promise<boolean> {
  const { store, name, signal } = asking;
  for (const path of unpinned(past)) {
    const before = await store.snapshotBytes(name, past.snapshot, { path, limitBytes: REPOMD_LIMIT_BYTES });
    // What was not there when all was planned is looked for when the tree changes.
    if (isNo(before)) continue;
    const now = await fetchSmall(upstream, { path, limitBytes: REPOMD_LIMIT_BYTES, redirects: 'anywhere', signal });
    if (now.kind !== 'bytes' || Buffer.compare(now.bytes, before) !== 0) return false;
  }
  return true;
}

const XS_PACKAGES = parseHref('XS-PACKAGES', 'tree');

function unpinned(root: Pick<TreeRoot, 'path' | 'bytes'>): readonly RelativePath[] {
  if (root.path === XS_LIST)
    return parseRepositoryList(root.bytes).map((directory) => joinPath(directory, XS_PACKAGES));
  const { repositories } = planRoot(root);
  return repositories.filter(({ checksum }) => checksum === undefined).map(({ path }) => joinPath(path, REPOMD));
}
