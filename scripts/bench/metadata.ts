// What a sync of a very large repository costs the appliance: peak memory, and how long the event loop is ever blocked while it
// serves. Run by hand: node scripts/bench/metadata.ts [--packages 50000] [--json].

import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import type { Measured } from './metadata-child.ts';
import { formatReport, median, type Report } from './measure.ts';

const { values: flags } = parseArgs({
  options: { packages: { type: 'string', default: '50000' }, json: { type: 'boolean', default: false } },
});
const LIMIT_RSS_BYTES = 500e6;
const LIMIT_BLOCKED_MS = 100;
const HERE = import.meta.dirname;
const ASK_EVERY_MS = 20;

const siteText = (origin: string, small: string): string => `site:
  name: bench
  domain: bench.invalid
  appliance: 192.0.2.1
  timezone: Etc/UTC
  ntp: [192.0.2.2]
  rootPassword: { secret: root }
networks:
  - name: lab
    subnet: 192.0.2.0/24
    gateway: 192.0.2.2
    dns: [192.0.2.2]
    ranges: [{ name: all, use: hosts, from: 192.0.2.10, to: 192.0.2.20 }]
repos:
  - { name: small, upstream: "${small}" }
  - { name: large, upstream: "${origin}" }
  - { name: filtered, upstream: "${origin}", include: ["library-with-a-name-1234*"] }
trees: []
profiles: []
hosts: []
`;

type Line = () => Promise<string>;

/** A child of this bench and its lines. */
function start(script: string, ...args: readonly string[]): { readonly child: ChildProcess; readonly line: Line } {
  const child = spawn(process.execPath, [join(HERE, script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // The packages are none that createrepo_c could read: metadata of their own is made from upstream's.
    env: {},
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    child,
    line: async () => {
      const next = await lines.next();
      if (next.done === true) throw new Error(`${script} ended too soon`);
      return next.value;
    },
  };
}

type Asked = { readonly waits: number[]; stop(): Promise<void> };

/** Asks for a file of the repo \`small\` again and again, as a client would, and notes how long each answer took. */
function askMeanwhile(port: number): Asked {
  const waits: number[] = [];
  const over = new AbortController();
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const began = performance.now();
      request({ host: '127.0.0.1', port, path: '/repos/small/repodata/repomd.xml' }, (response) => {
        response.resume().on('end', () => {
          if (response.statusCode === 200) waits.push(performance.now() - began);
          setTimeout(resolve, ASK_EVERY_MS);
        });
      })
        .on('error', (error) => (over.signal.aborted ? resolve() : reject(error)))
        .end();
    });
  const running = (async () => {
    while (!over.signal.aborted) await ask();
  })();
  return {
    waits,
    stop: async () => {
      over.abort();
      await running;
    },
  };
}

function reportOf(title: string, measured: Measured, waits: readonly number[]): Report {
  const { result, tookMs, delayMs, worst, peakBytes } = measured;
  const outcome = result.kind === 'failed' ? `failed: ${result.reason}` : result.kind;
  const counts =
    result.kind === 'published'
      ? `${result.packages} packages listed, ${result.filesFetched} files fetched`
      : 'nothing fetched';
  const ownMs = Math.max(...worst.map((wait) => wait.ownMs));
  const met = (isMet: boolean): string => (isMet ? 'met' : 'MISSED');
  const places = worst
    .map(({ ms, ownMs, phase }) => `${ms.toFixed(0)} ms (${ownMs.toFixed(0)} of them its own work) in ${phase}`)
    .join(', ');
  return {
    title,
    how: `one process, with the house and the content handler of an appliance, syncs from another process on loopback; a client asks it for a repomd.xml all the while, ${ASK_EVERY_MS} ms after each answer. Memory is the kernel's own peak of the whole process, the loop's delay that of perf_hooks at 5 ms; the sync ended: ${outcome}`,
    unit: 'ms',
    rows: [],
    ratios: [],
    facts: [
      `the whole sync: ${(tookMs / 1000).toFixed(1)} s, ${counts}`,
      `peak RSS: ${(peakBytes / 1e6).toFixed(0)} MB (wanted < ${LIMIT_RSS_BYTES / 1e6}: ${met(peakBytes < LIMIT_RSS_BYTES)})`,
      `event loop blocked at most ${delayMs.max.toFixed(0)} ms (wanted < ${LIMIT_BLOCKED_MS}: ${met(delayMs.max < LIMIT_BLOCKED_MS)}), p99 ${delayMs.p99.toFixed(1)} ms; worst: ${places}`,
      `of that by work of its own at most ${ownMs.toFixed(0)} ms of CPU (< ${LIMIT_BLOCKED_MS}: ${met(ownMs < LIMIT_BLOCKED_MS)}); the rest waited for a processor that other processes had`,
      `a client's ${waits.length} requests meanwhile: median ${median(waits).toFixed(1)} ms, longest ${Math.max(...waits).toFixed(0)} ms`,
    ],
  };
}

async function bench(): Promise<readonly Report[]> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  const children: ChildProcess[] = [];
  const begin = (script: string, ...args: readonly string[]): Line => {
    const { child, line } = start(script, ...args);
    children.push(child);
    return line;
  };
  const origin = async (name: string, count: string): Promise<string> => {
    await mkdir(join(directory, name));
    return `http://127.0.0.1:${await begin('metadata-origin.ts', join(directory, name), count)()}/`;
  };
  try {
    const site = join(directory, 'site.yaml');
    await writeFile(site, siteText(await origin('large', flags.packages), await origin('small', '10')));
    const reports: Report[] = [];
    const runs = [
      ['a first sync', ['small', 'large']],
      ['nothing new', ['large']],
      ['a filtered repo of the same', ['filtered']],
    ] as const;
    for (const [what, names] of runs) {
      const line = begin('metadata-child.ts', site, join(directory, 'data'), ...names);
      const port = Number(await line());
      // The small repo is what the client reads: it has to be there.
      if (names.length > 1) await line();
      const asked = askMeanwhile(port);
      const measured = JSON.parse(await line()) as Measured;
      await asked.stop();
      reports.push(reportOf(`${flags.packages} packages: ${what}`, measured, asked.waits));
    }
    return reports;
  } finally {
    for (const child of children) child.kill();
    await rm(directory, { recursive: true, force: true });
  }
}

const reports = await bench();
process.stdout.write(flags.json ? `${JSON.stringify(reports, null, 2)}\n` : reports.map(formatReport).join('\n'));
