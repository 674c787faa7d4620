// The repositories inside a tree: each brought by the very round that syncs a repo, below its own directory.

import { messageOf, Malformed } from '../../../server/malformed.ts';
import type { Repo } from '../../../server/repo.ts';
import type { SnapshotFile } from '../../content/layout.ts';
import { startHasher } from '../../rpm/checksum.ts';
import { parseHref, type RelativePath } from '../../rpm/href.ts';
import { REPOMD_LIMIT_BYTES } from '../../rpm/repomd.ts';
import type { FoundRepomd, RoundEdges } from '../../sync/edges.ts';
import { readChange } from '../../sync/repomd.ts';
import { syncRound } from '../../sync/round.ts';
import { fetchSmall } from '../../sync/small.ts';
import { SyncFault } from '../../sync/upstream.ts';
import type { TreeEdges } from './edges.ts';
import { joinPath, type TreeRepository } from './wanted.ts';
import { below } from './watched.ts';

export const REPOMD = parseHref('repodata/repomd.xml', 'tree');

export type BroughtRepository = {
  readonly kind: 'brought';
  readonly path: RelativePath | '';
  readonly repomd: FoundRepomd;
  /** By their paths in the tree. */
  readonly files: readonly SnapshotFile[];
  readonly packages: number;
  readonly revision: string | undefined;
};
/** `changed`: upstream published something else meanwhile. `absent`: it has none there. */
export type RepositoryEnd = BroughtRepository | { readonly kind: 'changed' } | { readonly kind: 'absent' };

/** Brings one repository into the pool, its repomd.xml held against the tree's checksum of it. Throws `SyncFault` or `Malformed`. */
export async function bringRepository(repository: TreeRepository, edges: TreeEdges): Promise<RepositoryEnd> {
  const { path, need } = repository;
  const inside = roundEdges(path, edges);
  const repomd = await readRepomd(repository, inside);
  if (repomd === undefined) {
    if (need === 'required')
      throw new SyncFault(joinPath(path, REPOMD), 'the tree names it and upstream has none', STALE);
    if (need === 'named') edges.notes.add([`the repository ${nameOf(path)} is named and upstream has none there`]);
    return { kind: 'absent' };
  }
  try {
    const round = await syncRound(repomd, inside);
    if (round.kind === 'changed') return { kind: 'changed' };
    const { files, packages, revision } = round.content;
    const inTree = files.map((file) => ({ ...file, path: joinPath(path, file.path) }));
    return { kind: 'brought', path, repomd, files: inTree, packages, revision };
  } catch (error) {
    throw located(error, path);
  }
}

const STALE = { stale: true } as const;

/** Has the repository changed since it was brought? */
export async function hasChanged({ path, repomd }: BroughtRepository, edges: TreeEdges): Promise<boolean> {
  return (await readChange(repomd, { upstream: below(edges.upstream, path), signal: edges.signal })) !== undefined;
}

async function readRepomd(
  { path, checksum }: TreeRepository,
  { upstream, signal }: RoundEdges,
): Promise<FoundRepomd | undefined> {
  const request = { path: REPOMD, limitBytes: REPOMD_LIMIT_BYTES, redirects: 'anywhere', signal } as const;
  const answer = await fetchSmall(upstream, request);
  if (answer.kind !== 'bytes') return undefined;
  if (checksum !== undefined) {
    const hasher = startHasher(checksum.type);
    hasher.update(answer.bytes);
    const { declared } = hasher.digests();
    const reason = `${checksum.type} is ${declared}, the tree says ${checksum.digest}`;
    if (declared !== checksum.digest) throw new SyncFault(joinPath(path, REPOMD), reason, STALE);
  }
  const { bytes, etag, lastModified } = answer;
  return { bytes, etag, lastModified };
}

/** A fault's file by its path in the tree: every repository has a repodata/repomd.xml. */
function located(error: unknown, path: RelativePath | ''): unknown {
  if (path === '') return error;
  if (error instanceof SyncFault) {
    const reason = error.message.replace(`${error.file}: `, '');
    const { stale, remedy } = error;
    return new SyncFault(`${path}/${error.file}`, reason, { stale, remedy, cause: error });
  }
  return error instanceof Malformed ? new Malformed(messageOf(error), path) : error;
}

function nameOf(path: string): string {
  return path === '' ? 'at its root' : path;
}

/** What a round of a repo is given, for the repository at `path` of a tree: all of it, as it is, proved by checksums. */
export function roundEdges(path: RelativePath | '', edges: TreeEdges): RoundEdges {
  return {
    ...edges,
    repo: wholeRepo(edges.name, edges.tree.upstream),
    upstream: below(edges.upstream, path),
    pinned: async () => [],
    settings: '',
    mayPublishAgain: true,
  };
}

/** What a site would say of a repo at `upstream` that is mirrored whole, and believed by its checksums. */
export function wholeRepo(name: string, upstream: string): Repo {
  return {
    name,
    upstream,
    upstreamKind: 'base',
    publish: undefined,
    schedule: undefined,
    keep: 1,
    access: { proxy: undefined, ca: undefined, login: undefined, connections: 8, bytesPerSecond: undefined },
    trust: { checks: [], keys: [], weakKeys: 'refuse' },
    filter: { architectures: undefined, newest: undefined, include: [], exclude: [], sources: true },
    rescue: false,
    strict: false,
  };
}
