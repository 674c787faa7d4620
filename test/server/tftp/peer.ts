// UDP ends for the TFTP tests: a peer that says what a test tells it to, a whole client, and a server with its events in a queue.

import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';

import { quietLog } from '../../../server/log.ts';
import { startTftpListener } from '../../../server/tftp/listener.ts';
import { decode, encode, type Packet, type TftpOption } from '../../../server/tftp/packet.ts';
import type { TftpEvent, TftpLimits, TftpOpen } from '../../../server/tftp/types.ts';
import { createReceiver, type Asked } from './receiver.ts';

/** Values in the order they came; `take` waits for the next one. */
export type Queue<T> = {
  readonly push: (value: T) => void;
  readonly take: () => Promise<T>;
  readonly waiting: () => number;
};

export function createQueue<T>(): Queue<T> {
  const values: T[] = [];
  const takers: ((value: T) => void)[] = [];
  return {
    push: (value) => {
      const taker = takers.shift();
      if (taker === undefined) values.push(value);
      else taker(value);
    },
    take: async () => {
      const value = values.shift();
      return value ?? new Promise((resolve) => takers.push(resolve));
    },
    waiting: () => values.length,
  };
}

export type Arrival = { readonly packet: Packet; readonly port: number };
export type Peer = {
  readonly port: number;
  send(what: Packet | Uint8Array, port: number): Promise<void>;
  /** The next datagram that came. */
  take(): Promise<Arrival>;
  waiting(): number;
  close(): Promise<void>;
};

/** A socket on loopback. */
export async function createPeer(): Promise<Peer> {
  const socket = createSocket('udp4');
  const arrived = createQueue<Arrival>();
  socket.on('message', (datagram, from) => arrived.push({ packet: decode(datagram), port: from.port }));
  const listening = once(socket, 'listening');
  socket.bind(0, '127.0.0.1');
  await listening;
  return {
    port: socket.address().port,
    send: (what, port) =>
      new Promise((resolve, reject) => {
        const bytes = what instanceof Uint8Array ? what : encode(what);
        socket.send(bytes, port, '127.0.0.1', (error) => (error === null ? resolve() : reject(error)));
      }),
    take: arrived.take,
    waiting: arrived.waiting,
    close: async () => {
      const closed = once(socket, 'close');
      socket.close();
      await closed;
    },
  };
}

export type Fetched = { readonly bytes: Buffer; readonly oack: readonly TftpOption[] | undefined };

/** Reads a file to its end, repeating itself after each `silenceMs` without a datagram. Rejects on ERROR. */
export async function fetchFile(port: number, asked: Asked, silenceMs = 500): Promise<Fetched> {
  const receiver = createReceiver(asked);
  const socket = createSocket('udp4');
  let tid = port;
  const send = (packet: Packet | undefined): void => {
    if (packet !== undefined) socket.send(encode(packet), tid, '127.0.0.1');
  };
  const over = Promise.withResolvers<void>();
  const timer = setInterval(() => send(receiver.silence()), silenceMs);
  socket.on('error', over.reject);
  socket.on('message', (datagram: Buffer, from: RemoteInfo) => {
    if (tid === port) tid = from.port;
    if (from.port !== tid) return;
    timer.refresh();
    send(receiver.receive(decode(datagram)));
    if (receiver.state.failure !== undefined) over.reject(new Error(receiver.state.failure));
    // The answer must leave before the socket closes.
    if (receiver.state.done) setImmediate(over.resolve);
  });
  socket.bind(0, '127.0.0.1', () => send(receiver.request));
  try {
    await over.promise;
  } finally {
    clearInterval(timer);
    socket.close();
  }
  return { bytes: Buffer.concat(receiver.parts), oack: receiver.state.oack };
}

export type TestServer = { readonly port: number; readonly events: Queue<TftpEvent>; close(): Promise<void> };

/** The real listener on a free loopback port. */
export async function startTestServer(open: TftpOpen, limits: Partial<TftpLimits> = {}): Promise<TestServer> {
  const events = createQueue<TftpEvent>();
  const setup = { address: '127.0.0.1', port: 0, open, log: quietLog, onEvent: events.push, limits };
  const listener = await startTftpListener(setup);
  return { port: listener.port, events, close: () => listener.close() };
}
