// Reads a client's message once into what the rest of the room needs, or says why it is none of ours to answer; pure.

import { parseMac, type MacAddress } from '../address.ts';
import { isNo, Malformed, no, type No } from '../malformed.ts';
import { networkBootOf } from './firmware.ts';
import { hostOfFqdn } from './fqdn.ts';
import { OPTION } from './options.ts';
import type { DhcpMessageType, DhcpPacket, DhcpRequest } from './types.ts';
import { printable, readAddress, readText, TEXT_LIMIT } from './values.ts';

const ETHERNET = { htype: 1, hlen: 6 } as const;

/** RFC 2132 §9.6: what clients send. Servers' messages, and those of other protocols on the same port, are not answered. */
const CLIENT_TYPES: ReadonlyMap<number, DhcpMessageType> = new Map([
  [1, 'discover'],
  [3, 'request'],
  [4, 'decline'],
  [7, 'release'],
  [8, 'inform'],
]);

/** The messages in which a machine may ask for network boot. */
const BOOT_TYPES: ReadonlySet<DhcpMessageType> = new Set(['discover', 'request', 'inform']);

/** RFC 2132 §9.14: a type and at least one byte; and no more than one option holds, for leases are kept by it. */
const CLIENT_ID_BYTES = { least: 2, most: 255 } as const;

/**
 * Reads a client's message. A `No` for a reply, for another network than Ethernet, for a hardware address that no machine has, for
 * BOOTP and for an address option that is none: to take that as absent would turn the message into another one.
 */
export function identifyRequest(packet: DhcpPacket): DhcpRequest | No {
  if (packet.op !== 'request') return no("it is a server's reply");
  const mac = macOf(packet);
  if (isNo(mac)) return mac;
  const type = typeOf(packet);
  if (isNo(type)) return type;
  const addresses = addressesOf(packet);
  if (isNo(addresses)) return addresses;
  const { options } = packet;
  const vendorClass = readText(options, OPTION.vendorClass);
  const userClasses = userClassesOf(options.get(OPTION.userClass));
  return {
    ...{ packet, type, mac, clientId: clientIdOf(options.get(OPTION.clientIdentifier)) },
    ...addresses,
    hostname: hostnameOf(options),
    vendorClass,
    userClass: userClasses.join(', ').slice(0, TEXT_LIMIT) || undefined,
    wants: [...new Set(options.get(OPTION.parameterRequestList))],
    boot: BOOT_TYPES.has(type) ? networkBootOf(packet, mac, { vendorClass, userClasses }) : undefined,
  };
}

function macOf(packet: DhcpPacket): MacAddress | No {
  if (packet.htype !== ETHERNET.htype || packet.hlen !== ETHERNET.hlen) {
    return no(`hardware type ${packet.htype} with ${packet.hlen} address bytes is not Ethernet`);
  }
  try {
    return parseMac(Array.from(packet.chaddr, (byte) => byte.toString(16).padStart(2, '0')).join(':'));
  } catch (error) {
    if (error instanceof Malformed) return no(error.message);
    throw error;
  }
}

function typeOf(packet: DhcpPacket): DhcpMessageType | No {
  const value = packet.options.get(OPTION.messageType);
  if (value === undefined) return no('it is BOOTP: there is no message type (option 53)');
  const [code = 0] = value;
  const type = value.byteLength === 1 ? CLIENT_TYPES.get(code) : undefined;
  return type ?? no(`message type ${code} is not a client's`);
}

function addressesOf(packet: DhcpPacket): Pick<DhcpRequest, 'requested' | 'server'> | No {
  const requested = readAddress(packet.options, OPTION.requestedAddress);
  if (requested === 'unreadable') return no('the requested address (option 50) has not four bytes');
  const server = readAddress(packet.options, OPTION.serverIdentifier);
  if (server === 'unreadable') return no('the server identifier (option 54) has not four bytes');
  return { requested, server };
}

function clientIdOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.byteLength < CLIENT_ID_BYTES.least) return undefined;
  return bytes.byteLength > CLIENT_ID_BYTES.most ? undefined : Buffer.from(bytes).toString('hex');
}

function hostnameOf(options: ReadonlyMap<number, Uint8Array>): string | undefined {
  const fqdn = options.get(OPTION.clientFqdn);
  return readText(options, OPTION.hostName) ?? (fqdn === undefined ? undefined : hostOfFqdn(fqdn));
}

/** RFC 3004 §4: classes, each behind its length. iPXE sends the bare text instead; so what does not add up is one class. */
function userClassesOf(bytes: Uint8Array | undefined): readonly string[] {
  if (bytes === undefined) return [];
  const classes: Uint8Array[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const length = bytes[at] ?? 0;
    if (length === 0 || at + 1 + length > bytes.byteLength) return textsOf([bytes]);
    classes.push(bytes.subarray(at + 1, at + 1 + length));
    at += 1 + length;
  }
  return textsOf(classes);
}

function textsOf(values: readonly Uint8Array[]): readonly string[] {
  return values.map(printable).filter((text) => text !== undefined);
}
