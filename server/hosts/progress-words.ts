// What an installer is doing, as a person says it. Pure.

import type { Marks, ProgressPhase } from './progress-marks.ts';

type Told = {
  readonly marks: Marks;
  readonly expected: number | undefined;
  readonly steps: number | undefined;
  /** What the rest of the packages takes at the rate so far, in ms. */
  readonly restMs: number | undefined;
};

/** One sentence without its full stop. */
export function detailOf(phase: ProgressPhase, told: Told): string {
  const { marks, expected } = told;
  switch (phase) {
    case 'loading':
      return marks.kernel ? 'it has its kernel and fetches its initrd' : 'it looks for its loader and kernel';
    case 'starting':
      return marks.stage2 ? 'it has the second stage of its installer' : 'its installer starts';
    case 'preparing':
      return marks.metadata ? 'it has read the repositories' : 'it prepares disks and network';
    case 'packages':
      return packageWords(told);
    case 'installing':
      return `its ${expected ?? marks.packages.done} packages are fetched and being installed: it asks for nothing meanwhile`;
    case 'configuring':
      return stepWords(told);
    case 'rebooting':
      return 'it reported success';
  }
}

function packageWords({ marks, expected, restMs }: Told): string {
  const { done } = marks.packages;
  if (expected === undefined)
    return `${done} packages so far, of how many nobody knows: rehearse the host, or install one like it`;
  const rest = restMs === undefined || restMs === 0 ? '' : `, about ${minutesOf(restMs)} for the rest of them`;
  return `${done} of ${expected} packages${rest}`;
}

function stepWords({ marks, steps }: Told): string {
  const name = marks.steps.at(-1);
  if (name === undefined) return 'it begins its %post';
  return `step ${name.slice(0, 64)}, ${marks.steps.length}${steps === undefined ? '' : ` of ${Math.max(steps, marks.steps.length)}`}`;
}

/** `6 min`, `1 h 20 min`; below two minutes in tens of seconds: an estimate is no better. */
export function minutesOf(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 115) return `${Math.max(10, Math.ceil(seconds / 10) * 10)} s`;
  return lengthOf(ms);
}

/** `12 min`, `3 h 20 min`. */
export function lengthOf(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
