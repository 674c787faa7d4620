// Which address a DISCOVER is offered: a host's own, the one a stranger had, the one it asks for, a free one, the longest forgotten. Pure.

import type { Ipv4 } from '../address.ts';
import { contains, fromNumber, toNumber } from '../address.ts';
import { isHeld, isOwn } from './book.ts';
import type { KnownHost, NumberRange, ServedNetwork } from './networks.ts';
import type { Asked, LeaseDecision } from './question.ts';
import { grantOf, leaseFor, silence } from './question.ts';
import type { Lease } from './types.ts';

/** How long an offered address waits for its REQUEST, offered to nobody else. */
export const OFFER_MS = 60_000;
/** How long an address is left alone that a probe found in use. */
const IN_USE_MS = 3_600_000;
/** So many addresses are looked at for one question: a flood of invented MACs in a range of thousands must not hold up all others. */
const LOOKS = 512;

/** Offers a host its own address, and anybody else (or a host whose address its other card holds) one of the dynamic range. */
export function decideDiscover(asked: Asked): LeaseDecision {
  const host = asked.network.hosts.get(asked.request.mac);
  if (host === undefined) return offerDynamic(asked, 'this machine is in no site');
  return offerFixed(asked, host);
}

/**
 * A host's address belongs to all its cards, but to one at a time: acknowledged to two, it would be a conflict of our own
 * making. dnsmasq(8) (`--dhcp-host` with several MACs) lets the lease go to whoever asks last and warns that it works only
 * where one card is up. Here the address moves when a probe hears nobody at it: the firmware that booted by the first
 * card is silent by then, and a running system answers. Until then the second card is given an address of the dynamic range.
 */
function offerFixed(asked: Asked, host: KnownHost): LeaseDecision {
  const { address } = host;
  const holder = asked.book.at(toNumber(address));
  const rival = holder !== undefined && isRival(holder, asked) ? holder : undefined;
  if (rival === undefined) return offer(asked, address);
  const found = asked.probed.get(address);
  if (rival.state === 'bound' && isOnWire(asked) && found === undefined) {
    return { kind: 'probe', address, changes: [] };
  }
  if (found === 'free' && !wasRenewed(rival, asked)) return offer(asked, address);
  return offerDynamic(asked, `the address of ${host.name}, ${address}, is held by ${rival.mac}`);
}

/** Was it acknowledged again while the probe listened? Then somebody is there after all. */
function wasRenewed(lease: Lease, { network, now }: Asked): boolean {
  return lease.expiresAt - network.settings.leaseSeconds * 1000 > now;
}

function isRival(lease: Lease, { request, now }: Asked): boolean {
  return lease.state !== 'conflict' && lease.mac !== request.mac && isHeld(lease, now);
}

/** `otherwise`: why there is no answer where the network has no dynamic range. */
function offerDynamic(asked: Asked, otherwise: string): LeaseDecision {
  const { network, probed, book } = asked;
  if (network.dynamic.length === 0) return silence(`${otherwise}, and ${network.name} has no dynamic range`);
  const changes = conflicts(asked);
  const address = chooseAddress(asked);
  if (address === undefined) {
    const all = sizeOf(network) <= LOOKS ? 'every dynamic address' : `every one of ${LOOKS} dynamic addresses`;
    const reason = `${all} of ${network.name} is held`;
    return { kind: 'silence', reason, changes, foreign: undefined, alarm: reason };
  }
  const lease = book.at(toNumber(address));
  const isKnown = lease !== undefined && isOwn(lease, asked.client) && isHeld(lease, asked.now);
  if (isKnown || probed.has(address) || !isOnWire(asked)) return offer(asked, address, changes);
  return { kind: 'probe', address, changes: [...changes, held(asked, address)] };
}

/** Only what lies on this server's own wire can be heard when it answers (ARP). */
function isOnWire({ network, self }: Asked): boolean {
  return contains(network.settings.subnet, self);
}

function offer(asked: Asked, address: Ipv4, changes: readonly Lease[] = []): LeaseDecision {
  const lease = asked.book.at(toNumber(address));
  const isBound = lease?.state === 'bound' && isHeld(lease, asked.now) && lease.mac === asked.client.mac;
  // A lease still in use is not cut down to an offer's time.
  const kept = isBound ? [] : [held(asked, address)];
  return grantOf(asked, { kind: 'offer', address, changes: [...changes, ...kept] });
}

function held(asked: Asked, address: Ipv4): Lease {
  return leaseFor(asked, address, { state: 'offered', forMs: OFFER_MS });
}

/** What the probes found in use rests like what clients decline, but for a host's own address, which only another card holds. */
function conflicts(asked: Asked): readonly Lease[] {
  return [...asked.probed]
    .filter(([address, found]) => found === 'in-use' && asked.network.mayGive(toNumber(address)))
    .map(([address]) => leaseFor(asked, address, { state: 'conflict', forMs: IN_USE_MS }));
}

/** RFC 2131 §4.3.1: the address it has, the one it had, the one it asks for, a new one. */
function chooseAddress(asked: Asked): Ipv4 | undefined {
  const { book, client, request, now } = asked;
  const mine = book
    .of(client)
    .filter((lease) => isOwn(lease, client) && isPossible(asked, toNumber(lease.address)))
    .toSorted((a, b) => Number(isHeld(b, now)) - Number(isHeld(a, now)) || b.expiresAt - a.expiresAt);
  if (mine[0] !== undefined) return mine[0].address;
  const wish = request.requested === undefined ? undefined : toNumber(request.requested);
  if (wish !== undefined && isPossible(asked, wish) && !isHeldAt(asked, wish)) return request.requested;
  const found = search(asked);
  return found === undefined ? undefined : fromNumber(found);
}

function isPossible({ network, probed }: Asked, address: number): boolean {
  return network.mayGive(address) && (probed.size === 0 || probed.get(fromNumber(address)) !== 'in-use');
}

function isHeldAt({ book, now }: Asked, address: number): boolean {
  const lease = book.at(address);
  return lease !== undefined && isHeld(lease, now);
}

/**
 * Begins at the client's own place in the ranges. In large ones it looks at a part, and where all of that is held at another,
 * which is elsewhere a second later: a client that asks again finds what is left.
 */
function search(asked: Asked): number | undefined {
  const { client, network, now } = asked;
  const size = sizeOf(network);
  const own = offsetOf(client.mac, size);
  if (size <= LOOKS) return scan(asked, { from: own, count: size });
  const elsewhere = offsetOf(`${client.mac} ${Math.floor(now / 1000)}`, size);
  const count = LOOKS / 2;
  return scan(asked, { from: own, count }) ?? scan(asked, { from: elsewhere, count });
}

/** The first of `count` addresses that nobody ever had; where there is none, the one whose lease ended longest ago. */
function scan(asked: Asked, { from, count }: { readonly from: number; readonly count: number }): number | undefined {
  const { network, book, now } = asked;
  const size = sizeOf(network);
  let oldest: Lease | undefined;
  for (let step = 0; step < count; step += 1) {
    const address = addressAt(network.dynamic, (from + step) % size);
    const lease = book.at(address);
    if (lease !== undefined && (isHeld(lease, now) || lease.expiresAt >= (oldest?.expiresAt ?? Infinity))) continue;
    if (!isPossible(asked, address)) continue;
    if (lease === undefined) return address;
    oldest = lease;
  }
  return oldest === undefined ? undefined : toNumber(oldest.address);
}

function sizeOf({ dynamic }: ServedNetwork): number {
  return dynamic.reduce((sum, { from, to }) => sum + to - from + 1, 0);
}

function addressAt(ranges: readonly NumberRange[], index: number): number {
  let left = index;
  for (const { from, to } of ranges) {
    if (left <= to - from) return from + left;
    left -= to - from + 1;
  }
  throw new Error(`index ${index} is outside the dynamic ranges`);
}

/** A place that is the same for the same text: by its MAC a client finds its address again even when all leases are lost. */
function offsetOf(text: string, size: number): number {
  // FNV-1a, 32 bits.
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ char.charCodeAt(0), 0x01000193) >>> 0;
  return hash % size;
}
