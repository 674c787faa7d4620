// kickstand tree sync: trees mirrored from their URLs, one after the other.

import type { SyncResult } from '../../mirror/sync/outcome.ts';
import { syncTreeNow } from '../../server/assembly/trees.ts';
import type { Args, Flags } from './context.ts';
import { chosen, namesOf, readContext, withHouse } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatBytes, print } from './output.ts';
import { progressBar } from './progress.ts';

type SyncedTree = { readonly tree: string; readonly result: SyncResult };

/**
 * `tree sync [NAME…]`: going on after a failure; exit 1 if any failed. Without a name, all trees that come from a URL. Ctrl-C
 * ends it without harm: the next one goes on from there.
 */
export async function syncTreesCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const { output } = context;
  const loudness = output.json || flags['quiet'] === true ? 'quiet' : 'loud';
  const fresh = flags['fresh'] === true ? 'always' : undefined;
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return withHouse(context, async (house) => {
    const named = chosen('tree', house.site().trees, names);
    const trees = namesOf(names).length > 0 ? named : named.filter(({ source }) => source.kind === 'upstream');
    if (trees.length === 0 && !output.json) output.write('no tree of the site comes from a URL\n');
    const synced: SyncedTree[] = [];
    for (const tree of trees) {
      if (stop.signal.aborted) break;
      const bar = progressBar(tree.name, loudness);
      const onProgress = (progress: Parameters<typeof bar.show>[0]): void => bar.show(progress);
      const result = await syncTreeNow(house, tree, { onProgress, signal: stop.signal, fresh });
      bar.end();
      synced.push({ tree: tree.name, result });
      if (!output.json) (result.kind === 'failed' ? output.complain : output.write)(treeSyncText(tree.name, result));
    }
    if (output.json)
      print(
        output,
        synced.map(({ tree, result }) => ({ tree, ...result })),
        '',
      );
    return !stop.signal.aborted && synced.every(({ result }) => result.kind !== 'failed') ? 0 : 1;
  });
}

/** What is said of how a tree's sync ended. */
export function treeSyncText(tree: string, result: SyncResult): string {
  switch (result.kind) {
    case 'unchanged':
      return `${tree}: nothing new; ${result.snapshot} stays published\n`;
    case 'published': {
      const { snapshot, packages, files, bytes, bytesFetched, notes } = result;
      const counts = `${packages} packages, ${files} files, ${formatBytes(bytes)} (${formatBytes(bytesFetched)} fetched)`;
      return `${tree}: published ${snapshot}: ${counts}\n${notes.map((note) => `  ${note}\n`).join('')}`;
    }
    case 'failed':
      return `${tree}: not synced: ${result.reason}\n  what was published stays; ${result.remedy ?? 'run the sync again to go on'}\n`;
  }
}
