// kickstand tree list | verify, and the doors to add and remove; syncing is in tree-sync.ts.

import { verifyTree, type Verified } from '../../mirror/tree/verify.ts';
import type { House } from '../../server/assembly/house.ts';
import { verifySyncedTree } from '../../server/assembly/synced-trees.ts';
import { treeViews } from '../../server/assembly/views.ts';
import type { Tree } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';
import { progressBar } from './progress.ts';
import { addMedium, removeMedium } from './medium.ts';

/** `tree list`. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const trees = await withHouse(context, treeViews);
  const rows = trees.map((tree) => [
    tree.name,
    tree.ready ? 'ready' : 'absent',
    tree.what,
    tree.source.kind === 'upstream' ? tree.source.url : tree.source.path,
    tree.synced === undefined ? '-' : formatTime(Date.parse(tree.synced.at)),
    tree.remedy ?? '',
  ]);
  print(context.output, trees, table(['TREE', 'STATE', 'WHAT', 'SOURCE', 'SYNCED', 'WHAT TO DO'], rows));
  return 0;
}

/** `tree add NAME SOURCE`: proves the medium before anything is changed. */
export async function addCommand([name, source]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const added = await addMedium(context, String(name), String(source));
  if (isNo(added)) return refuse(context.output, added);
  print(context.output, added, `${added.tree}: ${added.os}, from ${added.source}\n  ${added.done}`);
  return 0;
}

/** `tree remove NAME`. */
export async function removeCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const removed = await removeMedium(context, String(name));
  if (isNo(removed)) return refuse(context.output, removed);
  print(context.output, removed, `${removed.tree}: ${removed.done}`);
  return 0;
}

/** `tree verify [NAME…] [--repair]`: exit 1 on a checksum that differs; what the tree names and does not carry is told, no failure. */
export async function verifyCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const results: VerifiedTree[] = [];
    const how: How = {
      repair: flags['repair'] === true ? 'repair' : 'look',
      show: context.output.json ? 'quiet' : 'loud',
    };
    for (const tree of chosen('tree', house.site().trees, names)) results.push(await verifyOne(house, tree, how));
    const lines = results.flatMap((result) => [
      ...result.checks.map(
        (check) =>
          `${result.tree}: ${check.path === '' ? 'the whole image' : check.path}: ${check.verdict}${check.detail === '' ? '' : `: ${check.detail}`}`,
      ),
      ...(result.problem === undefined ? [] : [`${result.tree}: ${result.problem}`]),
      ...(result.checks.length === 0 && result.problem === undefined
        ? [`${result.tree}: it names no checksums; nothing could be proved`]
        : []),
    ]);
    print(context.output, results, lines.join('\n'));
    return results.some(
      (result) => result.problem !== undefined || result.checks.some((check) => check.verdict === 'bad'),
    )
      ? 1
      : 0;
  });
}

type How = { readonly repair: 'repair' | 'look'; readonly show: 'quiet' | 'loud' };
type VerifiedTree = {
  readonly tree: string;
  readonly checks: readonly Verified[];
  readonly problem: string | undefined;
};

async function verifyOne(house: House, tree: Tree, { repair, show }: How): Promise<VerifiedTree> {
  if (tree.source.kind === 'upstream') {
    const bar = progressBar(tree.name, show);
    const watch = {
      onProgress: (progress: Parameters<typeof bar.show>[0]) => bar.show(progress),
      signal: new AbortController().signal,
    };
    const found = await verifySyncedTree(house, tree, { ...watch, repair });
    bar.end();
    return { tree: tree.name, ...found };
  }
  const files = await house.shelf.files(tree);
  if (isNo(files)) return { tree: tree.name, checks: [], problem: files.reason };
  const bar = progressBar(tree.name, show);
  const image = await house.shelf.image(tree);
  const checks = await verifyTree(files, {
    ...(isNo(image) ? {} : { image }),
    progress: (bytesDone, bytesTotal) => bar.show({ filesDone: 0, filesTotal: 0, bytesDone, bytesTotal }),
  });
  bar.end();
  return { tree: tree.name, checks, problem: undefined };
}
