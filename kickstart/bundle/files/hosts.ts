// /etc/hosts: the loopback line the installer wrote, this host, then the site's other hosts by address.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { networkName } from './names.ts';

const LOOPBACK = 'localhost localhost.localdomain localhost4 localhost4.localdomain4';
const LOOPBACK6 = 'localhost localhost.localdomain localhost6 localhost6.localdomain6';

/** The host's own name comes first, so that `hostname --fqdn` answers before any DNS server does. hosts(5). */
export function hostsFile(install: Install): ConfigFile {
  const { host, site, os } = install;
  const others = site.hosts.filter((other) => other.fqdn !== host.fqdn);
  const lines = [
    `127.0.0.1 ${LOOPBACK}`,
    ...(os.major >= 7 ? [`::1 ${LOOPBACK6}`] : []),
    hostLine(host),
    ...others.map(hostLine),
  ];
  return { path: '/etc/hosts', mode: 0o644, text: `${lines.join('\n')}\n` };
}

function hostLine(host: { readonly name: string; readonly fqdn: string; readonly address: string }): string {
  return `${host.address} ${networkName(host.fqdn)} ${networkName(host.name)}`;
}
