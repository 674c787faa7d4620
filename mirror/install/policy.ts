// Which of several packages that would do is taken: the order of preference of dnf's solver (libsolv's policy). Pure.

import type { Dependency } from '../closure/rich.ts';
import { compareEvrTexts, evrText, nameText } from './names.ts';
import { priorityOf, type Pool } from './pool.ts';

/** What is installed so far makes some packages more welcome than others. */
export type Welcome = {
  readonly isRecommended: (index: number) => boolean;
  readonly isSuggested: (index: number) => boolean;
};

/**
 * Those of the packages that nothing speaks against, by name: of the preferred repositories, of the machine's best architecture
 * (or of none), of each name the newest, and nothing that another of them obsoletes. What comes first in the repositories wins
 * among equals.
 */
export function bestOf(pool: Pool, packages: readonly number[]): readonly number[] {
  if (packages.length < 2) return packages;
  const best = newestByName(pool, bestArch(pool, highestPriority(pool, packages)));
  return best.length < 2 ? best : withoutObsoleted(pool, best);
}

/** Of the best the recommended ones, where there are any. */
export function welcomeOf(pool: Pool, packages: readonly number[], welcome: Welcome): readonly number[] {
  const best = bestOf(pool, packages);
  if (best.length < 2) return best;
  const recommended = best.filter(welcome.isRecommended);
  return recommended.length === 0 ? best : recommended;
}

/**
 * The same, the one to take first: behind are packages of which the pool has a newer version, that provide older versions of what
 * others provide too, and that nothing suggests.
 */
export function preferred(pool: Pool, packages: readonly number[], welcome: Welcome): readonly number[] {
  const best = welcomeOf(pool, packages, welcome);
  return best.length < 2 ? best : inOrder(pool, best, welcome);
}

/** The order alone, of packages that all may come. */
export function inOrder(pool: Pool, packages: readonly number[], welcome: Welcome): readonly number[] {
  const fresh = behind(packages, (index) => hasNewer(pool, index));
  return behind(localesFirst(pool, byCommonProvides(pool, fresh)), (index) => !welcome.isSuggested(index));
}

function highestPriority(pool: Pool, packages: readonly number[]): readonly number[] {
  const priorities = packages.map((index) => priorityAt(pool, index));
  const best = Math.min(...priorities);
  return packages.filter((_, at) => priorities[at] === best);
}

function priorityAt({ universe, repos }: Pool, index: number): number {
  return priorityOf(repos[universe.packages[index]?.repo ?? -1] ?? {});
}

function bestArch(pool: Pool, packages: readonly number[]): readonly number[] {
  const ranks = packages.map((index) => pool.archRank(index) ?? 0);
  const best = Math.min(...ranks.filter((rank) => rank > 1));
  if (best === Infinity) return packages;
  return packages.filter((_, at) => ranks[at] === 1 || ranks[at] === best);
}

function newestByName(pool: Pool, packages: readonly number[]): readonly number[] {
  const newest = new Map<string, number>();
  for (const index of packages.toSorted((a, b) => compareRanks(pool, a, b) || a - b)) {
    const name = nameText(pool, index);
    const before = newest.get(name);
    if (before === undefined || compareEvrTexts(evrText(pool, before), evrText(pool, index)) < 0)
      newest.set(name, index);
  }
  // Names in the order of their bytes.
  return [...newest].toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))).map(([, index]) => index);
}

/** `noarch` is neither better nor worse. */
function compareRanks(pool: Pool, one: number, other: number): number {
  const [a, b] = [pool.archRank(one) ?? 0, pool.archRank(other) ?? 0];
  return a > 1 && b > 1 ? a - b : 0;
}

/** Two that obsolete each other both stay. */
function withoutObsoleted(pool: Pool, packages: readonly number[]): readonly number[] {
  const reach = new Map(packages.map((index) => [index, obsoletedAmong(pool, index, packages)]));
  return packages.filter(
    (index) =>
      !packages.some((other) => reach.get(other)?.has(index) === true && reach.get(index)?.has(other) !== true),
  );
}

/** The packages of the list that this one obsoletes, directly or over others of the list. */
function obsoletedAmong(pool: Pool, index: number, packages: readonly number[]): ReadonlySet<number> {
  const found = new Set<number>();
  const left = [index];
  const { universe } = pool;
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const name = universe.packages[next]?.name;
    for (const other of pool.obsoletedBy(next).flatMap(({ obsoleted }) => obsoleted)) {
      if (found.has(other) || !packages.includes(other) || universe.packages[other]?.name === name) continue;
      found.add(other);
      left.push(other);
    }
  }
  return found;
}

function hasNewer(pool: Pool, index: number): boolean {
  const one = pool.universe.packages[index];
  if (one === undefined) return false;
  return pool.named(one.name).some((other) => {
    if (other === index || pool.universe.packages[other]?.arch !== one.arch) return false;
    const difference = priorityAt(pool, index) - priorityAt(pool, other);
    return difference !== 0 ? difference > 0 : compareEvrTexts(evrText(pool, other), evrText(pool, index)) > 0;
  });
}

/** Of what several provide with a version, the newer comes first: each older version counts against its package. */
function byCommonProvides(pool: Pool, packages: readonly number[]): readonly number[] {
  const demerits = demeritsOf(packages.map((index) => versionedProvides(pool, index)));
  return packages
    .map((index, at) => ({ index, demerit: demerits[at] ?? 0 }))
    .toSorted((a, b) => a.demerit - b.demerit)
    .map(({ index }) => index);
}

type Versioned = { readonly name: number; readonly evr: string; readonly isBelow: boolean };

const LESS = 4;
const EQUAL = 2;

function versionedProvides({ universe }: Pool, index: number): readonly Versioned[] {
  const { from, to } = universe.packages[index]?.provides ?? { from: 0, to: 0 };
  const found: Versioned[] = [];
  for (let at = from; at < to; at += 1) {
    const { name, sense, evr } = universe.entry(at);
    const text = universe.words.textOf(evr);
    const isWanted = sense === EQUAL || sense === LESS || sense === (LESS | EQUAL);
    // What looks like the digest of something has no order.
    if (!isWanted || (sense === EQUAL && /^[0-9a-f]{4,}$/.test(text))) continue;
    found.push({ name, evr: text, isBelow: sense === LESS });
  }
  return found;
}

/**
 * Per package, over all names of which several packages provide versions: how many steps down from the newest its version is. A
 * step between two versions of the same package does not count.
 */
function demeritsOf(provided: readonly (readonly Versioned[])[]): readonly number[] {
  const demerits = provided.map(() => 0);
  const entries = provided.flatMap((list, at) => list.map((one) => ({ one, at })));
  entries.sort((a, b) => a.one.name - b.one.name || compareProvided(b.one, a.one));
  let steps = 0;
  for (const [place, { one, at }] of entries.entries()) {
    const before = entries[place - 1];
    if (before === undefined || before.one.name !== one.name) steps = 0;
    else if (before.at !== at && compareProvided(before.one, one) > 0) steps += 1;
    demerits[at] = (demerits[at] ?? 0) + steps;
  }
  return demerits;
}

function compareProvided(one: Versioned, other: Versioned): number {
  return compareEvrTexts(one.evr, other.evr) || Number(other.isBelow) - Number(one.isBelow);
}

/** Of packages that want a locale, the English come before those of other languages. */
function localesFirst(pool: Pool, packages: readonly number[]): readonly number[] {
  const scores = new Map(packages.map((index) => [index, localeScore(pool.sayings(index, 'requires'))]));
  return packages.toSorted((a, b) => (scores.get(b) ?? 1) - (scores.get(a) ?? 1));
}

function localeScore(requires: readonly Dependency[]): number {
  let score = 1;
  for (const dependency of requires) {
    const language = dependency.kind === 'simple' ? /locales-(.*)/.exec(dependency.name)?.[1] : undefined;
    if (language === undefined) continue;
    if (!language.startsWith('en')) return 0;
    score = 2;
  }
  return score;
}

/** Those that are set back stand behind the others, each in the order they had. */
function behind(packages: readonly number[], isSetBack: (index: number) => boolean): readonly number[] {
  return [...packages.filter((index) => !isSetBack(index)), ...packages.filter(isSetBack)];
}
