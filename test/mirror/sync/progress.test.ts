// How fast and how long: the estimator against a clock of the test's own, and how often progress is told.

import { describe, expect, test } from 'vitest';
import { addToRate, countProgress, etaSeconds, startRate, type SyncProgress } from '../../../mirror/sync/progress.ts';

describe('the rate', () => {
  /** Steps of [milliseconds since the last, bytes]. */
  const rateOf = (...steps: readonly (readonly [number, number])[]): number => {
    let atMs = 1_000_000;
    let rate = startRate(atMs);
    for (const [afterMs, bytes] of steps) rate = addToRate(rate, { atMs: (atMs += afterMs), bytes });
    return Math.round(rate.bytesPerSecond);
  };
  const steady = (seconds: number, perSecond: number): (readonly [number, number])[] =>
    Array.from({ length: seconds * 10 }, () => [100, perSecond / 10] as const);
  test.each<[string, number, number]>([
    ['is nothing before anything came', rateOf([2000, 0]), 0],
    ['is not told of less than half a second', rateOf([100, 5000]), 0],
    ['is the first window as it was', rateOf([1000, 5000]), 5000],
    ['does not count the wait for the first byte twice', rateOf([400, 0], [600, 5000]), 5000],
    ['of a steady flow is that flow', rateOf(...steady(20, 1000)), 1000],
    ['forgets: five seconds on, two thirds are of the new flow', rateOf(...steady(20, 1000), ...steady(5, 4000)), 2896],
    ['survives a clock that is set back', rateOf(...steady(20, 1000), [-3_600_000, 100], ...steady(5, 1000)), 1012],
  ])('%s', (_what, rate, expected) => {
    expect(Math.abs(rate - expected)).toBeLessThanOrEqual(expected / 50);
  });
});

describe('the time that is left', () => {
  test.each([
    [{ bytesDone: 0, bytesTotal: 1000 }, 100, 10],
    [{ bytesDone: 999, bytesTotal: 1000 }, 100, 1],
    [{ bytesDone: 1000, bytesTotal: 1000 }, 100, 0],
    [{ bytesDone: 1500, bytesTotal: 1000 }, 100, 0],
    [{ bytesDone: 0, bytesTotal: 1000 }, 0, undefined],
    [{ bytesDone: 0, bytesTotal: 0 }, 100, undefined],
  ])('of %j at %s B/s is %s s', (progress, rate, expected) => {
    expect(etaSeconds(progress, rate)).toBe(expected);
  });
});

describe('reports', () => {
  test('come at most ten times a second, at a change of phase, and at the end', () => {
    let atMs = 0;
    const told: SyncProgress[] = [];
    const counter = countProgress(
      (progress) => told.push(progress),
      () => atMs,
    );
    counter.expect(2, 2000);
    for (let chunk = 0; chunk < 1000; chunk += 1) {
      atMs += 1;
      counter.received(1);
    }
    expect(told.length).toBeGreaterThanOrEqual(10);
    expect(told.length).toBeLessThanOrEqual(12);
    counter.begin('packages');
    counter.reused(1000);
    counter.fileDone();
    counter.end();
    counter.end();
    expect(told.at(-1)).toEqual({
      phase: 'packages',
      filesDone: 2,
      filesTotal: 2,
      bytesDone: 2000,
      bytesTotal: 2000,
      reused: 1000,
      bytesPerSecond: 1000,
      etaSeconds: 0,
    });
    expect(told.filter(({ bytesDone }) => bytesDone === 2000)).toHaveLength(1);
    expect(counter.totals()).toEqual({ filesFetched: 1, bytesFetched: 1000, filesReused: 1, bytesReused: 1000 });
  });
});
