// Checks the DHCP codec: every field, option overload, long options, the client's limit, and that only Malformed is ever thrown.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { decodePacket, encodePacket } from '../../../server/dhcp/packet.ts';
import type { DhcpPacket } from '../../../server/dhcp/types.ts';
import { Malformed } from '../../../server/malformed.ts';
import { ip, packet, type Value } from './messages.ts';
import { hex, REPLIES, REQUESTS } from './samples.ts';

const HEADER = '01010600 01020304 00098000 c0000207 c0000208 c0000209 c000020a 525400a8a802 00*10';
const COOKIE = '63825363';
const EMPTY = '00*64 00*128';
/** Option 67 in the sname field, behind END something to be ignored; option 12 in the file field. */
const SNAME_OPTIONS = '43 03 612f62 ff 4304 00*56';
const FILE_OPTIONS = '0c 05 616c706861 00*121';

function message(fields: string, options: string): Uint8Array {
  return hex(`${HEADER} ${fields} ${COOKIE} ${options}`);
}

function optionsOf(datagram: Uint8Array): Record<number, string> {
  const { options } = decodePacket(datagram);
  return Object.fromEntries([...options].map(([code, value]) => [code, Buffer.from(value).toString('hex')]));
}

describe('decodePacket', () => {
  test('reads every field of the header', () => {
    const texts = `${Buffer.from('boot').toString('hex')} 00*60 ${Buffer.from('pxelinux.0').toString('hex')} 00*118`;
    expect(decodePacket(message(texts, '350101 ff'))).toEqual(
      packet(
        { 53: 1 },
        {
          ...{ secs: 9, broadcast: true, sname: 'boot', file: 'pxelinux.0' },
          ...{ ciaddr: ip('192.0.2.7'), yiaddr: ip('192.0.2.8'), siaddr: ip('192.0.2.9'), giaddr: ip('192.0.2.10') },
        },
      ),
    );
  });

  test.each<readonly [string, Uint8Array, Record<number, string>]>([
    ['padding between options', message(EMPTY, '00 350101 00*9 0c0161 ff'), { 53: '01', 12: '61' }],
    ['nothing behind END', message(EMPTY, '350101 ff 0c0161'), { 53: '01' }],
    ['options without END', message(EMPTY, '350101 0c0161'), { 53: '01', 12: '61' }],
    ['an option without a value', message(EMPTY, '350101 5000 ff'), { 53: '01', 80: '' }],
    [
      'the parts of one option joined (RFC 3396)',
      message(EMPTY, '0c0161 350101 0c026263 ff'),
      { 12: '616263', 53: '01' },
    ],
    ['options in the file field', message(`00*64 ${FILE_OPTIONS}`, '350101 340101 ff'), { 53: '01', 12: '616c706861' }],
    ['options in the sname field', message(`${SNAME_OPTIONS} 00*128`, '340102 350101 ff'), { 53: '01', 67: '612f62' }],
    [
      'options in both, joined in the order options, file, sname',
      message(`0c0163 ff 00*60 0c0162 ff 00*124`, '0c0161 340103 ff'),
      { 12: '616263' },
    ],
    ['no options at all', message(EMPTY, ''), {}],
  ])('reads %s', (_rule, datagram, options) => {
    expect(optionsOf(datagram)).toEqual(options);
  });

  test('a field that holds options holds no text', () => {
    expect(decodePacket(message(`${SNAME_OPTIONS} ${FILE_OPTIONS}`, '340103 ff'))).toMatchObject({
      sname: '',
      file: '',
    });
    expect(decodePacket(message(`${SNAME_OPTIONS} 61 00*127`, '340102 ff'))).toMatchObject({ sname: '', file: 'a' });
  });

  test('a file name that fills its field has no NUL', () => {
    expect(decodePacket(message('00*64 61*128', 'ff')).file).toBe('a'.repeat(128));
  });

  test.each<readonly [string, Uint8Array, RegExp]>([
    ['nothing', hex(''), /op ends too soon/],
    ['a header cut off', hex(HEADER), /sname ends too soon/],
    ['BOOTP without the magic cookie', hex(`${HEADER} ${EMPTY} 00000000`), /this is not DHCP/],
    ['a message without a cookie', hex(`${HEADER} ${EMPTY}`), /magic cookie ends too soon/],
    ['op 3', hex(`03010600 ${HEADER.slice(9)} ${EMPTY} ${COOKIE} ff`), /op 3 is neither/],
    ['a hardware address of 17 bytes', hex(`01011100 ${HEADER.slice(9)} ${EMPTY} ${COOKIE} ff`), /of 17 bytes/],
    ['an option without its length', message(EMPTY, '35'), /option 53 of options ends too soon/],
    ['an option longer than the message', message(EMPTY, '350401'), /option 53 of options ends too soon/],
    [
      'an option longer than the file field',
      message(`00*64 00*126 0c02`, '340101 ff'),
      /option 12 of file ends too soon/,
    ],
    ['overload of no field', message(EMPTY, '340100 ff'), /option 52/],
    ['overload of a third field', message(EMPTY, '340104 ff'), /option 52/],
    ['overload without a value', message(EMPTY, '3400 ff'), /option 52/],
    ['overload said twice', message(EMPTY, '340101 340102 ff'), /option 52/],
    ['a datagram beyond its bound', message(EMPTY, `00*${4097 - 240}`), /datagram is too long/],
  ])('refuses %s', (_rule, datagram, reason) => {
    expect(() => decodePacket(datagram)).toThrow(reason);
    expect(() => decodePacket(datagram)).toThrow(Malformed);
  });

  test('the longest datagram is read', () => {
    expect(decodePacket(message(EMPTY, `00*${4096 - 240}`)).options.size).toBe(0);
  });

  test('any bytes decode or are malformed', () => {
    const orMalformed = (datagram: Uint8Array): void => {
      try {
        decodePacket(datagram);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 700 }), orMalformed));
    const start = message(EMPTY, '');
    const tail = fc.uint8Array({ maxLength: 400 });
    fc.assert(
      fc.property(tail, (tail) => orMalformed(Buffer.concat([start, tail]))),
      { numRuns: 1000 },
    );
  });
});

describe('encodePacket', () => {
  test.each(Object.entries({ ...REQUESTS, ...REPLIES }))('what is read of "%s" is written again', (_name, bytes) => {
    const read = decodePacket(bytes);
    const written = encodePacket(read, 1472);
    expect(decodePacket(written)).toEqual(read);
    expect(written.byteLength).toBeGreaterThanOrEqual(300);
  });

  test('writes a message byte for byte: 53 and 54 first, the relay’s option last, then END', () => {
    const inOrder = packet({ 53: 5, 54: [192, 0, 2, 1], 67: 'a', 82: [1, 2, 7, 7] });
    const options = new Map([...inOrder.options].toReversed());
    const written = encodePacket({ ...decodePacket(message(EMPTY, '')), op: 'reply', options });
    const ending = '350105 3604c0000201 430161 520401020707 ff 00*41';
    expect(Buffer.from(written)).toEqual(Buffer.from(hex(`02${HEADER.slice(2)} ${EMPTY} ${COOKIE} ${ending}`)));
  });

  test('an option of more than 255 bytes is written in parts (RFC 3396)', () => {
    const datagram = encodePacket(packet({ 43: new Uint8Array(600).fill(7) }), 1472);
    const lengths = [240, 240 + 257, 240 + 514].map((at) => [datagram[at], datagram[at + 1]]);
    expect(lengths).toEqual([
      [43, 255],
      [43, 255],
      [43, 90],
    ]);
    expect(decodePacket(datagram).options.get(43)).toEqual(new Uint8Array(600).fill(7));
  });

  const LONG = 'x'.repeat(200);
  test.each<readonly [string, Record<number, Value>, Partial<DhcpPacket>, readonly number[]]>([
    ['all that fits is sent', { 53: 2, 12: LONG, 15: 'y'.repeat(90) }, {}, [53, 12, 15]],
    ['what does not fit goes into the file field', { 53: 2, 12: LONG, 15: 'y'.repeat(120) }, {}, [53, 12, 15]],
    [
      'then into the sname field',
      { 53: 2, 12: LONG, 15: 'y'.repeat(120), 100: LONG.slice(0, 60), 101: LONG.slice(0, 61) },
      {},
      [53, 12, 15, 100, 101],
    ],
    ['not where the fields hold text', { 53: 2, 12: LONG, 15: 'y'.repeat(120) }, { file: 'f', sname: 's' }, [53, 12]],
    [
      'a text in one of them leaves the other',
      { 53: 2, 12: LONG, 15: 'y'.repeat(60), 100: LONG.slice(0, 61) },
      { file: 'f' },
      [53, 12, 15, 100],
    ],
    [
      'what fits nowhere is left out whole; a later and shorter one is not',
      { 53: 2, 12: LONG, 15: LONG, 100: 'z' },
      {},
      [53, 12, 100],
    ],
    [
      'the type and the server come first, whatever their place',
      { 12: LONG, 15: LONG, 54: [192, 0, 2, 1], 53: 2 },
      {},
      [53, 54, 12],
    ],
  ])('of a client that takes 548 bytes: %s', (_rule, options, header, kept) => {
    const datagram = encodePacket(packet(options, header));
    const read = decodePacket(datagram);
    expect([...read.options.keys()].toSorted((a, b) => a - b)).toEqual(kept.toSorted((a, b) => a - b));
    for (const [code, value] of read.options) expect(value).toEqual(packet(options).options.get(code));
    expect(read).toMatchObject({ file: header.file ?? '', sname: header.sname ?? '' });
    expect(datagram.byteLength).toBeLessThanOrEqual(548);
  });

  test('a limit below what every client takes is not believed', () => {
    expect(decodePacket(encodePacket(packet({ 53: 2, 12: LONG }), 100)).options.has(12)).toBe(true);
  });

  test.each<readonly [string, Partial<DhcpPacket>]>([
    ['a file name of 129 bytes', { file: 'f'.repeat(129) }],
    ['a server name of 65 bytes', { sname: 's'.repeat(65) }],
    ['a NUL within a name', { file: 'a\0b' }],
    ['a name beyond Latin-1', { file: 'ключ' }],
    ['a hardware address of 17 bytes', { chaddr: new Uint8Array(17) }],
  ])('refuses to cut %s', (_rule, header) => {
    expect(() => encodePacket(packet({ 53: 2 }, header))).toThrow(/field/);
  });

  test('what is encoded decodes to itself', () => {
    const address = fc.ipV4().map(ip);
    const text = (maxLength: number): fc.Arbitrary<string> =>
      fc.uint8Array({ maxLength, min: 1 }).map((bytes) => Buffer.from(bytes).toString('latin1'));
    const code = fc.integer({ min: 1, max: 254 }).filter((code) => code !== 52);
    const options = fc.array(fc.tuple(code, fc.uint8Array({ maxLength: 300 })), { maxLength: 8 });
    const any = fc.record({
      ...{ op: fc.constantFrom('request' as const, 'reply' as const), htype: fc.nat(255), hops: fc.nat(255) },
      ...{ xid: fc.nat(0xffffffff), secs: fc.nat(0xffff), broadcast: fc.boolean() },
      ...{ ciaddr: address, yiaddr: address, siaddr: address, giaddr: address },
      ...{ chaddr: fc.uint8Array({ maxLength: 16 }), sname: text(64), file: text(128) },
      options: options.map((list) => new Map(list.map(([code, value]) => [code, Uint8Array.from(value)]))),
    });
    fc.assert(
      fc.property(any, (fields) => {
        const whole: DhcpPacket = { ...fields, hlen: fields.chaddr.byteLength };
        expect(decodePacket(encodePacket(whole, 4096))).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
});
