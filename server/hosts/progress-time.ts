// The time an install has left, and whether it has been silent for too long. Pure.

import type { Moment } from './progress-expected.ts';
import { isTelling, laterPhases } from './progress-expected.ts';
import type { ProgressPhase } from './progress-marks.ts';
import { lengthOf } from './progress-words.ts';

/** What is left of this phase, and of those to come as an earlier install of the profile had them; undefined without one. */
export function etaOf(at: Moment): number | undefined {
  const { marks, expected } = at;
  if (marks.phase === 'rebooting') return 0;
  const { lengths } = expected;
  if (!isTelling(lengths)) return undefined;
  const here = marks.phase === 'packages' ? (packagesLeftMs(at) ?? restOf(at)) : restOf(at);
  if (here === undefined) return undefined;
  const all = ['loading', 'starting', ...laterPhases] as const;
  const later = all.slice(all.indexOf(marks.phase) + 1);
  return later.reduce((sum, phase) => sum + (lengths[phase] ?? 0), here);
}

/** By the clock of the last time; undefined once it takes longer. */
function restOf({ marks, expected, now }: Moment): number | undefined {
  const length = expected.lengths?.[marks.phase];
  const elapsed = now - (marks.begun[marks.phase] ?? now);
  return length === undefined || elapsed > length ? undefined : length - elapsed;
}

/** Before that a rate is chance. */
const RATE = { packages: 5, ms: 5000 } as const;

/** By the rate so far: of bytes where both are known, as packages differ in size. */
export function packagesLeftMs({ marks, expected, now }: Moment): number | undefined {
  const { done, bytes } = marks.packages;
  const elapsed = now - (marks.begun.packages ?? now);
  const { packages } = expected;
  if (marks.phase !== 'packages' || packages === undefined || done > packages.count) return undefined;
  if (done < RATE.packages || elapsed < RATE.ms) return undefined;
  const isBytes = packages.bytes > 0 && bytes > 0 && bytes <= packages.bytes;
  const left = isBytes ? (packages.bytes - bytes) / bytes : (packages.count - done) / done;
  return Math.round(left * elapsed);
}

const MINUTE = 60_000;
/** An initrd over slow TFTP, a file system on a large disk, dnf's transaction and a long step say nothing for so long. */
const QUIET_MS: Readonly<Record<ProgressPhase, number>> = {
  loading: 10 * MINUTE,
  starting: 5 * MINUTE,
  preparing: 10 * MINUTE,
  packages: 5 * MINUTE,
  installing: 30 * MINUTE,
  configuring: 10 * MINUTE,
  rebooting: 5 * MINUTE,
};

/** The words for a silence that is longer than this phase lets expect; undefined for one that is not. */
export function silenceOf({ marks, expected, now }: Moment, phase: ProgressPhase): string | undefined {
  const { at, what } = marks.lastSeen;
  const quietMs = Math.max(QUIET_MS[phase], 2 * (expected.lengths?.[phase] ?? 0));
  if (now - at < quietMs) return undefined;
  return `silent for ${lengthOf(now - at)}, last seen: ${what}`;
}
