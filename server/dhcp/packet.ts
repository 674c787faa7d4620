// Turns DHCP datagrams into bounded, typed packets and back (RFC 2131 §2, 3396); knows no client, lease or socket.

import { fromNumber, toNumber } from '../address.ts';
import { readBytes, type ByteReader } from '../bytes.ts';
import { Malformed } from '../malformed.ts';
import { layOut } from './layout.ts';
import { decodeParts, joinParts, OPTION, type OptionPart } from './options.ts';
import type { DhcpPacket } from './types.ts';

/**
 * What every client takes, in bytes of UDP payload: 576 with the headers of IP (20) and UDP (8). RFC 2131 §2 asks for 312 bytes of
 * options, which is the same.
 */
export const SMALLEST_LIMIT_BYTES = 548;

/** Real messages fit an Ethernet frame; this bounds what is read of a stranger's, long options (RFC 3396) included. */
const DATAGRAM_LIMIT = 4096;
/** RFC 1542 §2.1: a BOOTP message has 300 bytes, and there are relays and ROMs that drop a shorter one. */
const DATAGRAM_MINIMUM = 300;
const MAGIC_COOKIE = 0x63825363; // RFC 2131 §3
const HEADER_BYTES = 240; // the cookie included
const OP = { request: 1, reply: 2 } as const;
const BROADCAST_FLAG = 0x8000; // RFC 2131 §2, figure 2
const CHADDR_BYTES = 16;
const SNAME_BYTES = 64;
const FILE_BYTES = 128;
const AT = { ciaddr: 12, yiaddr: 16, siaddr: 20, giaddr: 24, chaddr: 28, sname: 44, file: 108, cookie: 236 } as const;

//   0      1       2      3      4       8       10      12       16       20       24       28       44      108    236      240
//  +------+-------+------+------+-------+-------+-------+--------+--------+--------+--------+--------+-------+------+--------+----~----+
//  | op   | htype | hlen | hops | xid   | secs  | flags | ciaddr | yiaddr | siaddr | giaddr | chaddr | sname | file | cookie | options |
//  +------+-------+------+------+-------+-------+-------+--------+--------+--------+--------+--------+-------+------+--------+----~----+
/** Reads one datagram. Throws `Malformed`, and nothing else, for what is no DHCP message or exceeds a bound. */
export function decodePacket(datagram: Uint8Array): DhcpPacket {
  if (datagram.byteLength > DATAGRAM_LIMIT) throw new Malformed('the datagram is too long', `byte ${DATAGRAM_LIMIT}`);
  const reader = readBytes(datagram);
  const op = decodeOp(reader.u8('op'));
  const htype = reader.u8('htype');
  const hlen = reader.u8('hlen');
  if (hlen > CHADDR_BYTES) throw new Malformed(`a hardware address of ${hlen} bytes`, 'hlen');
  const fixed = {
    ...{ op, htype, hlen, hops: reader.u8('hops'), xid: reader.u32be('xid'), secs: reader.u16be('secs') },
    broadcast: (reader.u16be('flags') & BROADCAST_FLAG) !== 0,
    ciaddr: fromNumber(reader.u32be('ciaddr')),
    yiaddr: fromNumber(reader.u32be('yiaddr')),
    siaddr: fromNumber(reader.u32be('siaddr')),
    giaddr: fromNumber(reader.u32be('giaddr')),
    chaddr: Uint8Array.from(reader.bytes(CHADDR_BYTES, 'chaddr').subarray(0, hlen)),
  };
  const sname = reader.bytes(SNAME_BYTES, 'sname');
  const file = reader.bytes(FILE_BYTES, 'file');
  return { ...fixed, ...decodeVariable(reader, { sname, file }) };
}

/**
 * The datagram of a packet, at least 300 bytes and at most `limitBytes` (never taken as less than 548) of UDP payload. Options are
 * written 53 and 54 first, then in the map's order, which is the order of need: those that the limit leaves no room for, neither
 * in the option area nor in a header field without text, are left out whole. Throws an `Error` where a header field cannot hold
 * its value: the caller has checked it.
 */
export function encodePacket(packet: DhcpPacket, limitBytes = SMALLEST_LIMIT_BYTES): Uint8Array {
  const areas = layOut(packet.options, {
    options: Math.max(limitBytes, SMALLEST_LIMIT_BYTES) - HEADER_BYTES,
    file: packet.file === '' ? FILE_BYTES : 0,
    sname: packet.sname === '' ? SNAME_BYTES : 0,
  });
  const datagram = Buffer.alloc(Math.max(DATAGRAM_MINIMUM, HEADER_BYTES + areas.options.byteLength));
  datagram.set([OP[packet.op], packet.htype, packet.hlen, packet.hops]);
  datagram.writeUInt32BE(packet.xid, 4);
  datagram.writeUInt16BE(packet.secs, 8);
  datagram.writeUInt16BE(packet.broadcast ? BROADCAST_FLAG : 0, 10);
  for (const field of ['ciaddr', 'yiaddr', 'siaddr', 'giaddr'] as const) {
    datagram.writeUInt32BE(toNumber(packet[field]), AT[field]);
  }
  if (packet.chaddr.byteLength > CHADDR_BYTES) throw new Error('chaddr is longer than its field');
  datagram.set(packet.chaddr, AT.chaddr);
  datagram.set(areas.sname ?? wireText(packet.sname, SNAME_BYTES), AT.sname);
  datagram.set(areas.file ?? wireText(packet.file, FILE_BYTES), AT.file);
  datagram.writeUInt32BE(MAGIC_COOKIE, AT.cookie);
  datagram.set(areas.options, HEADER_BYTES);
  return datagram;
}

function decodeOp(value: number): DhcpPacket['op'] {
  if (value === OP.request) return 'request';
  if (value === OP.reply) return 'reply';
  throw new Malformed(`op ${value} is neither a request nor a reply`, 'op');
}

/** The texts and the options: with option overload the fields of the texts hold options too (RFC 2131 §4.1, in this order). */
function decodeVariable(
  reader: ByteReader,
  fields: { readonly sname: Uint8Array; readonly file: Uint8Array },
): Pick<DhcpPacket, 'sname' | 'file' | 'options'> {
  if (reader.u32be('the magic cookie') !== MAGIC_COOKIE) throw new Malformed('this is not DHCP', 'the magic cookie');
  const main = decodeParts(reader.bytes(reader.remaining(), 'options'), 'options');
  const overload = decodeOverload(main);
  const options = joinParts([
    ...main,
    ...(overload.file ? decodeParts(fields.file, 'file') : []),
    ...(overload.sname ? decodeParts(fields.sname, 'sname') : []),
  ]);
  options.delete(OPTION.overload);
  return {
    sname: overload.sname ? '' : headerText(fields.sname),
    file: overload.file ? '' : headerText(fields.file),
    options,
  };
}

function decodeOverload(parts: readonly OptionPart[]): { readonly file: boolean; readonly sname: boolean } {
  const values = parts.filter(({ code }) => code === OPTION.overload).map(({ bytes }) => bytes);
  if (values.length === 0) return { file: false, sname: false };
  const [fields = 0, ...more] = values.flatMap((bytes) => [...bytes]);
  if (fields < 1 || fields > 3 || more.length > 0) throw new Malformed('option 52 names no fields', 'options');
  return { file: (fields & 1) !== 0, sname: (fields & 2) !== 0 };
}

/** Up to the first NUL, or the whole field: there are senders that fill it to the last byte. Latin-1: nothing is lost. */
function headerText(field: Uint8Array): string {
  const end = field.indexOf(0);
  return Buffer.from(end === -1 ? field : field.subarray(0, end)).toString('latin1');
}

function wireText(text: string, limit: number): Buffer {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.byteLength > limit || bytes.includes(0) || bytes.toString('latin1') !== text) {
    throw new Error(`a header field of ${limit} bytes cannot hold ${JSON.stringify(text.slice(0, 200))}`);
  }
  return bytes;
}
