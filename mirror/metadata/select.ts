// Which packages of an upstream a repo's filter chooses. Pure: names and versions in, places in the list out.

import type { RepoFilter } from '../../server/repo.ts';
import { compareEvr, type Evr } from '../rpm/evr.ts';
import { parseGlob, type Matches } from './glob.ts';

/** What primary.xml tells of a package. */
export type Candidate = {
  readonly name: string;
  readonly arch: string;
  readonly epoch: string;
  readonly version: string;
  readonly release: string;
};

/** Why a package is not chosen: the first rule that refuses it, in this order. */
export const SELECTION_RULES = ['source', 'architecture', 'excluded', 'notIncluded', 'older'] as const;
export type SelectionRule = (typeof SELECTION_RULES)[number];

export type Selection = {
  /** Places in the order of the candidates, from 0, ascending. */
  readonly chosen: readonly number[];
  /** How many packages each rule left out. */
  readonly left: Readonly<Record<SelectionRule, number>>;
};

const SOURCE_ARCHITECTURES = new Set(['src', 'nosrc']);

/**
 * Chooses by these rules, in this order; what one leaves out no other sees.
 * 1. `sources: false` leaves out source packages; otherwise they stay whatever `architectures` says.
 * 2. `architectures` names those that stay, `noarch` like any other, as in `dnf reposync --arch`.
 * 3. `exclude` leaves out what any of its patterns matches: it beats `include`.
 * 4. `include`, where it is not empty, leaves out what none of its patterns matches.
 * 5. `newest: N` keeps the N newest versions of each name and architecture of what is left, by epoch, version and release; packages
 *    of one version all stay, or none.
 * A pattern matches a name, NAME.ARCH, NAME-VERSION, NAME-VERSION-RELEASE, or that with .ARCH and, before the version or the name, EPOCH:.
 */
export function selectPackages(filter: RepoFilter, candidates: readonly Candidate[]): Selection {
  const selection = startSelection(filter);
  for (const candidate of candidates) selection.offer(candidate);
  return selection.end();
}

/** A selection that is offered candidates as they are read, each at little cost; `end` is called once. */
export type Selecting = { offer(candidate: Candidate): void; end(): Selection };

/** Starts selecting by the rules of `selectPackages`. */
export function startSelection(filter: RepoFilter): Selecting {
  const refuses = refusalsOf(filter);
  const left: Record<SelectionRule, number> = { source: 0, architecture: 0, excluded: 0, notIncluded: 0, older: 0 };
  const groups = new Map<string, readonly Version[]>();
  const dropped = new Set<number>();
  const accepted: number[] = [];
  let count = 0;
  const limit = (candidate: Candidate, index: number, newest: number): void => {
    const group = `${candidate.name} ${candidate.arch}`;
    const versions = addVersion(groups.get(group) ?? [], candidate, index);
    groups.set(group, versions.slice(0, newest));
    for (const { indexes } of versions.slice(newest)) for (const old of indexes) dropped.add(old);
  };
  return {
    offer: (candidate) => {
      const index = count;
      count += 1;
      const rule = refuses(candidate);
      if (rule !== undefined) left[rule] += 1;
      else accepted.push(index);
      if (rule === undefined && filter.newest !== undefined) limit(candidate, index, filter.newest);
    },
    end: () => ({
      chosen: accepted.filter((index) => !dropped.has(index)),
      left: { ...left, older: dropped.size },
    }),
  };
}

/** Does this filter leave anything out at all? Where it does not, upstream's own metadata stays. */
export function isFiltering(filter: RepoFilter): boolean {
  const { architectures, newest, include, exclude, sources } = filter;
  return architectures !== undefined || newest !== undefined || include.length + exclude.length > 0 || !sources;
}

function refusalsOf(filter: RepoFilter): (candidate: Candidate) => SelectionRule | undefined {
  const architectures = filter.architectures === undefined ? undefined : new Set(filter.architectures);
  const [include, exclude] = [readPatterns(filter.include), readPatterns(filter.exclude)];
  return (candidate) => {
    if (SOURCE_ARCHITECTURES.has(candidate.arch)) {
      if (!filter.sources) return 'source';
    } else if (architectures?.has(candidate.arch) === false) return 'architecture';
    if (filter.include.length + filter.exclude.length === 0) return undefined;
    const names = namesOf(candidate);
    if (matchesAny(exclude, names)) return 'excluded';
    return filter.include.length > 0 && !matchesAny(include, names) ? 'notIncluded' : undefined;
  };
}

/** Patterns without a special character are looked up: lists of thousands of names are usual. */
type Patterns = { readonly words: ReadonlySet<string>; readonly globs: readonly Matches[] };

function readPatterns(patterns: readonly string[]): Patterns {
  const isWord = (pattern: string): boolean => !/[*?[\\]/.test(pattern);
  return {
    words: new Set(patterns.filter(isWord)),
    globs: patterns.filter((pattern) => !isWord(pattern)).map(parseGlob),
  };
}

function matchesAny({ words, globs }: Patterns, names: readonly string[]): boolean {
  if (names.some((name) => words.has(name))) return true;
  return globs.some((matches) => names.some(matches));
}

/** All that a pattern may mean of one package, as dnf and yum read it. */
function namesOf({ name, arch, epoch, version, release }: Candidate): readonly string[] {
  const versioned = `${name}-${version}-${release}`;
  const withEpoch = `${name}-${epoch}:${version}-${release}`;
  return [
    ...[name, `${name}.${arch}`, `${name}-${version}`, versioned, `${versioned}.${arch}`],
    ...[withEpoch, `${withEpoch}.${arch}`, `${epoch}:${versioned}.${arch}`],
  ];
}

/** One version of a name and architecture, and the places of its packages. */
type Version = { readonly evr: Evr; readonly indexes: readonly number[] };

/** `versions`, newest first, with that of `candidate` among them. */
function addVersion(versions: readonly Version[], candidate: Candidate, index: number): readonly Version[] {
  const evr = evrOf(candidate);
  const at = versions.findIndex((version) => compareEvr(version.evr, evr) <= 0);
  const before = at === -1 ? versions : versions.slice(0, at);
  const [same, ...older] = at === -1 ? [] : versions.slice(at);
  if (same === undefined) return [...before, { evr, indexes: [index] }];
  if (compareEvr(same.evr, evr) === 0) return [...before, { evr, indexes: [...same.indexes, index] }, ...older];
  return [...before, { evr, indexes: [index] }, same, ...older];
}

/** A package without an epoch has epoch 0 (rpm-version(7)); so has one whose epoch is no number. */
function evrOf({ epoch, version, release }: Candidate): Evr {
  return { epoch: /^\d{1,10}$/.test(epoch) ? Number(epoch) : 0, version, release };
}
