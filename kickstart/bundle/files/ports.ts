// The ports of a CloudStack management host with NFS on it: one table for every firewall and service file.

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

export type OpenPort = { readonly protocol: 'tcp' | 'udp'; readonly port: number };

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
export const MANAGEMENT_OPEN: readonly OpenPort[] = [
  { protocol: 'tcp', port: 8080 },
  { protocol: 'tcp', port: 7080 },
  { protocol: 'tcp', port: 8250 },
  { protocol: 'tcp', port: 9090 },
];
