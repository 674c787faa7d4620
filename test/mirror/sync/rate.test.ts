// The arithmetic of a download: the shared rate limit, the pace that is too slow, and when to ask again.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planRetry, retryAfterOf } from '../../../mirror/sync/retry.ts';
import { addPiece, NO_PACE, type Pace } from '../../../mirror/sync/web/pace.ts';
import { connectionsFor, FULL_RATE, takeBytes } from '../../../mirror/sync/web/rate.ts';

/** Readers that take their next piece as soon as they may, on a clock of their own: the bytes taken in each 100 ms. */
function simulate(options: {
  readers: number;
  pieceBytes: () => number;
  bytesPerSecond: number;
  forMs: number;
}): number[] {
  const { readers, pieceBytes, bytesPerSecond, forMs } = options;
  const due = Array.from({ length: readers }, () => 0);
  const slots: number[] = Array.from({ length: forMs / 100 }, () => 0);
  let state = FULL_RATE;
  for (;;) {
    const nowMs = Math.min(...due);
    if (nowMs >= forMs) return slots;
    const bytes = pieceBytes();
    const taken = takeBytes(state, { bytes, nowMs, bytesPerSecond });
    ({ state } = taken);
    const slot = Math.floor(nowMs / 100);
    slots[slot] = (slots[slot] ?? 0) + bytes;
    // A timer counts whole milliseconds and is never early.
    due[due.indexOf(nowMs)] = Math.ceil(nowMs + taken.pauseMs + 0.01);
  }
}
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);

describe('a rate limit', () => {
  test.each([
    [1, 1000, 100_000],
    [1, 16_384, 1_000_000],
    [8, 16_384, 1_000_000],
    [32, 65_536, 50_000_000],
    [32, 4096, 1_000_000],
  ])('%i readers of %i-byte pieces keep to %i bytes/s within 3 %', (readers, piece, bytesPerSecond) => {
    const slots = simulate({ readers, pieceBytes: () => piece, bytesPerSecond, forMs: 10_000 });
    const seconds = Array.from({ length: 9 }, (_none, at) => sum(slots.slice(at * 10 + 10, at * 10 + 20)));
    for (const bytes of seconds) expect(Math.abs(bytes / bytesPerSecond - 1)).toBeLessThan(0.03);
  });

  test('is smooth: no tenth of a second gets much more than its share', () => {
    const slots = simulate({ readers: 8, pieceBytes: () => 16_384, bytesPerSecond: 4_000_000, forMs: 3000 });
    for (const bytes of slots.slice(5)) expect(Math.abs(bytes / 400_000 - 1)).toBeLessThan(0.1);
  });

  test('whatever the pieces are, what was taken is never ahead by more than one burst and the pieces in hand', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 1, max: 16 }), (sizes, readers) => {
        let at = 0;
        const pieceBytes = (): number => sizes[(at += 1) % sizes.length] ?? 1;
        const slots = simulate({ readers, pieceBytes, bytesPerSecond: 500_000, forMs: 2000 });
        expect(sum(slots)).toBeLessThanOrEqual(500_000 * 2.05 + readers * 100_000);
      }),
      { numRuns: 50 },
    );
  });

  test('time that was not used is not saved up', () => {
    const first = takeBytes(FULL_RATE, { bytes: 1000, nowMs: 0, bytesPerSecond: 1000 });
    const later = takeBytes(first.state, { bytes: 1000, nowMs: 3_600_000, bytesPerSecond: 1000 });
    expect(first.pauseMs).toBe(950);
    expect(later.pauseMs).toBe(950);
  });

  test.each<[number, number | undefined, number]>([
    [8, undefined, 8],
    [8, 10_000_000, 8],
    [32, 65_536, 8],
    [8, 10_000, 1],
    [8, 1, 1],
  ])('%i connections at %s bytes/s: %i at once', (connections, rate, expected) => {
    expect(connectionsFor(connections, rate)).toBe(expected);
  });
});

describe('a pace', () => {
  const limit = { bytesPerSecond: 1000, forMs: 30_000 };
  const run = (pieces: readonly Pace[]): number => {
    let pace: Pace = NO_PACE;
    for (const [index, piece] of pieces.entries()) {
      const next = addPiece(pace, piece, limit);
      if (next === 'slow') return index;
      pace = next;
    }
    return -1;
  };
  const each = (waitedMs: number, bytes: number): readonly Pace[] =>
    Array.from({ length: 100 }, () => ({ waitedMs, bytes }));

  test.each<[string, readonly Pace[], number]>([
    ['1000 B/s goes on', each(1000, 1000), -1],
    ['999 B/s is too slow after 30 s', each(1000, 999), 29],
    ['a byte every 29 s is too slow at the second', each(29_000, 1), 1],
    [
      'a long silence that ends in time and makes up for it',
      [{ waitedMs: 29_000, bytes: 100_000 }, ...each(10, 10)],
      -1,
    ],
    ['time not spent waiting counts for nothing', each(0, 1), -1],
    ['a fast start does not excuse a drip for ever', [{ waitedMs: 1, bytes: 1e9 }, ...each(1000, 10)], 60],
  ])('%s', (_what, pieces, slowAt) => {
    expect(run(pieces)).toBe(slowAt);
  });
});

describe('asking again', () => {
  const rule = (random: number) => ({ retryDelaysMs: [500, 2000, 5000], random: () => random });
  test.each<[string, number, number, number | undefined, object]>([
    ['at once at the earliest', 1, 0, undefined, { kind: 'wait', delayMs: 0 }],
    ['after half of the wait on average', 2, 0.5, undefined, { kind: 'wait', delayMs: 1000 }],
    ['after the whole wait at the latest', 3, 0.999_99, undefined, { kind: 'wait', delayMs: 5000 }],
    ['not after the last', 4, 0, undefined, { kind: 'give-up', why: '' }],
    ['as late as upstream asks, and not all at once', 1, 0.5, 10_000, { kind: 'wait', delayMs: 10_250 }],
    [
      'not where upstream asks for more than two minutes',
      1,
      0,
      3_600_000,
      { kind: 'give-up', why: ', and wants to be left alone for 3600 s' },
    ],
  ])('%s', (_what, failures, random, retryAfterMs, expected) => {
    expect(planRetry(rule(random), { failures, retryAfterMs })).toEqual(expected);
  });

  test.each<[string, Readonly<Record<string, string>>, number | undefined]>([
    ['none', {}, undefined],
    ['seconds', { 'retry-after': '120' }, 120_000],
    [
      "a date against the answer's own",
      { 'retry-after': 'Sun, 22 Nov 2026 12:01:30 GMT', date: 'Sun, 22 Nov 2026 12:00:00 GMT' },
      90_000,
    ],
    [
      'a date that has passed',
      { 'retry-after': 'Sun, 22 Nov 2026 11:00:00 GMT', date: 'Sun, 22 Nov 2026 12:00:00 GMT' },
      0,
    ],
    ['a date alone', { 'retry-after': 'Sun, 22 Nov 2026 12:01:30 GMT' }, undefined],
    ['rubbish', { 'retry-after': 'soon' }, undefined],
    ['a number without end', { 'retry-after': '9'.repeat(40) }, undefined],
  ])('Retry-After: %s', (_what, headers, expected) => {
    expect(retryAfterOf((name) => headers[name])).toBe(expected);
  });
});
