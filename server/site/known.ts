// What a draft says of networks and addresses, its texts read into typed values where they are right. Pure.

import type { Ipv4, Subnet } from '../address.ts';
import { broadcastOf, contains, formatSubnet, fromNumber, parseSubnet, toNumber } from '../address.ts';
import type { RangeUse } from '../domain.ts';
import type { Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import type { SiteFile } from './schema.ts';
import type { Draft, Loose } from './shape.ts';
import { editDistance } from './suggest.ts';

export type KnownRange = {
  readonly path: Path;
  readonly name: string;
  readonly use: RangeUse | undefined;
  readonly from: Ipv4 | undefined;
  readonly to: Ipv4 | undefined;
  /** Lies neither end outside the subnet? */
  readonly inside: boolean;
};

/** A range with both ends, in order and in the subnet. One that is not has its problem already. */
export type WholeRange = KnownRange & { readonly from: Ipv4; readonly to: Ipv4 };

export type KnownNetwork = {
  readonly path: Path;
  readonly name: string | undefined;
  readonly subnet: Subnet | undefined;
  readonly gateway: Ipv4 | undefined;
  readonly dns: readonly (Ipv4 | undefined)[];
  readonly ranges: readonly KnownRange[];
};

/** An address that something other than a host has. */
export type FixedAddress = { readonly address: Ipv4; readonly owner: string };

/** The networks of a draft; list items that are no mappings are left out. */
export function knownNetworks(draft: Draft): readonly KnownNetwork[] {
  return (draft.networks ?? []).flatMap((network, index) => {
    if (network === undefined) return [];
    const path = ['networks', index];
    const subnet = network.subnet === undefined ? undefined : parseSubnet(network.subnet);
    const ranges = (network.ranges ?? []).flatMap((range, at) =>
      range === undefined ? [] : [knownRange(range, [...path, 'ranges', at], subnet)],
    );
    return [{ path, name: network.name, subnet, gateway: network.gateway, dns: network.dns ?? [], ranges }];
  });
}

type DraftRange = Loose<SiteFile['networks'][number]['ranges'][number]>;

function knownRange(
  { name = 'this range', use, from, to }: DraftRange,
  path: Path,
  subnet: Subnet | undefined,
): KnownRange {
  const inside = [from, to].every((end) => end === undefined || subnet === undefined || contains(subnet, end));
  return { path, name, use, from, to, inside };
}

/** Has the range both ends, in the subnet, the first not behind the last? */
export function isWhole(range: KnownRange): range is WholeRange {
  return (
    range.inside && range.from !== undefined && range.to !== undefined && toNumber(range.from) <= toNumber(range.to)
  );
}

/** The addresses no host may have: the appliance's, every gateway's, every name server's. */
export function fixedAddresses(draft: Draft, networks: readonly KnownNetwork[]): readonly FixedAddress[] {
  const appliance = draft.site?.appliance;
  const own = appliance === undefined ? [] : [{ address: appliance, owner: 'the appliance' }];
  const others = networks.flatMap((network) => {
    const of = network.name === undefined ? '' : ` of ${network.name}`;
    const gateway = network.gateway === undefined ? [] : [{ address: network.gateway, owner: `the gateway${of}` }];
    const dns = network.dns.flatMap((address) =>
      address === undefined ? [] : [{ address, owner: `a name server${of}` }],
    );
    return [...gateway, ...dns];
  });
  return [...own, ...others];
}

/** Is `address` one that a machine in `subnet` can have? If not, why. */
export function checkInside(address: Ipv4, subnet: Subnet, path: Path): readonly Finding[] {
  if (!contains(subnet, address)) {
    return [finding(path, `${address} lies outside ${formatSubnet(subnet)}`, meantOrUsable(address, subnet))];
  }
  const usable = usableAddresses(subnet);
  if (address === subnet.network) return [finding(path, `${address} is the network's own address`, usable)];
  if (address === broadcastOf(subnet)) return [finding(path, `${address} is the broadcast address`, usable)];
  return [];
}

/**
 * The address of `subnet` that `address` was written for, where the two look alike: the first digits lost
 * (92.168.168.16), one digit wrong, two swapped. Undefined where it is only a guess.
 */
export function meantAddress(address: Ipv4, subnet: Subnet): Ipv4 | undefined {
  const hostBits = toNumber(address) % 2 ** (32 - subnet.prefix);
  const candidate = fromNumber(toNumber(subnet.network) + hostBits);
  const alike = editDistance(address, candidate, 2) <= 2;
  return alike && candidate !== subnet.network && candidate !== broadcastOf(subnet) ? candidate : undefined;
}

function meantOrUsable(address: Ipv4, subnet: Subnet): string {
  const meant = meantAddress(address, subnet);
  return meant === undefined ? usableAddresses(subnet) : `did you mean ${meant}?`;
}

function usableAddresses(subnet: Subnet): string {
  const first = fromNumber(toNumber(subnet.network) + 1);
  return `this network has ${first} to ${fromNumber(toNumber(broadcastOf(subnet)) - 1)}`;
}
