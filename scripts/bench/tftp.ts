// Compares the TFTP server with dnsmasq and atftpd on this machine, in one run and in turns, and prints ratios against the bars.
// Run by hand: node scripts/bench/tftp.ts [--rounds N] [--only one,many,crowd,window] [--json]. Linux; the tools are named in `how`.

import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { startDelayRelay } from './delay-relay.ts';
import { alternate, formatReport, ratioOf, type Bar, type Contestant, type Report, type Run } from './measure.ts';
import { runCrowd } from './tftp-crowd.ts';
import { startServers, type BenchServer } from './tftp-servers.ts';

const runFile = promisify(execFile);
const MB = 1_000_000;
/** name → bytes. */
const FILES = { one: 50 * MB, many: 8 * MB, crowd: 64 * 1024, window: 2 * MB } as const;
type BenchName = keyof typeof FILES;
type Bench = { readonly servers: readonly BenchServer[]; readonly directory: string; readonly rounds: number };

const atLeast = (ratio: number): Bar => ({ kind: 'at-least', ratio });

const BENCHES: Readonly<Record<BenchName, (bench: Bench) => Promise<Report>>> = {
  one: oneClient,
  many: manyClients,
  crowd: crowdOfSessions,
  window: windowOverDistance,
};

const { values: flags } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    only: { type: 'string', default: Object.keys(BENCHES).join(',') },
    json: { type: 'boolean', default: false },
    inside: { type: 'boolean', default: false },
  },
});

/** Runs this file again in a network namespace of its own, with nothing in it but loopback. It ends with the process. */
function runInside(): number {
  const user = process.getuid?.() === 0 ? [] : ['--map-root-user'];
  const script = ['sh', '-c', 'ip link set lo up && exec "$@"', 'sh', process.execPath, import.meta.filename];
  const argv = ['--net', ...user, ...script, '--inside', ...process.argv.slice(2)];
  return spawnSync('unshare', argv, { stdio: 'inherit' }).status ?? 1;
}

async function benchAll(): Promise<number> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  const servers: BenchServer[] = [];
  try {
    for (const [name, sizeBytes] of Object.entries(FILES)) {
      await writeFile(join(directory, name), randomFillSync(Buffer.alloc(sizeBytes)));
    }
    servers.push(...(await startServers(directory)));
    for (const server of servers) await checkServes(server, directory);
    const names = flags.only.split(',').filter((name): name is BenchName => name in BENCHES);
    const reports: Report[] = [];
    for (const name of names) {
      reports.push(await BENCHES[name]({ servers, directory, rounds: Number(flags.rounds) }));
      if (!flags.json) process.stdout.write(`${formatReport(reports.at(-1) ?? raise('no report'))}\n`);
    }
    if (flags.json) process.stdout.write(`${JSON.stringify(reports, null, 2)}\n`);
    return 0;
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    await rm(directory, { recursive: true, force: true });
  }
}

/** Before anything is timed: the server gives the whole file, byte for byte. It has run once then, and the file is in memory. */
async function checkServes(server: BenchServer, directory: string): Promise<void> {
  const out = join(directory, `got-${server.name}`);
  await runFile('curl', [...CURL, '-o', out, urlOf(server, 'one')]);
  const [got, wanted] = await Promise.all([readFile(out), readFile(join(directory, 'one'))]);
  if (sha256(got) !== sha256(wanted)) throw new Error(`${server.name} gave other bytes`);
  await rm(out);
}

const CURL = ['-sS', '--max-time', '120', '--tftp-blksize', '1468'];

async function oneClient({ servers, rounds }: Bench): Promise<Report> {
  const rows = await alternate(
    servers.map((server) => ({ name: server.name, run: () => fetchOnce(server) })),
    rounds,
  );
  return {
    title: 'One client, blksize 1468, 50 MB',
    how: 'curl --tftp-blksize 1468 from each server in turn, by its own clock, into /dev/null; all on loopback.',
    unit: 'MB/s',
    rows,
    ratios: [
      ratioOf(rows, { of: 'kickstand', against: 'dnsmasq', bar: atLeast(1) }),
      ratioOf(rows, { of: 'kickstand', against: 'atftpd', bar: atLeast(1) }),
    ],
    facts: [],
  };
}

function fetchOnce(server: BenchServer): Promise<Run> {
  return timed(server, async () => {
    const shown = ['-o', '/dev/null', '-w', '%{size_download} %{time_total}'];
    const { stdout } = await runFile('curl', [...CURL, ...shown, urlOf(server, 'one')]);
    const [bytes = 0, seconds = 0] = stdout.split(' ').map(Number);
    if (bytes !== FILES.one) throw new Error(`${server.name} gave ${bytes} bytes`);
    return { bytes, seconds };
  });
}

async function manyClients({ servers, rounds }: Bench): Promise<Report> {
  const rows = await alternate(
    servers.map((server) => ({ name: server.name, run: () => fetchMany(server, 64) })),
    rounds,
  );
  return {
    title: '64 clients at once, blksize 1468, 8 MB each',
    how:
      'One curl with 64 transfers (--parallel): it costs a third of the CPU that 64 curl processes cost on the same two cores. ' +
      'Megabytes of all clients by the time from the start of the first to the end of the last.',
    unit: 'MB/s in all',
    rows,
    ratios: [
      ratioOf(rows, { of: 'kickstand', against: 'dnsmasq', bar: atLeast(1.5) }),
      ratioOf(rows, { of: 'kickstand', against: 'atftpd' }),
    ],
    facts: [],
  };
}

function fetchMany(server: BenchServer, clients: number): Promise<Run> {
  return timed(server, async () => {
    const each = ['-o', '/dev/null', urlOf(server, 'many')];
    const parallel = ['--no-progress-meter', '--parallel', '--parallel-immediate', '--parallel-max', String(clients)];
    const shown = ['-w', '%{size_download}\n'];
    const startMs = performance.now();
    const { stdout } = await runFile('curl', [...CURL, ...parallel, ...shown, ...Array(clients).fill(each).flat()]);
    const sizes = stdout.trim().split('\n').map(Number);
    const whole = sizes.filter((bytes) => bytes === FILES.many).length;
    if (whole !== clients) throw new Error(`${server.name} served ${whole} of ${clients} clients`);
    return { bytes: FILES.many * clients, seconds: (performance.now() - startMs) / 1000 };
  });
}

async function crowdOfSessions({ servers }: Bench): Promise<Report> {
  const server = kickstandOf(servers);
  const clients = 1000;
  const crowd = { server: { address: server.address, port: 69 }, name: 'crowd', sizeBytes: FILES.crowd, clients };
  const result = await runCrowd({ ...crowd, withinMs: 90_000 });
  return {
    title: `${clients} sessions open at once, 64 KiB each`,
    how: 'One process with 1,000 sockets; each opens its transfer and waits for its OACK; when all have it, all read to the end.',
    unit: '',
    rows: [],
    ratios: [],
    facts: [
      `${result.open} of ${clients} open at once after ${result.openMs} ms; ${result.whole} of ${clients} whole after ${result.totalMs} ms`,
      ...result.failures.map((failure) => `failed: ${failure}`),
    ],
  };
}

/** Half of what a round trip gets longer by. */
const ONE_WAY_MS = 1;

async function windowOverDistance({ servers, directory, rounds }: Bench): Promise<Report> {
  const server = kickstandOf(servers);
  const relay = await startDelayRelay({ address: server.address, port: 69 }, ONE_WAY_MS);
  const contestant = (name: string, options: readonly string[]): Contestant => ({
    name,
    run: () => timed(server, () => fetchWithAtftp(relay.port, { options, out: join(directory, 'window-got') })),
  });
  try {
    const rows = await alternate(
      [contestant('lockstep', []), contestant('windowsize 16', ['--option', 'windowsize 16'])],
      rounds,
    );
    return {
      title: `windowsize 16 against lockstep, ${ONE_WAY_MS * 2} ms round trip, 2 MB`,
      how: `atftp, blksize 1468, from Kickstand through a relay in the bench that brings each datagram ${ONE_WAY_MS} ms late each way.`,
      unit: 'MB/s',
      rows,
      ratios: [ratioOf(rows, { of: 'windowsize 16', against: 'lockstep', bar: atLeast(8) })],
      facts: [],
    };
  } finally {
    await relay.close();
  }
}

async function fetchWithAtftp(
  port: number,
  { options, out }: { readonly options: readonly string[]; readonly out: string },
): Promise<{ bytes: number; seconds: number }> {
  const startMs = performance.now();
  const what = ['-g', '-r', 'window', '-l', out, '127.0.0.1', String(port)];
  await runFile('atftp', ['--option', 'blksize 1468', ...options, ...what]);
  const seconds = (performance.now() - startMs) / 1000;
  const bytes = (await readFile(out)).byteLength;
  if (bytes !== FILES.window) throw new Error(`atftp got ${bytes} bytes`);
  return { bytes, seconds };
}

async function timed(server: BenchServer, work: () => Promise<{ bytes: number; seconds: number }>): Promise<Run> {
  const before = await server.cpuMs();
  const { bytes, seconds } = await work();
  const megabytes = bytes / MB;
  return { value: megabytes / seconds, cpuMsPerMb: ((await server.cpuMs()) - before) / megabytes };
}

function kickstandOf(servers: readonly BenchServer[]): BenchServer {
  return servers.find(({ name }) => name === 'kickstand') ?? raise('Kickstand does not run');
}

function urlOf(server: BenchServer, name: BenchName): string {
  return `tftp://${server.address}/${name}`;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function raise(message: string): never {
  throw new Error(message);
}

process.exitCode = flags.inside ? await benchAll() : runInside();
