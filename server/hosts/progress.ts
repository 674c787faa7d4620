// How far an install is: phase, percent, time left and words, from what its machine asked for and reported. Pure; changes no state.

import type { StageRecord } from '../stages.ts';
import type { Expected, Moment } from './progress-expected.ts';
import type { ProgressPhase } from './progress-marks.ts';
import { marksOf } from './progress-marks.ts';
import { percentOf } from './progress-percent.ts';
import { etaOf, packagesLeftMs, silenceOf } from './progress-time.ts';
import { detailOf, minutesOf } from './progress-words.ts';

/** One boot of an installer: its stages (oldest first), when it began (ms since 1970), and whether it got its instructions. */
export type RunningInstall = {
  readonly records: readonly StageRecord[];
  readonly startedAt: number;
  readonly given: boolean;
  readonly expected: Expected;
};

/** How far an install is. Times are ms. */
export type Progress = {
  readonly phase: ProgressPhase;
  /** Of the whole install: 0 to 99, and never back within one boot. */
  readonly percent: number;
  /** Time left; undefined where nothing tells it. */
  readonly etaMs: number | undefined;
  readonly packages: { readonly done: number; readonly of: number | undefined; readonly bytes: number } | undefined;
  readonly detail: string;
  /** `silent for 12 min, last seen: report post.files`: where it says nothing for longer than this phase lets expect. */
  readonly silent: string | undefined;
};

/** How far the install is at `now` (ms since 1970). */
export function progressOf(install: RunningInstall, now: number): Progress {
  const { records, startedAt, given, expected } = install;
  const { style, reports } = expected;
  const marks = marksOf(records, startedAt, { given, style, reports, packages: expected.packages?.count });
  const at: Moment = { marks, expected, now };
  const phase = isLikelyInstalling(at) ? 'installing' : marks.phase;
  const { done, bytes } = marks.packages;
  return {
    phase,
    percent: percentOf(at),
    etaMs: etaOf(at),
    packages: marks.begun.packages === undefined ? undefined : { done, bytes, of: countOf(at) },
    detail: detailOf(phase, { marks, expected: countOf(at), steps: expected.steps, restMs: packagesLeftMs(at) }),
    silent: silenceOf(at, phase),
  };
}

/** What was expected; more than that shows that it was wrong. */
function countOf({ marks, expected }: Moment): number | undefined {
  const count = expected.packages?.count;
  return count === undefined || marks.packages.done > count ? undefined : count;
}

/** dnf asks for many packages a second: after this silence it has them all, give or take a few that were not expected. */
const FETCHED_SILENCE_MS = 20_000;
const NEARLY_ALL = 0.9;

/** Fetched first, silent now: it installs them, though the count alone does not prove it. Said in words; moves no percent. */
function isLikelyInstalling({ marks, expected, now }: Moment): boolean {
  if (marks.phase !== 'packages' || expected.style !== 'all first') return false;
  const count = expected.packages?.count;
  const isPlausible = count === undefined || marks.packages.done >= count * NEARLY_ALL;
  return isPlausible && now - marks.packages.lastAt >= FETCHED_SILENCE_MS;
}

/** `packages 212/431 49% ~6 min`: one cell of a list. */
export function progressCell({ phase, percent, etaMs, packages, silent }: Progress): string {
  const count =
    packages === undefined || phase !== 'packages'
      ? ''
      : ` ${packages.done}${packages.of === undefined ? '' : `/${packages.of}`}`;
  const eta = etaMs === undefined ? '' : ` ~${minutesOf(etaMs)}`;
  return `${phase}${count} ${percent}%${eta}${silent === undefined ? '' : `, ${silent}`}`;
}

/** `packages, 49%, about 6 min left: 212 of 431 packages`: one line of a page or of `host show`. */
export function progressLine({ phase, percent, etaMs, detail, silent }: Progress): string {
  const eta = etaMs === undefined ? 'time left unknown' : `about ${minutesOf(etaMs)} left`;
  return `${phase}, ${percent}%, ${eta}: ${detail}${silent === undefined ? '' : `; ${silent}`}`;
}
