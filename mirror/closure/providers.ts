// Which packages provide what a dependency asks for, by the rules of dnf's own look-up. Pure but for the work it counts.

import { Malformed } from '../../server/malformed.ts';
import { meets } from './range.ts';
import type { Dependency, RichDependency, SimpleDependency } from './rich.ts';
import { FILE, type Universe } from './universe.ts';

export type Providers = {
  /** Is there any package that provides it? Throws `Malformed` where answering takes endless comparing. */
  hasAny(dependency: Dependency): boolean;
  /** All of them by their numbers, in ascending order; of a boolean dependency those of any side. Throws as `hasAny`. */
  allOf(dependency: Dependency): readonly number[];
  /** How many comparisons that has taken so far. */
  compared(): number;
};

export type ProviderChoice = {
  /** Which packages may provide, by their numbers. */
  readonly isIn: (index: number) => boolean;
  readonly breathe: () => Promise<void>;
  /** After so many comparisons the answer is not worth waiting for. */
  readonly limitCompared?: number;
};

/** Of each word where what is provided by that name lies: `starts[word]` up to `starts[word + 1]`. */
type Index = { readonly starts: Int32Array; readonly entries: Int32Array; readonly holders: Int32Array };
type Search = { readonly universe: Universe; readonly index: Index; readonly limitCompared: number; compared: number };

/** Stands where a file that was found later has no entry. */
const NO_ENTRY = -1;
const PACKAGES_PER_BREATH = 2000;
/** 50,000 packages take a million or, where they are fifty builds of a thousand, twenty. */
const LIMIT_COMPARED = 100_000_000;

/** The providers among the packages that are in. */
export async function findProviders(universe: Universe, choice: ProviderChoice): Promise<Providers> {
  const { limitCompared = LIMIT_COMPARED } = choice;
  const search = { universe, index: await indexOf(universe, choice), limitCompared, compared: 0 };
  return {
    hasAny: (dependency) => hasAny(search, dependency),
    allOf: (dependency) => [...allProviders(search, dependency)].toSorted((a, b) => a - b),
    compared: () => search.compared,
  };
}

/**
 * A boolean dependency is judged as `dnf repoclosure` does it, which asks for providers and installs nothing (libsolv's
 * pool_addrelproviders): one side of an `and` is enough, and what stands behind `if` and `unless` is taken to hold.
 */
function hasAny(search: Search, dependency: Dependency): boolean {
  switch (dependency.kind) {
    case 'simple':
      return providersOf(search, dependency).next().done !== true;
    case 'and':
    case 'or':
    case 'if':
    case 'unless':
      return alternativesOf(dependency).some((one) => hasAny(search, one));
    case 'with':
    case 'without':
      return allProviders(search, dependency).size > 0;
    case 'else':
      return false;
  }
}

function allProviders(search: Search, dependency: Dependency): ReadonlySet<number> {
  switch (dependency.kind) {
    case 'simple':
      return new Set(providersOf(search, dependency));
    case 'and':
    case 'or':
    case 'if':
    case 'unless':
      return joined(search, alternativesOf(dependency));
    case 'with':
    case 'without': {
      const right = allProviders(search, dependency.right);
      const wanted = dependency.kind === 'with';
      return new Set([...allProviders(search, dependency.left)].filter((one) => right.has(one) === wanted));
    }
    case 'else':
      return new Set();
  }
}

function joined(search: Search, alternatives: readonly Dependency[]): ReadonlySet<number> {
  const all = new Set<number>();
  for (const one of alternatives.flatMap((dependency) => [...allProviders(search, dependency)])) {
    count(search, 'a boolean dependency');
    all.add(one);
  }
  return all;
}

/** The dependencies of which one is enough: both sides, or the `a` and `c` of `(a if b else c)`. */
function alternativesOf({ kind, left, right }: RichDependency): readonly Dependency[] {
  if (kind === 'and' || kind === 'or') return [left, right];
  return right.kind === 'else' ? [left, right.right] : [left];
}

function* providersOf(search: Search, { name, range }: SimpleDependency): Generator<number> {
  const { universe, index } = search;
  const word = universe.words.find(name);
  if (word === undefined) return;
  const end = index.starts[word + 1] ?? 0;
  for (let at = index.starts[word] ?? end; at < end; at += 1) {
    count(search, name);
    const entry = index.entries[at] ?? NO_ENTRY;
    if (entry === NO_ENTRY || covers(universe, entry, range)) yield index.holders[at] ?? 0;
  }
}

function count(search: Search, what: string): void {
  search.compared += 1;
  if (search.compared > search.limitCompared) throw new Malformed('too much to compare', `dependencies on ${what}`);
}

function covers(universe: Universe, at: number, range: SimpleDependency['range']): boolean {
  const { sense, evr } = universe.entry(at);
  // A file has no version: it is what every version of its path asks for.
  return sense === FILE ? range.sense !== 0 : meets(range, { sense, evr: universe.words.textOf(evr) });
}

/** Counts, then fills: two passes, and no list per word. */
async function indexOf(universe: Universe, choice: ProviderChoice): Promise<Index> {
  const starts = new Int32Array(universe.words.count() + 1);
  const add = (word: number, more: number): number => {
    const before = starts[word] ?? 0;
    starts[word] = before + more;
    return before;
  };
  await eachProvide(universe, choice, ({ word }) => void add(word + 1, 1));
  for (let word = 1; word < starts.length; word += 1) add(word, starts[word - 1] ?? 0);
  const total = starts.at(-1) ?? 0;
  const index = { starts: starts.slice(), entries: new Int32Array(total), holders: new Int32Array(total) };
  await eachProvide(universe, choice, ({ word, entry, holder }) => {
    const at = add(word, 1);
    index.entries[at] = entry;
    index.holders[at] = holder;
  });
  return index;
}

type Provide = { readonly word: number; readonly entry: number; readonly holder: number };

async function eachProvide(
  universe: Universe,
  { isIn, breathe }: ProviderChoice,
  visit: (provide: Provide) => void,
): Promise<void> {
  for (const [holder, { provides }] of universe.packages.entries()) {
    if (holder % PACKAGES_PER_BREATH === 0) await breathe();
    if (!isIn(holder)) continue;
    for (let at = provides.from; at < provides.to; at += 1) {
      visit({ word: universe.entry(at).name, entry: at, holder });
    }
  }
  for (const { package: holder, path } of universe.files) {
    if (isIn(holder)) visit({ word: path, entry: NO_ENTRY, holder });
  }
}
