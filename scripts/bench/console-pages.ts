// The pages of the console's bench: how soon the list of hosts shows, and what three pages that look cost the appliance and themselves.

import { setTimeout as sleep } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';
import type { Bench } from './console-machines.ts';
import { ask, macOf, nameOf } from './console-machines.ts';

const TABLE = 'table.hosts tbody tr';

export type Opening = { readonly paintMs: number; readonly tableMs: number; readonly heapMb: number };

/** The list of hosts in a new page, from the click to the first row. */
export async function openHosts(context: BrowserContext, origin: string): Promise<Opening> {
  const page = await context.newPage();
  await page.addInitScript(`
    const look = new MutationObserver(() => {
      if (globalThis.tableAt !== undefined || document.querySelector('${TABLE}') === null) return;
      requestAnimationFrame(() => { globalThis.tableAt ??= performance.now(); });
    });
    look.observe(document, { subtree: true, childList: true });
  `);
  await page.goto(`${origin}/hosts`);
  await page.locator(TABLE).first().waitFor({ timeout: 60_000 });
  const paintMs = await page.evaluate<number>('performance.getEntriesByName("first-contentful-paint")[0].startTime');
  const tableMs = await page.evaluate<number>(
    'new Promise((resolve) => setTimeout(() => resolve(globalThis.tableAt), 100))',
  );
  const heapMb = await heapMbOf(page);
  await page.close();
  return { paintMs, tableMs, heapMb };
}

async function heapMbOf(page: Page): Promise<number> {
  const wire = await page.context().newCDPSession(page);
  await wire.send('Performance.enable');
  await wire.send('HeapProfiler.collectGarbage');
  const { metrics } = (await wire.send('Performance.getMetrics')) as {
    metrics: readonly { name: string; value: number }[];
  };
  return (metrics.find(({ name }) => name === 'JSHeapUsedSize')?.value ?? Number.NaN) / 1e6;
}

export type Look = {
  readonly boots: readonly number[];
  readonly longTasksMs: readonly number[];
  readonly fetchedMb: number;
  readonly requests: number;
  readonly lag: Readonly<Record<string, number>>;
  readonly memoryMb: number;
};

/** Three pages look for so long, while machines that are not armed ask what to boot. */
export async function lookFor(context: BrowserContext, bench: Bench, seconds: number): Promise<Look> {
  const pages = await Promise.all(
    ['/', '/hosts', `/hosts/${nameOf(0)}`].map(async (path) => {
      const page = await context.newPage();
      let bytes = 0;
      let requests = 0;
      page.on('requestfinished', (asked) => {
        requests += 1;
        void asked.sizes().then(
          ({ responseBodySize }) => (bytes += responseBodySize),
          () => undefined,
        );
      });
      await page.addInitScript(`
        globalThis.longTasks = [];
        new PerformanceObserver((list) => list.getEntries().forEach(({ duration }) => globalThis.longTasks.push(duration)))
          .observe({ type: 'longtask', buffered: true });
      `);
      await page.goto(`${bench.origin}${path}`);
      await page.locator('h1').waitFor();
      return { page, fetched: () => ({ bytes, requests }) };
    }),
  );
  const boots: number[] = [];
  const until = performance.now() + seconds * 1000;
  for (let asked = 0; performance.now() < until; asked += 1) {
    const mac = macOf(5000 + (asked % 1000)).replaceAll(':', '-');
    boots.push((await ask(bench, `/boot/pxelinux.cfg/01-${mac}`)).ms);
    await sleep(20);
  }
  const longTasksMs: number[] = [];
  for (const { page } of pages) {
    const tasks = await page.evaluate<readonly number[]>('globalThis.longTasks');
    longTasksMs.push(tasks.reduce((all, one) => all + one, 0) / seconds);
  }
  const fetched = pages.map((one) => one.fetched());
  const metrics = (await ask(bench, '/metrics')).text;
  for (const { page } of pages) await page.close();
  return {
    boots,
    longTasksMs,
    fetchedMb: fetched.reduce((all, { bytes }) => all + bytes, 0) / 1e6,
    requests: fetched.reduce((all, { requests }) => all + requests, 0),
    lag: {
      p50: metricOf(metrics, 'nodejs_eventloop_lag_p50_seconds') * 1000,
      p99: metricOf(metrics, 'nodejs_eventloop_lag_p99_seconds') * 1000,
      max: metricOf(metrics, 'nodejs_eventloop_lag_max_seconds') * 1000,
    },
    memoryMb: metricOf(metrics, 'process_resident_memory_bytes') / 1e6,
  };
}

function metricOf(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1]);
}
