// Which other DHCP and boot servers answer on an interface's wire: asks as a client does, and listens.

import { randomInt } from 'node:crypto';
import type { Socket } from 'node:dgram';

import type { Ipv4, MacAddress } from '../../address.ts';
import type { Log } from '../../log.ts';
import { Malformed, messageOf } from '../../malformed.ts';
import { decodePacket, encodePacket } from '../packet.ts';
import type { DhcpPacket } from '../types.ts';
import { bindSocket, closeSockets, EVERYONE } from '../udp/listener.ts';
import { discover, joinOffers, type OtherServer, readOffer } from './offers.ts';

export type FindSetup = {
  readonly interface: { readonly address: Ipv4; readonly mac: MacAddress };
  /** How long is listened in all. Below 4 s a dnsmasq that probes first is missed. */
  readonly timeoutMs: number;
  /** How long others are waited for after the first has answered; default 500. */
  readonly settleMs?: number;
  /** Where this process serves port 67 itself: passes the replies that come there on, until what it returned is called. */
  readonly replies?: (hear: (packet: DhcpPacket) => void) => () => void;
  /** Ends the listening early; what was heard by then is returned. */
  readonly signal?: AbortSignal;
  readonly ports?: { readonly server: number; readonly client: number };
  readonly log: Log;
};

/** An open ear for OFFERs. `relay`: the address to give as giaddr, so that they come there. */
type Ear = { readonly relay: Ipv4 | undefined; readonly sender: Socket; close(): Promise<void> };

/**
 * Asks twice, as a plain client and as one that boots from the network, and returns who answered; this machine's own offers are not
 * among them. Rejects where neither port 68 nor port 67 can be listened on, or nothing can be sent.
 */
export async function findOtherServers(setup: FindSetup): Promise<readonly OtherServer[]> {
  const xids = { address: randomInt(2 ** 32), boot: randomInt(2 ** 32) };
  const known = new Set(Object.values(xids));
  const offers: OtherServer[] = [];
  const first = Promise.withResolvers<void>();
  const ear = await listen(setup, (packet) => {
    const offer = readOffer(packet, known);
    if (offer === undefined || offer.server === setup.interface.address) return;
    offers.push(offer);
    first.resolve();
  });
  const ask = (): Promise<void> => askAll(setup, ear, xids);
  const heard = (ms: number): Promise<boolean> => settles(first.promise, ms, setup.signal);
  try {
    await ask();
    // Once more: the first datagram through a switch port that has just come up is often lost.
    const isEarly = await heard(setup.timeoutMs / 3);
    if (!isEarly && setup.signal?.aborted !== true) await ask();
    const isLate = isEarly || (await heard((setup.timeoutMs * 2) / 3));
    if (isLate) await settles(new Promise(() => {}), setup.settleMs ?? 500, setup.signal);
  } finally {
    await ear.close();
  }
  return joinOffers(offers);
}

async function askAll(setup: FindSetup, ear: Ear, xids: { readonly address: number; readonly boot: number }) {
  const { mac } = setup.interface;
  const port = setup.ports?.server ?? 67;
  for (const asks of ['address', 'boot'] as const) {
    const bytes = encodePacket(discover({ mac, xid: xids[asks], relay: ear.relay, asks }));
    await new Promise<void>((resolve, reject) => {
      ear.sender.send(bytes, port, EVERYONE, (error) => (error === null ? resolve() : reject(error)));
    });
  }
}

/**
 * Offers are broadcast to port 68. That port is shared with a DHCP client of this machine (it asks for SO_REUSEADDR as well, and each
 * gets its copy of a broadcast). Where one keeps it to itself, the question looks like a relay's, and its answers come to port 67.
 */
async function listen(setup: FindSetup, hear: (packet: DhcpPacket) => void): Promise<Ear> {
  const client = setup.ports?.client ?? 68;
  const sender = await senderFrom(setup, client);
  try {
    const ear = await bindSocket({ address: EVERYONE, port: client, reuse: 'yes' });
    read(ear, hear, setup.log);
    return { relay: undefined, sender, close: () => closeSockets([ear, sender]) };
  } catch (error) {
    await closeSockets([sender]);
    setup.log.debug('the DHCP client port is taken, asking as a relay', { reason: messageOf(error) });
    return listenAsRelay(setup, hear);
  }
}

async function listenAsRelay(setup: FindSetup, hear: (packet: DhcpPacket) => void): Promise<Ear> {
  const { address } = setup.interface;
  if (setup.replies !== undefined) {
    const forget = setup.replies(hear);
    const sender = await senderFrom(setup, 0);
    return {
      relay: address,
      sender,
      close: async () => {
        forget();
        await closeSockets([sender]);
      },
    };
  }
  const sender = await bindSocket({ address, port: setup.ports?.server ?? 67, reuse: 'no' });
  sender.setBroadcast(true);
  read(sender, hear, setup.log);
  return { relay: address, sender, close: () => closeSockets([sender]) };
}

/** A socket to ask from: port 68 as clients do; any other where that is taken, for servers answer to 68 anyway (RFC 2131 §4.1). */
async function senderFrom({ interface: { address }, log }: FindSetup, port: number): Promise<Socket> {
  const sender = await bindSocket({ address, port, reuse: 'no' }).catch(() =>
    bindSocket({ address, port: 0, reuse: 'no' }),
  );
  sender.setBroadcast(true);
  sender.on('error', (error) => log.debug('dhcp question not sent', { reason: messageOf(error) }));
  return sender;
}

function read(socket: Socket, hear: (packet: DhcpPacket) => void, log: Log): void {
  socket.on('error', (error) => log.debug('dhcp socket error', { reason: messageOf(error) }));
  socket.on('message', (bytes) => {
    try {
      hear(decodePacket(bytes));
    } catch (error) {
      if (!(error instanceof Malformed)) throw error;
      log.debug('dhcp datagram malformed', { reason: error.message });
    }
  });
}

/** Whether `promise` is done within `ms`, or before `signal`. */
async function settles(promise: Promise<void>, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const end = (): void => resolve(false);
  const timer = setTimeout(end, signal?.aborted === true ? 0 : ms);
  signal?.addEventListener('abort', end);
  const isDone = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  signal?.removeEventListener('abort', end);
  return isDone;
}
