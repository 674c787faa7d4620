// DHCP under load: perfdhcp against Kickstand and against dnsmasq, in turns, each run with a fresh server. Prints medians and ratios.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startChild } from '../../test/server/dhcp/wire-clients.ts';
import { type DhcpWire, startWire } from '../../test/support/dhcp-wire.ts';
import { Daemon, run } from '../../test/support/lab-run.ts';

const HELP = `node scripts/bench/dhcp.ts [--runs 5] [--count 2000] [--rates 500,1000,2000,4000]

As root: it makes network namespaces. Needs dnsmasq and perfdhcp (kea-admin). Each run is COUNT exchanges, DISCOVER to ACK,
of as many machines that were never seen before, started at RATE a second; a reply later than a second counts as dropped.
dnsmasq runs with --no-ping, which is its fastest; Kickstand probes as it always does.`;

const RANGE = { from: '10.0.64.0', to: '10.0.191.255' };
const SERVERS = ['kickstand', 'dnsmasq'] as const;
type ServerName = (typeof SERVERS)[number];

/** What one run came to: exchanges without their ACK, and how long offers and ACKs took on average. */
type Run = { readonly drops: number; readonly offerMs: number; readonly ackMs: number };

async function bench(runs: number, count: number, rates: readonly number[]): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'kickstand-bench-'));
  const wire = await startWire([
    { name: 'srv', address: '10.0.0.1/16' },
    { name: 'clients', address: '10.0.0.2/16' },
  ]);
  try {
    for (const rate of rates) {
      const results: Record<ServerName, Run[]> = { kickstand: [], dnsmasq: [] };
      for (const [turn, name] of turns(runs).entries()) {
        const server = await START[name](wire, join(directory, `${rate}-${turn}`));
        results[name].push(await exchange(wire, count, rate));
        await server.stop();
      }
      report(rate, count * runs, results);
    }
  } finally {
    await wire.stop();
    await rm(directory, { recursive: true });
  }
}

/** Each server as often, who begins changing from turn to turn. */
function turns(runs: number): readonly ServerName[] {
  return Array.from({ length: runs }, (_, turn) => (turn % 2 === 0 ? SERVERS : SERVERS.toReversed())).flat();
}

const START: Readonly<Record<ServerName, (wire: DhcpWire, file: string) => Promise<Daemon>>> = {
  kickstand: (wire, file) =>
    startChild(wire, 'srv', {
      ...{ mode: 'server', leases: file, dynamic: `${RANGE.from}-${RANGE.to}`, whenOthersAnswer: 'serve' },
      limits: { findMs: 50 },
    }),
  dnsmasq: async (wire, file) => {
    const server = new Daemon([
      ...wire.in('srv'),
      ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--port=0'],
      ...['--interface=eth0', '--bind-interfaces', '--no-ping', '--quiet-dhcp', `--dhcp-leasefile=${file}`],
      ...['--dhcp-lease-max=100000', `--dhcp-range=${RANGE.from},${RANGE.to}`],
    ]);
    await server.waitFor('sockets bound', { timeoutMs: 10_000 });
    return server;
  },
};

async function exchange(wire: DhcpWire, count: number, rate: number): Promise<Run> {
  const args = ['-4', '-l', 'eth0', '-r', `${rate}`, '-R', `${count}`, '-n', `${count}`, '-W', '1500000', '-B'];
  // It exits with 3 where exchanges were dropped, which is a result, not a failure.
  const output = await run([...wire.in('clients'), 'sh', '-c', 'perfdhcp "$@" || [ $? -eq 3 ]', 'sh', ...args]);
  const [offerMs = NaN, ackMs = NaN] = numbersIn(output, /avg delay: ([\d.]+)/g);
  const [sent = count] = numbersIn(output, /sent packets: (\d+)/g);
  const [, acked = 0] = numbersIn(output, /received packets: (\d+)/g);
  return { drops: sent - acked, offerMs, ackMs };
}

function numbersIn(output: string, pattern: RegExp): readonly number[] {
  return [...output.matchAll(pattern)].map(([, text]) => Number(text));
}

function report(rate: number, exchanges: number, results: Readonly<Record<ServerName, readonly Run[]>>): void {
  print(`\n${rate} exchanges a second, ${exchanges} in all`);
  const of = (name: ServerName, what: keyof Run): number => median(results[name].map((run) => run[what]));
  for (const name of SERVERS) {
    const drops = results[name].reduce((sum, run) => sum + run.drops, 0);
    const share = ((100 * drops) / exchanges).toFixed(2);
    const times = `offer after ${of(name, 'offerMs').toFixed(1)} ms, ack after ${of(name, 'ackMs').toFixed(1)} ms`;
    print(`  ${name.padEnd(10)} dropped ${drops} (${share} %), median ${of(name, 'drops')} a run; ${times}`);
  }
  const acked = (name: ServerName): number => exchanges - results[name].reduce((sum, run) => sum + run.drops, 0);
  print(`  ratio kickstand to dnsmasq: acknowledged ${ratio(acked)}, ack time ${ratio((name) => of(name, 'ackMs'))}`);
}

function ratio(of: (name: ServerName) => number): string {
  return (of('kickstand') / of('dnsmasq')).toFixed(2);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low = NaN, high = NaN] =
    sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : sorted.slice(middle - 1, middle + 1);
  return (low + high) / 2;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    count: { type: 'string', default: '2000' },
    rates: { type: 'string', default: '500,1000,2000,4000' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) print(HELP);
else await bench(Number(values.runs), Number(values.count), values.rates.split(',').map(Number));
