// Which packages an installer would install on an empty system, or why it cannot: the verdict of `dnf install`. Pure.

import { bestRules } from './best.ts';
import { Exhausted } from './engine.ts';
import { explain, type InstallProblem } from './explain.ts';
import { archText, evrText, nameText } from './names.ts';
import type { Pool } from './pool.ts';
import { orderOf, type InstallRequest, type Unknown } from './request.ts';
import { packageRules, type Job, type Rule, type RuleBook } from './rules.ts';
import { search } from './search.ts';
import type { PackageSize } from '../closure/universe.ts';
import { inferiorRules } from './inferior.ts';

export type InstalledPackage = {
  readonly repo: string;
  readonly name: string;
  /** `[epoch:]version-release`. */
  readonly evr: string;
  readonly arch: string;
  readonly size: PackageSize | undefined;
};

export type InstallDecision =
  | {
      readonly kind: 'installs';
      /** In the order of their names. */
      readonly packages: readonly InstalledPackage[];
      /** Members of groups that no repository has, and by `ignoremissing` whatever nothing answers to. */
      readonly missing: readonly Unknown[];
      /** What was asked for and left out, by `ignorebroken`. */
      readonly leftOut: readonly string[];
    }
  | {
      readonly kind: 'impossible';
      /** Words that nothing answers to. */
      readonly unknown: readonly Unknown[];
      /** Words that contradict each other, or lead to what cannot be had. */
      readonly problems: readonly InstallProblem[];
    }
  /** Nobody knows: deciding would take too long. */
  | { readonly kind: 'undecided'; readonly reason: string };

export type DecideOptions = {
  /** Looks at rules before it is given up; a whole distribution takes some ten million. */
  readonly steps?: number;
};

const STEPS = 300_000_000;

/** Decides it as dnf on Fedora, RHEL 8 and later and their kin does. Throws `Malformed` where the metadata gets out of bounds. */
export function decideInstall(pool: Pool, request: InstallRequest, options: DecideOptions = {}): InstallDecision {
  const { jobs, excluded, unknown } = orderOf(pool, request);
  const missing = unknown.filter((one) => isFatal(one, request));
  if (missing.length > 0) return { kind: 'impossible', unknown: missing, problems: [] };
  const book: RuleBook = { pool, excluded };
  const rules = rulesOf(book, jobs, request);
  try {
    const weak = request.options.has('excludeWeakdeps') ? 'left out' : 'installed';
    const found = search({ book, jobs, rules, weak, steps: options.steps ?? STEPS });
    if (found.problems.length > 0) {
      const problems = found.problems.map((proof) =>
        explain(
          pool,
          jobs,
          proof.flatMap((rule) => rules[rule] ?? []),
        ),
      );
      return { kind: 'impossible', unknown: [], problems };
    }
    const packages = found.installed.map((index) => installedOf(pool, index)).toSorted(compareInstalled);
    const leftOut = [...found.givenUp].flatMap((job) => jobs[job]?.text ?? []);
    return { kind: 'installs', packages, missing: unknown, leftOut };
  } catch (error) {
    if (error instanceof Exhausted) return { kind: 'undecided', reason: error.message };
    throw error;
  }
}

/** dnf passes over unknown groups where it passes over broken packages. */
function isFatal({ kind }: Unknown, { options }: InstallRequest): boolean {
  if (kind === 'member' || options.has('ignoremissing')) return false;
  return kind === 'package' || !options.has('ignorebroken');
}

/** Those of packages, then of what is asked for, then of what is preferred. */
function rulesOf(book: RuleBook, jobs: readonly Job[], { options }: InstallRequest): readonly Rule[] {
  const ofPackages = packageRules(book, jobs);
  const ofJobs = jobs.flatMap(({ clauses }, job): readonly Rule[] =>
    clauses.map((literals) => ({ literals, origin: { kind: 'job', job } })),
  );
  const best = options.has('best') ? bestRules(book, jobs) : [];
  return [...ofPackages.rules, ...ofJobs, ...inferiorRules(book, ofPackages, jobs), ...best];
}

function installedOf(pool: Pool, index: number): InstalledPackage {
  const { universe, repos } = pool;
  const one = universe.packages[index];
  return {
    repo: repos[one?.repo ?? -1]?.name ?? '',
    name: nameText(pool, index),
    evr: evrText(pool, index),
    arch: archText(pool, index),
    size: one?.size,
  };
}

function compareInstalled(one: InstalledPackage, other: InstalledPackage): number {
  const keyOf = ({ name, arch, evr }: InstalledPackage): string => `${name} ${arch} ${evr}`;
  const [a, b] = [keyOf(one), keyOf(other)];
  return a < b ? -1 : a > b ? 1 : 0;
}
