// The firewall of a host with open ports: an iptables-save file up to EL6 and on KVM hosts, else a firewalld zone.

import { formatSubnet } from '../../../server/address.ts';
import type { ConfigFile, Install } from '../../../server/domain.ts';
import { Malformed } from '../../../server/malformed.ts';
import { xmlAttribute } from '../../quote.ts';
import type { OpenPort } from './ports.ts';
import { AGENT_OPEN, managementOpen, NFS_OPEN } from './ports.ts';

/** What a role opens: `near` from the host's own network only, `far` from anywhere where the system can tell them apart. */
export type FirewallRules = {
  /** `iptables`: whatever the release has. */
  readonly kind: 'native' | 'iptables';
  readonly zone: string;
  readonly description: string;
  readonly near: readonly OpenPort[];
  readonly far: readonly OpenPort[];
};

/**
 * NFS from the host's own network only. On EL6 CloudStack's ports from anywhere, as its set-up opens them: set-up leaves out
 * a port that any rule names already, so a narrower rule here would shut users of other networks out for good.
 */
export function managementRules(install: Install): FirewallRules {
  return {
    kind: 'native',
    zone: 'cloudstack',
    description: 'NFS and CloudStack for the network of this management server.',
    near: NFS_OPEN,
    far: managementOpen(install.os),
  };
}

export const NFS_RULES: FirewallRules = {
  kind: 'native',
  zone: 'storage',
  description: 'NFS for the network of this storage server.',
  near: NFS_OPEN,
  far: [],
};

/** Plain iptables on every release, because CloudStack writes its guests' rules with it (roles/steps.ts). */
export const AGENT_RULES: FirewallRules = {
  kind: 'iptables',
  zone: 'hypervisor',
  description: 'libvirt and consoles for the network of this KVM host.',
  near: AGENT_OPEN,
  far: [],
};

/** The file that opens what `rules` and the profile say. Throws `Malformed` for a service of the profile's that iptables has no name for. */
export function firewallFile(install: Install, rules: FirewallRules): ConfigFile {
  return rules.kind === 'iptables' || install.os.major < 7 ? iptables(install, rules) : firewalldZone(install, rules);
}

// The stock EL6 file with the rules ahead of the final REJECT: behind it they would never be reached.
function iptables({ network, custom }: Install, { near, far }: FirewallRules): ConfigFile {
  const subnet = formatSubnet(network.subnet);
  const own = [...custom.firewall.services.flatMap(portsOfService), ...custom.firewall.ports.map(readPort)];
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
    ...[...far, ...own].map((open) => `-A INPUT ${newConnection(open)}`),
    '-A INPUT -j REJECT --reject-with icmp-host-prohibited',
    '-A FORWARD -j REJECT --reject-with icmp-host-prohibited',
    'COMMIT',
  ];
  return { path: '/etc/sysconfig/iptables', mode: 0o600, text: `${lines.join('\n')}\n` };
}

function newConnection(open: OpenPort): string {
  return `-m state --state NEW -p ${open.protocol} --dport ${portRange(open, ':')} -j ACCEPT`;
}

function portRange({ port, last }: OpenPort, between: string): string {
  return last === undefined ? String(port) : `${port}${between}${last}`;
}

/** What firewalld and system-config-firewall know by name, as far as a server is asked for it. IANA's port numbers. */
const SERVICES: ReadonlyMap<string, readonly OpenPort[]> = new Map([
  ['ssh', [{ protocol: 'tcp', port: 22 }]],
  ['http', [{ protocol: 'tcp', port: 80 }]],
  ['https', [{ protocol: 'tcp', port: 443 }]],
  ['ftp', [{ protocol: 'tcp', port: 21 }]],
  ['smtp', [{ protocol: 'tcp', port: 25 }]],
  ['tftp', [{ protocol: 'udp', port: 69 }]],
  ['nfs', [{ protocol: 'tcp', port: 2049 }]],
  ['mysql', [{ protocol: 'tcp', port: 3306 }]],
  ['ntp', [{ protocol: 'udp', port: 123 }]],
  ['snmp', [{ protocol: 'udp', port: 161 }]],
  ['syslog', [{ protocol: 'udp', port: 514 }]],
  [
    'dns',
    [
      { protocol: 'tcp', port: 53 },
      { protocol: 'udp', port: 53 },
    ],
  ],
]);

function portsOfService(name: string): readonly OpenPort[] {
  const ports = SERVICES.get(name);
  if (ports !== undefined) return ports;
  throw new Malformed(`iptables knows no service ${JSON.stringify(name)}: open its ports instead`, 'firewall');
}

function readPort(text: string): OpenPort {
  const { port = '', last, protocol } = PORT.exec(text)?.groups ?? {};
  if (protocol !== 'tcp' && protocol !== 'udp') throw new Malformed(`no port: ${JSON.stringify(text)}`, 'firewall');
  return { protocol, port: Number(port), ...(last === undefined ? {} : { last: Number(last) }) };
}

const PORT = /^(?<port>\d{1,5})(?:-(?<last>\d{1,5}))?\/(?<protocol>tcp|udp)$/;

// firewalld.zone(5): a zone with a source takes all traffic from there, so it must let in by itself what the default zone does.
function firewalldZone({ network, custom }: Install, { zone, description, near, far }: FirewallRules): ConfigFile {
  const services = ['ssh', ...custom.firewall.services.filter((name) => name !== 'ssh')];
  const ports = [...near, ...far, ...custom.firewall.ports.map(readPort)];
  const lines = [
    '<?xml version="1.0" encoding="utf-8"?>',
    '<zone>',
    `  <short>${zone}</short>`,
    `  <description>${description}</description>`,
    `  <source address="${formatSubnet(network.subnet)}"/>`,
    ...services.map((name) => `  <service name="${xmlAttribute(name)}"/>`),
    ...ports.map((open) => `  <port protocol="${open.protocol}" port="${portRange(open, '-')}"/>`),
    '</zone>',
  ];
  return { path: `/etc/firewalld/zones/${zone}.xml`, mode: 0o600, text: `${lines.join('\n')}\n` };
}
