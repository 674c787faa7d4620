// A UDP relay that brings each TFTP datagram late by a fixed time, in both directions: a long cable where the kernel has no netem.

import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

export type DelayRelay = { readonly port: number; close(): Promise<void> };

/** Relays between clients on loopback and `server` until `close`; `oneWayMs` is added to each datagram's way. */
export async function startDelayRelay(
  server: { readonly address: string; readonly port: number },
  oneWayMs: number,
): Promise<DelayRelay> {
  const line = createLine(oneWayMs);
  const sockets: Socket[] = [];
  const bound = async (): Promise<Socket> => {
    const socket = createSocket('udp4');
    sockets.push(socket);
    const listening = once(socket, 'listening');
    socket.bind(0, '127.0.0.1');
    await listening;
    return socket;
  };
  const front = await bound();
  /** One transfer: `back` is the client as the server sees it, `side` the server's TID as the client sees it. */
  const converse = async (clientPort: number): Promise<Socket> => {
    const [back, side] = [await bound(), await bound()];
    let tid = 0;
    side.on('message', (datagram) => line(() => back.send(datagram, tid, server.address)));
    back.on('message', (datagram, from) => {
      tid = from.port;
      line(() => side.send(datagram, clientPort, '127.0.0.1'));
    });
    return back;
  };
  const conversations = new Map<number, Promise<Socket>>();
  front.on('message', (datagram, { port }) => {
    const back = conversations.get(port) ?? converse(port);
    conversations.set(port, back);
    void back.then((socket) => line(() => socket.send(datagram, server.port, server.address)));
  });
  return {
    port: front.address().port,
    close: async () => {
      await Promise.all(conversations.values());
      await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(() => resolve()))));
    },
  };
}

/**
 * Does what it is given `delayMs` later, in the same order. Timers count whole milliseconds and come late, so it looks at the clock
 * again and again instead while anything waits.
 */
function createLine(delayMs: number): (act: () => void) => void {
  const waiting: { readonly dueMs: number; readonly act: () => void }[] = [];
  const look = (): void => {
    for (let first = waiting[0]; first !== undefined && first.dueMs <= performance.now(); first = waiting[0]) {
      waiting.shift();
      first.act();
    }
    if (waiting.length > 0) setImmediate(look);
  };
  return (act) => {
    waiting.push({ dueMs: performance.now() + delayMs, act });
    if (waiting.length === 1) setImmediate(look);
  };
}
