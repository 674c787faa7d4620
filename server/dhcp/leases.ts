// Who gets which address: a client's message, the site and the leases so far → what is granted or refused, and what to keep of it. Pure.

import type { Ipv4 } from '../address.ts';
import { contains, toNumber } from '../address.ts';
import { clientName, isHeld, isOwn } from './book.ts';
import { networkAt } from './networks.ts';
import { decideDiscover } from './offers.ts';
import type { Asked, LeaseDecision, LeaseQuestion } from './question.ts';
import { alarming, grantOf, leaseFor, silence } from './question.ts';

/** How long an address is left alone that a client declined or a probe found in use. */
export const CONFLICT_MS = 3_600_000;
const NOWHERE = '0.0.0.0';

/**
 * Decides a message that came to port 67 of a server. Where the answer is `probe`, ask again with what the probe found.
 * `changes` are to be in the book before anybody else is decided, and on disk before an ACK leaves (RFC 2131 §3.1 step 4).
 */
export function decideLease(question: LeaseQuestion): LeaseDecision {
  const { request } = question;
  const network = networkOf(question);
  if (network === undefined) return silence(`no network of the site has ${whereOf(question)}`);
  const asked: Asked = { ...question, network, client: clientName(request) };
  switch (request.type) {
    case 'discover':
      return decideDiscover(asked);
    case 'request':
      return decideRequest(asked);
    case 'decline':
      return decideDecline(asked);
    case 'release':
      return decideRelease(asked);
    case 'inform':
      return grantOf(asked, { kind: 'inform' });
    case 'offer':
    case 'ack':
    case 'nak':
      return silence(`${request.type} is a server's word`);
  }
}

/**
 * A relay's address picks the network, else the interface's own (RFC 2131 §4.3.1). A client that asks this server alone and
 * already has an address renews through routers, past the relay: its address tells (§4.3.2, "generated during RENEWING").
 */
function networkOf({ request, sentTo, networks, self }: LeaseQuestion) {
  const { giaddr, ciaddr } = request.packet;
  if (giaddr !== NOWHERE) return networkAt(networks, giaddr);
  if (sentTo === 'this-server' && ciaddr !== NOWHERE) return networkAt(networks, ciaddr);
  return networkAt(networks, self);
}

function whereOf({ request, self }: LeaseQuestion): string {
  const { giaddr, ciaddr } = request.packet;
  if (giaddr !== NOWHERE) return `the relay ${giaddr}`;
  return ciaddr === NOWHERE ? `this interface's address ${self}` : `the client's address ${ciaddr}`;
}

/** RFC 2131 §4.3.2: which kind of REQUEST it is shows in the server id, the requested address and ciaddr. */
function decideRequest(asked: Asked): LeaseDecision {
  const { request, self } = asked;
  const { ciaddr } = request.packet;
  if (request.server !== undefined && request.server !== self) return takenElsewhere(asked, request.server);
  if (request.server !== undefined) return decideSelecting(asked, request.requested ?? ciaddr);
  if (ciaddr !== NOWHERE) return decideRenewal(asked, ciaddr);
  if (request.requested !== undefined) return decideReboot(asked, request.requested);
  return silence('a REQUEST without an address');
}

/** It took another server's offer: ours is free again. What it already holds of us runs out by itself. */
function takenElsewhere(asked: Asked, server: Ipv4): LeaseDecision {
  const offers = asked.book.of(asked.client).filter((lease) => lease.state === 'offered' && isOwn(lease, asked.client));
  const changes = offers.map((lease) => ({ ...lease, state: 'released' as const, expiresAt: asked.now }));
  return { kind: 'silence', reason: `it took the offer of ${server}`, changes, foreign: server, alarm: undefined };
}

function decideSelecting(asked: Asked, address: Ipv4): LeaseDecision {
  const standing = standingOf(asked, address);
  // Our own offer, even one forgotten in a restart: the client names this server, and the address is still free.
  return standing.kind === 'no' ? refuse(standing.reason) : acknowledge(asked, address);
}

/** INIT-REBOOT: wrong is refused, unknown is another server's matter and gets no answer (RFC 2131 §4.3.2). */
function decideReboot(asked: Asked, address: Ipv4): LeaseDecision {
  const standing = standingOf(asked, address);
  if (standing.kind === 'own') return acknowledge(asked, address);
  if (standing.kind === 'no') return refuse(standing.reason);
  const other = asked.book.of(asked.client).find((lease) => isOwn(lease, asked.client) && isHeld(lease, asked.now));
  if (other !== undefined) return refuse(`this client's address is ${other.address}`);
  return silence(`no lease of ${address} is known`);
}

/** RENEWING and REBINDING. */
function decideRenewal(asked: Asked, address: Ipv4): LeaseDecision {
  const standing = standingOf(asked, address);
  if (standing.kind === 'own') return acknowledge(asked, address);
  if (standing.kind === 'no') return refuse(standing.reason);
  return silence(`no lease of ${address} is known`);
}

function acknowledge(asked: Asked, address: Ipv4): LeaseDecision {
  const { leaseSeconds } = asked.network.settings;
  const lease = leaseFor(asked, address, { state: 'bound', forMs: leaseSeconds * 1000 });
  return grantOf(asked, { kind: 'ack', address, changes: [lease] });
}

function refuse(reason: string): LeaseDecision {
  return { kind: 'grant', grant: { kind: 'nak', reason }, changes: [] };
}

/** `own`: this client may have it. `free`: nobody's, and nothing known of this client there. */
type Standing = { readonly kind: 'own' } | { readonly kind: 'free' } | { readonly kind: 'no'; readonly reason: string };

function standingOf(asked: Asked, address: Ipv4): Standing {
  const { network, request, book, now } = asked;
  if (!contains(network.settings.subnet, address)) {
    return { kind: 'no', reason: `${address} is not in ${network.name}, where this client is` };
  }
  const host = network.hosts.get(request.mac);
  const lease = book.at(toNumber(address));
  if (host?.address === address) return rivalOf(asked, address) ?? { kind: 'own' };
  // Another address than the site's is a host's own only while one of its other cards holds that one.
  if (host !== undefined && rivalOf(asked, host.address) === undefined) {
    return { kind: 'no', reason: `the address of ${host.name} is ${host.address}` };
  }
  if (!network.mayGive(toNumber(address))) return { kind: 'no', reason: `${address} is not given to strangers` };
  if (lease === undefined) return { kind: 'free' };
  if (isOwn(lease, asked.client)) return { kind: 'own' };
  if (!isHeld(lease, now)) return { kind: 'free' };
  return { kind: 'no', reason: lease.state === 'conflict' ? `${address} is in conflict` : `${address} is another's` };
}

function rivalOf({ book, request, now }: Asked, address: Ipv4): Standing | undefined {
  const lease = book.at(toNumber(address));
  if (lease === undefined || lease.state === 'conflict' || lease.mac === request.mac || !isHeld(lease, now)) {
    return undefined;
  }
  return { kind: 'no', reason: `${address} is held by ${lease.mac}` };
}

/**
 * Somebody else answers at the address. One of the dynamic range rests for an hour. A host's own goes on being offered: the
 * site says that the machine lives there, its installed system will use that address whatever DHCP says, and a second
 * address would only hide the squatter. The client waits 10 s before it asks again (RFC 2131 §3.1 step 5), so it is no
 * storm, each DECLINE raises the alarm, and when the squatter is gone nothing has to be waited for.
 */
function decideDecline(asked: Asked): LeaseDecision {
  const { request, self, book, network } = asked;
  if (request.server !== undefined && request.server !== self) return silence('it declines another server');
  const address = request.requested;
  const lease = address === undefined ? undefined : book.at(toNumber(address));
  if (address === undefined || lease === undefined || !isOwn(lease, asked.client)) {
    return silence('it declines what it was not given');
  }
  const host = network.hosts.get(request.mac);
  if (host?.address === address) {
    const reason = `${host.name} (${request.mac}) found its address ${address} in use by another machine`;
    return alarming(reason, [{ ...lease, state: 'released', expiresAt: asked.now }]);
  }
  const conflict = leaseFor(asked, address, { state: 'conflict', forMs: CONFLICT_MS });
  return alarming(`${request.mac} found ${address} in use by another machine`, [conflict]);
}

function decideRelease(asked: Asked): LeaseDecision {
  const { request, self, book, now } = asked;
  if (request.server !== undefined && request.server !== self) return silence('it releases to another server');
  const lease = book.at(toNumber(request.packet.ciaddr));
  if (lease === undefined || !isOwn(lease, asked.client)) return silence('it releases what it does not hold');
  const changes = [{ ...lease, state: 'released' as const, expiresAt: now }];
  return { kind: 'silence', reason: `${lease.address} is released`, changes, foreign: undefined, alarm: undefined };
}
