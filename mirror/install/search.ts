// The search for a set of packages that fulfils all rules, in the order in which dnf's solver looks for it. Pure but for its own state.

import { startEngine, type Engine } from './engine.ts';
import { welcomeOf } from './policy.ts';
import { begin, choose, settle, START, type Found, type Search, type SearchRequest } from './settle.ts';
import { installWeak } from './weak.ts';
import { findWelcome } from './welcome.ts';

/** Looks for it. Throws `Exhausted` where it takes longer than `steps`. */
export function search(request: SearchRequest): Found {
  const { rules, book, steps } = request;
  const count = book.pool.universe.packages.length;
  const engine = startEngine(
    rules.map(({ literals }) => literals),
    { count, steps },
  );
  const welcome = findWelcome(book.pool, engine);
  const found: Search = { ...request, engine, welcome, branches: [], problems: [], givenUp: new Set() };
  decideAll(found);
  const installed = engine.trail.filter((literal) => literal > 0).map((literal) => literal - 1);
  return { installed, problems: found.problems, givenUp: found.givenUp };
}

/** Each step goes back to the start, or to a level below its own, where it met a contradiction. */
function decideAll(one: Search): void {
  let level = START;
  let base = 1;
  for (;;) {
    if (level === START) {
      level = begin(one);
      base = level + 1;
      if (level === START) continue;
    }
    if (level < base) {
      const before = level;
      level = decideJobs(one, level);
      if (level < before) continue;
      base = level;
    }
    const before = level;
    level = decideRules(one, level);
    if (level < before) continue;
    if (one.weak === 'installed') {
      const after = installWeak(one, level);
      level = after.level;
      if (after.hasChanged) continue;
    }
    const shorter = takeBranch(one);
    if (shorter === undefined) return;
    level = shorter;
  }
}

function decideJobs(one: Search, from: number): number {
  let level = from;
  const { rules, engine } = one;
  const first = rules.findIndex(({ origin }) => origin.kind === 'job');
  if (first === -1) return level;
  for (let rule = first; rules[rule]?.origin.kind === 'job';) {
    const open = openIn(engine, rule);
    if (open === undefined || open.length === 0) {
      rule += 1;
      continue;
    }
    const before = level;
    level = choose(one, open, level);
    if (level > before) rule += 1;
    else if (level < from) return level;
    else if (level < before) rule = first;
  }
  return level;
}

/**
 * First what leaves no choice, then the choices, each time with a look at all rules: a choice often settles itself by what is
 * decided later.
 */
function decideRules(one: Search, from: number): number {
  const { engine } = one;
  let level = from;
  let postponed: number | undefined;
  let isChoosing = false;
  let rule = 0;
  for (let quiet = 0; ; rule += 1, quiet += 1) {
    if (quiet >= engine.rules.length) {
      if (isChoosing || postponed === undefined) return level;
      isChoosing = true;
      [rule, quiet] = [postponed, 0];
    }
    if (rule >= engine.rules.length) rule = 0;
    const open = openIn(engine, rule) ?? [];
    if (open.length === 0) continue;
    if (!isChoosing && welcomeOf(one.book.pool, open, one.welcome).length > 1) {
      postponed ??= rule;
      continue;
    }
    level = choose(one, open, level);
    if (level < from) return level;
    quiet = -1;
  }
}

/**
 * Where a choice between equals brought in one package, and another of them came later by itself, or was recommended while what was taken is not:
 * the later one is taken instead. Returns the level it goes on at; undefined where nothing is to gain.
 */
function takeBranch(one: Search): number | undefined {
  const { branches, engine, welcome } = one;
  let best: { readonly at: number; readonly choice: number } | undefined;
  for (let at = branches.length - 1; at >= 0; at -= 1) {
    const branch = branches[at];
    if (branch === undefined) continue;
    const untried = branch.choices.filter((choice) => !branch.tried.has(choice));
    const later = untried.find((choice) => engine.levelOf(choice + 1) > branch.level);
    const isWanted = branch.choices.some(
      (choice) =>
        branch.tried.has(choice) && engine.levelOf(choice + 1) === branch.level + 1 && !welcome.isRecommended(choice),
    );
    const choice = later ?? (isWanted ? untried.find(welcome.isRecommended) : undefined);
    if (choice !== undefined) best = { at, choice };
  }
  const branch = best === undefined ? undefined : branches[best.at];
  if (best === undefined || branch === undefined) return undefined;
  branch.tried.add(best.choice);
  branches.length = best.at + 1;
  engine.revert(branch.level);
  return settle(one, best.choice + 1, branch.level);
}

/** The packages of which one has to come by this rule; undefined where nothing has to. */
function openIn(engine: Engine, rule: number): readonly number[] | undefined {
  const found = engine.rules[rule];
  if (found === undefined || found.isOff) return undefined;
  const [first = 0] = found.literals;
  // Most rules are of packages that are not installed.
  if (first < 0 && engine.levelOf(first) <= 0) return undefined;
  const open: number[] = [];
  for (const literal of found.literals) {
    const level = engine.levelOf(literal);
    if (literal < 0 ? level <= 0 : level > 0) return undefined;
    if (literal > 0 && level === 0) open.push(literal - 1);
  }
  return open;
}
