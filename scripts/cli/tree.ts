// kickstand tree list | verify; adding and removing are in medium.ts.

import type { House } from '../../server/assembly/house.ts';
import type { VerifiedTree } from '../../server/assembly/verify-tree.ts';
import { verifyOneTree } from '../../server/assembly/verify-tree.ts';
import type { TreeView } from '../../server/assembly/views.ts';
import type { Tree } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { withApi } from './api.ts';
import type { Page } from './api-client.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';
import type { Progress } from './progress.ts';
import { progressBar } from './progress.ts';

/** `tree list`. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const page = await withApi(context, flags, (ask) => ask<Page<TreeView>>({ method: 'GET', path: '/trees' }));
  if (isNo(page)) return refuse(context.output, page);
  const trees = page.items;
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

/** `tree verify [NAME…] [--repair]`: exit 1 on a checksum that differs; what the tree names and does not carry is told, no failure. */
export async function verifyCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const results: (VerifiedTree & { tree: string })[] = [];
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

async function verifyOne(house: House, tree: Tree, { repair, show }: How): Promise<VerifiedTree & { tree: string }> {
  const bar = progressBar(tree.name, show);
  try {
    const watch = { onProgress: (progress: Progress) => bar.show(progress), signal: new AbortController().signal };
    return { tree: tree.name, ...(await verifyOneTree(house, tree, { repair, ...watch })) };
  } finally {
    bar.end();
  }
}
