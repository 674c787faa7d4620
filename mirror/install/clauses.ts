// A dependency as clauses over packages: what must hold where it is to be met, or where it must not be. Pure.

import { Malformed } from '../../server/malformed.ts';
import type { Dependency } from '../closure/rich.ts';

/** The package of number n is literal n + 1; negative: it is not installed. */
export type Literal = number;
/** One of its literals holds. Ascending, each once. */
export type Clause = readonly Literal[];
/** All of them hold; none: nothing is asked. A clause without literals can never hold. */
export type Clauses = readonly Clause[];

export type ProvidersOf = (dependency: Dependency) => readonly number[];
/** Is the dependency to be met, or not to be? */
export type Sense = 'met' | 'unmet';

/** Real ones stay below a hundred. */
const LIMIT_CLAUSES = 5000;
const NEVER: Clauses = [[]];

/**
 * The clauses of a dependency, boolean or not, in conjunctive normal form. `(a if b else c)` says a where b is installed and c
 * where it is not; `(a unless b else c)` the reverse. Throws `Malformed` where they are too many.
 */
export function clausesOf(dependency: Dependency, sense: Sense, providersOf: ProvidersOf): Clauses {
  const of = (one: Dependency, wanted: Sense = sense): Clauses => clausesOf(one, wanted, providersOf);
  const not = opposite(sense);
  if (dependency.kind === 'simple' || dependency.kind === 'with' || dependency.kind === 'without') {
    const providers = providersOf(dependency).map((index) => index + 1);
    return sense === 'met' ? [providers] : providers.map((literal) => [-literal]);
  }
  const { kind, left, right } = dependency;
  const both = sense === 'met' ? conjoin : disjoin;
  const either = sense === 'met' ? disjoin : conjoin;
  switch (kind) {
    case 'and':
      return both(of(left), of(right));
    case 'or':
      return either(of(left), of(right));
    case 'if':
      if (right.kind !== 'else') return either(of(left), of(right, not));
      return both(either(of(left), of(right.left, not)), either(of(right.right), of(right.left)));
    case 'unless':
      if (right.kind !== 'else') return both(of(left), of(right, not));
      return either(both(of(left), of(right.left, not)), both(of(right.right), of(right.left)));
    case 'else':
      return sense === 'met' ? NEVER : [];
  }
}

function opposite(sense: Sense): Sense {
  return sense === 'met' ? 'unmet' : 'met';
}

function conjoin(one: Clauses, two: Clauses): Clauses {
  return isNever(one) || isNever(two) ? NEVER : [...one, ...two];
}

/** Each of the one with each of the other, but for those that hold whatever comes. */
function disjoin(one: Clauses, two: Clauses): Clauses {
  if (isNever(one)) return two;
  if (isNever(two)) return one;
  if (one.length * two.length > LIMIT_CLAUSES) throw new Malformed('it has too many parts', 'boolean dependency');
  return one.flatMap((a) => two.map((b) => joined(a, b))).filter((clause) => !holdsAlways(clause));
}

function joined(one: Clause, two: Clause): Clause {
  return [...new Set([...one, ...two])].toSorted((a, b) => a - b);
}

function isNever(clauses: Clauses): boolean {
  return clauses.some((clause) => clause.length === 0);
}

function holdsAlways(clause: Clause): boolean {
  const literals = new Set(clause);
  return clause.some((literal) => literals.has(-literal));
}
