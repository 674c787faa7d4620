// From what a boot client tells of itself to the host it is, if the site knows one.

import type { MacAddress } from '../address.ts';
import type { BootClient, Host, Site } from '../domain.ts';

/** The host that has the client's MAC. A client without a MAC, or with one no host has, is nobody. */
export function findHost(site: Site, client: BootClient): Host | undefined {
  const { mac } = client;
  return mac === undefined ? undefined : hostByMac(site, mac);
}

/** The host that has `mac` among its MACs. */
export function hostByMac(site: Site, mac: MacAddress): Host | undefined {
  return site.hosts.find((host) => host.macs.includes(mac));
}
