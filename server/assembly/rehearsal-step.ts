// One step of a rehearsal, as a value.

import type { No } from '../malformed.ts';

/** One thing that an install needs. `warning`: the install goes on, perhaps not as meant. */
export type RehearsalStep = {
  readonly what: string;
  readonly verdict: 'green' | 'warning' | 'red';
  readonly detail: string;
  readonly remedy: string | undefined;
};

/** All is well. */
export function green(what: string, detail: string): RehearsalStep {
  return { what, verdict: 'green', detail, remedy: undefined };
}

/** The install would fail. */
export function red(what: string, { reason, remedy }: Pick<No, 'reason' | 'remedy'>): RehearsalStep {
  return { what, verdict: 'red', detail: reason, remedy };
}
