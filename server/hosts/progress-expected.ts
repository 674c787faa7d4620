// What is known beforehand of an install, and the moment at which it is looked at. Types, and what is known of nothing.

import type { FetchStyle, Marks, ProgressPhase } from './progress-marks.ts';

/** How long the phases of an earlier install like this one took, in ms. */
export type PhaseLengths = Readonly<Partial<Record<ProgressPhase, number>>>;

/** What is known beforehand of an install. All of it has to stay the same during one boot, or its percent may go back. */
export type Expected = {
  readonly style: FetchStyle;
  readonly reports: boolean;
  /** What it will fetch: counted at an earlier install of the same, or decided by a rehearsal. */
  readonly packages:
    { readonly count: number; readonly bytes: number; readonly from: 'receipt' | 'rehearsal' } | undefined;
  /** The steps of its %post. */
  readonly steps: number | undefined;
  readonly lengths: PhaseLengths | undefined;
};

/** Nothing is known of an install before its instructions were given. */
export const nothingExpected: Expected = {
  style: 'all first',
  reports: true,
  packages: undefined,
  steps: undefined,
  lengths: undefined,
};

/** A boot as far as it came, what is expected of it, and the time it is looked at (ms since 1970). */
export type Moment = { readonly marks: Marks; readonly expected: Expected; readonly now: number };

/** The phases after the instructions were given. */
export const laterPhases = ['preparing', 'packages', 'installing', 'configuring'] as const;

/** Does an earlier install tell how long the phases take? */
export function isTelling(lengths: PhaseLengths | undefined): lengths is PhaseLengths {
  return laterPhases.some((phase) => (lengths?.[phase] ?? 0) > 0);
}
