// Decisions about packages, what follows from them by the rules, and what is learnt where they contradict. Pure but for its own state.

import type { Literal } from './clauses.ts';

/** A rule of the solver: one of its literals holds. */
type EngineRule = {
  readonly literals: Int32Array;
  /** The rules that a learnt one comes from; none of those given. */
  readonly from: readonly number[];
  /** The two literals that are looked at, at these places. */
  one: number;
  two: number;
  isOff: boolean;
};

/** A conflict: the rule of which no literal can hold any more. */
export type Conflict = { readonly rule: number };

export type Engine = {
  readonly rules: readonly EngineRule[];
  /** Decided literals in their order. */
  readonly trail: readonly Literal[];
  /** Grows with each decision made or taken back. */
  readonly changes: () => number;
  /** The level at which a package was decided: positive in, negative out, 0 undecided. */
  readonly levelOf: (literal: Literal) => number;
  readonly isTrue: (literal: Literal) => boolean;
  readonly isFalse: (literal: Literal) => boolean;
  readonly isOpen: (literal: Literal) => boolean;
  /** Says a literal holds; `why` is the rule that says so, or `FREE`. */
  readonly assume: (literal: Literal, level: number, why: number) => void;
  /** Draws all that follows, at this level. */
  readonly propagate: (level: number) => Conflict | undefined;
  /** Learns from a conflict above level 1, goes back, and follows what was learnt. Returns the level it goes on at. */
  readonly learn: (conflict: Conflict, level: number) => number;
  /** Takes back all decisions above `level`. */
  readonly revert: (level: number) => void;
  /** Forgets all decisions, and what was learnt. */
  readonly restart: () => void;
  readonly turnOff: (rule: number) => void;
  /** The given rules that a conflict at level 1 comes from. */
  readonly proofOf: (conflict: Conflict) => readonly number[];
};

/** Nobody's rule: a free choice. */
export const FREE = -1;

/** Thrown where solving takes longer than it is worth. */
export class Exhausted extends Error {}

type State = {
  readonly rules: EngineRule[];
  readonly given: number;
  readonly levels: Int32Array;
  readonly reasons: Int32Array;
  readonly watches: number[][];
  readonly trail: Literal[];
  readonly count: number;
  next: number;
  changes: number;
  stepsLeft: number;
};

/** `count`: how many packages there are; `steps`: how many looks at rules may be taken. */
export function startEngine(
  rules: readonly (readonly Literal[])[],
  { count, steps }: { readonly count: number; readonly steps: number },
): Engine {
  const state: State = {
    rules: rules.map((literals) => ({ literals: Int32Array.from(literals), from: [], one: 0, two: 1, isOff: false })),
    given: rules.length,
    levels: new Int32Array(count + 1),
    reasons: new Int32Array(count + 1),
    watches: Array.from({ length: 2 * count + 1 }, () => []),
    ...{ trail: [], count, next: 0, changes: 0, stepsLeft: steps },
  };
  for (let rule = rules.length - 1; rule >= 0; rule -= 1) watch(state, rule);
  const sideOf = (literal: Literal): number => side(state, literal);
  return {
    rules: state.rules,
    trail: state.trail,
    changes: () => state.changes,
    levelOf: (literal) => state.levels[Math.abs(literal)] ?? 0,
    isTrue: (literal) => sideOf(literal) > 0,
    isFalse: (literal) => sideOf(literal) < 0,
    isOpen: (literal) => sideOf(literal) === 0,
    assume: (literal, level, why) => assume(state, literal, { level, why }),
    propagate: (level) => propagate(state, level),
    learn: (conflict, level) => learn(state, conflict, level),
    revert: (level) => revert(state, level),
    restart: () => restart(state),
    turnOff: (rule) => void Object.assign(ruleAt(state, rule), { isOff: true }),
    proofOf: (conflict) => proofOf(state, conflict),
  };
}

function ruleAt({ rules }: State, rule: number): EngineRule {
  const found = rules[rule];
  if (found === undefined) throw new Error(`no rule ${rule}`);
  return found;
}

/** Positive: it holds; negative: it does not; 0: undecided. */
function side({ levels }: State, literal: Literal): number {
  return literal > 0 ? (levels[literal] ?? 0) : -(levels[-literal] ?? 0);
}

function assume(
  state: State,
  literal: Literal,
  { level, why }: { readonly level: number; readonly why: number },
): void {
  state.levels[Math.abs(literal)] = literal > 0 ? level : -level;
  state.reasons[Math.abs(literal)] = why;
  state.trail.push(literal);
  state.changes += 1;
}

/** Of each literal the rules that look at it, the one to look at first at the end. */
function watch(state: State, rule: number): void {
  const { literals, one, two } = ruleAt(state, rule);
  if (literals.length < 2) return;
  for (const at of [one, two]) state.watches[(literals[at] ?? 0) + state.count]?.push(rule);
}

function propagate(state: State, level: number): Conflict | undefined {
  while (state.next < state.trail.length) {
    const lost = -(state.trail[state.next] ?? 0);
    state.next += 1;
    const conflict = propagateLoss(state, lost, level);
    if (conflict !== undefined) return conflict;
  }
  return undefined;
}

/** `lost` does not hold any more: each rule that looks at it looks at another literal, or all hangs on its last one. */
function propagateLoss(state: State, lost: Literal, level: number): Conflict | undefined {
  const list = state.watches[lost + state.count] ?? [];
  let conflict: Conflict | undefined;
  let kept = list.length;
  for (let at = list.length - 1; at >= 0; at -= 1) {
    const rule = list[at] ?? 0;
    const found = conflict === undefined ? follow(state, rule, { lost, level }) : 'stays';
    if (found === 'moves') continue;
    kept -= 1;
    list[kept] = rule;
    if (found === 'conflict') conflict = { rule };
  }
  list.copyWithin(0, kept);
  list.length -= kept;
  return conflict;
}

type Loss = { readonly lost: Literal; readonly level: number };

function follow(state: State, rule: number, { lost, level }: Loss): 'moves' | 'stays' | 'conflict' {
  state.stepsLeft -= 1;
  if (state.stepsLeft < 0) throw new Exhausted('it takes too many steps');
  const found = ruleAt(state, rule);
  if (found.isOff) return 'stays';
  const { literals } = found;
  const isOne = literals[found.one] === lost;
  const other = literals[isOne ? found.two : found.one] ?? 0;
  if (side(state, other) > 0) return 'stays';
  const at = literals.findIndex((literal) => literal !== other && literal !== lost && side(state, literal) >= 0);
  if (at !== -1) {
    if (isOne) found.one = at;
    else found.two = at;
    state.watches[(literals[at] ?? 0) + state.count]?.push(rule);
    return 'moves';
  }
  if (side(state, other) < 0) return 'conflict';
  assume(state, other, { level, why: rule });
  return 'stays';
}

function revert(state: State, level: number): void {
  for (let literal = state.trail.at(-1); literal !== undefined; literal = state.trail.at(-1)) {
    if (Math.abs(state.levels[Math.abs(literal)] ?? 0) <= level) break;
    state.levels[Math.abs(literal)] = 0;
    state.trail.pop();
    state.changes += 1;
  }
  state.next = Math.min(state.next, state.trail.length);
}

function restart(state: State): void {
  revert(state, 0);
  // What is learnt from a rule that is off would still bind.
  for (let rule = state.given; rule < state.rules.length; rule += 1) ruleAt(state, rule).isOff = true;
}

/** The first package of the level on which all hangs (the first unique implication point), and what else it hangs on. */
function learn(state: State, conflict: Conflict, level: number): number {
  const seen = new Set<number>();
  const from: number[] = [];
  const others: Literal[] = [];
  let open = 0;
  let rule = conflict.rule;
  let at = state.trail.length;
  let hinge = 0;
  for (;;) {
    from.push(rule);
    for (const literal of ruleAt(state, rule).literals) {
      const index = Math.abs(literal);
      if (side(state, literal) > 0 || seen.has(index)) continue;
      seen.add(index);
      const decided = Math.abs(state.levels[index] ?? 0);
      if (decided === level) open += 1;
      else if (decided > 1) others.push(literal);
      else from.push(...reasonsBelow(state, index));
    }
    do {
      at -= 1;
      hinge = state.trail[at] ?? 0;
    } while (!seen.has(Math.abs(hinge)) || Math.abs(state.levels[Math.abs(hinge)] ?? 0) !== level);
    open -= 1;
    if (open === 0) break;
    rule = state.reasons[Math.abs(hinge)] ?? FREE;
  }
  return addLearnt(state, { literals: [-hinge, ...others], from });
}

/** The rules that decided a package at level 1, and all that those hang on. */
function reasonsBelow(state: State, index: number): readonly number[] {
  const found = new Set<number>();
  const left = [index];
  const seen = new Set<number>(left);
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const why = state.reasons[next] ?? FREE;
    if (why === FREE) continue;
    found.add(why);
    for (const literal of ruleAt(state, why).literals) {
      const other = Math.abs(literal);
      if (seen.has(other)) continue;
      seen.add(other);
      left.push(other);
    }
  }
  return [...found];
}

type Lesson = { readonly literals: readonly Literal[]; readonly from: readonly number[] };

function addLearnt(state: State, { literals, from }: Lesson): number {
  const [hinge = 0, ...others] = literals;
  const levels = others.map((literal) => Math.abs(state.levels[Math.abs(literal)] ?? 0));
  const level = Math.max(1, ...levels);
  revert(state, level);
  const two = 1 + Math.max(0, levels.indexOf(level));
  state.rules.push({ literals: Int32Array.from(literals), from, one: 0, two, isOff: false });
  const rule = state.rules.length - 1;
  watch(state, rule);
  assume(state, hinge, { level, why: rule });
  return level;
}

function proofOf(state: State, { rule }: Conflict): readonly number[] {
  const found = new Set<number>();
  const literals = [...ruleAt(state, rule).literals];
  const left = [rule, ...literals.flatMap((literal) => reasonsBelow(state, Math.abs(literal)))];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    left.push(...ruleAt(state, next).from);
  }
  return [...found].filter((one) => one < state.given).toSorted((a, b) => a - b);
}
