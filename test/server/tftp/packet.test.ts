// Checks the TFTP codec: what each datagram means, which quirks pass, and that nothing but Malformed is ever thrown.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { Malformed } from '../../../server/malformed.ts';
import { decode, encode, type Packet } from '../../../server/tftp/packet.ts';
import { SAMPLES, wire } from './samples.ts';

const request = (name: string, options: readonly (readonly [string, string])[] = []): Packet => ({
  kind: 'rrq',
  name,
  mode: 'octet',
  options: options.map(([name, value]) => ({ name, value })),
});

const READ: readonly (readonly [string, Buffer, Packet])[] = [
  ['a plain request', wire(1, 'f|octet|'), request('f')],
  [
    'options in the order asked',
    wire(1, 'f|octet|tsize|0|blksize|1408|'),
    request('f', [
      ['tsize', '0'],
      ['blksize', '1408'],
    ]),
  ],
  ['mode and option names in any case', wire(1, 'F|OcTeT|BlkSize|1024|'), request('F', [['blksize', '1024']])],
  ['netascii', wire(1, 'f|NETASCII|'), { kind: 'rrq', name: 'f', mode: 'netascii', options: [] }],
  ['a write request', wire(2, 'f|octet|'), { kind: 'wrq', name: 'f', mode: 'octet', options: [] }],
  ['a name that is kept as it came', wire(1, '..\\\\EFI//x|octet|'), request('..\\\\EFI//x')],
  ['a stray 0xFF behind the name', wire(1, 'pxelinux.0\u00ff|octet|'), request('pxelinux.0\u00ff')],
  [
    'a stray NUL behind the name',
    wire(1, 'pxelinux.0||octet|blksize|1456|'),
    request('pxelinux.0', [['blksize', '1456']]),
  ],
  ['padding behind the mode', wire(1, 'f|octet||||||'), request('f')],
  ['padding before an option', wire(1, 'f|octet||tsize|0|'), request('f', [['tsize', '0']])],
  ['stray bytes behind the last NUL', wire(1, 'f|octet|tsize|0|\u0001\u0002xyz'), request('f', [['tsize', '0']])],
  ['an option without its value', wire(1, 'f|octet|tsize|0|blksize|'), request('f', [['tsize', '0']])],
  ['an option whose value does not end', wire(1, 'f|octet|blksize|1468'), request('f')],
  ['an option with an empty value', wire(1, 'f|octet|tsize||'), request('f', [['tsize', '']])],
  ['the longest name', wire(1, `${'n'.repeat(255)}|octet|`), request('n'.repeat(255))],
  ['an ACK with padding', Buffer.of(0, 4, 1, 2, 0, 0), { kind: 'ack', block: 258 }],
  ['an ERROR without text', Buffer.of(0, 5, 0, 8), { kind: 'error', code: 8, message: '' }],
  ['an ERROR without its NUL', wire(5, '\0\0TFTP Aborted'), { kind: 'error', code: 0, message: 'TFTP Aborted' }],
  ['an OACK', wire(6, 'tsize|9|'), { kind: 'oack', options: [{ name: 'tsize', value: '9' }] }],
  ['data', Buffer.of(0, 3, 255, 255, 7), { kind: 'data', block: 65535, bytes: Buffer.of(7) }],
];

const REFUSED: readonly (readonly [string, Buffer, RegExp])[] = [
  ['nothing', Buffer.alloc(0), /opcode ends too soon/],
  ['one byte', Buffer.of(0), /opcode ends too soon/],
  ['opcode 0', Buffer.of(0, 0, 0, 0), /unknown opcode 0/],
  ['opcode 7', Buffer.of(0, 7, 0, 0), /unknown opcode 7/],
  ['a request without a name', wire(1, ''), /file name has no closing NUL/],
  ['a request with an empty name', wire(1, '|octet|'), /file name is empty/],
  ['a name of 256 bytes', wire(1, `${'n'.repeat(256)}|octet|`), /longer than 255/],
  ['a request without a mode', wire(1, 'f|'), /mode has no closing NUL/],
  ['a mode that does not end', wire(1, 'f|octet'), /mode has no closing NUL/],
  ['mode mail', wire(1, 'f|mail|'), /mode is not octet or netascii/],
  ['a request beyond its bound', wire(1, `f|octet|${'|'.repeat(1024)}`), /request is too long/],
  ['more options than anybody has', wire(1, `f|octet|${'a|1|'.repeat(17)}`), /too many options/],
  ['an option name without end', wire(1, `f|octet|${'a'.repeat(256)}|1|`), /longer than 255/],
  ['an ACK without its number', Buffer.of(0, 4, 1), /block number ends too soon/],
  ['an ERROR without its code', Buffer.of(0, 5, 1), /error code ends too soon/],
  ['a datagram beyond the largest blksize', Buffer.alloc(65469, 3), /datagram is too long/],
];

function decodesOrIsMalformed(datagram: Uint8Array): void {
  try {
    decode(datagram);
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed);
  }
}

describe('decode', () => {
  test.each(READ)('reads %s', (_rule, datagram, packet) => {
    expect(decode(datagram)).toEqual(packet);
  });

  test.each(REFUSED)('refuses %s', (_rule, datagram, message) => {
    expect(() => decode(datagram)).toThrow(message);
    expect(() => decode(datagram)).toThrow(Malformed);
  });

  test.each(Object.entries(SAMPLES))(
    'every prefix and every changed byte of "%s" decodes or is malformed',
    (_name, bytes) => {
      expect(() => decode(bytes)).not.toThrow();
      for (let length = 0; length < bytes.byteLength; length += 1) decodesOrIsMalformed(bytes.subarray(0, length));
      for (let at = 0; at < bytes.byteLength; at += 1) {
        for (let flip = 1; flip < 256; flip += 1) {
          const changed = Buffer.from(bytes);
          changed[at] = (changed[at] ?? 0) ^ flip;
          decodesOrIsMalformed(changed);
        }
      }
    },
  );

  test('any bytes decode or are malformed', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), decodesOrIsMalformed));
    const tail = fc.uint8Array({ maxLength: 200 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), tail, (opcode, tail) =>
        decodesOrIsMalformed(Buffer.concat([Buffer.of(0, opcode), tail])),
      ),
    );
  });
});

describe('encode', () => {
  test.each(Object.entries(SAMPLES))('gives back "%s" byte for byte', (_name, bytes) => {
    expect(encode(decode(bytes)).toString('hex')).toBe(bytes.toString('hex'));
  });

  test('what is encoded decodes to itself', () => {
    const text = (minLength: number) =>
      fc
        .uint8Array({ minLength, maxLength: 60, min: 1 })
        .map((bytes) => Buffer.from(bytes).toString('latin1').toLowerCase())
        .filter((text) => Buffer.from(text, 'latin1').toString('latin1') === text);
    const options = fc.array(fc.record({ name: text(1), value: text(0) }), { maxLength: 4 });
    const number = fc.integer({ min: 0, max: 65535 });
    const packet: fc.Arbitrary<Packet> = fc.oneof(
      fc.record({
        kind: fc.constantFrom('rrq', 'wrq'),
        name: text(1),
        mode: fc.constantFrom('octet', 'netascii'),
        options,
      }),
      fc.record({ kind: fc.constant('data'), block: number, bytes: fc.uint8Array({ maxLength: 1500 }) }),
      fc.record({ kind: fc.constant('ack'), block: number }),
      fc.record({ kind: fc.constant('error'), code: number, message: text(0) }),
      fc.record({ kind: fc.constant('oack'), options }),
    );
    fc.assert(
      fc.property(packet, (packet) => {
        const again = decode(encode(packet));
        expect(again.kind === 'data' ? { ...again, bytes: Uint8Array.from(again.bytes) } : again).toEqual(packet);
      }),
    );
  });

  test('an error text that the wire cannot hold loses only those characters', () => {
    const datagram = encode({ kind: 'error', code: 1, message: 'no\0 “such” 🙂 file' });
    expect(decode(datagram)).toEqual({ kind: 'error', code: 1, message: 'no? ?such? ? file' });
  });
});
