// The TFTP servers that the bench compares, each a process of its own over the same directory, on an address of its own.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type BenchServer = {
  readonly name: 'kickstand' | 'dnsmasq' | 'atftpd';
  readonly address: string;
  /** CPU time that it has spent so far, of all its threads, in milliseconds (the kernel counts in steps of 10). */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
};

type Peer = Pick<BenchServer, 'name' | 'address'> & { argv(directory: string): readonly string[] };

/** Port 69 for all: dnsmasq knows no other. More transfers at once than any bench opens, wherever the default is lower. */
const PEERS: readonly Peer[] = [
  {
    name: 'kickstand',
    address: '127.0.0.2',
    argv: (directory) => [
      ...[process.execPath, join(import.meta.dirname, 'tftp-server.ts')],
      ...['127.0.0.2', '69', directory],
    ],
  },
  {
    name: 'dnsmasq',
    address: '127.0.0.3',
    argv: (directory) => [
      ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--port=0', '--no-resolv'],
      ...['--listen-address=127.0.0.3', '--bind-interfaces', '--enable-tftp', `--tftp-root=${directory}`],
      '--tftp-max=2000',
    ],
  },
  {
    name: 'atftpd',
    address: '127.0.0.4',
    argv: (directory) => [
      ...['atftpd', '--daemon', '--no-fork', '--user', 'root.root', '--bind-address', '127.0.0.4', '--port', '69'],
      ...['--maxthread', '2000', '--verbose=0', directory],
    ],
  },
];

/** Starts all of them over `directory`; resolves when each listens. */
export async function startServers(directory: string): Promise<readonly BenchServer[]> {
  return Promise.all(PEERS.map((peer) => start(peer, peer.argv(directory))));
}

async function start({ name, address }: Peer, argv: readonly string[]): Promise<BenchServer> {
  // --pdeathsig: the kernel ends it when the bench is killed. What it says is of use only when it does not start.
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  for (let tries = 0; !(await listens(address)); tries += 1) {
    if (tries === 250 || child.exitCode !== null) throw new Error(`${name} does not listen:\n${said}`);
    await sleep(20);
  }
  return { name, address, cpuMs: () => cpuMsOf(child), stop: () => stop(child) };
}

/** Does anybody listen on port 69 of this address? As the kernel lists it: the address little-endian, all in hex. */
async function listens(address: string): Promise<boolean> {
  const hex = address
    .split('.')
    .toReversed()
    .map((part) => Number(part).toString(16).padStart(2, '0'));
  const sockets = await readFile('/proc/net/udp', 'utf8');
  return sockets.includes(` ${hex.join('').toUpperCase()}:0045 `);
}

/** proc(5), /proc/pid/stat: fields 14 and 15 are user and system time in clock ticks, of which every Linux has 100 a second. */
async function cpuMsOf(child: ChildProcess): Promise<number> {
  const text = await readFile(`/proc/${child.pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  await exited;
}
