// The console over ten thousand hosts: a real browser on the real appliance, while two hundred of them install and three pages look.

import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, BrowserContext } from 'playwright-core';
import { openBrowser } from '../../test/support/browser.ts';
import { openWindow } from '../../test/support/console-window.ts';
import { table } from '../cli/output.ts';
import { buildConsole } from '../console-build.ts';
import type { Answer, Bench } from './console-machines.ts';
import { ask, beginInstall, goOnInstalling, startBench } from './console-machines.ts';
import type { Look, Opening } from './console-pages.ts';
import { lookFor, openHosts } from './console-pages.ts';
import { median } from './measure.ts';

const HELP = `node scripts/bench/console.ts [--hosts 10000] [--installing 200] [--seconds 10] [--rounds 5] [--json]

Starts the appliance on loopback with a site of so many hosts, arms some and installs them as their machines would ask: each fetches a
package every two seconds, from an address of its own. Chromium opens the list of hosts again and again; then three pages (overview,
hosts, one host) look for so many seconds while boots are asked for. Medians of the rounds.`;

const SETTLED_MS = 1500;

/** GET of the list, as a page asks for it. */
async function lists(bench: Bench, rounds: number): Promise<readonly Answer[]> {
  const answers: Answer[] = [];
  for (let round = 0; round < rounds; round += 1) {
    answers.push(await ask(bench, '/api/v1/hosts'));
    await sleep(500);
  }
  return answers;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

type Row = { readonly what: string; readonly value: number; readonly unit: string };

function rowsOf({ what, answers }: { readonly what: string; readonly answers: readonly Answer[] }): readonly Row[] {
  return [
    { what: `GET /api/v1/hosts, ${what}`, value: median(answers.map(({ ms }) => ms)), unit: 'ms' },
    { what: `its size, ${what}`, value: median(answers.map(({ bytes }) => bytes)) / 1e6, unit: 'MB' },
  ];
}

function openingRows(what: string, openings: readonly Opening[]): readonly Row[] {
  const middle = (pick: (one: Opening) => number): number => median(openings.map(pick));
  return [
    { what: `first paint, ${what}`, value: middle(({ paintMs }) => paintMs), unit: 'ms' },
    { what: `the list shows, ${what}`, value: middle(({ tableMs }) => tableMs), unit: 'ms' },
    { what: `heap of that page, ${what}`, value: middle(({ heapMb }) => heapMb), unit: 'MB' },
  ];
}

function lookRows(looks: readonly Look[], seconds: number): readonly Row[] {
  const middle = (pick: (one: Look) => number): number => median(looks.map(pick));
  return [
    { what: 'boot script, median', value: middle(({ boots }) => median(boots)), unit: 'ms' },
    { what: 'boot script, 99 of 100 within', value: middle(({ boots }) => percentile(boots, 0.99)), unit: 'ms' },
    { what: 'boot script, the latest', value: middle(({ boots }) => Math.max(...boots)), unit: 'ms' },
    { what: 'event loop late by, median', value: middle(({ lag }) => lag['p50'] ?? Number.NaN), unit: 'ms' },
    { what: 'event loop late by, 99 of 100 within', value: middle(({ lag }) => lag['p99'] ?? Number.NaN), unit: 'ms' },
    { what: 'event loop late by, at most', value: middle(({ lag }) => lag['max'] ?? Number.NaN), unit: 'ms' },
    { what: 'memory of the appliance', value: middle(({ memoryMb }) => memoryMb), unit: 'MB' },
    { what: 'the pages fetched', value: middle(({ fetchedMb }) => fetchedMb / seconds), unit: 'MB/s' },
    { what: 'requests of the pages', value: middle(({ requests }) => requests / seconds), unit: '/s' },
    ...['overview', 'hosts', 'one host'].map((view, index) => ({
      what: `long tasks of the page ${view}`,
      value: middle(({ longTasksMs }) => longTasksMs[index] ?? Number.NaN),
      unit: 'ms/s',
    })),
  ];
}

type Sizes = { readonly hosts: number; readonly installing: number; readonly seconds: number; readonly rounds: number };

async function openAll(context: BrowserContext, origin: string, rounds: number): Promise<readonly Opening[]> {
  const openings: Opening[] = [];
  for (let round = 0; round < rounds; round += 1) openings.push(await openHosts(context, origin));
  return openings;
}

async function measure(bench: Bench, browser: Browser, sizes: Sizes): Promise<readonly Row[]> {
  const { installing, seconds, rounds } = sizes;
  const window = await openWindow(browser, 1280);
  await window.setUp(bench.setUpLink);
  const context = window.page.context();
  await window.page.goto('about:blank');
  const idle = await lists(bench, rounds);
  const opened = await openAll(context, bench.origin, rounds);
  for (let index = 0; index < installing; index += 1) await beginInstall(bench, index);
  const installs = goOnInstalling(bench, installing);
  const busy = await lists(bench, rounds);
  const openedBusy = await openAll(context, bench.origin, rounds);
  const looks: Look[] = [];
  for (let round = 0; round < rounds; round += 1) looks.push(await lookFor(context, bench, seconds));
  await installs.stop();
  const meanwhile = `while ${installing} install`;
  return [
    ...rowsOf({ what: 'nothing happens', answers: idle }),
    ...rowsOf({ what: meanwhile, answers: busy }),
    ...openingRows('nothing happens', opened),
    ...openingRows(meanwhile, openedBusy),
    ...lookRows(looks, seconds),
  ];
}

async function bench(sizes: Sizes): Promise<readonly Row[]> {
  await using opened = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  opened.defer(() => rm(directory, { recursive: true }));
  await buildConsole();
  const started = await startBench(directory, sizes.hosts);
  opened.defer(() => started.stop());
  const browser = await openBrowser();
  opened.defer(() => browser.close());
  await sleep(SETTLED_MS);
  return await measure(started, browser, sizes);
}

const { values: flags } = parseArgs({
  options: {
    hosts: { type: 'string', default: '10000' },
    installing: { type: 'string', default: '200' },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (flags.help) process.stdout.write(`${HELP}\n`);
else {
  const { hosts, installing, seconds, rounds } = flags;
  const rows = await bench({
    ...{ hosts: Number(hosts), installing: Number(installing) },
    ...{ seconds: Number(seconds), rounds: Number(rounds) },
  });
  const load = loadavg().map((one) => one.toFixed(1));
  if (flags.json) process.stdout.write(`${JSON.stringify(rows, undefined, 2)}\n`);
  else {
    const cells = rows.map(({ what, value, unit }) => [what, value >= 10 ? value.toFixed(0) : value.toFixed(2), unit]);
    process.stdout.write(table([`${hosts} hosts, ${installing} install`, 'median', ''], cells));
    process.stdout.write(`load ${load.join(' ')} on ${availableParallelism()} processors\n`);
  }
}
