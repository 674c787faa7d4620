// The syslog port, UDP and TCP: bytes of hosts → messages, handed on. It keeps nothing, and nobody is answered.

import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../log.ts';
import { codeOf, messageOf } from '../malformed.ts';
import { allowances } from './allowance.ts';
import { openFraming } from './frames.ts';
import { parseMessage, type SyslogMessage } from './message.ts';

/** A message with the host it is taken for. `missed`: how many of that host's were let go just before it. */
export type HeardMessage = { readonly host: string; readonly message: SyslogMessage; readonly missed: number };

export type SyslogSetup = {
  /** An IPv4 address of this machine, or 0.0.0.0. */
  readonly address: string;
  /** 0: any that is free for both. */
  readonly port: number;
  /** The host whose messages come from `address` now, if any. A datagram's sender can be forged: this is good for evidence alone. */
  readonly hostAt: (address: string) => string | undefined;
  readonly take: (heard: HeardMessage) => void;
  readonly log: Log;
};

/** What was not taken: from addresses that are no host's, and beyond what one host may send. */
export type SyslogCounts = { readonly strangers: number; readonly beyond: number };

export type SyslogPort = {
  readonly port: number;
  readonly counts: () => SyslogCounts;
  close(): Promise<void>;
};

/**
 * An installer writes some ten thousand lines in all. A log daemon that was made to wait would make the installer wait in its
 * turn, so what is beyond this is let go, over TCP as well.
 */
const PER_SECOND = 5000;
const CONNECTIONS = 512;
/** A machine that was reset leaves its connection open; its oldest makes room. */
const CONNECTIONS_EACH = 8;
/** rsyslog holds one connection for its whole life, and a transaction of a thousand packages is silent for minutes. */
const IDLE_MS = 30 * 60_000;
const KEEP_ALIVE_MS = 60_000;
const RECEIVE_BUFFER_BYTES = 1024 * 1024;
/** A port that is free for TCP may be another's for UDP. */
const PORT_TRIES = 20;

/** Opens the port. Rejects, with the system's code on the error or its cause, where it cannot be had. */
export async function startSyslogListener(setup: SyslogSetup): Promise<SyslogPort> {
  const counts = { strangers: 0, beyond: 0 };
  const allow = allowances(PER_SECOND);
  const hear = (address: string, bytes: Uint8Array): void => {
    const host = setup.hostAt(address);
    const allowed = host === undefined ? undefined : allow(address, Date.now());
    if (host === undefined) counts.strangers += 1;
    else if (allowed?.taken === true) setup.take({ host, message: parseMessage(bytes), missed: allowed.missed });
    else counts.beyond += 1;
  };
  const isKnown = (address: string): boolean => {
    const known = setup.hostAt(address) !== undefined;
    if (!known) counts.strangers += 1;
    return known;
  };
  const { tcp, udp, port } = await openBoth(setup);
  const connections = acceptFrom(tcp, { hear, isKnown, log: setup.log });
  udp.on('message', (bytes, from) => hear(from.address, bytes));
  udp.on('error', (error) => setup.log.error('syslog socket error', { port, reason: messageOf(error) }));
  udp.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  return {
    port,
    counts: () => ({ ...counts }),
    close: async () => {
      const closed = [once(udp, 'close'), once(tcp, 'close')];
      udp.close();
      tcp.close();
      for (const socket of connections) socket.destroy();
      await Promise.all(closed);
    },
  };
}

type Hearing = {
  readonly hear: (address: string, bytes: Uint8Array) => void;
  readonly isKnown: (address: string) => boolean;
  readonly log: Log;
};

/** Reads every connection of a host; answers the set of those that are open, oldest first. */
function acceptFrom(server: Server, hearing: Hearing): ReadonlySet<Socket> {
  const open = new Set<Socket>();
  server.maxConnections = CONNECTIONS;
  server.on('error', (error) => hearing.log.error('syslog port error', { reason: messageOf(error) }));
  server.on('connection', (socket) => {
    const address = socket.remoteAddress ?? '';
    if (!hearing.isKnown(address)) return void socket.destroy();
    const own = [...open].filter((other) => other.remoteAddress === address);
    if (own.length >= CONNECTIONS_EACH) own[0]?.destroy();
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    readMessages(socket, (bytes) => hearing.hear(address, bytes));
    socket.on('error', (error) => hearing.log.debug('syslog connection broke', { address, reason: messageOf(error) }));
  });
  return open;
}

function readMessages(socket: Socket, hear: (bytes: Uint8Array) => void): void {
  const framing = openFraming();
  socket.setTimeout(IDLE_MS, () => socket.destroy());
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  socket.on('data', (bytes: Buffer) => framing.push(bytes).forEach(hear));
  socket.on('end', () => framing.end().forEach(hear));
}

async function openBoth({ address, port }: SyslogSetup): Promise<{ tcp: Server; udp: UdpSocket; port: number }> {
  for (let tries = 1; ; tries += 1) {
    const tcp = await listenTcp(address, port);
    const bound = portOf(tcp);
    try {
      return { tcp, udp: await bindUdp(address, bound), port: bound };
    } catch (error) {
      const closed = once(tcp, 'close');
      tcp.close();
      await closed;
      if (port !== 0 || tries >= PORT_TRIES || codeOf(error) !== 'EADDRINUSE') throw error;
    }
  }
}

async function listenTcp(address: string, port: number): Promise<Server> {
  const server = createServer({ allowHalfOpen: false, noDelay: true });
  const listening = once(server, 'listening');
  server.listen({ host: address, port, exclusive: true });
  await listening;
  return server;
}

async function bindUdp(address: string, port: number): Promise<UdpSocket> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false });
  const listening = once(socket, 'listening');
  socket.bind({ address, port, exclusive: true });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw error;
  }
  return socket;
}

function portOf(server: Server): number {
  const bound = server.address();
  if (bound === null || typeof bound === 'string') throw new Error('the syslog port has no address');
  return bound.port;
}
