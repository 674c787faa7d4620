// The hypervisors of a site in clusters, and the NFS servers that keep their disks.

import type { Ipv4 } from '../../../server/address.ts';
import { toNumber } from '../../../server/address.ts';
import { MOST_IN_CLUSTER } from '../../../server/cloudstack.ts';
import type { CloudStackOptions, Host, Site } from '../../../server/domain.ts';

/** Hosts of one profile in one network: alike, as a cluster wants them. */
export type Cluster = {
  readonly name: string;
  readonly network: string;
  readonly hosts: readonly { readonly name: string; readonly address: Ipv4 }[];
  readonly primaryStorage: readonly { readonly name: string; readonly url: string }[];
};

export type Hypervisor = {
  readonly name: string;
  readonly address: Ipv4;
  readonly network: string;
  readonly profile: string;
  readonly bridge: string | undefined;
};

/** The hosts that serve a CloudStack of `options`, by address. */
export function hypervisorsOf(site: Site, options: CloudStackOptions): readonly Hypervisor[] {
  const profiles = new Map(site.profiles.map((profile) => [profile.name, profile]));
  return byAddress(site.hosts).flatMap(({ name, address, network, profile: of }) => {
    const profile = profiles.get(of);
    const serves =
      options.hypervisor === 'kvm'
        ? profile?.role === 'kvm-agent' && profile.cloudstack?.version === options.version
        : options.hypervisor === 'xenserver' && profile?.role === 'xenserver';
    return serves ? [{ name, address, network, profile: of, bridge: profile?.custom.link.bridge }] : [];
  });
}

type StorageServer = { readonly name: string; readonly address: Ipv4 };

/** The site's storage servers, or the management server itself where there is none: it exports the same directories. */
export function storageServers(site: Site, management: Host): readonly [StorageServer, ...StorageServer[]] {
  const profiles = new Set(site.profiles.filter(({ role }) => role === 'nfs-storage').map(({ name }) => name));
  const [first, ...rest] = byAddress(site.hosts).filter(({ profile }) => profiles.has(profile));
  return first === undefined ? [management] : [first, ...rest];
}

/**
 * The clusters. A directory belongs to one cluster, because CloudStack takes no storage twice in a zone: where there are
 * several, each has one of its own below /export/primary, which has to be made there.
 */
export function clustersOf(
  hypervisors: readonly Hypervisor[],
  storage: readonly StorageServer[],
  kind: CloudStackOptions['hypervisor'],
): readonly Cluster[] {
  const groups = [...Map.groupBy(hypervisors, ({ network, profile }) => `${network} ${profile}`).values()];
  const lots = groups.flatMap((hosts) => chunks(hosts, MOST_IN_CLUSTER[kind]));
  return lots.flatMap((hosts, index) => {
    const [first] = hosts;
    if (first === undefined) return [];
    const name = `${first.profile}-${index + 1}`;
    const directory = lots.length === 1 ? '/export/primary' : `/export/primary/${name}`;
    return [
      {
        name,
        network: first.network,
        hosts: hosts.map((host) => ({ name: host.name, address: host.address })),
        primaryStorage: storage.map((server) => ({
          name: `${name}-${server.name}`,
          url: `nfs://${server.address}${directory}`,
        })),
      },
    ];
  });
}

function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  const count = Math.ceil(items.length / size);
  return Array.from({ length: count }, (_, index) => items.slice(index * size, (index + 1) * size));
}

function byAddress(hosts: readonly Host[]): readonly Host[] {
  return hosts.toSorted((one, other) => toNumber(one.address) - toNumber(other.address));
}
