// Messages made to order for the tests of this folder: a request of given options, and the answers it may get.

import type { Ipv4, MacAddress } from '../../../server/address.ts';
import { identifyRequest } from '../../../server/dhcp/client.ts';
import { decodePacket } from '../../../server/dhcp/packet.ts';
import type { DhcpAnswer, DhcpPacket, DhcpRequest, LeaseNetwork } from '../../../server/dhcp/types.ts';
import { isNo } from '../../../server/malformed.ts';

export const ip = (text: string): Ipv4 => text as Ipv4;
export const MAC = '52:54:00:a8:a8:02' as MacAddress;
export const SELF = ip('192.0.2.1');

/** Option values written as text (Latin-1), as bytes, or as one number. */
export type Value = string | number | readonly number[] | Uint8Array;

export function valueBytes(value: Value): Uint8Array {
  if (typeof value === 'string') return Uint8Array.from(Buffer.from(value, 'latin1'));
  return typeof value === 'number' ? Uint8Array.of(value) : Uint8Array.from(value);
}

/** A client's message with these options; `header` changes the fields that a plain one has. */
export function packet(options: Readonly<Record<number, Value>>, header: Partial<DhcpPacket> = {}): DhcpPacket {
  return {
    ...{ op: 'request', htype: 1, hlen: 6, hops: 0, xid: 0x01020304, secs: 0, broadcast: false },
    ...{ ciaddr: ip('0.0.0.0'), yiaddr: ip('0.0.0.0'), siaddr: ip('0.0.0.0'), giaddr: ip('0.0.0.0') },
    ...{ chaddr: Uint8Array.from(Buffer.from(MAC.replaceAll(':', ''), 'hex')), sname: '', file: '' },
    options: new Map(Object.entries(options).map(([code, value]) => [Number(code), valueBytes(value)])),
    ...header,
  };
}

/** A message that is one of ours to answer. Throws where it is not. */
export function request(options: Readonly<Record<number, Value>>, header: Partial<DhcpPacket> = {}): DhcpRequest {
  return identified(packet(options, header));
}

export function identified(message: DhcpPacket): DhcpRequest {
  const found = identifyRequest(message);
  if (isNo(found)) throw new Error(found.reason);
  return found;
}

export function sampled(bytes: Uint8Array | undefined): DhcpRequest {
  if (bytes === undefined) throw new Error('there is no such sample');
  return identified(decodePacket(bytes));
}

/** The options of a machine of architecture `code` that asks for network boot. */
export function booting(type: number, code: number, more: Readonly<Record<number, Value>> = {}): Record<number, Value> {
  const transport = code >= 15 && code <= 20 ? 'HTTP' : 'PXE';
  const vendorClass = `${transport}Client:Arch:${String(code).padStart(5, '0')}:UNDI:003000`;
  return { 53: type, 60: vendorClass, 93: [code >> 8, code & 255], ...more };
}

export const NETWORK: LeaseNetwork = {
  subnet: { network: ip('192.0.2.0'), prefix: 24 },
  gateway: ip('192.0.2.254'),
  dns: [ip('192.0.2.53'), ip('192.0.2.54')],
  ntp: [ip('192.0.2.123')],
  domain: 'lab.example',
  hostname: 'cs40',
  leaseSeconds: 3600,
};

/** An answer in proxy mode on port 67 that gives `file`, where one is named. */
export function proxy(file?: string): DhcpAnswer {
  const boot = file === undefined ? undefined : ({ kind: 'boot', file } as const);
  return { port: 67, self: SELF, bootServer: SELF, grant: undefined, boot };
}

export function bootServer(file?: string): DhcpAnswer {
  return { ...proxy(file), port: 4011 };
}

export function lease(kind: 'offer' | 'ack', file?: string): DhcpAnswer {
  return { ...proxy(file), grant: { kind, address: ip('192.0.2.77'), network: NETWORK } };
}

export const INFORMED: DhcpAnswer = { ...proxy(), grant: { kind: 'inform', network: NETWORK } };
export const REFUSED: DhcpAnswer = { ...proxy(), grant: { kind: 'nak', reason: 'the address is another host’s' } };
