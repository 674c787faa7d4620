// The IP plan: which address a host gets, and who has what in every range. Pure.

import type { Ipv4 } from '../address.ts';
import { formatSubnet, fromNumber, toNumber } from '../address.ts';
import type { AddressRange, Network, RangeUse, Site } from '../domain.ts';
import type { Span } from './spans.ts';
import { firstIn, freeIn, orderedSpans, spanAround, spanOf, usableSpan } from './spans.ts';

/** What a host asks for: the address it names, the next free one of a range, or nothing that can be given. */
export type AddressWish =
  | { readonly kind: 'fixed'; readonly address: Ipv4 }
  | { readonly kind: 'next'; readonly range: { readonly from: Ipv4; readonly to: Ipv4 } }
  | { readonly kind: 'none' };

/**
 * An address for each wish, in their order; undefined where there is none left. Written addresses go first, wherever they
 * stand; then each `next` takes the lowest of its range that neither `taken` nor another wish has. So a wish appended at
 * the end changes no earlier one, unless it writes an address that an earlier one was given.
 */
export function allocateAddresses(
  wishes: readonly AddressWish[],
  taken: ReadonlySet<Ipv4>,
): readonly (Ipv4 | undefined)[] {
  const used = new Set<Ipv4>(taken);
  for (const wish of wishes) if (wish.kind === 'fixed') used.add(wish.address);
  // Where the search in a range goes on; all below is taken. Without it many hosts in one range cost their square.
  const next = new Map<Ipv4, number>();
  return wishes.map((wish) => {
    if (wish.kind !== 'next') return wish.kind === 'fixed' ? wish.address : undefined;
    const { from, to } = wish.range;
    for (let value = next.get(from) ?? toNumber(from); value <= toNumber(to); value += 1) {
      const address = fromNumber(value);
      next.set(from, value + 1);
      if (used.has(address)) continue;
      used.add(address);
      return address;
    }
    return undefined;
  });
}

/** Hosts that both sites have, at another address in the second: for a reload to tell of, since machines keep theirs. */
export function movedHosts(
  before: Site,
  after: Site,
): readonly { readonly host: string; readonly from: Ipv4; readonly to: Ipv4 }[] {
  // An edit leaves nearly all hosts the same values in the same places: these have not moved.
  const others = after.hosts.filter((host, index) => host !== before.hosts[index]);
  const names = new Set(others.map(({ name }) => name));
  const earlier = new Map(before.hosts.filter(({ name }) => names.has(name)).map((host) => [host.name, host.address]));
  return others.flatMap(({ name, address }) => {
    const from = earlier.get(name);
    return from === undefined || from === address ? [] : [{ host: name, from, to: address }];
  });
}

/** The next free address of `range`: that of a host which is added with it; undefined where the range is full. */
export function nextFree(site: Site, range: { readonly from: Ipv4; readonly to: Ipv4 }): Ipv4 | undefined {
  const taken = new Set([
    site.appliance,
    ...site.networks.flatMap(({ gateway, dns }) => [...(gateway === undefined ? [] : [gateway]), ...dns]),
    ...site.hosts.map((host) => host.address),
  ]);
  return allocateAddresses([{ kind: 'next', range }], taken)[0];
}

export type PlanRow =
  | {
      readonly kind: 'network';
      readonly network: string;
      readonly name: string;
      readonly subnet: string;
      readonly gateway: Ipv4 | undefined;
      /** Addresses that a machine can have: all but the first and the last. */
      readonly total: number;
      readonly hosts: number;
      /** Addresses that lie in some range. */
      readonly ranged: number;
      /** Addresses that are nobody's and lie in no range, and the first of them: a host may write one. */
      readonly free: number;
      readonly firstFree: Ipv4 | undefined;
    }
  | {
      readonly kind: 'range';
      readonly network: string;
      readonly name: string;
      readonly use: RangeUse;
      readonly from: Ipv4;
      readonly to: Ipv4;
      readonly total: number;
      /** Addresses that hosts have. */
      readonly allocated: number;
      /** Addresses that are somebody else's: a gateway's, a name server's, the appliance's; all, where the range is not for hosts. */
      readonly reserved: number;
      readonly free: number;
      /** What the next host that names the range is given. */
      readonly firstFree: Ipv4 | undefined;
    }
  | {
      readonly kind: 'address';
      /** Undefined for an address in no network of the site. */
      readonly network: string | undefined;
      /** The range it lies in, where it lies in one. */
      readonly range: string | undefined;
      readonly address: Ipv4;
      readonly use: 'gateway' | 'dns' | 'appliance' | 'host';
      /** The host's name, else empty. */
      readonly name: string;
    }
  /** What no rule refuses and an operator should look at. */
  | {
      readonly kind: 'note';
      readonly network: string;
      readonly name: string;
      readonly address: Ipv4;
      readonly message: string;
    };

type AddressRow = Extract<PlanRow, { kind: 'address' }>;
/** A row with its address as a number. */
type Placed = { readonly at: number; readonly row: AddressRow };

/**
 * Every network with its ranges, then its single addresses, each sorted by address; then addresses of no network, then
 * notes. Free addresses are counted, never listed: the work grows with what the site names, not with the size of subnets.
 */
export function planAddresses(site: Site): readonly PlanRow[] {
  const placed = addressRows(site).map((row): Placed => ({ at: toNumber(row.address), row }));
  const inOrder = placed.toSorted((one, other) => one.at - other.at);
  const byNetwork = Map.groupBy(inOrder, ({ row }) => row.network);
  const networks = site.networks.flatMap((network) => {
    const inside = byNetwork.get(network.name) ?? [];
    const ranges = network.ranges.toSorted((one, other) => toNumber(one.from) - toNumber(other.from));
    return [
      networkRow(network, inside),
      ...ranges.map((range) => rangeRow(network, range, inside)),
      ...inside.map(({ row }) => row),
    ];
  });
  const elsewhere = placed.filter(({ row }) => row.network === undefined).map(({ row }) => row);
  return [...networks, ...elsewhere, ...noteRows(site)];
}

function addressRows(site: Site): readonly AddressRow[] {
  const networks = orderedSpans(
    site.networks.map((network) => {
      const ranges = orderedSpans(network.ranges.map((range) => ({ ...spanOf(range), of: range.name })));
      return { ...usableSpan(network.subnet), of: { name: network.name, ranges } };
    }),
  );
  const row = (use: AddressRow['use'], address: Ipv4, name = ''): AddressRow => {
    const at = toNumber(address);
    const network = spanAround(networks, at)?.of;
    const range = network === undefined ? undefined : spanAround(network.ranges, at)?.of;
    return { kind: 'address', network: network?.name, range, address, use, name };
  };
  return [
    row('appliance', site.appliance),
    ...site.networks.flatMap(({ gateway }) => (gateway === undefined ? [] : [row('gateway', gateway)])),
    ...[...new Set(site.networks.flatMap(({ dns }) => dns))].map((address) => row('dns', address)),
    ...site.hosts.map((host) => row('host', host.address, host.name)),
  ];
}

/** `inside` are the addresses in this network, in order. */
function networkRow({ name, subnet, gateway, ranges }: Network, inside: readonly Placed[]): PlanRow {
  const usable = usableSpan(subnet);
  const kept = ranges.map(spanOf);
  const { free, first } = freeIn(usable, [...kept, ...inside.map(({ at }) => ({ low: at, high: at }))]);
  return {
    kind: 'network',
    network: name,
    name,
    subnet: formatSubnet(subnet),
    gateway,
    total: sizeOf(usable),
    hosts: inside.filter(({ row }) => row.use === 'host').length,
    ranged: kept.reduce((sum, span) => sum + sizeOf(span), 0),
    free,
    firstFree: first === undefined ? undefined : fromNumber(first),
  };
}

function rangeRow(network: Network, range: AddressRange, inNetwork: readonly Placed[]): PlanRow {
  const { name, use, from, to } = range;
  const span = spanOf(range);
  const inside = inNetwork.slice(firstIn(inNetwork, span.low), firstIn(inNetwork, span.high + 1));
  const total = sizeOf(span);
  const allocated = inside.filter(({ row }) => row.use === 'host').length;
  const taken = inside.map(({ at }) => ({ low: at, high: at }));
  const { free, first } = use === 'hosts' ? freeIn(span, taken) : { free: 0, first: undefined };
  const firstFree = first === undefined ? undefined : fromNumber(first);
  const reserved = total - allocated - free;
  return { kind: 'range', network: network.name, name, use, from, to, total, allocated, reserved, free, firstFree };
}

/** A time server may be a host of the site, so this is no problem; but a range may have given its address by chance. */
function noteRows(site: Site): readonly PlanRow[] {
  const servers = new Set(site.ntp);
  return site.hosts
    .filter(({ address }) => servers.has(address))
    .map(({ name, network, address }) => {
      const message = `${name} has ${address}, which site.ntp names as a time server: right only if it is that machine`;
      return { kind: 'note', network, name, address, message };
    });
}

function sizeOf({ low, high }: Span): number {
  return high - low + 1;
}
