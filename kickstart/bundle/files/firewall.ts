// The firewall of a host with open ports: an iptables-save file up to EL6, a firewalld zone from EL7.

import { formatSubnet } from '../../../server/address.ts';
import type { ConfigFile, Install } from '../../../server/domain.ts';
import type { OpenPort } from './ports.ts';
import { MANAGEMENT_OPEN, NFS_OPEN } from './ports.ts';

/** What a role opens: `near` from the host's own network only, `far` from anywhere where the system can tell them apart. */
export type FirewallRules = {
  readonly zone: string;
  readonly description: string;
  readonly near: readonly OpenPort[];
  readonly far: readonly OpenPort[];
};

/**
 * NFS from the host's own network only. On EL6 CloudStack's ports from anywhere, as its set-up opens them: set-up leaves out
 * a port that any rule names already, so a narrower rule here would shut users of other networks out for good.
 */
export const MANAGEMENT_RULES: FirewallRules = {
  zone: 'cloudstack',
  description: 'NFS and CloudStack for the network of this management server.',
  near: NFS_OPEN,
  far: MANAGEMENT_OPEN,
};

export const NFS_RULES: FirewallRules = {
  zone: 'storage',
  description: 'NFS for the network of this storage server.',
  near: NFS_OPEN,
  far: [],
};

/** The file that opens what `rules` say. */
export function firewallFile(install: Install, rules: FirewallRules): ConfigFile {
  const subnet = formatSubnet(install.network.subnet);
  return install.os.major >= 7 ? firewalldZone(subnet, rules) : iptables(subnet, rules);
}

// The stock EL6 file with the rules ahead of the final REJECT: behind it they would never be reached.
function iptables(subnet: string, { near, far }: FirewallRules): ConfigFile {
  const lines = [
    '*filter',
    ':INPUT ACCEPT [0:0]',
    ':FORWARD ACCEPT [0:0]',
    ':OUTPUT ACCEPT [0:0]',
    '-A INPUT -m state --state ESTABLISHED,RELATED -j ACCEPT',
    '-A INPUT -p icmp -j ACCEPT',
    '-A INPUT -i lo -j ACCEPT',
    '-A INPUT -m state --state NEW -m tcp -p tcp --dport 22 -j ACCEPT',
    ...near.map((open) => `-A INPUT -s ${subnet} ${newConnection(open)}`),
    ...far.map((open) => `-A INPUT ${newConnection(open)}`),
    '-A INPUT -j REJECT --reject-with icmp-host-prohibited',
    '-A FORWARD -j REJECT --reject-with icmp-host-prohibited',
    'COMMIT',
  ];
  return { path: '/etc/sysconfig/iptables', mode: 0o600, text: `${lines.join('\n')}\n` };
}

function newConnection({ protocol, port }: OpenPort): string {
  return `-m state --state NEW -p ${protocol} --dport ${port} -j ACCEPT`;
}

// firewalld.zone(5): a zone with a source takes all traffic from there, so it must let ssh in by itself.
function firewalldZone(subnet: string, { zone, description, near, far }: FirewallRules): ConfigFile {
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<zone>',
    `  <short>${zone}</short>`,
    `  <description>${description}</description>`,
    `  <source address="${subnet}"/>`,
    '  <service name="ssh"/>',
    ...[...near, ...far].map(({ protocol, port }) => `  <port protocol="${protocol}" port="${port}"/>`),
    '</zone>',
  ];
  return { path: `/etc/firewalld/zones/${zone}.xml`, mode: 0o600, text: `${lines.join('\n')}\n` };
}
