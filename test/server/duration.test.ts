// Lengths of time: what is one, what is none, and that what is written is read again.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatSeconds, readDuration } from '../../server/duration.ts';

test.each<[string, number | undefined]>([
  ['45s', 45_000],
  ['90m', 5_400_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['60', 60_000],
  ['', undefined],
  ['0h', undefined],
  ['-1h', undefined],
  ['1.5h', undefined],
  ['1e3', undefined],
  ['2 h', undefined],
  ['2H', undefined],
  ['1w', undefined],
  ['12345678s', undefined],
  ['constructor', undefined],
])('%j is %s ms', (text, ms) => {
  expect(readDuration(text)).toBe(ms);
});

test('seconds are written in their largest whole unit, and read again as what they were', () => {
  expect([59, 60, 90, 3600, 5400, 86_400, 90_000].map(formatSeconds)).toEqual([
    '59s',
    '1m',
    '90s',
    '1h',
    '90m',
    '1d',
    '25h',
  ]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 9_999_999 }), (seconds) => {
      expect(readDuration(formatSeconds(seconds))).toBe(seconds * 1000);
    }),
  );
});
