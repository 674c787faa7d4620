// What must hold of a set of packages for it to be installed, as rules for a solver, from the packages that may play a part. Pure.

import { Malformed } from '../../server/malformed.ts';
import { ANY } from '../closure/range.ts';
import type { Dependency } from '../closure/rich.ts';
import { clausesOf, type Clause, type Clauses, type Literal } from './clauses.ts';
import type { Pool } from './pool.ts';

/** Why a rule is there. Packages by their numbers. */
export type Origin =
  | { readonly kind: 'requires' | 'conflicts' | 'obsoletes'; readonly package: number; readonly dependency: Dependency }
  | { readonly kind: 'excluded' | 'same name' | 'inferior'; readonly package: number }
  /** `job` is the number of what is asked for; `best`: the best candidate of it and none less. */
  | { readonly kind: 'job' | 'best'; readonly job: number };

/** One of the literals holds. */
export type Rule = { readonly literals: readonly Literal[]; readonly origin: Origin };

/** What is asked for: one of these packages, or where it hangs on others, what these clauses say. */
export type Job = {
  /** As it was written, or the member of which group. */
  readonly text: string;
  readonly clauses: Clauses;
  /** `wish`: left out where it cannot be. */
  readonly kind: 'demand' | 'wish';
};

export type RuleBook = {
  readonly pool: Pool;
  /** Packages that may not come in. */
  readonly excluded: ReadonlySet<number>;
};

type Collection = RuleBook & { readonly rules: Rule[]; readonly seen: Set<number>; readonly left: number[] };

/** Some hundred times what a whole distribution needs. */
const LIMIT_RULES = 20_000_000;
/** What may be there in several versions at once: the names and features of dnf's `installonlypkgs`. */
const INSTALL_ONLY = [
  ...['kernel', 'kernel-PAE', 'installonlypkg(kernel)', 'installonlypkg(kernel-module)', 'installonlypkg(vm)'],
  'multiversion(kernel)',
];

/** `involved`: the packages that may come in. */
export type PackageRules = { readonly rules: readonly Rule[]; readonly involved: ReadonlySet<number> };

/** The rules of all packages that the jobs can lead to, in the order in which a solver takes them up: later packages first. */
export function packageRules(book: RuleBook, jobs: readonly Job[]): PackageRules {
  const collection: Collection = { ...book, rules: [], seen: new Set(), left: [] };
  for (const { clauses } of jobs) {
    for (const clause of clauses) collection.left.push(...packagesOf(clause));
  }
  const several = installOnly(book.pool);
  do visitAll(collection, several);
  while (addSupplementers(collection));
  return { rules: unified(collection.rules), involved: collection.seen };
}

function visitAll(collection: Collection, several: ReadonlySet<number>): void {
  for (let next = collection.left.pop(); next !== undefined; next = collection.left.pop()) {
    if (collection.seen.has(next)) continue;
    collection.seen.add(next);
    if (collection.excluded.has(next))
      addRule(collection, { literals: [-next - 1], origin: { kind: 'excluded', package: next } });
    addRequirements(collection, next);
    addConflicts(collection, next);
    addObsoletes(collection, next);
    addNamesakes(collection, next, several);
    addWeak(collection, next);
  }
}

function addRequirements(collection: Collection, index: number): void {
  for (const dependency of collection.pool.sayings(index, 'requires')) {
    for (const clause of clausesOf(dependency, 'met', collection.pool.providersOf)) {
      if (clause.includes(index + 1)) continue;
      addRule(collection, {
        literals: sorted([...clause, -index - 1]),
        origin: { kind: 'requires', package: index, dependency },
      });
      collection.left.push(...packagesOf(clause));
    }
  }
}

/** A package does not conflict with itself, whatever it says. */
function addConflicts(collection: Collection, index: number): void {
  for (const dependency of collection.pool.sayings(index, 'conflicts')) {
    for (const clause of clausesOf(dependency, 'unmet', collection.pool.providersOf)) {
      if (clause.includes(index + 1) || (clause.length === 1 && clause[0] === -index - 1)) continue;
      addRule(collection, {
        literals: sorted([...clause, -index - 1]),
        origin: { kind: 'conflicts', package: index, dependency },
      });
      // Of a boolean one the way out may be that something comes in.
      collection.left.push(...packagesOf(clause));
    }
  }
}

function addObsoletes(collection: Collection, index: number): void {
  for (const { dependency, obsoleted } of collection.pool.obsoletedBy(index)) {
    for (const other of obsoleted) {
      if (other === index) continue;
      addRule(collection, {
        literals: sorted([-other - 1, -index - 1]),
        origin: { kind: 'obsoletes', package: index, dependency },
      });
    }
  }
}

function addNamesakes(collection: Collection, index: number, several: ReadonlySet<number>): void {
  const { pool } = collection;
  const { packages } = pool.universe;
  const one = packages[index];
  if (one === undefined) return;
  for (const other of pool.named(one.name)) {
    if (other === index) continue;
    const that = packages[other];
    const isSame = that?.evr === one.evr && that.arch === one.arch;
    const rank = pool.archRank(index) ?? 0;
    // A package of another width of the same version comes with it or not at all.
    if (that?.evr === one.evr && rank > 1 && (pool.archRank(other) ?? 1) < rank) collection.left.push(other);
    if (several.has(index) && !isSame) continue;
    if (!pool.sameColour(index, other)) continue;
    addRule(collection, {
      literals: sorted([-other - 1, -index - 1]),
      origin: { kind: 'same name', package: index },
    });
  }
}

function addWeak({ pool, left }: Collection, index: number): void {
  for (const what of ['recommends', 'suggests'] as const) {
    for (const dependency of pool.sayings(index, what)) {
      for (const clause of clausesOf(dependency, 'met', pool.providersOf)) left.push(...packagesOf(clause));
    }
  }
}

/** Packages that come with others that may come. Are there any new ones? */
function addSupplementers({ pool, seen, left, excluded }: Collection): boolean {
  for (const [index, { relations }] of pool.universe.packages.entries()) {
    if (relations.supplements === undefined && relations.enhances === undefined) continue;
    if (seen.has(index) || excluded.has(index) || pool.archRank(index) === undefined) continue;
    const says = [...pool.sayings(index, 'supplements'), ...pool.sayings(index, 'enhances')];
    if (says.some((dependency) => isPossible(pool, dependency, seen))) left.push(index);
  }
  return left.length > 0;
}

function isPossible(pool: Pool, dependency: Dependency, seen: ReadonlySet<number>): boolean {
  switch (dependency.kind) {
    case 'and':
      return isPossible(pool, dependency.left, seen) && isPossible(pool, dependency.right, seen);
    case 'or':
      return isPossible(pool, dependency.left, seen) || isPossible(pool, dependency.right, seen);
    case 'if':
    case 'unless':
      return true;
    case 'simple':
    case 'with':
    case 'without':
    case 'else':
      return pool.providersOf(dependency).some((index) => seen.has(index));
  }
}

function installOnly(pool: Pool): ReadonlySet<number> {
  return new Set(
    INSTALL_ONLY.flatMap((name) => [...pool.providersOf({ kind: 'simple', name, range: { sense: ANY, evr: '' } })]),
  );
}

/** The packages that a clause wants in. */
function packagesOf(clause: Clause): readonly number[] {
  return clause.filter((literal) => literal > 0).map((literal) => literal - 1);
}

function addRule({ rules }: Collection, rule: Rule): void {
  if (rules.length >= LIMIT_RULES) throw new Malformed('more rules than any distribution needs', 'dependencies');
  rules.push(rule);
}

/** In order, each once: libsolv's own order decides which of several choices is made first. */
function unified(rules: readonly Rule[]): readonly Rule[] {
  const ordered = rules.toSorted((a, b) => compareLiterals(a.literals, b.literals));
  return ordered.filter(
    ({ literals }, at) => at === 0 || compareLiterals(literals, ordered[at - 1]?.literals ?? []) !== 0,
  );
}

function compareLiterals(one: readonly Literal[], two: readonly Literal[]): number {
  const length = Math.max(one.length, two.length);
  for (let at = 0; at < length; at += 1) {
    const difference = (one[at] ?? 0) - (two[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function sorted(literals: readonly Literal[]): readonly Literal[] {
  return literals.toSorted((a, b) => a - b).filter((literal, at, all) => literal !== all[at - 1]);
}
