// Interfaces as NetworkManager keyfiles, nm-settings-keyfile(5): RHEL 9 and later, and on 8 what is more than a card.

import type { ConfigFile, Install } from '../../server/domain.ts';
import { networkName } from '../bundle/files/names.ts';
import type { Layer } from './layers.ts';
import { AUTOCONNECT_PRIORITY } from './layers.ts';

/** The file of one interface. Readable by root alone, or NetworkManager ignores it. */
export function keyfile(install: Install, layer: Layer): ConfigFile {
  const sections = [connection(layer), ...kind(layer), ...(layer.hasAddress ? address(install) : noAddress(layer))];
  const path = `/etc/NetworkManager/system-connections/${nameOf(layer)}.nmconnection`;
  return { path, mode: 0o600, text: `${sections.map((lines) => lines.join('\n')).join('\n\n')}\n` };
}

// Kernel names of cards differ between releases and machines: a VLAN on a card is not called after it.
function nameOf(layer: Layer): string {
  return layer.kind === 'vlan' && layer.mac !== undefined ? `vlan${layer.id}` : layer.name;
}

function connection(layer: Layer): readonly string[] {
  const type = layer.kind === 'card' ? 'ethernet' : layer.kind;
  const { under } = layer;
  return [
    '[connection]',
    `id=${nameOf(layer)}`,
    `type=${type}`,
    ...(layer.kind === 'card' ? [] : [`interface-name=${nameOf(layer)}`]),
    'autoconnect=true',
    ...(layer.kind === 'card' ? [`autoconnect-priority=${AUTOCONNECT_PRIORITY}`] : []),
    ...(under === undefined ? [] : [`master=${under.name}`, `slave-type=${under.kind}`]),
  ];
}

function kind(layer: Layer): readonly (readonly string[])[] {
  switch (layer.kind) {
    case 'card':
      return [['[ethernet]', `mac-address=${layer.mac.toUpperCase()}`]];
    case 'bond':
      return [['[bond]', `mode=${layer.mode}`, 'miimon=100']];
    case 'vlan':
      // nm-settings(5), vlan.parent: without one, the card is found by its MAC.
      return layer.mac === undefined
        ? [['[vlan]', `id=${layer.id}`, `parent=${layer.on}`]]
        : [
            ['[ethernet]', `mac-address=${layer.mac.toUpperCase()}`],
            ['[vlan]', `id=${layer.id}`],
          ];
    case 'bridge':
      return [['[bridge]', 'stp=false']];
  }
}

function address({ host, network, custom }: Install): readonly (readonly string[])[] {
  const search = `dns-search=${networkName(host.domain)};`;
  if (custom.link.bootproto === 'dhcp') return [['[ipv4]', 'method=auto', search], ...NO_IPV6];
  const gateway = network.gateway === undefined ? '' : `,${network.gateway}`;
  return [
    [
      '[ipv4]',
      'method=manual',
      `address1=${host.address}/${network.subnet.prefix}${gateway}`,
      ...(network.dns.length === 0 ? [] : [`dns=${network.dns.map((server) => `${server};`).join('')}`]),
      search,
    ],
    ...NO_IPV6,
  ];
}

const NO_IPV6: readonly (readonly string[])[] = [['[ipv6]', 'method=disabled']];

/** A port of a bond or a bridge has no addresses to configure; what only carries a VLAN is told to have none. */
function noAddress({ under }: Layer): readonly (readonly string[])[] {
  return under === undefined ? [['[ipv4]', 'method=disabled'], ...NO_IPV6] : [];
}
