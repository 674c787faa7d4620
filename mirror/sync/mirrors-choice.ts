// Which mirror is asked next: the preferred one until it fails more often than the others. Pure.

/** By a mirror's place in its list: how bad its answers were lately; 0 is good. */
export type Standing = ReadonlyMap<number, number>;

/** A failure weighs as much as four files that came well, so a mirror that fails one time in four or more is left in the end. */
const FAILURE = 4;
/** So that one that was down for an hour is tried again some day. */
const WORST = 40;

/** The standing after one more answer of the mirror at `index`. */
export function judgeMirror(standing: Standing, index: number, answer: 'good' | 'bad'): Standing {
  const before = standing.get(index) ?? 0;
  const after = answer === 'good' ? Math.max(0, before - 1) : Math.min(WORST, before + FAILURE);
  return after === before ? standing : new Map([...standing, [index, after]]);
}

/** All mirrors, the best first: `first` where it is given, those of `last` at the end, the others by standing and by preference. */
export function orderMirrors(
  count: number,
  standing: Standing,
  wishes: { readonly first?: number | undefined; readonly last?: ReadonlySet<number> } = {},
): readonly number[] {
  const rank = (index: number): number => {
    if (wishes.last?.has(index) === true) return WORST + 1;
    return index === wishes.first ? -1 : (standing.get(index) ?? 0);
  };
  return Array.from({ length: count }, (_none, index) => index).toSorted((a, b) => rank(a) - rank(b) || a - b);
}
