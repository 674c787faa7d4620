// How much is written down of what nobody in particular was refused: who asks without end must not drive what was done out of the log. Pure.

import type { AuditEntry } from './entry.ts';
import { wentWell } from './entry.ts';

/** How many more are written down at once, as of a time in ms since 1970, and how many were not since the last one that was. */
export type Patience = { readonly left: number; readonly at: number; readonly missed: number };

/** More than a person or a broken program causes. */
const MOST = 1000;
/** One more is gained in this time: without end that is some 2 MB a day, where 80 MB are kept. */
const EACH_MS = 10_000;

export const PATIENT: Patience = { left: MOST, at: 0, missed: 0 };

/** The entry as it is written down, undefined where it is not; and the patience that is left. */
export function admit(
  patience: Patience,
  entry: AuditEntry,
): { readonly entry: AuditEntry | undefined; readonly patience: Patience } {
  if (entry.via !== 'nobody' || wentWell(entry)) return { entry, patience };
  const { at, missed } = patience;
  const left = Math.min(MOST, patience.left + Math.max(0, entry.at - at) / EACH_MS);
  if (left < 1) return { entry: undefined, patience: { left, at: entry.at, missed: missed + 1 } };
  const told = missed === 0 ? {} : { after: `${missed} refusals of strangers before it were not written down` };
  return { entry: { ...entry, ...told }, patience: { left: left - 1, at: entry.at, missed: 0 } };
}
