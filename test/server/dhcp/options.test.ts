// Checks the option areas: what is read as an option, how long values are parted, and which area each option is laid into.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { layOut, type Room } from '../../../server/dhcp/layout.ts';
import { decodeParts, encodeOption, joinParts } from '../../../server/dhcp/options.ts';
import { hostOfFqdn, fqdnAnswer } from '../../../server/dhcp/fqdn.ts';
import { printable, secondsBytes, textBytes } from '../../../server/dhcp/values.ts';
import { valueBytes } from './messages.ts';
import { hex } from './samples.ts';

const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => index & 255);
const hexOf = (value: Uint8Array | undefined): string | undefined =>
  value === undefined ? undefined : Buffer.from(value).toString('hex');

describe('an option on the wire', () => {
  test.each([
    [0, [0]],
    [1, [1]],
    [255, [255]],
    [256, [255, 1]],
    [510, [255, 255]],
    [600, [255, 255, 90]],
  ])('a value of %i bytes has parts of %j', (length, lengths) => {
    const parts = decodeParts(encodeOption(12, bytes(length)), 'options');
    expect(parts.map((part) => part.bytes.byteLength)).toEqual(lengths);
    expect(joinParts(parts)).toEqual(new Map([[12, bytes(length)]]));
  });

  test('options that come in parts between others are joined in their order, and are copies', () => {
    const area = hex('0c0161 2b0101 0c0162 2b0102 0c0163');
    const options = joinParts(decodeParts(area, 'options'));
    expect([...options].map(([code, value]) => [code, hexOf(value)])).toEqual([
      [12, '616263'],
      [43, '0102'],
    ]);
    area.fill(0);
    expect(hexOf(options.get(12))).toBe('616263');
  });
});

describe('layOut', () => {
  const WIDE: Room = { options: 308, file: 128, sname: 64 };
  const options = (...lengths: readonly number[]): Map<number, Uint8Array> =>
    new Map(lengths.map((length, index) => [100 + index, bytes(length)]));
  const codes = (area: Uint8Array | undefined): readonly number[] | undefined =>
    area && decodeParts(area, 'area').map(({ code }) => code);

  test.each<readonly [string, Map<number, Uint8Array>, Room, ReturnType<typeof codes>[]]>([
    ['nothing is END alone', new Map(), WIDE, [[], undefined, undefined]],
    ['to the last byte', options(253, 50), WIDE, [[100, 101], undefined, undefined]],
    ['one byte more goes elsewhere', options(253, 51), WIDE, [[100, 52], [101], undefined]],
    ['too long for the file field, too', options(250, 126), WIDE, [[100], undefined, undefined]],
    ['room is kept for option 52', options(253, 49, 61), WIDE, [[100, 52], [101, 102], undefined]],
    ['the file field to its last byte', options(250, 125), WIDE, [[100, 52], [101], undefined]],
    ['the sname field', options(250, 125, 61), WIDE, [[100, 52], [101], [102]]],
    ['the sname field alone', options(250, 61), { ...WIDE, file: 0 }, [[100, 52], undefined, [101]]],
    [
      'without free fields nothing is lost to option 52',
      options(253, 51, 47),
      { options: 308, file: 0, sname: 0 },
      [[100, 102], undefined, undefined],
    ],
    [
      'framing is not an option',
      new Map([...options(1), [0, bytes(1)], [52, bytes(1)], [255, bytes(1)]]),
      WIDE,
      [[100], undefined, undefined],
    ],
  ])('%s', (_rule, wanted, room, areas) => {
    const layout = layOut(wanted, room);
    expect([codes(layout.options), codes(layout.file), codes(layout.sname)]).toEqual(areas);
    expect(layout.options.byteLength).toBeLessThanOrEqual(room.options);
  });

  test.each([
    [125, undefined, 1],
    [undefined, 61, 2],
    [125, 61, 3],
  ])('option 52 names the fields used (file %s, sname %s: %i)', (file, sname, value) => {
    const room = { ...WIDE, file: file === undefined ? 0 : 128 };
    const wanted = options(...[250, file, sname].filter((length) => length !== undefined));
    const overload = decodeParts(layOut(wanted, room).options, 'options').find(({ code }) => code === 52);
    expect(hexOf(overload?.bytes)).toBe(`0${value}`);
  });
});

describe('texts of strangers', () => {
  test.each<readonly [string, string, string | undefined]>([
    ['are kept as they are', 'PXEClient:Arch:00007', 'PXEClient:Arch:00007'],
    ['lose the NULs at their end', 'cs40\0\0', 'cs40'],
    ['keep no control character, quote or not', 'a\r\n\u001b[2J"<b>', 'a???[2J"<b>'],
    ['keep nothing beyond ASCII', 'h\u00f4te', 'h?te'],
    ['may be empty', '', undefined],
    ['may be NULs alone', '\0\0', undefined],
    ['are bounded', 'x'.repeat(3000), 'x'.repeat(255)],
  ])('%s', (_rule, text, wanted) => {
    expect(printable(valueBytes(text))).toBe(wanted);
  });

  test('are printable and bounded, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        expect(printable(bytes) ?? 'x').toMatch(/^[\x20-\x7e]{1,255}$/);
      }),
    );
  });
});

describe('values of our own', () => {
  test.each([
    [3600, '00000e10'],
    [1.9, '00000001'],
    [0xffffffff, 'ffffffff'],
  ])('%d seconds', (seconds, wanted) => expect(hexOf(secondsBytes(seconds))).toBe(wanted));

  test('a text holds ASCII alone', () => expect(hexOf(textBytes('a’b'))).toBe('613f62'));
});

describe('client FQDN (option 81)', () => {
  const wire = '05 616c706861 03 6c6162 00';
  test.each<readonly [string, string, string | undefined]>([
    ['plain text', `000000 ${Buffer.from('alpha.lab.example').toString('hex')}`, 'alpha'],
    ['labels', `040000 ${wire}`, 'alpha'],
    ['a bare name', `000000 ${Buffer.from('alpha').toString('hex')}`, 'alpha'],
    ['a dot first', `000000 2e61`, undefined],
    ['no name', '010000', undefined],
    ['no name in labels', '050000 00', undefined],
    ['a label longer than there are', '040000 3f61', 'a'],
    ['a compressed name, which it must not be', '040000 c00c', undefined],
    ['nothing', '', undefined],
  ])('reads the host’s name from %s', (_rule, value, wanted) => expect(hostOfFqdn(hex(value))).toBe(wanted));

  const text = Buffer.from('cs40.lab.example').toString('hex');
  const labels = '0463733430 036c6162 076578616d706c65 00'.replaceAll(' ', '');
  test.each([
    ['a client that updates DNS itself, in plain text', '000000', `08ffff${text}`],
    ['a client that would have us update DNS: overridden', '010000', `0affff${text}`],
    ['a client that writes labels', '040000', `0cffff${labels}`],
    ['both', '050000 00', `0effff${labels}`],
    ['an empty option', '', `08ffff${text}`],
  ])('answers %s', (_rule, asked, wanted) => expect(hexOf(fqdnAnswer(hex(asked), 'cs40.lab.example'))).toBe(wanted));
});
