// One pass over a tree at a URL: its root document, the files, the repositories, all in the pool, and what names them read again.

import { isNo, Malformed, no } from '../../../server/malformed.ts';
import { formatOs, sameOs } from '../../../server/os.ts';
import type { SnapshotFile } from '../../content/layout.ts';
import type { RelativePath } from '../../rpm/href.ts';
import { parseHref } from '../../rpm/href.ts';
import { Refused } from '../../sync/outcome.ts';
import { assembleSnapshot } from '../../sync/plan.ts';
import { fetchSmall } from '../../sync/small.ts';
import { SyncFault } from '../../sync/upstream.ts';
import { openContent } from './content.ts';
import type { TreeEdges } from './edges.ts';
import { bringTreeFiles } from './files.ts';
import { LIST_LIMIT_BYTES, parseExtraFiles, parseRepositoryList, parseXsPackages } from './lists.ts';
import { bringRepository, hasChanged, type BroughtRepository } from './repositories.ts';
import { planRoot, readRootChange, XS_LIST, type TreeRoot } from './root.ts';
import { joinPath, mergeFiles, type TreeFile, type TreeRepository } from './wanted.ts';

/** Everything a snapshot of a tree needs, all of it in the pool. */
export type TreeContent = {
  readonly root: TreeRoot;
  readonly files: readonly SnapshotFile[];
  readonly packages: number;
  /** Of its first repository. */
  readonly revision: string | undefined;
};
export type TreeRound =
  | { readonly kind: 'content'; readonly content: TreeContent }
  /** Upstream published something else meanwhile: go round again with that. */
  | { readonly kind: 'changed'; readonly root: TreeRoot };

/** Brings the pool up to what `root` names. Throws `SyncFault`, `Malformed` or `Refused` with the reason. */
export async function treeRound(root: TreeRoot, edges: TreeEdges): Promise<TreeRound> {
  try {
    const content = await bringContent(root, edges);
    const changed = await readRootChange(root, edges);
    if (changed !== undefined) return { kind: 'changed', root: changed };
    return content === 'changed' ? { kind: 'changed', root } : { kind: 'content', content };
  } catch (error) {
    const stale = error instanceof Malformed || (error instanceof SyncFault && error.stale);
    // Where upstream does not even answer now, the first fault is the one worth telling.
    const changed = stale ? await readRootChange(root, edges).catch(() => undefined) : undefined;
    if (changed === undefined) throw error;
    return { kind: 'changed', root: changed };
  }
}

async function bringContent(root: TreeRoot, edges: TreeEdges): Promise<TreeContent | 'changed'> {
  const plan = planRoot(root);
  edges.notes.add(plan.notes);
  const listed = [...(await bringXenLists(root, edges)), ...(await bringExtraFiles(plan.files, edges))];
  const own: SnapshotFile = {
    path: root.path,
    sha256: await edges.pool.save(root.bytes),
    sizeBytes: root.bytes.length,
    checksum: undefined,
  };
  const wanted = mergeFiles([...plan.files, ...listed]).filter(({ path }) => path !== root.path);
  const files = await bringTreeFiles(wanted, edges);
  // They are large: whatever ends the sync from here on, none of them is fetched again.
  await edges.staging.settle();
  const repositories = await bringRepositories(plan.repositories, edges);
  if (repositories === 'changed') return 'changed';
  await edges.staging.settle();
  const all = await assembleSnapshot([own, ...files, ...repositories.flatMap((one) => one.files)], edges.breathe);
  await requireTree(all, edges);
  // Each was proved when it ended; the first may be another since.
  for (const repository of repositories) if (await hasChanged(repository, edges)) return 'changed';
  const packages = repositories.reduce((sum, one) => sum + one.packages, 0);
  return { root, files: all, packages, revision: repositories[0]?.revision };
}

async function bringRepositories(
  planned: readonly TreeRepository[],
  edges: TreeEdges,
): Promise<readonly BroughtRepository[] | 'changed'> {
  const brought: BroughtRepository[] = [];
  for (const repository of planned) {
    const end = await bringRepository(repository, edges);
    if (end.kind === 'changed') return 'changed';
    if (end.kind === 'brought') brought.push(end);
  }
  return brought;
}

const EXTRA_FILES = parseHref('extra_files.json', 'tree');
const [XS_REPOSITORY, XS_PACKAGES] = [parseHref('XS-REPOSITORY', 'tree'), parseHref('XS-PACKAGES', 'tree')];

/** What extra_files.json names; the list itself is among the usual files. */
async function bringExtraFiles(files: readonly TreeFile[], edges: TreeEdges): Promise<readonly TreeFile[]> {
  if (!files.some(({ path }) => path === EXTRA_FILES)) return [];
  const bytes = await readList(EXTRA_FILES, edges);
  return bytes === undefined ? [] : parseExtraFiles(bytes);
}

/** The package directories that XenServer's list names, with what each lists. */
async function bringXenLists(root: TreeRoot, edges: TreeEdges): Promise<readonly TreeFile[]> {
  if (root.path !== XS_LIST) return [];
  const files: TreeFile[] = [];
  for (const directory of parseRepositoryList(root.bytes)) {
    const list = joinPath(directory, XS_PACKAGES);
    const bytes = await readList(list, edges);
    if (bytes === undefined) throw new SyncFault(list, 'upstream does not have it', { stale: true });
    const required = (path: RelativePath): TreeFile => ({
      path,
      need: 'required',
      checksum: undefined,
      sizeBytes: undefined,
    });
    files.push(required(list), required(joinPath(directory, XS_REPOSITORY)), ...parseXsPackages(bytes, directory));
  }
  return files;
}

async function readList(path: RelativePath, { upstream, signal }: TreeEdges): Promise<Uint8Array | undefined> {
  const request = { path, limitBytes: LIST_LIMIT_BYTES, redirects: 'own-server', signal } as const;
  const answer = await fetchSmall(upstream, request);
  return answer.kind === 'bytes' ? answer.bytes : undefined;
}

/** What is published can be installed from, and is what the site says. */
async function requireTree(files: readonly SnapshotFile[], edges: TreeEdges): Promise<void> {
  const { detect, pool, breathe, tree } = edges;
  const facts = await detect(await openContent(files, pool, breathe));
  if (isNo(facts))
    throw new Refused(no(`what upstream has is no whole install tree: ${facts.reason}`, 'take another mirror of it'));
  if (tree.os === undefined || sameOs(facts.os, tree.os)) return;
  const remedy = `give the right URL, or correct the tree's os in the site file`;
  throw new Refused(no(`upstream has ${formatOs(facts.os)}, the site says ${formatOs(tree.os)}`, remedy));
}
