// One step of the search: a package is decided, what follows is drawn, and what contradicts is learnt from or given up. Pure but for the search's state.

import { FREE, type Conflict, type Engine } from './engine.ts';
import { preferred, type Welcome } from './policy.ts';
import type { Job, Rule, RuleBook } from './rules.ts';

export type SearchRequest = {
  readonly book: RuleBook;
  readonly jobs: readonly Job[];
  /** Those of packages first, then those of jobs, then further ones. */
  readonly rules: readonly Rule[];
  readonly weak: 'installed' | 'left out';
  readonly steps: number;
};

/** `problems`: for each demand that cannot be met the rules that contradict each other. */
export type Found = {
  readonly installed: readonly number[];
  readonly problems: readonly (readonly number[])[];
  /** Wishes that were given up. */
  readonly givenUp: ReadonlySet<number>;
};

export type Search = SearchRequest & {
  readonly engine: Engine;
  readonly welcome: Welcome;
  /** Choices between equals, that may turn out needless. */
  readonly branches: Branch[];
  readonly problems: (readonly number[])[];
  readonly givenUp: Set<number>;
};

/** At `level` one of these was taken; `tried` ones are not taken again. */
export type Branch = { readonly level: number; readonly choices: readonly number[]; readonly tried: Set<number> };

/** Back at the start: all is to be decided anew. */
export const START = 0;

/** What holds whatever is chosen. Returns level 1, or the start where something had to be given up. */
export function begin(one: Search): number {
  const { engine, rules } = one;
  for (const kind of ['demand', 'wish'] as const) {
    for (const [rule, { literals }] of rules.entries()) {
      const [literal = 0] = literals;
      if (literals.length > 1 || engine.rules[rule]?.isOff === true || kindOf(one, rule) !== kind) continue;
      if (literals.length === 0 || engine.isFalse(literal)) return giveUp(one, { rule });
      if (engine.isOpen(literal)) engine.assume(literal, 1, rule);
    }
  }
  const conflict = engine.propagate(1);
  return conflict === undefined ? 1 : giveUp(one, conflict);
}

function kindOf({ rules, jobs }: Search, rule: number): Job['kind'] {
  const job = jobOf(rules[rule]);
  return job === undefined ? 'demand' : (jobs[job]?.kind ?? 'demand');
}

function jobOf(rule: Rule | undefined): number | undefined {
  return rule?.origin.kind === 'job' || rule?.origin.kind === 'best' ? rule.origin.job : undefined;
}

/** The last wish that plays a part is given up; where none does, it is a problem, and all demands in it are. */
function giveUp(one: Search, conflict: Conflict): number {
  const { engine, rules } = one;
  const proof = engine.proofOf(conflict);
  const last = proof.findLast((rule) => kindOf(one, rule) === 'wish');
  const wish = last === undefined ? undefined : jobOf(rules[last]);
  if (wish === undefined) {
    one.problems.push(proof);
    const asked = proof.flatMap((rule) => jobOf(rules[rule]) ?? []);
    if (asked.length === 0) throw new Error('the rules of packages contradict each other');
    turnOffJobs(one, new Set(asked));
  } else {
    one.givenUp.add(wish);
    turnOffJobs(one, new Set([wish]));
  }
  engine.restart();
  one.branches.length = 0;
  return START;
}

function turnOffJobs({ engine, rules }: Search, jobs: ReadonlySet<number>): void {
  for (const [rule, { origin }] of rules.entries()) {
    if ((origin.kind === 'job' || origin.kind === 'best') && jobs.has(origin.job)) engine.turnOff(rule);
  }
}

/** Decides a package, and what follows. Returns the level it stands at now: lower where something was learnt. */
export function settle(one: Search, literal: number, level: number): number {
  const { engine, branches } = one;
  let now = level;
  if (literal !== 0) {
    now += 1;
    engine.assume(literal, now, FREE);
  }
  for (;;) {
    const conflict = engine.propagate(now);
    if (conflict === undefined) return now;
    if (now === 1) return giveUp(one, conflict);
    now = engine.learn(conflict, now);
    while ((branches.at(-1)?.level ?? -1) >= now) branches.pop();
  }
}

/** Takes the best of these packages; a choice between equals is noted. */
export function choose(one: Search, packages: readonly number[], level: number): number {
  const ordered = preferred(one.book.pool, packages, one.welcome);
  const [first = 0] = ordered;
  if (ordered.length > 1) one.branches.push({ level, choices: ordered, tried: new Set([first]) });
  return settle(one, first + 1, level);
}
