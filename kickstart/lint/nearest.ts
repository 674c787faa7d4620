// The known word that a mistyped one was most likely meant to be.

const FARTHEST = 2;
/** Nobody mistypes a longer one. */
const LONGEST = 40;

/** The word of `known` at most two letters away from `typed`, the nearest first; undefined where there is none. */
export function nearest(typed: string, known: Iterable<string>): string | undefined {
  if (typed.length > LONGEST) return undefined;
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const word of known) {
    if (Math.abs(word.length - typed.length) > FARTHEST) continue;
    const distance = distanceOf(typed.toLowerCase(), word.toLowerCase());
    if (distance <= FARTHEST && distance < (best?.distance ?? Infinity)) best = { word, distance };
  }
  return best?.word;
}

/** Levenshtein's distance: letters put in, taken out or changed. */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? Infinity;
}
