// Many TFTP clients in one process that all open a transfer, wait for each other, and only then read: how many stand it?

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { decode, encode, type Packet } from '../../server/tftp/packet.ts';
import { createReceiver, type Receiver } from '../../test/server/tftp/receiver.ts';

export type Crowd = {
  readonly server: { readonly address: string; readonly port: number };
  readonly name: string;
  readonly sizeBytes: number;
  readonly clients: number;
  /** The whole must be done after this time. */
  readonly withinMs: number;
};

export type CrowdResult = {
  /** Transfers that were open at the same time, before any of them was let go on. */
  readonly open: number;
  /** Transfers that then brought the whole file. */
  readonly whole: number;
  readonly failures: readonly string[];
  readonly openMs: number;
  readonly totalMs: number;
};

/** Clients behind one address are limited; these come from as many as a large rack has switches. */
const CLIENTS_AN_ADDRESS = 100;
const SILENCE_MS = 1000;

type Client = { readonly opened: Promise<void>; readonly read: () => Promise<void>; readonly close: () => void };

/** Opens all transfers, then reads them all. Resolves with what came of it, after `withinMs` at the latest. */
export async function runCrowd(crowd: Crowd): Promise<CrowdResult> {
  const startMs = performance.now();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => undefined);
  const timer = setTimeout(() => late.reject(new Error('not in time')), crowd.withinMs);
  const clients: Client[] = [];
  for (let i = 0; i < crowd.clients; i += 1) clients.push(await createClient(crowd, i));
  const all = (each: (client: Client) => Promise<void>): Promise<readonly PromiseSettledResult<unknown>[]> =>
    Promise.allSettled(clients.map((client) => Promise.race([each(client), late.promise])));
  const opened = await all((client) => client.opened);
  const openMs = performance.now() - startMs;
  const read = await all((client) => client.read());
  clearTimeout(timer);
  for (const client of clients) client.close();
  return {
    open: opened.filter(({ status }) => status === 'fulfilled').length,
    whole: read.filter(({ status }) => status === 'fulfilled').length,
    failures: [...new Set(read.flatMap((result) => (result.status === 'rejected' ? [String(result.reason)] : [])))],
    openMs: Math.round(openMs),
    totalMs: Math.round(performance.now() - startMs),
  };
}

/** A client that has sent its request. It holds back the answer to the OACK until `read`, which resolves when the file is whole. */
async function createClient(crowd: Crowd, index: number): Promise<Client> {
  const receiver = createReceiver({ name: crowd.name, options: { blksize: 1468, tsize: 0 } });
  const socket = await bind(`127.0.1.${1 + Math.floor(index / CLIENTS_AN_ADDRESS)}`);
  const [opened, whole] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  for (const { promise } of [opened, whole]) promise.catch(() => undefined);
  const fail = (error: Error): void => {
    opened.reject(error);
    whole.reject(error);
  };
  let to = crowd.server.port;
  let held: Packet | undefined;
  let mayRead = false;
  const send = (packet: Packet | undefined): void => {
    if (packet !== undefined) socket.send(encode(packet), to, crowd.server.address);
  };
  socket.on('error', fail);
  socket.on('message', (datagram, from) => {
    to = from.port;
    timer.refresh();
    const answer = receiver.receive(decode(datagram));
    if (receiver.state.failure !== undefined) fail(new Error(receiver.state.failure));
    if (receiver.state.oack !== undefined) opened.resolve();
    if (mayRead) send(answer);
    else held = answer ?? held;
    if (receiver.state.done) finish(receiver, crowd.sizeBytes, whole);
  });
  const timer = setInterval(() => {
    if (mayRead || receiver.state.oack === undefined) send(receiver.silence());
  }, SILENCE_MS);
  send(receiver.request);
  return {
    opened: opened.promise,
    read: () => {
      mayRead = true;
      send(held);
      return whole.promise;
    },
    close: () => {
      clearInterval(timer);
      socket.close();
    },
  };
}

function finish({ parts }: Receiver, sizeBytes: number, whole: PromiseWithResolvers<void>): void {
  const have = parts.reduce((sum, { byteLength }) => sum + byteLength, 0);
  if (have === sizeBytes) whole.resolve();
  else whole.reject(new Error(`${have} bytes instead of ${sizeBytes}`));
}

async function bind(address: string): Promise<Socket> {
  const socket = createSocket('udp4');
  const listening = once(socket, 'listening');
  socket.bind(0, address);
  await listening;
  return socket;
}
