// A way to a server on loopback that breaks in the middle of what is sent: both ends find their connection reset.

import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

export type CuttingRelay = {
  readonly origin: string;
  /** How often it has broken so far. */
  readonly cuts: () => number;
  readonly close: () => Promise<void>;
};

/** Leads to `port`, and breaks once after each of so many bytes, counted over all connections. */
export async function startCuttingRelay(port: number, afterBytes: readonly number[]): Promise<CuttingRelay> {
  const sockets = new Set<Socket>();
  let sent = 0;
  let cuts = 0;
  const relay = createServer((client) => {
    const server = connect(port, '127.0.0.1');
    const both = [client, server];
    const end = (): void => both.forEach((one) => one.destroy());
    for (const one of both) {
      sockets.add(one);
      one.on('error', end).on('close', () => {
        sockets.delete(one);
        end();
      });
    }
    client.on('data', (bytes) => {
      sent += bytes.length;
      if (sent > (afterBytes[cuts] ?? Infinity)) {
        cuts += 1;
        both.forEach((one) => one.resetAndDestroy());
      } else server.write(bytes);
    });
    server.pipe(client);
  });
  await once(relay.listen(0, '127.0.0.1'), 'listening');
  return {
    origin: `http://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    cuts: () => cuts,
    close: async () => {
      const closed = once(relay, 'close');
      relay.close();
      sockets.forEach((one) => one.destroy());
      await closed;
    },
  };
}
