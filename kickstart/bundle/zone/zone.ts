// The CloudStack zone that a site's plan amounts to: pods of networks, clusters of hypervisors, storage. Derived, never guessed.

import type { Ipv4 } from '../../../server/address.ts';
import { formatSubnet, netmaskOf, toNumber } from '../../../server/address.ts';
import type { AddressRange, CloudStackOptions, Host, Network, RangeUse, Site } from '../../../server/domain.ts';
import type { No } from '../../../server/malformed.ts';
import { isNo, no } from '../../../server/malformed.ts';
import type { Cluster } from './clusters.ts';
import { clustersOf, hypervisorsOf, storageServers } from './clusters.ts';

/** A Basic zone: guests share the network of their hosts. */
export type Zone = {
  readonly name: string;
  readonly domain: string;
  readonly dns: readonly [Ipv4, ...Ipv4[]];
  readonly hypervisor: CloudStackOptions['hypervisor'];
  /** XenServer can do it only with another network backend and a pack of CloudStack's own: it is off there. */
  readonly securityGroups: boolean;
  /** What the guests' network is called on a KVM host, where a profile says so. */
  readonly bridge: string | undefined;
  readonly management: { readonly name: string; readonly address: Ipv4 };
  readonly pods: readonly [Pod, ...Pod[]];
  /** `nfs://192.168.168.2/export/secondary` */
  readonly secondaryStorage: string;
};

/** What CloudStack calls its hypervisors. */
export const HYPERVISOR_NAMES = { xenserver: 'XenServer', kvm: 'KVM', vmware: 'VMware' } as const;

/** One network with its hypervisors. */
export type Pod = {
  readonly name: string;
  readonly subnet: string;
  readonly gateway: Ipv4;
  readonly netmask: Ipv4;
  /** For system VMs. */
  readonly privateRange: Span;
  readonly storageRanges: readonly Span[];
  readonly guestRanges: readonly [Span, ...Span[]];
  readonly clusters: readonly Cluster[];
};

export type Span = Pick<AddressRange, 'from' | 'to'>;

/** The zone of the management server `host`; undefined for a host that is none, or why the plan makes no zone. */
export function zoneOf(site: Site, host: Host): Zone | No | undefined {
  const profile = site.profiles.find(({ name }) => name === host.profile);
  const { cloudstack } = profile ?? {};
  if (profile?.role !== 'cloudstack-management' || cloudstack === undefined) return undefined;
  if (cloudstack.hypervisor === 'vmware') return no('no zone is derived for vmware: it takes no flat network');
  const hypervisors = hypervisorsOf(site, cloudstack);
  const networks = site.networks.filter(
    ({ name, ranges }) =>
      hypervisors.some(({ network }) => network === name) || firstOf(ranges, 'cloudstack-private') !== undefined,
  );
  const storage = storageServers(site, host);
  const clusters = clustersOf(hypervisors, storage, cloudstack.hypervisor);
  const pods = networks.map((network) => podOf(network, clusters));
  const [pod, ...more] = pods.filter((one): one is Pod => !isNo(one));
  const refusal = pods.find(isNo);
  if (refusal !== undefined) return refusal;
  const [dns, ...furtherDns] = networks.find((network) => network.dns.length > 0)?.dns ?? [];
  if (pod === undefined)
    return no('no network of the site has a range for cloudstack-private', 'add one to its ranges');
  if (dns === undefined) return no('no network of the zone names a DNS server, and a zone needs one', 'add dns: […]');
  return {
    name: site.name,
    domain: site.domain,
    dns: [dns, ...furtherDns],
    hypervisor: cloudstack.hypervisor,
    securityGroups: cloudstack.hypervisor === 'kvm',
    bridge: hypervisors.map(({ bridge }) => bridge).find((bridge) => bridge !== undefined),
    management: { name: host.name, address: host.address },
    pods: [pod, ...more],
    secondaryStorage: `nfs://${storage[0].address}/export/secondary`,
  };
}

function podOf(network: Network, clusters: readonly Cluster[]): Pod | No {
  const { name, gateway, ranges, subnet } = network;
  const privateRange = firstOf(ranges, 'cloudstack-private');
  const [guest, ...moreGuests] = allOf(ranges, 'cloudstack-guest');
  if (gateway === undefined) return no(`the network ${name} has no gateway, and a pod needs one`, 'add gateway: …');
  if (privateRange === undefined) return missingRange(name, 'cloudstack-private');
  if (guest === undefined) return missingRange(name, 'cloudstack-guest');
  return {
    name,
    subnet: formatSubnet(subnet),
    gateway,
    netmask: netmaskOf(subnet),
    privateRange,
    storageRanges: allOf(ranges, 'cloudstack-storage'),
    guestRanges: [guest, ...moreGuests],
    clusters: clusters.filter((cluster) => cluster.network === name),
  };
}

function missingRange(network: string, use: RangeUse): No {
  return no(
    `the network ${network} has no range of use ${use}: no zone is derived`,
    `add one to the ranges of ${network}`,
  );
}

function allOf(ranges: readonly AddressRange[], use: RangeUse): readonly Span[] {
  return ranges
    .filter((range) => range.use === use)
    .toSorted((one, other) => toNumber(one.from) - toNumber(other.from))
    .map(({ from, to }) => ({ from, to }));
}

function firstOf(ranges: readonly AddressRange[], use: RangeUse): Span | undefined {
  return allOf(ranges, use)[0];
}
