// The ports of CloudStack's hosts and of NFS: one table for every firewall and service file.

import type { Os } from '../../../server/domain.ts';

export const NFS_PORTS = {
  rpcbind: 111,
  nfsd: 2049,
  lockdTcp: 32803,
  lockdUdp: 32769,
  mountd: 892,
  rquotad: 875,
  statd: 662,
  statdOutgoing: 2020,
} as const;

/** One port, or all from the first to the last. */
export type OpenPort = { readonly protocol: 'tcp' | 'udp'; readonly port: number; readonly last?: number };

/** What hypervisors and system VMs need of the NFS server, in the order of CloudStack's manual. */
export const NFS_OPEN: readonly OpenPort[] = [
  { protocol: 'udp', port: NFS_PORTS.rpcbind },
  { protocol: 'tcp', port: NFS_PORTS.rpcbind },
  { protocol: 'tcp', port: NFS_PORTS.nfsd },
  { protocol: 'tcp', port: NFS_PORTS.lockdTcp },
  { protocol: 'udp', port: NFS_PORTS.lockdUdp },
  { protocol: 'tcp', port: NFS_PORTS.mountd },
  { protocol: 'udp', port: NFS_PORTS.mountd },
  { protocol: 'tcp', port: NFS_PORTS.rquotad },
  { protocol: 'udp', port: NFS_PORTS.rquotad },
  { protocol: 'tcp', port: NFS_PORTS.statd },
  { protocol: 'udp', port: NFS_PORTS.statd },
];

/** The management server itself: page and API, AWS API, agents and system VMs, cluster heartbeat. */
const MANAGEMENT_OPEN: readonly OpenPort[] = [
  { protocol: 'tcp', port: 8080 },
  { protocol: 'tcp', port: 7080 },
  { protocol: 'tcp', port: 8250 },
  { protocol: 'tcp', port: 9090 },
];

/** What it opens on a release. The AWS API went long before EL8 came. */
export function managementOpen({ major }: Pick<Os, 'major'>): readonly OpenPort[] {
  return MANAGEMENT_OPEN.filter(({ port }) => port !== 7080 || major < 8);
}

export const LIBVIRT_PORTS = { tcp: 16509, tls: 16514 } as const;

/** What a KVM host is asked for: libvirt, the consoles of its guests (VNC), guests moving in while they run. */
export const AGENT_OPEN: readonly OpenPort[] = [
  { protocol: 'tcp', port: LIBVIRT_PORTS.tcp },
  { protocol: 'tcp', port: LIBVIRT_PORTS.tls },
  { protocol: 'tcp', port: 5900, last: 6100 },
  { protocol: 'tcp', port: 49_152, last: 49_216 },
];
