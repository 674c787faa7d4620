// A child process of the sync bench: a house that stays open, and syncs its repo as a scheduled job for each line on standard input.

import { createInterface } from 'node:readline';
import { runSync } from '../../server/assembly/sync-jobs.ts';
import { readContext, withHouse } from '../cli/context.ts';

const [site = '', data = ''] = process.argv.slice(2);

await withHouse(readContext({ site, data }), async (house) => {
  const [repo] = house.site().repos;
  if (repo === undefined) throw new Error('the site has no repo');
  const { signal } = new AbortController();
  for await (const line of createInterface({ input: process.stdin })) {
    void line;
    const job = { cause: 'schedule', onProgress: () => {}, signal, ifAborted: 'stopped' } as const;
    const end = await runSync(house, repo, job);
    const outcome = end.kind === 'ended' ? end.result : { kind: 'busy', reason: '' };
    process.stdout.write(`${outcome.kind === 'failed' ? `failed: ${outcome.reason}` : outcome.kind}\n`);
  }
});
