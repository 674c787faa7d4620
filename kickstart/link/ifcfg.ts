// Interfaces as ifcfg files (initscripts' sysconfig.txt): RHEL 6 and 7, and a single card on 8.

import type { ConfigFile, Install } from '../../server/domain.ts';
import { networkName } from '../bundle/files/names.ts';
import type { Layer } from './layers.ts';
import { AUTOCONNECT_PRIORITY, isLayered } from './layers.ts';

/** The file of one interface, under the name that the kernel most likely gives it. */
export function ifcfgFile(install: Install, layer: Layer): ConfigFile {
  const lines = [
    ...nameLines(install, layer),
    ...kindLines(layer),
    'ONBOOT=yes',
    ...(install.os.major < 7 && isLayered(install) ? ['NM_CONTROLLED=no'] : []),
    ...(layer.hasAddress ? addressLines(install) : ['BOOTPROTO=none']),
    'IPV6INIT=no',
  ];
  return { path: `/etc/sysconfig/network-scripts/ifcfg-${layer.name}`, mode: 0o644, text: `${lines.join('\n')}\n` };
}

// EL6's ifup wants the device named as well; from EL7 on a card is seldom called eth0, and the MAC alone decides. Where
// other interfaces go by its name, %post writes down the one that it really has.
function nameLines({ os }: Install, layer: Layer): readonly string[] {
  const device = `DEVICE=${layer.name}`;
  if (layer.kind !== 'card') return [device];
  const priority = layer.hasAddress ? [`AUTOCONNECT_PRIORITY=${AUTOCONNECT_PRIORITY}`] : [];
  const names = os.major >= 7 ? [`NAME=${layer.name}`, ...priority] : [device];
  return [...names, `HWADDR=${layer.mac.toUpperCase()}`];
}

function kindLines(layer: Layer): readonly string[] {
  const { under } = layer;
  const port =
    under === undefined ? [] : under.kind === 'bond' ? [`MASTER=${under.name}`, 'SLAVE=yes'] : [`BRIDGE=${under.name}`];
  switch (layer.kind) {
    case 'card':
      return ['TYPE=Ethernet', ...port];
    case 'bond':
      return ['TYPE=Bond', 'BONDING_MASTER=yes', `BONDING_OPTS="mode=${layer.mode} miimon=100"`, ...port];
    case 'vlan':
      return ['VLAN=yes', `PHYSDEV=${layer.on}`, ...port];
    case 'bridge':
      // Forwards from the first moment: a bridge with one uplink makes no loop, and the machine is not deaf for 30 s.
      return ['TYPE=Bridge', 'STP=no', 'DELAY=0'];
  }
}

function addressLines({ host, network, custom }: Install): readonly string[] {
  if (custom.link.bootproto === 'dhcp') return ['BOOTPROTO=dhcp', `DOMAIN=${networkName(host.domain)}`];
  return [
    'BOOTPROTO=none',
    `IPADDR=${host.address}`,
    `NETMASK=${network.netmask}`,
    ...(network.gateway === undefined ? [] : [`GATEWAY=${network.gateway}`]),
    ...network.dns.map((server, index) => `DNS${index + 1}=${server}`),
    `DOMAIN=${networkName(host.domain)}`,
  ];
}
