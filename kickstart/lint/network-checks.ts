// What is wrong with one network line: what the parser demands beyond the table, and addresses that cannot work.

import { parseIpv4, toNumber } from '../../server/address.ts';
import type { Ipv4 } from '../../server/address.ts';
import { Malformed } from '../../server/malformed.ts';
import type { Call } from './call.ts';
import { listOf, placeOf, valueOf } from './call.ts';
import type { Check } from './demand.ts';
import { needs } from './demand.ts';
import type { Finding } from './finding.ts';
import { senseError, syntaxError, warning } from './finding.ts';
import type { Release } from './release.ts';

type Found = readonly (Finding | undefined)[];

export const networkChecks: readonly (readonly [string, Check])[] = [['network', network]];

function network(call: Call, release: Release): Found {
  return [...(release.major > 6 ? parserChecks(call) : []), ...addressChecks(call), ...nameChecks(call)];
}

function parserChecks(call: Call): Found {
  const options = listOf(call, '--bridgeopts');
  const badOption = options.some((option) => !/^[^=]+=[^=]+$/.test(option));
  const bound = call.options.has('--bindto') && call.options.has('--vlanid') && !call.options.has('--bondopts');
  return [
    needs(call, '--bridgeopts', '--bridgeslaves'),
    badOption
      ? syntaxError(placeOf(call, '--bridgeopts'), '--bridgeopts takes key=value, with commas between')
      : undefined,
    bound ? syntaxError(placeOf(call, '--bindto'), 'a VLAN cannot be bound to a MAC') : undefined,
    interfaceNameFault(call),
  ];
}

/** A name like `vlan5` or `eth0.5` has to end in the number of a VLAN. */
function interfaceNameFault(call: Call): Finding | undefined {
  const name = valueOf(call, '--interfacename') ?? '';
  const id = name.startsWith('vlan')
    ? name.slice(4)
    : name.includes('.')
      ? name.slice(name.indexOf('.') + 1)
      : undefined;
  if (id === undefined || isVlanId(id)) return undefined;
  return syntaxError(placeOf(call, '--interfacename'), 'this name has to end in the number of the VLAN');
}

function addressChecks(call: Call): Found {
  const isStatic = valueOf(call, '--bootproto') === 'static' && !call.options.has('--noipv4');
  const missing = isStatic ? ['--ip', '--netmask'].filter((option) => !call.options.has(option)) : [];
  const ip = valueOf(call, '--ip');
  const idle = ip !== undefined && /^(?:dhcp|bootp|query|ibft)$/.test(valueOf(call, '--bootproto') ?? 'dhcp');
  return [
    ...missing.map((option) => senseError(placeOf(call, '--bootproto'), `a static network line needs ${option}`)),
    idle
      ? warning(placeOf(call, '--ip'), '--ip means nothing without --bootproto=static', 'add --bootproto=static')
      : undefined,
    ...['--ip', '--gateway'].map((option) => addressFault(call, option)),
    netmaskFault(call),
    gatewayFault(call),
    ...nameserverFaults(call),
  ];
}

function addressFault(call: Call, option: string): Finding | undefined {
  const value = valueOf(call, option);
  if (value === undefined || addressOf(value) !== undefined) return undefined;
  return senseError(placeOf(call, option), `network ${option} is no IPv4 address`);
}

function netmaskFault(call: Call): Finding | undefined {
  const value = valueOf(call, '--netmask');
  if (value === undefined || prefixOf(value) !== undefined) return undefined;
  return senseError(placeOf(call, '--netmask'), 'network --netmask is no netmask', 'write one like 255.255.255.0');
}

function gatewayFault(call: Call): Finding | undefined {
  const [ip, gateway] = ['--ip', '--gateway'].map((option) => addressOf(valueOf(call, option) ?? ''));
  const prefix = prefixOf(valueOf(call, '--netmask') ?? '');
  if (ip === undefined || gateway === undefined || prefix === undefined) return undefined;
  if (ip === gateway) return senseError(placeOf(call, '--gateway'), 'the gateway is the machine itself');
  const networkOf = (address: Ipv4): number => Math.floor(toNumber(address) / 2 ** (32 - prefix));
  // A host of its own (/32) reaches its gateway by a route that kickstart cannot tell of.
  if (prefix === 32 || networkOf(ip) === networkOf(gateway)) return undefined;
  return warning(placeOf(call, '--gateway'), 'the gateway is not in the network of --ip and --netmask');
}

function nameserverFaults(call: Call): Found {
  // An IPv6 address is only told apart by its colons: what fits in them is the installer's business.
  const bad = listOf(call, '--nameserver').some((value) => addressOf(value) === undefined && !value.includes(':'));
  const blank = valueOf(call, '--nameserver')?.includes(' ') === true;
  return [
    bad ? senseError(placeOf(call, '--nameserver'), 'network --nameserver is no list of addresses') : undefined,
    blank ? warning(placeOf(call, '--nameserver'), 'name servers stand with commas between, and no blanks') : undefined,
  ];
}

function nameChecks(call: Call): Found {
  const host = valueOf(call, '--hostname');
  const badHost =
    host !== undefined && !/^(?!-)[A-Za-z0-9-]{1,63}(?<!-)(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*$/.test(host);
  const vlan = valueOf(call, '--vlanid');
  const mtu = valueOf(call, '--mtu');
  const bonds = call.options.has('--bondslaves') && listOf(call, '--bondslaves').length === 0;
  return [
    badHost ? warning(placeOf(call, '--hostname'), 'network --hostname is no host name') : undefined,
    vlan !== undefined && !isVlanId(vlan)
      ? senseError(placeOf(call, '--vlanid'), 'network --vlanid is 1 to 4094')
      : undefined,
    mtu !== undefined && !/^\d{2,5}$/.test(mtu)
      ? senseError(placeOf(call, '--mtu'), 'network --mtu is a number')
      : undefined,
    bonds ? senseError(placeOf(call, '--bondslaves'), 'network --bondslaves names no interface') : undefined,
    call.options.has('--bondopts') && !call.options.has('--bondslaves')
      ? warning(placeOf(call, '--bondopts'), '--bondopts means nothing without --bondslaves')
      : undefined,
  ];
}

function isVlanId(text: string): boolean {
  return /^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= 4094;
}

function prefixOf(netmask: string): number | undefined {
  const address = addressOf(netmask);
  if (address === undefined) return undefined;
  const bits = address
    .split('.')
    .map((byte) => Number(byte).toString(2).padStart(8, '0'))
    .join('');
  return /^1+0*$/.test(bits) ? bits.lastIndexOf('1') + 1 : undefined;
}

function addressOf(text: string): Ipv4 | undefined {
  try {
    return parseIpv4(text);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
