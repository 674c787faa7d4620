// A DHCP message as lines that a person reads: the header's fields that say something, then its options in order. For tests only.

import { decodePacket } from '../../../server/dhcp/packet.ts';
import type { Datagram, DhcpPacket } from '../../../server/dhcp/types.ts';

const NAMES: Readonly<Record<number, string>> = {
  1: 'subnet mask',
  3: 'routers',
  6: 'name servers',
  12: 'host name',
  15: 'domain',
  28: 'broadcast',
  42: 'time servers',
  43: 'PXE',
  51: 'lease time',
  53: 'type',
  54: 'server',
  56: 'message',
  58: 'renewal',
  59: 'rebinding',
  60: 'class',
  61: 'client id',
  66: 'TFTP server',
  67: 'boot file',
  81: 'FQDN',
  82: 'relay',
  97: 'machine id',
  175: 'iPXE',
};
const ADDRESSES = new Set([1, 3, 6, 28, 42, 54]);
const TEXTS = new Set([12, 15, 56, 60, 66, 67]);
const SECONDS = new Set([51, 58, 59]);

/** The datagram: where it goes, how long it is, and what it says. */
export function shownDatagram({ bytes, address, port }: Datagram): string {
  return [`to ${address}:${port}, ${bytes.byteLength} bytes`, ...shownPacket(decodePacket(bytes))].join('\n');
}

function shownPacket(packet: DhcpPacket): readonly string[] {
  const said = (['ciaddr', 'yiaddr', 'siaddr', 'giaddr', 'sname', 'file'] as const)
    .filter((field) => packet[field] !== '' && packet[field] !== '0.0.0.0')
    .map((field) => `${field} ${packet[field]}`);
  const flags = packet.broadcast ? ['broadcast'] : [];
  const options = [...packet.options].map(
    ([code, value]) => `${code} ${NAMES[code] ?? '?'}: ${shownValue(code, value)}`,
  );
  return [`${packet.op} ${[...flags, ...said].join(', ')}`.trimEnd(), ...options.map((line) => `  ${line}`)];
}

function shownValue(code: number, value: Uint8Array): string {
  const bytes = Buffer.from(value);
  if (code === 53) return ['', 'discover', 'offer', 'request', 'decline', 'ack', 'nak'][bytes[0] ?? 0] ?? '?';
  if (TEXTS.has(code)) return JSON.stringify(bytes.toString('latin1'));
  if (SECONDS.has(code) && bytes.length === 4) return `${bytes.readUInt32BE()} s`;
  if (ADDRESSES.has(code)) return (bytes.toString('hex').match(/.{8}/g) ?? []).map(dotted).join(' ');
  return bytes.toString('hex');
}

function dotted(hex: string): string {
  return [...Buffer.from(hex, 'hex')].join('.');
}
