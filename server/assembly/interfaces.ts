// Which network interface DHCP answers on, read from this machine's own: the one named, else the one with the appliance's address.

import { networkInterfaces } from 'node:os';
import type { Ipv4 } from '../address.ts';
import { broadcastOf, contains, parseIpv4, parseMac } from '../address.ts';
import type { DhcpInterface } from '../dhcp/listener.ts';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import type { House } from './house.ts';

/** An interface to answer DHCP on, and the address machines are told to fetch their boot files from. */
export type ServedInterface = {
  readonly kind: 'served';
  readonly name: string;
  readonly interface: DhcpInterface;
  readonly bootServer: Ipv4;
};

type Own = { readonly name: string; readonly address: Ipv4; readonly cidr: string | null; readonly mac: string };

/** The interface to serve, or why none is fit. */
export function interfaceToServe(house: House): ServedInterface | No {
  const { settings } = house;
  const own = ownAddresses();
  const bootServer = parseIpv4(new URL(house.origin()).hostname);
  const named = own.filter((one) => settings.dhcpInterface === undefined || one.name === settings.dhcpInterface);
  const found =
    named.find((one) => one.address === bootServer) ??
    (settings.dhcpInterface === undefined ? undefined : named.find((one) => isInSite(house, one.address)));
  if (found === undefined) return noInterface(house, { own, bootServer });
  if (!isInSite(house, found.address)) {
    return no(
      `${found.name} has ${found.address}, which lies in no network of the site`,
      'name that network in the site file, or another interface with --dhcp-interface',
    );
  }
  return {
    kind: 'served',
    name: found.name,
    bootServer,
    interface: { address: found.address, mac: parseMac(found.mac), broadcast: broadcastIn(found.cidr) },
  };
}

/** IPv4 addresses of this machine but the loopback's, which no machine boots over. */
function ownAddresses(): readonly Own[] {
  return Object.entries(networkInterfaces()).flatMap(([name, addresses]) =>
    (addresses ?? [])
      .filter(({ family, internal }) => family === 'IPv4' && !internal)
      .map(({ address, cidr, mac }) => ({ name, address: parseIpv4(address), cidr, mac })),
  );
}

function isInSite(house: House, address: Ipv4): boolean {
  return house.site().networks.some(({ subnet }) => contains(subnet, address));
}

function noInterface(house: House, { own, bootServer }: { own: readonly Own[]; bootServer: Ipv4 }): No {
  const wanted = house.settings.dhcpInterface;
  const has = own.map(({ name, address }) => `${name} ${address}`).join(', ') || 'none';
  if (wanted !== undefined) {
    return no(`the interface ${wanted} has no address in a network of the site`, `this machine's addresses: ${has}`);
  }
  return no(
    `no interface of this machine has ${bootServer}, the address that hosts are told`,
    `name one with --dhcp-interface, or correct appliance in the site file; this machine's addresses: ${has}`,
  );
}

/** `192.168.168.26/24` → `192.168.168.255`. Undefined for a point-to-point link, which has none. */
function broadcastIn(cidr: string | null): Ipv4 | undefined {
  const [address = '', prefix = '32'] = (cidr ?? '').split('/');
  if (Number(prefix) > 30) return undefined;
  const network = parseIpv4(address);
  return broadcastOf({ network, prefix: Number(prefix) });
}
