// Turns TFTP datagrams into bounded, typed packets and back (RFC 1350, 2347); knows no socket, file or transfer.

import { readBytes, type ByteReader } from '../bytes.ts';
import { Malformed } from '../malformed.ts';

/**
 * What a client says it wants done to line ends (RFC 1350 §5). This server sends the file's own bytes in both modes: firmware
 * that says `netascii` still means the kernel as it is, and a converted kernel does not boot. `mail` is not served.
 */
export type TftpMode = 'octet' | 'netascii';

/** One option as on the wire. `name` is lower-case after decoding (RFC 2347: case-insensitive). */
export type TftpOption = { readonly name: string; readonly value: string };

export type Request = {
  readonly kind: 'rrq' | 'wrq';
  /** As asked, one character a byte (Latin-1), 1 to 255 of them: nothing is lost or normalised here. */
  readonly name: string;
  readonly mode: TftpMode;
  readonly options: readonly TftpOption[];
};
export type Data = { readonly kind: 'data'; readonly block: number; readonly bytes: Uint8Array };
export type Ack = { readonly kind: 'ack'; readonly block: number };
export type Failure = { readonly kind: 'error'; readonly code: number; readonly message: string };
export type Oack = { readonly kind: 'oack'; readonly options: readonly TftpOption[] };
export type Packet = Request | Data | Ack | Failure | Oack;

/** Error codes of RFC 1350 §5 and RFC 2347. */
export const ERROR_CODE = {
  undefined: 0,
  notFound: 1,
  accessViolation: 2,
  illegalOperation: 4,
  unknownTid: 5,
  optionRefused: 8,
} as const;

/** Bytes before the data of a DATA datagram. */
export const DATA_HEADER_BYTES = 4;

const OPCODE = { rrq: 1, wrq: 2, data: 3, ack: 4, error: 5, oack: 6 } as const;
/** RFC 2348: the largest blksize, and the header. */
const DATAGRAM_LIMIT = 65464 + DATA_HEADER_BYTES;
/** RFC 2347 allows 512; twice that leaves room for firmware that sends its whole buffer, padding included. */
const REQUEST_LIMIT = 1024;
const TEXT_LIMIT = 255;
const MODE_LIMIT = 16;
const OPTION_COUNT_LIMIT = 16;

/** Reads one datagram. Throws `Malformed`, and nothing else, for what is no TFTP packet or exceeds a bound. */
export function decode(datagram: Uint8Array): Packet {
  if (datagram.byteLength > DATAGRAM_LIMIT) throw new Malformed('the datagram is too long', `byte ${DATAGRAM_LIMIT}`);
  const ackBlock = blockOfAck(datagram);
  if (ackBlock !== undefined) return { kind: 'ack', block: ackBlock };
  const reader = readBytes(datagram);
  const opcode = reader.u16be('the opcode');
  switch (opcode) {
    case OPCODE.rrq:
      return decodeRequest('rrq', reader);
    case OPCODE.wrq:
      return decodeRequest('wrq', reader);
    case OPCODE.data:
      return { kind: 'data', block: reader.u16be('the block number'), bytes: rest(reader) };
    case OPCODE.ack:
      return { kind: 'ack', block: reader.u16be('the block number') };
    case OPCODE.error:
      return { kind: 'error', code: reader.u16be('the error code'), message: errorMessage(rest(reader)) };
    case OPCODE.oack:
      return { kind: 'oack', options: decodeOptions(reader) };
    default:
      throw new Malformed(`unknown opcode ${opcode}`, 'byte 0');
  }
}

/** Nearly all that comes is an ACK, one for each window sent: it costs no reader. Undefined for anything but a whole ACK. */
function blockOfAck(datagram: Uint8Array): number | undefined {
  const [high, low, blockHigh, blockLow] = [datagram[0], datagram[1], datagram[2], datagram[3]];
  if (high !== 0 || low !== OPCODE.ack || blockHigh === undefined || blockLow === undefined) return undefined;
  return (blockHigh << 8) | blockLow;
}

/** The datagram of a packet. Characters that a wire string cannot hold (NUL, beyond Latin-1) become `?`. */
export function encode(packet: Packet): Buffer {
  switch (packet.kind) {
    case 'rrq':
    case 'wrq':
      return encodeTexts(OPCODE[packet.kind], [packet.name, packet.mode, ...flat(packet.options)]);
    case 'data':
      return Buffer.concat([twoNumbers(OPCODE.data, packet.block), packet.bytes]);
    case 'ack':
      return twoNumbers(OPCODE.ack, packet.block);
    case 'error':
      return Buffer.concat([twoNumbers(OPCODE.error, packet.code), wireText(packet.message)]);
    case 'oack':
      return encodeTexts(OPCODE.oack, flat(packet.options));
  }
}

/** Writes the header of a DATA datagram at `at`; the data goes behind it. For frames built in place, many to a buffer. */
export function writeDataHeader(frame: Buffer, at: number, block: number): void {
  frame.writeUInt16BE(OPCODE.data, at);
  frame.writeUInt16BE(block, at + 2);
}

//  RRQ, WRQ (RFC 1350 §5, RFC 2347)
//   0    2            n      n+1     m     m+1
//  +----+------~------+------+---~---+------+- - - - - - -+- - -+- - - - - - +- - -+- -
//  | 1,2| name        | NUL  | mode  | NUL  | option name | NUL | its value  | NUL |  …
//  +----+------~------+------+---~---+------+- - - - - - -+- - -+- - - - - - +- - -+- -
function decodeRequest(kind: Request['kind'], reader: ByteReader): Request {
  if (reader.remaining() > REQUEST_LIMIT) throw new Malformed('the request is too long', `byte ${REQUEST_LIMIT}`);
  const name = reader.nulText(TEXT_LIMIT, 'the file name');
  if (name === '') throw new Malformed('the file name is empty', 'byte 2');
  // Some ROMs copy the boot file field with its NUL and add their own: empty texts before the mode are padding.
  let mode = '';
  while (mode === '') mode = reader.nulText(MODE_LIMIT, 'the mode');
  return { kind, name, mode: parseMode(mode), options: decodeOptions(reader) };
}

function parseMode(text: string): TftpMode {
  const mode = text.toLowerCase();
  if (mode !== 'octet' && mode !== 'netascii') throw new Malformed('the mode is not octet or netascii', 'the mode');
  return mode;
}

//  OACK (RFC 2347); the same list ends a request
//   0    2              n     n+1         m
//  +----+-------~------+-----+-----~-----+-----+- -
//  | 6  | option name  | NUL | its value | NUL |  …
//  +----+-------~------+-----+-----~-----+-----+- -
function decodeOptions(reader: ByteReader): readonly TftpOption[] {
  // Bytes behind the last NUL are no option: firmware sends what was left in its buffer.
  const bytes = rest(reader);
  const list = readBytes(bytes.subarray(0, bytes.lastIndexOf(0) + 1));
  const options: TftpOption[] = [];
  while (list.remaining() > 0) {
    const name = list.nulText(TEXT_LIMIT, 'an option name').toLowerCase();
    // An empty name is padding; a name at the very end has no value, so nothing is asked.
    if (name === '' || list.remaining() === 0) continue;
    if (options.length === OPTION_COUNT_LIMIT) throw new Malformed('too many options', `option ${OPTION_COUNT_LIMIT}`);
    options.push({ name, value: list.nulText(TEXT_LIMIT, 'an option value') });
  }
  return options;
}

//  ERROR                                     ACK                 DATA
//   0    2      4           n                 0    2              0    2       4            n
//  +----+------+-----~-----+-----+           +----+-------+      +----+-------+-----~------+
//  | 5  | code | message   | NUL |           | 4  | block |      | 3  | block | 0..blksize |
//  +----+------+-----~-----+-----+           +----+-------+      +----+-------+-----~------+
function errorMessage(bytes: Uint8Array): string {
  // Clients end an ERROR with no NUL, or with no message at all: the code is what counts.
  const end = bytes.indexOf(0);
  const length = Math.min(end === -1 ? bytes.byteLength : end, TEXT_LIMIT);
  return Buffer.from(bytes.subarray(0, length)).toString('latin1');
}

function rest(reader: ByteReader): Uint8Array {
  return reader.bytes(reader.remaining(), 'the datagram');
}

function flat(options: readonly TftpOption[]): readonly string[] {
  return options.flatMap(({ name, value }) => [name, value]);
}

function encodeTexts(opcode: number, texts: readonly string[]): Buffer {
  return Buffer.concat([Buffer.of(0, opcode), ...texts.map(wireText)]);
}

/** RFC 2347 and EDK2 want the last text of an OACK to end in NUL too: each text brings its own. */
function wireText(text: string): Buffer {
  return Buffer.from(`${text.slice(0, TEXT_LIMIT).replaceAll(/[\0\u{100}-\u{10ffff}]/gu, '?')}\0`, 'latin1');
}

function twoNumbers(opcode: number, value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16BE(opcode, 0);
  bytes.writeUInt16BE(value, 2);
  return bytes;
}
