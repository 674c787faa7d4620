// MAC and IPv4 addresses and subnets as branded values: parsed strictly once, compared and counted freely after.

import { Malformed } from './malformed.ts';

/** Lower-case, colon-separated: `52:54:00:a8:a8:02`. */
export type MacAddress = string & { readonly __brand: 'MacAddress' };
/** Dotted quad without leading zeros: `192.168.168.2`. */
export type Ipv4 = string & { readonly __brand: 'Ipv4' };
/** A network and its prefix length; `network` has no host bits. */
export type Subnet = { readonly network: Ipv4; readonly prefix: number };

const MAC = /^[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}$/i;
const QUAD = /^(?:0|[1-9]\d{0,2})(?:\.(?:0|[1-9]\d{0,2})){3}$/;

/** Reads `aa:bb:cc:dd:ee:ff` or `AA-BB-…`. Throws `Malformed` for anything else, and for group and all-zero addresses. */
export function parseMac(text: string): MacAddress {
  if (!MAC.test(text)) throw new Malformed(`not a MAC address: ${quoted(text)}`, 'mac');
  const mac = text.toLowerCase().replaceAll('-', ':');
  if ((Number.parseInt(mac.slice(0, 2), 16) & 1) === 1) {
    throw new Malformed(`a group address is no machine's MAC: ${quoted(text)}`, 'mac');
  }
  if (mac === '00:00:00:00:00:00') throw new Malformed('the all-zero MAC address is no machine', 'mac');
  return mac as MacAddress;
}

/** Reads a dotted quad. Refuses leading zeros (`010.0.0.1` is octal to some readers), short forms and hex. */
export function parseIpv4(text: string): Ipv4 {
  if (!QUAD.test(text) || text.split('.').some((part) => Number(part) > 255)) {
    throw new Malformed(`not an IPv4 address: ${quoted(text)}`, 'address');
  }
  return text as Ipv4;
}

/** Reads `192.168.168.0/24`. Throws `Malformed` when host bits are set or the prefix is not 1 to 30. */
export function parseSubnet(text: string): Subnet {
  const [address, prefixText, ...rest] = text.split('/');
  if (address === undefined || prefixText === undefined || rest.length > 0 || !/^[1-9]\d?$/.test(prefixText)) {
    throw new Malformed(`not a subnet: ${quoted(text)}`, 'subnet');
  }
  const prefix = Number(prefixText);
  if (prefix > 30) throw new Malformed(`a prefix of /${prefix} leaves no room for hosts`, 'subnet');
  const network = parseIpv4(address);
  if ((toNumber(network) & ~maskOf(prefix)) >>> 0 !== 0) {
    throw new Malformed(
      `${quoted(text)} has host bits set; the network is ${networkOf(network, prefix)}/${prefix}`,
      'subnet',
    );
  }
  return { network, prefix };
}

/** The address as an unsigned 32-bit number. Read digit by digit: DHCP asks it a dozen times for each datagram. */
export function toNumber(address: Ipv4): number {
  let value = 0;
  let part = 0;
  for (let at = 0; at < address.length; at += 1) {
    const digit = address.charCodeAt(at) - 0x30;
    if (digit >= 0) part = part * 10 + digit;
    else [value, part] = [value * 256 + part, 0];
  }
  return value * 256 + part;
}

/** The address of an unsigned 32-bit number. */
export function fromNumber(value: number): Ipv4 {
  return `${value >>> 24}.${(value >>> 16) & 255}.${(value >>> 8) & 255}.${value & 255}` as Ipv4;
}

/** Is `address` inside `subnet` (network and broadcast address included)? */
export function contains(subnet: Subnet, address: Ipv4): boolean {
  return (toNumber(address) & maskOf(subnet.prefix)) >>> 0 === toNumber(subnet.network);
}

/** `255.255.255.0` of `/24`. */
export function netmaskOf(subnet: Subnet): Ipv4 {
  return fromNumber(maskOf(subnet.prefix));
}

/** The last address of the subnet. */
export function broadcastOf(subnet: Subnet): Ipv4 {
  return fromNumber((toNumber(subnet.network) | ~maskOf(subnet.prefix)) >>> 0);
}

/** `192.168.168.0/24`. */
export function formatSubnet(subnet: Subnet): string {
  return `${subnet.network}/${subnet.prefix}`;
}

function networkOf(address: Ipv4, prefix: number): Ipv4 {
  return fromNumber((toNumber(address) & maskOf(prefix)) >>> 0);
}

function maskOf(prefix: number): number {
  return (0xffffffff << (32 - prefix)) >>> 0;
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
