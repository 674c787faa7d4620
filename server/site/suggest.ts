// "Did you mean": the known word nearest to one that was misspelt. Pure.

/**
 * How many single-character edits (insert, delete, replace, swap of neighbours) lead from `one` to `other`; at most
 * `limit + 1` is ever returned, so that long texts cost little.
 */
export function editDistance(one: string, other: string, limit: number): number {
  if (Math.abs(one.length - other.length) > limit) return limit + 1;
  let beforeLast: readonly number[] = [];
  let last = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= other.length; column += 1) {
      const replaced = (last[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      const swapped = isSwap(one, other, { row, column }) ? (beforeLast[column - 2] ?? 0) + 1 : replaced;
      current.push(Math.min(replaced, swapped, (last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    beforeLast = last;
    last = current;
  }
  return Math.min(last[other.length] ?? 0, limit + 1);
}

function isSwap(one: string, other: string, at: { readonly row: number; readonly column: number }): boolean {
  const { row, column } = at;
  if (row < 2 || column < 2) return false;
  return one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
}

/** The candidate nearest to `word` (letter case aside), or undefined when none is near: a third of its length, at most 3. */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const limit = Math.min(3, Math.max(1, Math.floor(word.length / 3)));
  const sought = word.toLowerCase();
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    const distance = editDistance(sought, candidate.toLowerCase(), limit);
    if (distance <= limit && distance < (best?.distance ?? limit + 1)) best = { candidate, distance };
  }
  return best?.candidate;
}

/** `did you mean trees?`, else `known: a, b, c`, else undefined when nothing is known. */
export function suggest(word: string, names: readonly string[]): string | undefined {
  const known = [...new Set(names)];
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean ${near}?`;
  if (known.length === 0) return undefined;
  const shown = known.slice(0, 12).join(', ');
  return `known: ${shown}${known.length > 12 ? ', …' : ''}`;
}
