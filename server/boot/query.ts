// From what a boot client tells of itself to the host it is, if the site knows one.

import type { BootClient, Host, Site } from '../domain.ts';

/** The host that has the client's MAC. A client without a MAC, or with one no host has, is nobody. */
export function findHost(site: Site, client: BootClient): Host | undefined {
  const { mac } = client;
  return mac === undefined ? undefined : site.hosts.find((host) => host.macs.includes(mac));
}
