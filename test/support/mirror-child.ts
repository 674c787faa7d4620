// A process of its own that syncs, rolls back, stamps, prunes and sweeps one repo without end, to be killed: `node mirror-child.ts DATA REPO UPSTREAM`.

import { once } from 'node:events';
import { flushCompileCache } from 'node:module';
import { stampSnapshot } from '../../mirror/content/rollback.ts';
import { isNo } from '../../server/malformed.ts';
import { startBench } from './sync-bench.ts';

const [data = '', name = '', upstream = ''] = process.argv.slice(2);
const bench = await startBench(data);
const { store, pool } = bench;
const repo = { name, upstream, keep: 6 };
const tell = (told: object): boolean => process.stdout.write(`${JSON.stringify(told)}\n`);

async function rollBack(times: 'as they are' | 'anew'): Promise<unknown> {
  const lock = await store.lockRepo(name);
  if (isNo(lock)) return lock;
  try {
    const { snapshots } = await store.repoStatus(name);
    const older = snapshots.at(-2) ?? snapshots[0] ?? '';
    if (times === 'as they are') return await store.publish(name, older);
    const now = (): number => snapshots.length * 1000;
    const stamped = await stampSnapshot(name, older, { store, pool, now, atLeast: 1_800_000_000 });
    return isNo(stamped) ? stamped : await store.publish(name, stamped.id);
  } finally {
    lock.release();
  }
}

// Who is killed never writes it; the next ones start in half the time with it.
flushCompileCache();
tell({ step: 'ready', tookMs: 0 });
await once(process.stdin, 'data');
const steps: readonly (readonly [string, () => Promise<unknown>])[] = [
  ['sync', () => bench.sync(upstream, { repo })],
  ['publish', () => rollBack('as they are')],
  ['stamp', () => rollBack('anew')],
  ['again', () => bench.sync(upstream, { repo, fresh: 'always' })],
  ['prune', () => store.prune(name, 4, async () => [])],
  ['sweep', () => store.sweepPool()],
];
for (;;) {
  for (const [step, work] of steps) {
    const began = performance.now();
    const what = await work();
    tell({ step, what, tookMs: performance.now() - began });
  }
}
