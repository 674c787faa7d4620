// The web servers that the bench compares, each one process (with its master, where it has one) over the same files, on loopback.

import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf } from '../../server/malformed.ts';
import { run } from '../../test/support/lab-run.ts';
import { benchSite } from './bench-site.ts';
import type { BenchContent } from './serve-content.ts';

export type WebServer = {
  readonly name: 'kickstand' | 'nginx' | 'nginx, no sendfile' | 'apache' | 'serve-static' | 'node:http, memory';
  /** `http://127.0.0.1:43210`, no slash at the end. */
  readonly origin: string;
  /** CPU time spent so far by all its threads and children, in milliseconds (the kernel counts in steps of 10). */
  cpuMs(): Promise<number>;
  stop(): Promise<void>;
};

type Starting = { readonly content: BenchContent; readonly port: number };
const KICKSTAND = resolve(import.meta.dirname, '..', 'kickstand');

/** Starts all of them into `started`, so that those that run are stopped where another does not start. */
export async function startWebServers(content: BenchContent, started: WebServer[]): Promise<void> {
  const nginx = await start('nginx', content, startNginx);
  started.push(nginx);
  started.push(await start('nginx, no sendfile', content, startCopyingNginx));
  started.push(await start('apache', content, startApache));
  started.push(await start('serve-static', content, (starting) => nodeArgv('serve-static.ts', starting)));
  started.push(await start('node:http, memory', content, (starting) => nodeArgv('serve-memory.ts', starting)));
  // nginx is the upstream that Kickstand first syncs its repository from.
  started.unshift(await start('kickstand', content, (starting) => startKickstand(starting, nginx.origin)));
}

/** Kickstand alone, its tree `iso` being the content's ISO, which need not be there yet. It listens, and has nothing synced. */
export function startAlone(content: BenchContent): Promise<WebServer> {
  return start('kickstand', content, (starting) => kickstandArgv(starting, 'http://127.0.0.1:9'));
}

async function start(
  name: WebServer['name'],
  content: BenchContent,
  argvOf: (starting: Starting) => Promise<readonly string[]>,
): Promise<WebServer> {
  const port = await freePort();
  const argv = await argvOf({ content, port });
  // --pdeathsig: when the bench is killed the kernel tells it to end, so that it can end its own workers. detached: a process group of
  // its own, to be ended as a whole. What it says is of use only when it does not start.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said = (said + text).slice(-2000)));
  for (let tries = 0; !(await answers(port)); tries += 1) {
    if (tries === 500 || child.exitCode !== null) {
      await stop(child);
      throw new Error(`${name} does not listen:\n${said}`);
    }
    await sleep(20);
  }
  return { name, origin: `http://127.0.0.1:${port}`, cpuMs: () => cpuMsOf(child), stop: () => stop(child) };
}

/** The appliance as it is run, with the repository synced into it and two trees: the directory, and the ISO. */
async function startKickstand(starting: Starting, upstream: string): Promise<readonly string[]> {
  const argv = await kickstandArgv(starting, upstream);
  await run([KICKSTAND, 'repo', 'sync', 'bench', ...whereOf(starting.content)], { timeoutMs: 300_000 });
  return argv;
}

async function kickstandArgv({ content, port }: Starting, upstream: string): Promise<readonly string[]> {
  await writeFile(join(content.directory, 'site.yaml'), siteText(content, upstream));
  const ports = ['--listen', '127.0.0.1', '--advertise', '127.0.0.1', '--http-port', String(port), '--tftp-port', '0'];
  return [KICKSTAND, 'serve', ...whereOf(content), ...ports, '--log-level', 'error'];
}

function whereOf({ directory }: BenchContent): readonly string[] {
  return ['--site', join(directory, 'site.yaml'), '--data', join(directory, 'data')];
}

function startNginx(starting: Starting): Promise<readonly string[]> {
  return nginxArgv(starting, { name: 'nginx', sending: 'sendfile on; tcp_nopush on;' });
}

/** It reads and writes like any server that cannot have the kernel send a file; its buffers are as large as Kickstand's. */
function startCopyingNginx(starting: Starting): Promise<readonly string[]> {
  return nginxArgv(starting, { name: 'nginx-copying', sending: 'sendfile off; output_buffers 2 512k;' });
}

async function nginxArgv(
  { content, port }: Starting,
  { name, sending }: { readonly name: string; readonly sending: string },
): Promise<readonly string[]> {
  const home = join(content.directory, name);
  await mkdir(home);
  const paths = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${home}/${kind};`,
  );
  const http = [`access_log off; ${sending} keepalive_timeout 65; keepalive_requests 1000000000;`, ...paths];
  const server = `server { listen 127.0.0.1:${port}; root ${content.root}; }`;
  const user = process.getuid?.() === 0 ? 'user root;' : '';
  const text = `${user} worker_processes 1; pid ${home}/pid; error_log stderr error;
events { worker_connections 1024; }
http { default_type application/octet-stream; ${http.join('\n')} ${server} }\n`;
  await writeFile(join(home, 'nginx.conf'), text);
  return ['nginx', '-p', home, '-c', join(home, 'nginx.conf'), '-g', 'daemon off;'];
}

/** One child of the event MPM, with more threads than the bench has connections. */
async function startApache({ content, port }: Starting): Promise<readonly string[]> {
  const home = join(content.directory, 'apache');
  await mkdir(home);
  const modules = ['mpm_event', 'authz_core', 'mime'].map(
    (name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`,
  );
  const children = ['ServerLimit 1', 'StartServers 1', 'ThreadLimit 64', 'ThreadsPerChild 64', 'MaxRequestWorkers 64'];
  const lines = [
    ...modules,
    ...children,
    ...['MinSpareThreads 64', 'MaxSpareThreads 64', 'KeepAlive On', 'MaxKeepAliveRequests 0', 'EnableSendfile On'],
    ...[`ServerRoot ${home}`, 'ServerName bench', `Listen 127.0.0.1:${port}`, `PidFile ${home}/pid`],
    ...[`DefaultRuntimeDir ${home}`, 'Mutex pthread default', 'LogLevel error', `ErrorLog ${home}/errors`],
    ...(process.getuid?.() === 0 ? ['User www-data', 'Group www-data'] : []),
    ...['TypesConfig /dev/null', `DocumentRoot ${content.root}`, `<Directory ${content.root}>`, 'Require all granted'],
    ...['Options FollowSymLinks', 'AllowOverride None', '</Directory>', ''],
  ];
  await writeFile(join(home, 'apache.conf'), lines.join('\n'));
  return ['apache2', '-f', join(home, 'apache.conf'), '-DFOREGROUND'];
}

async function nodeArgv(script: string, { content, port }: Starting): Promise<readonly string[]> {
  return [process.execPath, join(import.meta.dirname, script), String(port), content.root];
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  return address.port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => settle(true)).once('error', () => settle(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** proc(5), /proc/pid/stat: fields 14 and 15 are user and system time in clock ticks, of which every Linux has 100 a second. */
async function cpuMsOf({ pid }: ChildProcess): Promise<number> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).split(' ').filter((one) => one !== '');
  const ticks = [String(pid), ...children].map(async (one) => {
    const text = await readFile(`/proc/${one}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return (await Promise.all(ticks)).reduce((sum, one) => sum + one, 0) * 10;
}

/** Asks it to end, and ends whatever is left of its group. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([exited, sleep(STOP_MS, undefined, { ref: false })]);
  }
  killGroup(child);
}

const STOP_MS = 10_000;

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error; // nobody is left
  }
}

/** Rejects when the bench is told to end, so that what follows `work` stops the servers and removes the files. */
export async function unlessInterrupted<T>(work: Promise<T>): Promise<T> {
  const interrupted = Promise.withResolvers<never>();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const onSignal = (signal: string): void => interrupted.reject(new Error(`ended by ${signal}`));
  for (const signal of signals) process.once(signal, onSignal);
  try {
    return await Promise.race([work, interrupted.promise]);
  } finally {
    for (const signal of signals) process.off(signal, onSignal);
  }
}

function siteText({ root, iso }: BenchContent, upstream: string): string {
  return benchSite(`
repos:
  - { name: bench, upstream: "${upstream}/", keep: 1 }

trees:
  - { name: directory, directory: ${JSON.stringify(root)} }
  - { name: iso, iso: ${JSON.stringify(iso)} }
`);
}
