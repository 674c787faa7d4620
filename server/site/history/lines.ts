// How many lines a changed text has more, and how many it has no more. Pure.

import { diffLines } from 'diff';

export type LineCounts = { readonly added: number; readonly removed: number };

/** Comparing texts of ten thousands of lines that have little in common takes minutes: beyond so many changes, which take 100 ms, lines are only counted. */
const MOST_EDITS = 500;

/** Lines of `after` that `before` has not in that place, and the other way round. */
export function countChanges(before: string, after: string): LineCounts {
  const changes = diffLines(before, after, { maxEditLength: MOST_EDITS });
  if (changes === undefined) return tally(before, after);
  const counted = (which: 'added' | 'removed'): number =>
    changes.reduce((sum, change) => (change[which] ? sum + change.count : sum), 0);
  return { added: counted('added'), removed: counted('removed') };
}

/** As lines of a bag: what was only moved is no change. */
function tally(before: string, after: string): LineCounts {
  const lines = new Map<string, number>();
  for (const line of after.split('\n')) lines.set(line, (lines.get(line) ?? 0) + 1);
  for (const line of before.split('\n')) lines.set(line, (lines.get(line) ?? 0) - 1);
  let [added, removed] = [0, 0];
  for (const more of lines.values()) {
    if (more > 0) added += more;
    else removed -= more;
  }
  return { added, removed };
}
