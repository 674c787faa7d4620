// What a changed text says otherwise, as lines with some around them. Pure.

import { structuredPatch } from 'diff';

export type DiffLine = {
  readonly kind: 'same' | 'added' | 'removed' | 'gap';
  /** Of the text it stands in: the old one's where it was removed. Counts from 1. */
  readonly line: number;
  readonly text: string;
};

const AROUND = 3;
/** Texts with little in common take longer the longer they are: beyond so many changes nobody reads them line by line. */
const MOST_EDITS = 2000;

/**
 * The changed lines and three around each; a `gap` where lines are left out. Empty where nothing changed; undefined where too much
 * did.
 */
export function diffLines(before: string, after: string): readonly DiffLine[] | undefined {
  const patch = structuredPatch('', '', before, after, '', '', { context: AROUND, maxEditLength: MOST_EDITS });
  return patch?.hunks.flatMap((hunk, index): readonly DiffLine[] => {
    let [old, now] = [hunk.oldStart, hunk.newStart];
    const lines = hunk.lines.flatMap((line): readonly DiffLine[] => {
      const text = line.slice(1);
      if (line.startsWith('+')) return [{ kind: 'added', line: now++, text }];
      if (line.startsWith('-')) return [{ kind: 'removed', line: old++, text }];
      if (!line.startsWith(' ')) return [];
      old += 1;
      return [{ kind: 'same', line: now++, text }];
    });
    return index === 0 ? lines : [{ kind: 'gap', line: hunk.newStart, text: '⋯' }, ...lines];
  });
}
