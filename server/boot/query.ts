// From what a boot client tells of itself to the host it is, if the site knows one; and all that hosts are known by.

import type { MacAddress } from '../address.ts';
import type { BootClient, Host, Site } from '../domain.ts';

/** The host that has the client's MAC. A client without a MAC, or with one no host has, is nobody. */
export function findHost(site: Site, client: BootClient): Host | undefined {
  const { mac } = client;
  return mac === undefined ? undefined : hostsByMac(site).get(mac);
}

/** A site never changes: a changed file makes another one, and the index goes with the old. */
const indexes = new WeakMap<Site, ReadonlyMap<MacAddress, Host>>();

function hostsByMac(site: Site): ReadonlyMap<MacAddress, Host> {
  const known = indexes.get(site);
  if (known !== undefined) return known;
  const index = new Map<MacAddress, Host>();
  for (const host of site.hosts) for (const mac of host.macs) if (!index.has(mac)) index.set(mac, host);
  indexes.set(site, index);
  return index;
}

const machines = new WeakMap<Site, ReadonlySet<string>>();

/** The MACs and addresses of the site's hosts: by one of them, what a machine did is kept. */
export function machinesOf(site: Site): ReadonlySet<string> {
  const known = machines.get(site) ?? new Set(site.hosts.flatMap(({ macs, address }) => [...macs, address]));
  machines.set(site, known);
  return known;
}
