// Times and names of directory records, byte by byte.

import { describe, expect, test } from 'vitest';
import { groupRecords, parseDirectory, parseShortTime } from '../../../mirror/tree/directory.ts';
import { jolietName, plainName } from '../../../mirror/tree/names.ts';
import { parseSystemUse, readRockRidge } from '../../../mirror/tree/rockridge.ts';
import { Malformed } from '../../../server/malformed.ts';
import { directory, linkUse, use } from '../../support/craftediso.ts';

const NOON = [111, 11, 17, 12, 0, 0]; // 2011-11-17 12:00:00
const LATER = [112, 0, 1, 0, 0, 0];
const read = (...entries: readonly Uint8Array[]): ReturnType<typeof readRockRidge> =>
  readRockRidge(parseSystemUse(Buffer.concat(entries), 'x').entries, 'x');
const when = (ms: number | undefined): string => new Date(ms ?? Number.NaN).toISOString();

describe('times', () => {
  test.each([
    [[...NOON, 0], '2011-11-17T12:00:00.000Z'],
    [[...NOON, 32], '2011-11-17T04:00:00.000Z'], // Shanghai: 8 h ahead
    [[...NOON, 256 - 20], '2011-11-17T17:00:00.000Z'], // New York: 5 h behind
    [[...NOON, 22], '2011-11-17T06:30:00.000Z'], // India: 5.5 h ahead
  ])('of a record: %j is %s', (bytes, text) => {
    expect(when(parseShortTime(Uint8Array.from(bytes)))).toBe(text);
  });

  test.each([
    ['modification alone', [0x02, ...NOON, 0], '2011-11-17T12:00:00.000Z'],
    ['after the creation', [0x03, ...LATER, 0, ...NOON, 0], '2011-11-17T12:00:00.000Z'],
    ['before access and attributes', [0x0e, ...NOON, 4, ...LATER, 0, ...LATER, 0], '2011-11-17T11:00:00.000Z'],
    ['in the long form', [0x82, ...Buffer.from('2011111712000050'), 32], '2011-11-17T04:00:00.500Z'],
  ])('of Rock Ridge: %s', (_, data, text) => {
    expect(when(read(use('TF', data)).modifiedMs)).toBe(text);
  });

  test('a stamp without modification says nothing; one that breaks off is Malformed', () => {
    expect(read(use('TF', [0x01, ...LATER, 0])).modifiedMs).toBeUndefined();
    expect(
      read(use('TF', [0x82, ...Buffer.from('0'.repeat(10)), ...Buffer.from('      '), 0])).modifiedMs,
    ).toBeUndefined();
    expect(() => read(use('TF', [0x03, ...LATER, 0, ...NOON]))).toThrow(Malformed);
  });
});

describe('names', () => {
  test('come in pieces; in UTF-8, else in Latin-1', () => {
    expect(read(use('NM', [1, ...Buffer.from('one-')]), use('NM', [0, ...Buffer.from('two')])).name).toBe('one-two');
    expect(read(use('NM', [0, ...Buffer.from('ä', 'utf8')])).name).toBe('ä');
    expect(read(use('NM', [0, 0xe4])).name).toBe('ä');
    expect(read(use('NM', [2])).name).toBeUndefined();
    expect(() => read(...Array.from({ length: 9 }, () => use('NM', [1, ...Buffer.alloc(200, 97)])))).toThrow(
      /too long/,
    );
  });

  test.each([
    ['README.TXT;1', 'readme.txt'],
    ['README.;1', 'readme'],
    ['README', 'readme'],
    ['A.B.C;12', 'a.b.c'],
  ])('plain %s is %s', (written, name) => {
    expect(plainName(Buffer.from(written), 'x')).toBe(name);
  });

  test('Joliet names lose their version and keep their case', () => {
    const ucs2 = (text: string): Uint8Array => Buffer.from(text, 'utf16le').swap16();
    expect(jolietName(ucs2('Read Me-ä.txt;1'), 'x')).toBe('Read Me-ä.txt');
    expect(() => jolietName(Buffer.from('abc'), 'x')).toThrow(Malformed);
    expect(() => jolietName(ucs2('a/b'), 'x')).toThrow(Malformed);
  });
});

test('a link target goes on over components and entries', () => {
  const target = read(linkUse([4, ''], [2, ''], [1, 'long-']), use('SL', [0, 0, 4, ...Buffer.from('name')])).target;
  expect(target).toEqual({ absolute: false, segments: ['..', 'long-name'] });
  expect(() => read(use('SL', [0, 0, 9, ...Buffer.from('name')]))).toThrow(/breaks off/);
});

test('what follows ST or a zero is no entry', () => {
  const area = (end: Uint8Array): Uint8Array => Buffer.concat([end, use('NM', [0, 97])]);
  expect(parseSystemUse(area(use('ST', [])), 'x').entries).toEqual([]);
  expect(parseSystemUse(area(Buffer.alloc(1)), 'x').entries).toEqual([]);
});

test('associated files are left out; padding between sectors is skipped', () => {
  const first = directory({ block: 20, parent: 20 }, [
    { name: 'A', block: 30, length: 1, flags: 4 },
    { name: 'A', block: 31, length: 1 },
  ]);
  const second = directory({ block: 20, parent: 20 }, [{ name: 'B', block: 32, length: 1 }]);
  const groups = groupRecords(parseDirectory(Buffer.concat([first, second]), 'x'), 'x');
  expect(groups.map(({ first: { block } }) => block)).toEqual([31, 32]);
});
