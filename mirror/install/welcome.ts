// What the packages that are in so far recommend and suggest, and which packages offer themselves to them. Pure but for what it remembers.

import type { Dependency } from '../closure/rich.ts';
import { clausesOf } from './clauses.ts';
import type { Engine } from './engine.ts';
import type { Welcome } from './policy.ts';
import type { Pool } from './pool.ts';

type Offer = 'recommends' | 'suggests';

/** Looks at the engine's state of the moment each time it is asked. */
export function findWelcome(pool: Pool, engine: Engine): Welcome {
  const recommended = asked(pool, engine, 'recommends');
  const suggested = asked(pool, engine, 'suggests');
  return {
    isRecommended: (index) => recommended().has(index) || isOffered(pool, engine, { index, what: 'supplements' }),
    isSuggested: (index) => suggested().has(index) || isOffered(pool, engine, { index, what: 'enhances' }),
  };
}

/** Does a package offer itself to those that are in? */
function isOffered(
  pool: Pool,
  engine: Engine,
  { index, what }: { readonly index: number; readonly what: 'supplements' | 'enhances' },
): boolean {
  return pool.sayings(index, what).some((dependency) => metBy(pool, engine, dependency) !== 'nothing');
}

/** Does it come because of those that are in? What holds where nothing is in, as `(a if b)` does, brings nothing by itself. */
export function comesAlong(pool: Pool, engine: Engine, index: number): boolean {
  return pool.sayings(index, 'supplements').some((dependency) => metBy(pool, engine, dependency) === 'a package');
}

/** `absence`: it holds because something is not in. */
type Met = 'a package' | 'absence' | 'nothing';

function metBy(pool: Pool, engine: Engine, dependency: Dependency): Met {
  const met = (one: Dependency): Met => metBy(pool, engine, one);
  if (dependency.kind === 'simple' || dependency.kind === 'with' || dependency.kind === 'without')
    return pool.providersOf(dependency).some((index) => engine.levelOf(index + 1) > 0) ? 'a package' : 'nothing';
  const { kind, left, right } = dependency;
  switch (kind) {
    case 'and':
      return both(met(left), met(right));
    case 'or':
      return either(met(left), met(right));
    case 'if':
      if (right.kind === 'else') return met(right.left) === 'nothing' ? met(right.right) : met(left);
      return either(met(left), met(right) === 'nothing' ? 'absence' : 'nothing');
    case 'unless':
      if (right.kind === 'else') return met(right.left) === 'nothing' ? met(left) : met(right.right);
      return met(right) === 'nothing' ? met(left) : 'nothing';
    case 'else':
      return 'nothing';
  }
}

function both(one: Met, other: Met): Met {
  if (one === 'nothing' || other === 'nothing') return 'nothing';
  return one === 'a package' ? one : other;
}

function either(one: Met, other: Met): Met {
  return one === 'a package' || other === 'nothing' ? one : other;
}

/** The packages that those that are in ask for; kept until the decisions change. */
function asked(pool: Pool, engine: Engine, what: Offer): () => ReadonlySet<number> {
  const { packages } = pool.universe;
  let known = new Set<number>();
  let at = -1;
  return () => {
    if (at === engine.changes()) return known;
    at = engine.changes();
    known = new Set();
    // This is asked for at each choice, and most packages ask for nothing.
    for (const literal of engine.trail) {
      if (literal < 0 || packages[literal - 1]?.relations[what] === undefined) continue;
      for (const index of askedBy(pool, engine, { literal, what })) known.add(index);
    }
    return known;
  };
}

function askedBy(
  pool: Pool,
  engine: Engine,
  { literal, what }: { readonly literal: number; readonly what: Offer },
): readonly number[] {
  return pool.sayings(literal - 1, what).flatMap((dependency) =>
    clausesOf(dependency, 'met', pool.providersOf).flatMap((clause) => {
      if (clause.some((one) => one < 0 && engine.levelOf(one) <= 0)) return [];
      return clause.filter((one) => one > 0).map((one) => one - 1);
    }),
  );
}
