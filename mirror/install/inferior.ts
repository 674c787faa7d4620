// Packages of a lesser architecture than the best of the same name: unasked they come in beside it or not at all. Pure.

import type { Pool } from './pool.ts';
import type { Job, PackageRules, Rule, RuleBook } from './rules.ts';

/** The rules that keep them out: libsolv's "inferior architecture". A name that is asked for may come in any architecture. */
export function inferiorRules({ pool }: RuleBook, { involved }: PackageRules, jobs: readonly Job[]): readonly Rule[] {
  const { packages } = pool.universe;
  const rankOf = (index: number): number => pool.archRank(index) ?? 0;
  const asked = namesAsked(pool, jobs);
  const found: Rule[] = [];
  for (const index of [...involved].toSorted((a, b) => a - b)) {
    const one = packages[index];
    if (one === undefined || asked.has(one.name)) continue;
    const namesakes = pool.named(one.name).filter((other) => involved.has(other));
    const best = Math.min(...namesakes.map(rankOf).filter((rank) => rank > 1));
    if (rankOf(index) === 1 || rankOf(index) <= best) continue;
    // One of the same version and the better architecture vouches for it.
    const vouchers = pool
      .named(one.name)
      .filter((other) => packages[other]?.evr === one.evr && [1, best].includes(rankOf(other)));
    found.push({
      literals: [-index - 1, ...vouchers.map((other) => other + 1)],
      origin: { kind: 'inferior', package: index },
    });
  }
  return found;
}

/** Of those that are asked for in a lesser architecture, outright and not on conditions. */
function namesAsked({ universe: { packages }, named, archRank }: Pool, jobs: readonly Job[]): ReadonlySet<number> {
  const clauses = jobs.flatMap((job) => job.clauses).filter((clause) => clause.every((literal) => literal > 0));
  return new Set(
    clauses.flat().flatMap((literal) => {
      const one = packages[literal - 1];
      const rank = archRank(literal - 1) ?? 1;
      if (one === undefined || rank === 1) return [];
      return named(one.name).some((other) => isBetter(archRank(other), rank)) ? one.name : [];
    }),
  );
}

/** Does a package of this architecture set the measure? `noarch` does not. */
function isBetter(rank: number | undefined, than: number): boolean {
  return rank !== undefined && rank > 1 && rank < than;
}
