// The network line of a kickstart: how the installer itself is connected, by the host's first card, found by MAC.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { kickstartValue } from '../quote.ts';

/**
 * One `network` line. The card is named by its MAC: kernel names differ between releases and machines. Bonds, VLANs and
 * bridges are not said here: 6.2 knows none of them, later ones take only names of cards for their ports, and none takes
 * a bridge on a VLAN. %post writes their files instead (link/step.ts); the installer goes by one card, as the firmware did.
 */
export function networkLines(install: Install, dialect: Dialect): readonly string[] {
  const { host } = install;
  const options = [
    '--onboot=yes',
    ...(dialect.networkActivate ? ['--activate'] : []),
    `--device=${host.macs[0]}`,
    ...addressOptions(install),
    `--hostname=${kickstartValue(host.fqdn)}`,
    '--noipv6',
  ];
  return [`network ${options.join(' ')}`];
}

// The address of a tagged VLAN answers nobody on the untagged network that the machine was booted from.
function addressOptions({ host, network, custom: { link } }: Install): readonly string[] {
  if (link.bootproto === 'dhcp' || link.vlan !== undefined) return ['--bootproto=dhcp'];
  return [
    '--bootproto=static',
    `--ip=${host.address}`,
    `--netmask=${network.netmask}`,
    ...(network.gateway === undefined ? [] : [`--gateway=${network.gateway}`]),
    ...(network.dns.length === 0 ? [] : [`--nameserver=${network.dns.join(',')}`]),
  ];
}
