// kickstand repo sync.

import type { SyncResult } from '../../mirror/sync/sync.ts';
import { syncNow } from '../../server/assembly/sync.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode, Output } from './output.ts';
import { formatBytes, print } from './output.ts';
import { progressBar } from './progress.ts';

/** `repo sync [NAME…]`: one after the other; exit 1 if any failed. Ctrl-C ends it without harm. */
export async function syncCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Error('interrupted; the next sync goes on from here'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return withHouse(context, async (house) => {
    const results: { repo: string; result: SyncResult }[] = [];
    for (const repo of chosen('repo', house.site().repos, names)) {
      const bar = progressBar(repo.name, context.output.json ? 'quiet' : 'loud');
      const result = await syncNow(house, repo, { onProgress: (progress) => bar.show(progress), signal: stop.signal });
      bar.end();
      results.push({ repo: repo.name, result });
      if (!context.output.json) tellSync(context.output, repo.name, result);
    }
    if (context.output.json)
      print(
        context.output,
        results.map(({ repo, result }) => ({ repo, ...result })),
        '',
      );
    return results.some(({ result }) => result.kind === 'failed') ? 1 : 0;
  });
}

function tellSync(output: Output, name: string, result: SyncResult): void {
  switch (result.kind) {
    case 'published':
      output.write(
        `${name}: published ${result.snapshot}: ${result.packages} packages, ${result.files} files, ${formatBytes(result.bytes)} (${formatBytes(result.bytesFetched)} fetched)\n`,
      );
      return;
    case 'unchanged':
      output.write(`${name}: nothing new; ${result.snapshot} stays published\n`);
      return;
    case 'failed':
      output.complain(
        `${name}: not synced: ${result.file === undefined ? '' : `${result.file}: `}${result.reason}\n  what was published stays; run the sync again to go on\n`,
      );
  }
}
