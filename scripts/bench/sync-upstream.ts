// The upstream of the sync bench: nginx over a directory, far away behind a relay, and what it was asked.

import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Daemon } from '../../test/support/lab-run.ts';
import { median } from './measure.ts';

/** What it was asked since it began. */
export type Asked = { readonly requests: number; readonly connections: number };

export type FarUpstream = {
  /** `http://127.0.0.1:43210/` */
  readonly url: string;
  /** From request to answer on an open connection, as measured. */
  readonly roundTripMs: number;
  asked(): Promise<Asked>;
  stop(): Promise<void>;
};

const PINGS = 11;

/** Serves `root`, each way being `oneWayMs` long. `home` is made for its own files; its path is short, as a socket's has to be. */
export async function startFarUpstream(root: string, home: string, oneWayMs: number): Promise<FarUpstream> {
  await mkdir(home);
  const [socket, log, conf] = ['socket', 'access.log', 'nginx.conf'].map((name) => join(home, name)) as [
    string,
    string,
    string,
  ];
  await writeFile(conf, configOf({ root, home, socket, log }));
  const running: Daemon[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(running.map((daemon) => daemon.stop())));
  try {
    const nginx = new Daemon(['nginx', '-p', home, '-c', conf]);
    running.push(nginx);
    await waitForSocket(socket, nginx);
    const relay = new Daemon([process.execPath, join(import.meta.dirname, 'tcp-relay.ts'), socket, String(oneWayMs)]);
    running.push(relay);
    await relay.waitFor('\n', { timeoutMs: 10_000 });
    const url = `http://127.0.0.1:${relay.output.trim()}/`;
    return { url, roundTripMs: await roundTrip(`${url}repodata/repomd.xml`), asked: () => askedOf(log), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function waitForSocket(socket: string, nginx: Daemon): Promise<void> {
  for (let tries = 0; tries < 250; tries += 1) {
    const found = await stat(socket).catch(() => undefined);
    if (found !== undefined) return;
    await sleep(20);
  }
  throw new Error(`nginx does not listen:\n${nginx.output}`);
}

async function roundTrip(url: string): Promise<number> {
  const times: number[] = [];
  for (let ping = 0; ping < PINGS; ping += 1) {
    const began = performance.now();
    await (await fetch(url)).bytes();
    times.push(performance.now() - began);
  }
  // The first one connects.
  return median(times.slice(1));
}

async function askedOf(log: string): Promise<Asked> {
  const lines = (await readFile(log, 'latin1')).split('\n').slice(0, -1);
  return { requests: lines.length, connections: new Set(lines.map((line) => line.split(' ')[0])).size };
}

type Paths = { readonly root: string; readonly home: string; readonly socket: string; readonly log: string };

/** One process, which ends with the bench. A line of its log begins with the connection's number. */
function configOf({ root, home, socket, log }: Paths): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  return `daemon off; master_process off; pid ${home}/pid; error_log stderr error;
${process.getuid?.() === 0 ? 'user root;' : ''}
events { worker_connections 1024; }
http {
  default_type application/octet-stream; sendfile on; tcp_nopush on; keepalive_timeout 65; keepalive_requests 1000000000;
  log_format connection '$connection $msec $uri'; access_log ${log} connection;
  ${temporary.map((kind) => `${kind}_temp_path ${home}/${kind};`).join(' ')}
  server { listen unix:${socket}; root ${root}; }
}
`;
}
