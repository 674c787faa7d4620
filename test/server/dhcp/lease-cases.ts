// A small site and its clients, to put questions for addresses in one line each.

import type { Ipv4, MacAddress } from '../../../server/address.ts';
import { fromNumber, parseIpv4, parseMac, parseSubnet } from '../../../server/address.ts';
import type { AddressRange, Host, Network, Site } from '../../../server/domain.ts';
import { type LeaseBook, leaseBook } from '../../../server/dhcp/book.ts';
import { decideLease } from '../../../server/dhcp/leases.ts';
import { servedNetworks } from '../../../server/dhcp/networks.ts';
import type { LeaseDecision } from '../../../server/dhcp/question.ts';
import type { DhcpMessageType, DhcpRequest } from '../../../server/dhcp/types.ts';

export const SELF = parseIpv4('10.0.0.1');
/** A host `cs40` at 10.0.0.10 with two cards, and two machines in no site. */
export const CARD1 = parseMac('52:54:00:00:00:01');
export const CARD2 = parseMac('52:54:00:00:00:02');
export const ADA = parseMac('02:aa:00:00:00:01');
export const BOB = parseMac('02:bb:00:00:00:02');
export const EVE = parseMac('02:ee:00:00:00:03');

/** `lab` is the server's own wire; `far` lies behind the relay 10.9.0.1. */
export const LAB: Network = network('lab', '10.0.0.0/24', '10.0.0.100-10.0.0.103');
export const FAR: Network = network('far', '10.9.0.0/24', '10.9.0.50-10.9.0.59');

/** A network whose leases last an hour; `dynamic` is `FROM-TO`, or `''` for none. */
export function network(name: string, subnet: string, dynamic: string): Network {
  const parsed = parseSubnet(subnet);
  const [from, to] = dynamic.split('-');
  const ranges: AddressRange[] =
    from === undefined || to === undefined
      ? []
      : [{ name: 'strangers', use: 'dynamic', from: parseIpv4(from), to: parseIpv4(to) }];
  const gateway = parseIpv4(parsed.network.replace(/\.0$/, '.254'));
  return { name, subnet: parsed, gateway, dns: [gateway], ranges, leaseSeconds: 3600 };
}

/** A site of `networks`, with the host `cs40` in `lab`. */
export function siteOf(networks: readonly Network[], hosts: readonly Host[] = [cs40()]): Site {
  const boot = { bios: 'auto', uefi: 'auto', order: 'network-first' } as const;
  return {
    ...{ name: 'test', domain: 'test.example', appliance: SELF, timezone: 'UTC', language: 'C', keyboard: 'us' },
    ...{ ntp: ['10.0.0.254', 'ntp.example'], rootPassword: undefined, boot, repos: [], trees: [], profiles: [] },
    ...{ networks, hosts },
  };
}

/** The host of two cards. */
export function cs40(address = '10.0.0.10', macs: readonly MacAddress[] = [CARD1, CARD2]): Host {
  return { name: 'cs40', profile: 'any', network: 'lab', address: parseIpv4(address), macs, boot: {} };
}

export type Words = {
  readonly requested?: string;
  readonly server?: string;
  readonly ciaddr?: string;
  readonly giaddr?: string;
  readonly clientId?: string;
  readonly broadcast?: boolean;
};

/** A client's message, as identified. */
export function message(type: DhcpMessageType, mac: MacAddress, words: Words = {}): DhcpRequest {
  const nowhere = fromNumber(0);
  const optional = (text: string | undefined): Ipv4 | undefined => (text === undefined ? undefined : parseIpv4(text));
  return {
    packet: {
      ...{ op: 'request', htype: 1, hlen: 6, hops: 0, xid: 7, secs: 0, broadcast: words.broadcast ?? false },
      ...{ ciaddr: optional(words.ciaddr) ?? nowhere, giaddr: optional(words.giaddr) ?? nowhere },
      ...{ yiaddr: nowhere, siaddr: nowhere, sname: '', file: '', options: new Map() },
      chaddr: Uint8Array.from(mac.split(':'), (part) => Number.parseInt(part, 16)),
    },
    ...{ type, mac, clientId: words.clientId, requested: optional(words.requested), server: optional(words.server) },
    ...{ hostname: undefined, vendorClass: undefined, userClass: undefined, wants: [], boot: undefined },
  };
}

/** A server's memory and clock, with machines that answer probes. Times in the tests are seconds from its start. */
export type LeaseRoom = {
  site: Site;
  seconds: number;
  readonly book: LeaseBook;
  /** Who answers when probed. */
  readonly squatters: Set<string>;
  /** What was probed so far. */
  readonly probed: string[];
  /** The decision, after as many probes as it asked for. */
  decide(request: DhcpRequest): Exclude<LeaseDecision, { kind: 'probe' }>;
  /** The decision in words: `offer 10.0.0.100`, `nak: why`, `silence: why`. */
  ask(request: DhcpRequest): string;
  /** DISCOVER, and the REQUEST of what was offered; the address, or the words of what went wrong. */
  lease(mac: MacAddress, words?: Words): string;
};

/** A room that serves `site`. */
export function leaseRoom(site: Site = siteOf([LAB, FAR])): LeaseRoom {
  const room: LeaseRoom = {
    ...{ site, seconds: 0, book: leaseBook([]), squatters: new Set(), probed: [] },
    decide: (request) => {
      const probed = new Map<Ipv4, 'free' | 'in-use'>();
      const sentTo = request.packet.ciaddr !== '0.0.0.0' && !request.packet.broadcast ? 'this-server' : 'everyone';
      for (;;) {
        const networks = servedNetworks(room.site, SELF);
        const now = room.seconds * 1000;
        const decision = decideLease({ request, sentTo, self: SELF, networks, book: room.book, probed, now });
        for (const lease of decision.changes) room.book.put(lease);
        if (decision.kind !== 'probe') return decision;
        room.probed.push(decision.address);
        probed.set(decision.address, room.squatters.has(decision.address) ? 'in-use' : 'free');
      }
    },
    ask: (request) => wordsOf(room.decide(request)),
    lease: (mac, words = {}) => {
      const offer = room.ask(message('discover', mac, words));
      if (!offer.startsWith('offer ')) return offer;
      const requested = offer.slice('offer '.length);
      return room.ask(message('request', mac, { ...words, requested, server: SELF })).replace(/^ack /, '');
    },
  };
  return room;
}

function wordsOf(decision: Exclude<LeaseDecision, { kind: 'probe' }>): string {
  if (decision.kind === 'silence') return `silence: ${decision.reason}`;
  const { grant } = decision;
  if (grant.kind === 'nak') return `nak: ${grant.reason}`;
  return grant.kind === 'inform' ? 'inform' : `${grant.kind} ${grant.address}`;
}
