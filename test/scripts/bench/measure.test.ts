// Checks what the benches rest on: the order of runs, medians, and when a ratio meets its bar. Nothing is timed here.

import { describe, expect, test } from 'vitest';
import { alternate, formatReport, isMet, median, ratioOf, rowOf, type Bar } from '../../../scripts/bench/measure.ts';

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 3, 2], 2.5],
  [[7], 7],
  [[], Number.NaN],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('contestants take turns, and each round begins with another', async () => {
  const order: string[] = [];
  const contestant = (name: string) => ({ name, run: async () => ({ value: order.push(name) }) });
  const rows = await alternate(['a', 'b', 'c'].map(contestant), 3);
  expect(order.join('')).toBe('abcbcacab');
  expect(rows.map(({ name, median, lowest, highest }) => [name, median, lowest, highest])).toEqual([
    ['a', 6, 1, 8],
    ['b', 4, 2, 9],
    ['c', 5, 3, 7],
  ]);
});

test('a run that fails ends the bench', async () => {
  const broken = { name: 'a', run: () => Promise.reject(new Error('gave 3 bytes')) };
  await expect(alternate([broken], 2)).rejects.toThrow('gave 3 bytes');
});

describe('a ratio', () => {
  const rows = [rowOf('fast', [{ value: 30 }]), rowOf('slow', [{ value: 20, cpuMsPerMb: 4 }])];
  const rule = (of: string, against: string, bar?: Bar) => isMet(ratioOf(rows, { of, against, bar }));

  test.each([
    ['fast', 'slow', { kind: 'at-least', ratio: 1.5 }, true],
    ['fast', 'slow', { kind: 'at-least', ratio: 1.6 }, false],
    ['slow', 'fast', { kind: 'at-most', ratio: 0.7 }, true],
    ['slow', 'fast', { kind: 'at-most', ratio: 0.6 }, false],
    ['fast', 'nobody', { kind: 'at-least', ratio: 0 }, false],
    ['fast', 'slow', undefined, undefined],
  ] as const)('%s / %s against %o: %s', (of, against, bar, expected) => {
    expect(rule(of, against, bar)).toBe(expected);
  });

  test('is told finely where it is small', () => {
    const bar: Bar = { kind: 'at-most', ratio: 0.05 };
    const ratios = [{ what: 'a / b', ratio: 0.0504, bar }];
    const text = formatReport({ title: 'T', how: 'H', unit: 'ms', rows, ratios, facts: [] });
    expect(text).toContain('a / b = 0.050 × (wanted ≤ 0.050: MISSED)');
  });

  test('is told with its bar', () => {
    const bar: Bar = { kind: 'at-least', ratio: 1.6 };
    const ratios = [ratioOf(rows, { of: 'fast', against: 'slow', bar })];
    const text = formatReport({ title: 'T', how: 'H', unit: 'MB/s', rows, ratios, facts: ['a fact'] });
    expect(text).toContain('fast / slow = 1.50 × (wanted ≥ 1.60: MISSED)');
    expect(text).toMatch(/slow +20\.0 +20\.0 +20\.0 +4\.00 +1\n/);
    expect(text).toContain('a fact');
  });
});
