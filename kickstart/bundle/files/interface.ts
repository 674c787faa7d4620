// The static address of the host's first network card: an ifcfg file up to EL8, a NetworkManager keyfile from EL9.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { networkName } from './names.ts';

/** Above the profile that the installer wrote for the same card, so that this file is the one in force. */
const PRIORITY = 10;

/** Bound to the card by its MAC: kernel names of cards differ between releases and machines. */
export function interfaceFile(install: Install): ConfigFile {
  return install.os.major >= 9 ? keyfile(install) : ifcfg(install);
}

// EL6's ifup wants the device named as well; from EL7 on the card is seldom called eth0, and the MAC alone decides.
function ifcfg(install: Install): ConfigFile {
  const { host, network, os } = install;
  const lines = [
    ...(os.major >= 7 ? ['NAME=eth0', `AUTOCONNECT_PRIORITY=${PRIORITY}`] : ['DEVICE=eth0']),
    `HWADDR=${host.macs[0].toUpperCase()}`,
    'TYPE=Ethernet',
    'ONBOOT=yes',
    'BOOTPROTO=none',
    `IPADDR=${host.address}`,
    `NETMASK=${network.netmask}`,
    ...(network.gateway === undefined ? [] : [`GATEWAY=${network.gateway}`]),
    ...network.dns.map((server, index) => `DNS${index + 1}=${server}`),
    `DOMAIN=${networkName(host.domain)}`,
    'IPV6INIT=no',
  ];
  return { path: '/etc/sysconfig/network-scripts/ifcfg-eth0', mode: 0o644, text: `${lines.join('\n')}\n` };
}

// nm-settings-keyfile(5): the file must be readable by root alone, or NetworkManager ignores it.
function keyfile(install: Install): ConfigFile {
  const { host, network } = install;
  const gateway = network.gateway === undefined ? '' : `,${network.gateway}`;
  const lines = [
    '[connection]',
    'id=eth0',
    'type=ethernet',
    'autoconnect=true',
    `autoconnect-priority=${PRIORITY}`,
    '',
    '[ethernet]',
    `mac-address=${host.macs[0].toUpperCase()}`,
    '',
    '[ipv4]',
    'method=manual',
    `address1=${host.address}/${network.subnet.prefix}${gateway}`,
    ...(network.dns.length === 0 ? [] : [`dns=${network.dns.map((server) => `${server};`).join('')}`]),
    `dns-search=${networkName(host.domain)};`,
    '',
    '[ipv6]',
    'method=disabled',
  ];
  const path = '/etc/NetworkManager/system-connections/eth0.nmconnection';
  return { path, mode: 0o600, text: `${lines.join('\n')}\n` };
}
