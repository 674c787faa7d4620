// Compares content as the appliance serves it with nginx, Apache and serve-static, in one run and in turns, and prints ratios against
// the bars. Run by hand: node scripts/bench/serve.ts [--rounds N] [--seconds N] [--only medium,small,large] [--json]. Linux.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { alternate, formatReport, ratioOf, type Bar, type Contestant, type Report, type Run } from './measure.ts';
import { buildContent, FILES, LARGE, pathOf, SIZES, type BenchContent } from './serve-content.ts';
import { startWebServers, unlessInterrupted, type WebServer } from './serve-servers.ts';

const runFile = promisify(execFile);
const MB = 1_000_000;
const CONNECTIONS = 32;

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    only: { type: 'string', default: 'medium,small,large' },
    json: { type: 'boolean', default: false },
  },
});

type Bench = { readonly content: BenchContent; readonly servers: readonly WebServer[]; readonly rounds: number };
const BENCHES = { medium: mediumFiles, small: smallFiles, large: largeFile } as const;
type BenchName = keyof typeof BENCHES;

const atLeast = (ratio: number): Bar => ({ kind: 'at-least', ratio });

async function benchAll(): Promise<void> {
  const names = flags.only.split(',').filter((name): name is BenchName => name in BENCHES);
  const content = await buildContent(names.includes('large') ? 'with' : 'none');
  const servers: WebServer[] = [];
  try {
    await unlessInterrupted(compare(names, content, servers));
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await content.remove();
  }
}

async function compare(names: readonly BenchName[], content: BenchContent, servers: WebServer[]): Promise<void> {
  await startWebServers(content, servers);
  await checkServe(content, servers);
  const reports: Report[] = [];
  for (const name of names) {
    const report = await BENCHES[name]({ content, servers, rounds: Number(flags.rounds) });
    reports.push(report);
    if (!flags.json) process.stdout.write(`${formatReport(report)}\n`);
  }
  if (flags.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
}

/** Where a server has the web root's files: Kickstand as a repo, or as a tree. */
type Source = 'repos/bench' | 'trees/directory' | 'trees/iso';
type Place = { readonly server: WebServer; readonly source: Source };

function urlOf({ server, source }: Place, path: string): string {
  return `${server.origin}/${server.name === 'kickstand' ? `${source}/` : ''}${path}`;
}

/** Before anything is timed: each gives the very bytes. All files are in the page cache then. */
async function checkServe(content: BenchContent, servers: readonly WebServer[]): Promise<void> {
  for (const path of [pathOf('small', 0), pathOf('medium', FILES - 1)]) {
    const wanted = await sha256Of(createReadStream(join(content.root, path)));
    const sources = ['repos/bench', 'trees/directory', 'trees/iso'] as const;
    for (const place of servers.flatMap((server) => sources.map((source): Place => ({ server, source })))) {
      const { body } = await fetch(urlOf(place, path));
      if (body === null || (await sha256Of(body)) !== wanted) throw new Error(`${urlOf(place, path)}: other bytes`);
    }
  }
}

async function sha256Of(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}

/** Kickstand from each of its sources, and its peers. */
function contestants(servers: readonly WebServer[], run: (place: Place) => Promise<Run>): readonly Contestant[] {
  return servers.flatMap((server): Contestant[] => {
    const contestant = (name: string, source: Source) => ({ name, run: () => run({ server, source }) });
    if (server.name !== 'kickstand') return [contestant(server.name, 'repos/bench')];
    return [
      contestant('kickstand', 'repos/bench'),
      contestant('kickstand, directory', 'trees/directory'),
      contestant('kickstand, ISO', 'trees/iso'),
    ];
  });
}

async function mediumFiles({ content, servers, rounds }: Bench): Promise<Report> {
  const rows = await alternate(
    contestants(forFiles(servers), (place) => load(content, place, 'medium')),
    rounds,
  );
  const against = (peer: string, of = 'kickstand', bar?: Bar) => ratioOf(rows, { of, against: peer, bar });
  return {
    title: `${FILES} files of 96 KiB, ${CONNECTIONS} connections`,
    how: HOW_LOADED,
    unit: 'MB/s',
    rows,
    ratios: [
      against('nginx', 'kickstand', atLeast(0.9)),
      against('serve-static', 'kickstand', atLeast(3)),
      against('apache'),
      against('nginx', 'kickstand, directory'),
      against('nginx', 'kickstand, ISO'),
    ],
    facts: [],
  };
}

async function smallFiles({ content, servers, rounds }: Bench): Promise<Report> {
  const rows = await alternate(
    contestants(forFiles(servers), (place) => load(content, place, 'small')),
    rounds,
  );
  const against = (peer: string, of = 'kickstand', bar?: Bar) => ratioOf(rows, { of, against: peer, bar });
  return {
    title: `${FILES} files of 3 KiB, ${CONNECTIONS} connections`,
    how: HOW_LOADED,
    unit: 'requests/s',
    rows,
    ratios: [
      against('nginx', 'kickstand', atLeast(0.45)),
      against('apache', 'kickstand', atLeast(1)),
      against('serve-static'),
      against('node:http, memory'),
      against('nginx', 'kickstand, directory'),
      against('nginx', 'kickstand, ISO'),
    ],
    facts: [],
  };
}

/** With sendfile or without makes a difference for long files only. */
function forFiles(servers: readonly WebServer[]): readonly WebServer[] {
  return servers.filter(({ name }) => name !== 'nginx, no sendfile');
}

const HOW_LOADED =
  'wrk -t1 -c32 asks for one file after the other, keep-alive, all on loopback. Each server is one process; ' +
  'Kickstand is the whole appliance, its files a published snapshot, a directory, and an ISO.';

/** One run of wrk over all files of a size. */
async function load(content: BenchContent, place: Place, size: 'small' | 'medium'): Promise<Run> {
  const script = join(content.directory, `${place.server.name.replaceAll(/\W+/g, '-')}-${size}.lua`);
  const path = new URL(urlOf(place, '')).pathname;
  const paths = Array.from({ length: FILES }, (_, number) => JSON.stringify(path + pathOf(size, number)));
  await writeFile(
    script,
    `local paths, n, requests = { ${paths.join(', ')} }, 0, {}
function init() for i, path in ipairs(paths) do requests[i] = wrk.format("GET", path) end end
function request() n = n % #requests + 1; return requests[n] end
`,
  );
  const before = await place.server.cpuMs();
  const how = ['-t1', `-c${CONNECTIONS}`, `-d${flags.seconds}s`, '-s', script, place.server.origin];
  const { stdout } = await runFile('wrk', how);
  const [, requests = 0, seconds = 0] = /(\d+) requests in ([\d.]+)s/.exec(stdout)?.map(Number) ?? [];
  if (requests === 0 || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${place.server.name}:\n${stdout}`);
  const megabytes = (requests * SIZES[size]) / MB;
  const cpuMsPerMb = ((await place.server.cpuMs()) - before) / megabytes;
  return { value: size === 'small' ? requests / seconds : megabytes / seconds, cpuMsPerMb };
}

async function largeFile({ servers, rounds }: Bench): Promise<Report> {
  const rows = await alternate(
    contestants(
      servers.filter(({ name }) => name !== 'serve-static' && name !== 'node:http, memory'),
      download,
    ).filter(({ name }) => name !== 'kickstand'),
    rounds,
  );
  const against = (peer: string, of: string, bar?: Bar) => ratioOf(rows, { of, against: peer, bar });
  return {
    title: 'A file of 1 GiB, one client',
    how: 'curl into /dev/null by its own clock, on loopback; the file is in the page cache. The others have it on disk; Kickstand also inside an ISO.',
    unit: 'MB/s',
    rows,
    ratios: [
      against('nginx', 'kickstand, directory', atLeast(0.9)),
      against('nginx', 'kickstand, ISO', atLeast(0.9)),
      against('nginx, no sendfile', 'kickstand, directory'),
      against('nginx, no sendfile', 'kickstand, ISO'),
      against('apache', 'kickstand, directory'),
    ],
    facts: [],
  };
}

async function download(place: Place): Promise<Run> {
  const before = await place.server.cpuMs();
  const shown = ['-w', '%{size_download} %{time_total}'];
  const { stdout } = await runFile('curl', ['-sS', '-o', '/dev/null', ...shown, urlOf(place, LARGE)]);
  const [bytes = 0, seconds = 0] = stdout.split(' ').map(Number);
  if (bytes !== SIZES.large) throw new Error(`${place.server.name} gave ${bytes} bytes`);
  return { value: bytes / MB / seconds, cpuMsPerMb: ((await place.server.cpuMs()) - before) / (bytes / MB) };
}

await benchAll();
