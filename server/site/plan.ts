// The IP plan: which address a host gets, and who has what in every range. Pure.

import type { Ipv4 } from '../address.ts';
import { contains, fromNumber, toNumber } from '../address.ts';
import type { AddressRange, Network, RangeUse, Site } from '../domain.ts';

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

export type PlanRow =
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
    };

type AddressRow = Extract<PlanRow, { kind: 'address' }>;

/** Every range, then every single address, each sorted by address within its network. */
export function planAddresses(site: Site): readonly PlanRow[] {
  const addresses = addressRows(site);
  const networks = site.networks.flatMap((network) => [
    ...byAddress(network.ranges, ({ from }) => from).map((range) => rangeRow(network, range, addresses)),
    ...byAddress(
      addresses.filter((row) => row.network === network.name),
      ({ address }) => address,
    ),
  ]);
  return [...networks, ...addresses.filter((row) => row.network === undefined)];
}

function addressRows(site: Site): readonly AddressRow[] {
  const row = (use: AddressRow['use'], address: Ipv4, name = ''): AddressRow => {
    const network = site.networks.find(({ subnet }) => contains(subnet, address));
    const range = network?.ranges.find((one) => isIn(one, address));
    return { kind: 'address', network: network?.name, range: range?.name, address, use, name };
  };
  return [
    row('appliance', site.appliance),
    ...site.networks.flatMap(({ gateway }) => (gateway === undefined ? [] : [row('gateway', gateway)])),
    ...unique(site.networks.flatMap(({ dns }) => dns)).map((address) => row('dns', address)),
    ...site.hosts.map((host) => row('host', host.address, host.name)),
  ];
}

function rangeRow(network: Network, range: AddressRange, addresses: readonly AddressRow[]): PlanRow {
  const { name, use, from, to } = range;
  const total = toNumber(to) - toNumber(from) + 1;
  const inside = addresses.filter((row) => isIn(range, row.address));
  const allocated = inside.filter((row) => row.use === 'host').length;
  const others = unique(inside.filter((row) => row.use !== 'host').map((row) => row.address)).length;
  const reserved = use === 'hosts' ? others : total - allocated;
  return {
    kind: 'range',
    network: network.name,
    name,
    use,
    from,
    to,
    total,
    allocated,
    reserved,
    free: total - allocated - reserved,
  };
}

function isIn(range: { readonly from: Ipv4; readonly to: Ipv4 }, address: Ipv4): boolean {
  const value = toNumber(address);
  return value >= toNumber(range.from) && value <= toNumber(range.to);
}

function unique(addresses: readonly Ipv4[]): readonly Ipv4[] {
  return [...new Set(addresses)];
}

function byAddress<T>(items: readonly T[], addressOf: (item: T) => Ipv4): readonly T[] {
  return items.toSorted((one, other) => toNumber(addressOf(one)) - toNumber(addressOf(other)));
}

const HEAD = ['NETWORK', 'RANGE', 'USE', 'ADDRESSES', 'HOSTS', 'RESERVED', 'FREE'];

/** The plan as a table for a terminal: one line a row, columns aligned, a line feed at the end. */
export function renderPlan(rows: readonly PlanRow[]): string {
  const ranges = rows.filter((row) => row.kind === 'range');
  const addresses = rows.filter((row) => row.kind === 'address');
  const table = ranges.map((row) => [
    row.network,
    row.name,
    row.use,
    `${row.from} - ${row.to}`,
    String(row.allocated),
    String(row.reserved),
    String(row.free),
  ]);
  const single = addresses.map((row) => [row.network ?? '-', row.range ?? '-', row.use, row.address, row.name]);
  return [
    alignTable([HEAD, ...table]),
    '',
    alignTable([['NETWORK', 'RANGE', 'USE', 'ADDRESS', 'HOST'], ...single]),
    '',
  ].join('\n');
}

function alignTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
