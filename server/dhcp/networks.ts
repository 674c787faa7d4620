// What leases are given from: the site's networks as server mode needs them, worked out once for each site. Pure.

import type { Ipv4, MacAddress } from '../address.ts';
import { broadcastOf, contains, parseIpv4, toNumber } from '../address.ts';
import type { Network, Site } from '../domain.ts';
import { Malformed } from '../malformed.ts';
import type { LeaseNetwork } from './types.ts';

/** One network: what a lease of it says, whom it knows, and which addresses strangers may have. */
export type ServedNetwork = {
  readonly name: string;
  /** What every lease of it says. */
  readonly settings: Omit<LeaseNetwork, 'hostname'>;
  readonly hosts: ReadonlyMap<MacAddress, KnownHost>;
  /** The `dynamic` ranges as numbers, both ends included. */
  readonly dynamic: readonly NumberRange[];
  /** Is this address one that a stranger may be given? Says nothing of who holds it now. */
  readonly mayGive: (address: number) => boolean;
};

export type KnownHost = { readonly name: string; readonly address: Ipv4 };
export type NumberRange = { readonly from: number; readonly to: number };

/**
 * The networks of `site` as leases are given from them. Never given to strangers: the network and broadcast address, the
 * appliance (`self`, and the address the site says), gateways, name and time servers, every host's address, and what lies
 * in a range of another use. `self` is this server's own address.
 */
export function servedNetworks(site: Site, self: Ipv4): readonly ServedNetwork[] {
  const hostAddresses = site.hosts.map((host) => host.address);
  const ntp = site.ntp.flatMap(addressIn);
  const ours = [self, site.appliance, ...ntp, ...hostAddresses];
  const taken = new Set(
    [...ours, ...site.networks.flatMap((network) => [...addressIn(network.gateway), ...network.dns])].map(toNumber),
  );
  return site.networks.map((network) => served(network, { site, ntp, taken }));
}

/** The network that `address` lies in. */
export function networkAt(networks: readonly ServedNetwork[], address: Ipv4): ServedNetwork | undefined {
  return networks.find((network) => contains(network.settings.subnet, address));
}

type Facts = { readonly site: Site; readonly ntp: readonly Ipv4[]; readonly taken: ReadonlySet<number> };

function served(network: Network, { site, ntp, taken }: Facts): ServedNetwork {
  const { subnet } = network;
  const dynamic = network.ranges.filter((range) => range.use === 'dynamic').map(asNumbers);
  const others = network.ranges.filter((range) => range.use !== 'dynamic').map(asNumbers);
  const edges = [toNumber(subnet.network), toNumber(broadcastOf(subnet))];
  const within = (ranges: readonly NumberRange[], address: number): boolean =>
    ranges.some(({ from, to }) => address >= from && address <= to);
  const hosts = site.hosts.filter((host) => host.network === network.name);
  return {
    name: network.name,
    settings: {
      subnet,
      gateway: network.gateway,
      dns: network.dns,
      ntp,
      domain: site.domain,
      leaseSeconds: network.leaseSeconds,
    },
    hosts: new Map(
      hosts.flatMap((host) => host.macs.map((mac) => [mac, { name: host.name, address: host.address }] as const)),
    ),
    dynamic,
    mayGive: (address) =>
      within(dynamic, address) && !within(others, address) && !taken.has(address) && !edges.includes(address),
  };
}

function asNumbers(range: { readonly from: Ipv4; readonly to: Ipv4 }): NumberRange {
  return { from: toNumber(range.from), to: toNumber(range.to) };
}

/** A site names its time servers as it likes; DHCP carries addresses only (RFC 2132 §8.3). */
function addressIn(text: string | undefined): readonly Ipv4[] {
  if (text === undefined) return [];
  try {
    return [parseIpv4(text)];
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}
