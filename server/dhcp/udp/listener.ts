// A UDP port of one interface: what is sent to its address and what is broadcast, and broadcasts that leave by it.

import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';

import type { Ipv4 } from '../../address.ts';
import type { Log } from '../../log.ts';
import { messageOf } from '../../malformed.ts';

export type Heard = {
  readonly bytes: Uint8Array;
  readonly from: RemoteInfo;
  readonly sentTo: 'this-server' | 'everyone';
};

export type UdpSetup = {
  /** The interface's own address. */
  readonly address: Ipv4;
  /** The broadcast address of its subnet, which some relays are told to send to. */
  readonly broadcast: Ipv4 | undefined;
  /** 0: any free port. */
  readonly port: number;
  readonly onHeard: (heard: Heard) => void;
  readonly log: Log;
};

export type UdpPort = {
  readonly port: number;
  send(bytes: Uint8Array, to: { readonly address: string; readonly port: number }): void;
  close(): Promise<void>;
};

export const EVERYONE = '255.255.255.255';
/**
 * Some two thousand questions wait in the kernel while something else runs here (it grants what net.core.rmem_max allows). Not more:
 * what waits for longer than a second is answered in vain, for its client has asked again by then.
 */
const RECEIVE_BUFFER_BYTES = 1024 * 1024;

/**
 * Opens the port on the interface's address and on the broadcast addresses, each exclusively. Not on 0.0.0.0: a broadcast sent from
 * such a socket needs a default route, which an isolated network has not (ENETUNREACH; ip(7)), and two sockets on one port, one of
 * them on 0.0.0.0, would both need SO_REUSEADDR and let any other DHCP server in beside them. The kernel hands a limited
 * broadcast to the socket bound to 255.255.255.255, whatever interface it came in by. Rejects where the port cannot be had.
 */
export async function openUdpPort(setup: UdpSetup): Promise<UdpPort> {
  const own = await bindSocket({ address: setup.address, port: setup.port, reuse: 'no' });
  const sockets = [own];
  const { port } = own.address();
  try {
    const others = new Set([EVERYONE, ...(setup.broadcast === undefined ? [] : [setup.broadcast])]);
    for (const address of others) sockets.push(await bindSocket({ address, port, reuse: 'no' }));
  } catch (error) {
    await closeSockets(sockets);
    throw error;
  }
  own.setBroadcast(true);
  for (const socket of sockets) {
    const sentTo = socket === own ? 'this-server' : 'everyone';
    socket.on('message', (bytes, from) => setup.onHeard({ bytes, from, sentTo }));
    socket.on('error', (error) => setup.log.error('dhcp socket error', { port, reason: messageOf(error) }));
    socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
  }
  let closed = false;
  return {
    port,
    send: (bytes, to) => {
      if (closed) return;
      // What cannot be sent is as good as lost; the client asks again.
      own.send(bytes, to.port, to.address, (error) => {
        if (error !== null) setup.log.debug('dhcp answer not sent', { ...to, reason: messageOf(error) });
      });
    },
    close: async () => {
      closed = true;
      await closeSockets(sockets);
    },
  };
}

/** A bound socket. `reuse: 'yes'` shares the port with sockets that do so too. Rejects where it cannot be had. */
export async function bindSocket(place: {
  readonly address: string;
  readonly port: number;
  readonly reuse: 'yes' | 'no';
}): Promise<Socket> {
  const { address, port, reuse } = place;
  const socket = createSocket({ type: 'udp4', reuseAddr: reuse === 'yes' });
  const listening = once(socket, 'listening');
  socket.bind({ port, address, exclusive: true });
  try {
    await listening;
  } catch (error) {
    socket.close();
    throw new Error(`UDP port ${port} of ${address} cannot be had`, { cause: error });
  }
  return socket;
}

/** Closes sockets and waits until they are. */
export async function closeSockets(sockets: readonly Socket[]): Promise<void> {
  const closed = sockets.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.close();
  await Promise.all(closed);
}
