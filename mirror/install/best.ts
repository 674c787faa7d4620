// The rules of dnf's `best`: a demand is met by its best candidates or not at all. Pure.

import type { Clause } from './clauses.ts';
import { bestOf } from './policy.ts';
import type { Pool } from './pool.ts';
import type { Job, Rule, RuleBook } from './rules.ts';

/** The rules that a demand be met by its best candidates alone; where it hangs on other packages, it does so still. */
export function bestRules({ pool }: RuleBook, jobs: readonly Job[]): readonly Rule[] {
  return jobs.flatMap(({ clauses }, job) => clauses.flatMap((clause) => bestRule(pool, clause, job)));
}

function bestRule(pool: Pool, clause: Clause, job: number): readonly Rule[] {
  const packages = clause.filter((literal) => literal > 0).map((literal) => literal - 1);
  const best = bestOf(pool, packages);
  if (best.length === 0 || best.length === packages.length) return [];
  const literals = [...clause.filter((literal) => literal < 0), ...best.map((index) => index + 1)];
  return [{ literals, origin: { kind: 'best', job } }];
}
