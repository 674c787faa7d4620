// Packages that come because others recommend them, or because they offer themselves: as many as go with all else. Pure but for the search's state.

import type { Dependency } from '../closure/rich.ts';
import { clausesOf } from './clauses.ts';
import { bestOf, inOrder } from './policy.ts';
import { choose, settle, type Search } from './settle.ts';
import { comesAlong } from './welcome.ts';

export type AfterWeak = { readonly level: number; readonly hasChanged: boolean };

/** Takes in what is welcome at the moment. What was taken in may welcome more: it is called until nothing changes. */
export function installWeak(one: Search, from: number): AfterWeak {
  const { engine } = one;
  const offered = offers(one);
  const all = [...new Set([...recommendations(one), ...offered])];
  const [only] = all;
  if (only === undefined) return { level: from, hasChanged: false };
  if (all.length === 1) return { level: settle(one, only + 1, from), hasChanged: true };
  const best = new Set(bestOf(one.book.pool, all));
  const upTo = engine.trail.length;
  const wanted = offered.filter((index) => best.has(index));
  const { level, isCutShort } = installOffers(one, wanted, from);
  if (isCutShort || engine.trail.length < upTo) return { level, hasChanged: true };
  return { level: installRecommendations(one, best, { from: level, upTo }), hasChanged: true };
}

type Offered = { readonly level: number; readonly isCutShort: boolean };

/** Cut short where something was taken back on the way. */
function installOffers(one: Search, offered: readonly number[], from: number): Offered {
  let level = from;
  for (const index of offered.length > 1 ? inOrder(one.book.pool, offered, one.welcome) : offered) {
    if (!one.engine.isOpen(index + 1)) continue;
    const before = level;
    level = settle(one, index + 1, level);
    if (level <= before) return { level, isCutShort: true };
  }
  return { level, isCutShort: false };
}

type Span = { readonly from: number; readonly upTo: number };

/** What each package recommends, in the order in which they came. */
function installRecommendations(one: Search, best: ReadonlySet<number>, { from, upTo }: Span): number {
  const { engine } = one;
  const { pool } = one.book;
  let level = from;
  for (let at = 0; at < upTo; at += 1) {
    const literal = engine.trail[at] ?? 0;
    if (literal <= 0) continue;
    for (const dependency of pool.sayings(literal - 1, 'recommends')) {
      const open = openOf(one, dependency).filter((index) => best.has(index));
      if (open.length === 0) continue;
      const before = level;
      level = choose(one, open, level);
      if (level <= before || engine.trail.length < upTo) return level;
    }
  }
  return level;
}

function recommendations(one: Search): readonly number[] {
  const { engine } = one;
  const { pool } = one.book;
  return engine.trail
    .filter((literal) => literal > 0)
    .flatMap((literal) => pool.sayings(literal - 1, 'recommends').flatMap((dependency) => openOf(one, dependency)));
}

/** The undecided packages that would meet what is recommended and not met yet. */
function openOf({ engine, book: { pool } }: Search, dependency: Dependency): readonly number[] {
  const open = clausesOf(dependency, 'met', pool.providersOf).flatMap((clause) =>
    clause.some((literal) => engine.isTrue(literal) || (literal < 0 && engine.isOpen(literal)))
      ? []
      : clause.filter((literal) => literal > 0 && engine.isOpen(literal)),
  );
  return [...new Set(open)].map((literal) => literal - 1);
}

/** Packages that offer themselves; one of another architecture does not, where its namesake is in. */
function offers({ engine, book }: Search): readonly number[] {
  const { pool } = book;
  const { packages } = pool.universe;
  const found: number[] = [];
  for (const [index, { relations, name, arch }] of packages.entries()) {
    if (relations.supplements === undefined || !engine.isOpen(index + 1)) continue;
    if (book.excluded.has(index) || pool.archRank(index) === undefined) continue;
    if (!comesAlong(pool, engine, index)) continue;
    const hasOther = pool.named(name).some((other) => engine.levelOf(other + 1) > 0 && packages[other]?.arch !== arch);
    if (!hasOther) found.push(index);
  }
  return found;
}
