// The process that the metadata bench measures: it syncs a repo as the appliance does, serves content meanwhile, and says what that cost.

import { createServer } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { openContentFiles } from '../../mirror/content/cache/store.ts';
import { createContentHandler } from '../../mirror/content/routes.ts';
import type { SyncResult } from '../../mirror/sync/sync.ts';
import { contentParts } from '../../server/assembly/content.ts';
import { syncNow } from '../../server/assembly/sync.ts';
import { quietLog } from '../../server/log.ts';
import { readContext, withHouse } from '../cli/context.ts';

/** What was measured, as JSON on standard output. Times in ms, sizes in bytes. */
export type Measured = {
  readonly result: SyncResult;
  readonly tookMs: number;
  readonly delayMs: { readonly max: number; readonly p99: number; readonly mean: number };
  /** The longest waits for a turn, with what this thread itself did in it: the rest is other processes' time. */
  readonly worst: readonly Blocked[];
  readonly peakBytes: number;
};

type Blocked = { readonly ms: number; readonly ownMs: number; readonly phase: string };

const TICK_MS = 5;
const WORST = 5;

const [site = '', data = '', ...names] = process.argv.slice(2);
const context = readContext({ site, data });

await withHouse(context, async (house) => {
  const handler = createContentHandler(contentParts(house, openContentFiles()));
  const server = createServer((request, response) => {
    if (!handler.handle(request, response)) response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  process.stdout.write(`${typeof address === 'object' ? address?.port : 0}\n`);
  for (const name of names) {
    const repo = house.site().repos.find((known) => known.name === name);
    if (repo === undefined) throw new Error(`no repo ${name}`);
    let phase = 'begin';
    const probe = startProbe(() => phase);
    const began = performance.now();
    const result = await syncNow({ ...house, log: quietLog }, repo, {
      onProgress: (progress) => {
        ({ phase } = progress);
      },
      signal: new AbortController().signal,
    });
    const measured: Measured = { result, tookMs: performance.now() - began, ...probe.end() };
    process.stdout.write(`${JSON.stringify(measured)}\n`);
  }
  server.closeAllConnections();
  server.close();
});

/** Watches the event loop from two sides: Node's own histogram, and a timer that notes when it came late. */
function startProbe(phaseNow: () => string) {
  const histogram = monitorEventLoopDelay({ resolution: TICK_MS });
  histogram.enable();
  const worst: Blocked[] = [];
  let last = performance.now();
  let cpu = process.threadCpuUsage();
  const timer = setInterval(() => {
    const now = performance.now();
    const { user, system } = process.threadCpuUsage(cpu);
    worst.push({ ms: now - last - TICK_MS, ownMs: (user + system) / 1000, phase: phaseNow() });
    if (worst.length > 1000) keepWorst(worst);
    last = performance.now();
    cpu = process.threadCpuUsage();
  }, TICK_MS);
  return {
    end: () => {
      clearInterval(timer);
      histogram.disable();
      keepWorst(worst);
      const ms = (nanoseconds: number): number => nanoseconds / 1e6;
      return {
        delayMs: { max: ms(histogram.max), p99: ms(histogram.percentile(99)), mean: ms(histogram.mean) },
        worst,
        peakBytes: process.resourceUsage().maxRSS * 1024,
      };
    },
  };
}

/** The longest waits, and of these first those that were this thread's own doing. */
function keepWorst(worst: Blocked[]): void {
  const kept = worst.toSorted((a, b) => Math.max(b.ownMs, b.ms / 4) - Math.max(a.ownMs, a.ms / 4)).slice(0, WORST);
  worst.splice(0, worst.length, ...kept);
}
