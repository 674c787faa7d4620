// The percent of an install: the share of each phase, and how much of the present one is done. Pure.

import type { Moment, Expected, PhaseLengths } from './progress-expected.ts';
import { isTelling, laterPhases } from './progress-expected.ts';
import type { FetchStyle, Marks, ProgressPhase } from './progress-marks.ts';

/** Where the phases begin of which nothing is expected yet: kernel and initrd, then stage 2 up to the instructions' own work. */
const FIRST_SPANS = { loading: [0, 3], starting: [3, 8] } as const;
const HIGHEST = 99;

/**
 * The shares of the other phases where no earlier install tells them: a whole distribution on disks that spin. An estimate, no
 * promise; no time left is made from it.
 */
const SHARES: Readonly<Record<FetchStyle, PhaseLengths>> = {
  'one by one': { preparing: 8, packages: 80, configuring: 12 },
  'all first': { preparing: 8, packages: 27, installing: 50, configuring: 15 },
};
/** However short a phase was, it can be seen. */
const LEAST_SHARE = 0.02;

/** How much of the install is done, 0 to 99: it never goes back while one boot goes on. */
export function percentOf(at: Moment): number {
  const { phase } = at.marks;
  if (phase === 'rebooting') return HIGHEST;
  const [from, to] = spanOf(phase, at.expected);
  return Math.min(HIGHEST - 1, Math.floor(from + (to - from) * fractionOf(at)));
}

function spanOf(phase: Exclude<ProgressPhase, 'rebooting'>, expected: Expected): readonly [number, number] {
  if (phase === 'loading' || phase === 'starting') return FIRST_SPANS[phase];
  const lengths = isTelling(expected.lengths) ? expected.lengths : SHARES[expected.style];
  const sum = laterPhases.reduce((all, one) => all + (lengths[one] ?? 0), 0);
  const weights = laterPhases.map((one) =>
    hasPhase(one, expected) ? Math.max(lengths[one] ?? 0, sum * LEAST_SHARE) : 0,
  );
  const total = weights.reduce((all, weight) => all + weight, 0);
  const index = laterPhases.indexOf(phase);
  const [, begin] = FIRST_SPANS.starting;
  const upTo = (count: number): number => {
    const before = weights.slice(0, count).reduce((all, weight) => all + weight, 0);
    return begin + ((HIGHEST - begin) * before) / total;
  };
  return [upTo(index), upTo(index + 1)];
}

/** An installer that fetches one by one never installs in silence; one that reports nothing configures unseen. */
function hasPhase(phase: ProgressPhase, { style, reports }: Expected): boolean {
  if (phase === 'installing') return style === 'all first';
  return phase !== 'configuring' || reports;
}

/** How much of its phase is done, 0 to 1. Each way of telling only grows while a boot goes on. */
function fractionOf(at: Moment): number {
  const { marks, expected } = at;
  switch (marks.phase) {
    case 'loading':
      return marks.kernel ? 0.5 : 0;
    case 'starting':
      return marks.stage2 ? 0.8 : 0;
    case 'preparing':
      return Math.max(marks.metadata ? 0.5 : 0, elapsedFraction(at, 'preparing'));
    case 'packages': {
      const count = expected.packages?.count;
      // Unknown: the percent rests where the phase began, and the words count.
      return count === undefined || count === 0 ? 0 : Math.min(1, marks.packages.done / count);
    }
    case 'installing':
      return installedFraction(at);
    case 'configuring':
      return stepsFraction(marks, expected.steps);
    case 'rebooting':
      return 1;
  }
}

/** A phase that takes longer than the last time is not over for it. */
const LONGEST_FRACTION = 0.95;

function elapsedFraction({ marks, expected, now }: Moment, phase: ProgressPhase): number {
  return ratio(now - (marks.begun[phase] ?? now), expected.lengths?.[phase]);
}

/**
 * Told from when the first package came: a package asked for again moves the end of the fetching, and a percent that went by
 * it would go back.
 */
function installedFraction({ marks, expected, now }: Moment): number {
  const { packages = 0, installing } = expected.lengths ?? {};
  return ratio(now - (marks.begun.packages ?? now) - packages, installing);
}

function ratio(elapsedMs: number, lengthMs: number | undefined): number {
  if (lengthMs === undefined || lengthMs <= 0) return 0;
  return Math.max(0, Math.min(LONGEST_FRACTION, elapsedMs / lengthMs));
}

/** A step is announced as it begins, and as it ends: a report may be lost. */
function stepsFraction({ steps, stepsDone }: Marks, of: number | undefined): number {
  return of === undefined || of === 0 ? 0 : Math.max(0, Math.min(1, Math.max(stepsDone, steps.length - 1) / of));
}
