// The network line of a kickstart: the host's static address on its first network card, found by MAC.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { kickstartValue } from '../quote.ts';

/** One `network` line. The card is named by its MAC: kernel names differ between releases and machines. */
export function networkLines({ host, network }: Install, dialect: Dialect): readonly string[] {
  const options = [
    '--onboot=yes',
    ...(dialect.networkActivate ? ['--activate'] : []),
    `--device=${host.macs[0]}`,
    '--bootproto=static',
    `--ip=${host.address}`,
    `--netmask=${network.netmask}`,
    ...(network.gateway === undefined ? [] : [`--gateway=${network.gateway}`]),
    ...(network.dns.length === 0 ? [] : [`--nameserver=${network.dns.join(',')}`]),
    `--hostname=${kickstartValue(host.fqdn)}`,
    '--noipv6',
  ];
  return [`network ${options.join(' ')}`];
}
