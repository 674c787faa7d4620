// Why packages cannot be installed, from the rules that contradict each other, as facts for a person. Pure.

import { formatDependency } from '../closure/rich.ts';
import { wholeName } from './names.ts';
import type { Pool } from './pool.ts';
import type { Job, Rule } from './rules.ts';

/** Packages by their whole names. */
export type Reason =
  | { readonly kind: 'nothing provides'; readonly package: string; readonly requirement: string }
  /** It is provided, but by nothing that can come. */
  | {
      readonly kind: 'requires';
      readonly package: string;
      readonly requirement: string;
      readonly providers: readonly string[];
    }
  | {
      readonly kind: 'conflicts' | 'obsoletes';
      readonly package: string;
      readonly with: string;
      readonly dependency: string;
    }
  /** `inferior`: of a lesser architecture than another of the same name. */
  | { readonly kind: 'excluded' | 'inferior'; readonly package: string }
  /** Of one name only one can be installed. */
  | { readonly kind: 'same name'; readonly package: string; readonly with: string }
  /** Only these would do, by dnf's `best`. */
  | { readonly kind: 'best'; readonly packages: readonly string[] };

/** What was asked for and cannot all be had, and why; what weighs most comes first. */
export type InstallProblem = { readonly wanted: readonly string[]; readonly reasons: readonly Reason[] };

const WEIGHT: readonly Reason['kind'][] = [
  ...(['nothing provides', 'excluded', 'conflicts', 'obsoletes', 'same name'] as const),
  ...(['inferior', 'best', 'requires'] as const),
];
/** More is no help to anybody. */
const LIMIT_REASONS = 20;
const LIMIT_PROVIDERS = 5;

/** Explains the contradiction of these rules. */
export function explain(pool: Pool, jobs: readonly Job[], rules: readonly Rule[]): InstallProblem {
  const wanted = rules.flatMap(({ origin }) => ('job' in origin ? (jobs[origin.job]?.text ?? []) : []));
  const reasons = rules.flatMap((rule) => reasonOf(pool, rule));
  const distinct = [...new Map(reasons.map((reason) => [JSON.stringify(reason), reason])).values()];
  const ordered = distinct.toSorted((a, b) => WEIGHT.indexOf(a.kind) - WEIGHT.indexOf(b.kind));
  return { wanted: [...new Set(wanted)], reasons: ordered.slice(0, LIMIT_REASONS) };
}

function reasonOf(pool: Pool, { literals, origin }: Rule): readonly Reason[] {
  const named = (sign: 1 | -1): readonly string[] =>
    literals.filter((literal) => literal * sign > 0).map((literal) => wholeName(pool, Math.abs(literal) - 1));
  if ('job' in origin) return origin.kind === 'job' ? [] : [{ kind: origin.kind, packages: named(1) }];
  const one = wholeName(pool, origin.package);
  const [other = one] = named(-1).filter((text) => text !== one);
  switch (origin.kind) {
    case 'excluded':
    case 'inferior':
      return [{ kind: origin.kind, package: one }];
    case 'same name':
      return [{ kind: origin.kind, package: one, with: other }];
    case 'conflicts':
    case 'obsoletes':
      return [{ kind: origin.kind, package: one, with: other, dependency: formatDependency(origin.dependency) }];
    case 'requires': {
      const requirement = formatDependency(origin.dependency);
      if (literals.length === 1) return [{ kind: 'nothing provides', package: one, requirement }];
      return [{ kind: origin.kind, package: one, requirement, providers: named(1).slice(0, LIMIT_PROVIDERS) }];
    }
  }
}

/** A reason as a sentence. */
export function formatReason(reason: Reason): string {
  switch (reason.kind) {
    case 'nothing provides':
      return `nothing provides ${reason.requirement} needed by ${reason.package}`;
    case 'requires':
      return `${reason.package} requires ${reason.requirement}, but ${reason.providers.join(', ')} cannot be installed`;
    case 'conflicts':
      return `${reason.package} conflicts with ${reason.dependency} provided by ${reason.with}`;
    case 'obsoletes':
      return `${reason.package} obsoletes ${reason.dependency} provided by ${reason.with}`;
    case 'excluded':
      return `${reason.package} is excluded`;
    case 'same name':
      return `${reason.package} and ${reason.with} cannot both be installed`;
    case 'inferior':
      return `${reason.package} is of an inferior architecture`;
    case 'best':
      return `only the best candidate ${reason.packages.join(' or ')} would do`;
  }
}
