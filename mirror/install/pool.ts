// The packages of an installation and what they say of each other, looked up for a solver. Running: metadata is handed in.

import { archesOf } from '../closure/arches.ts';
import { readDependencies, type PackageIds } from '../closure/dependencies.ts';
import { readFiles } from '../closure/files.ts';
import { findProviders, type Providers } from '../closure/providers.ts';
import { EQUAL, meets } from '../closure/range.ts';
import { requirementOf, simplesIn } from '../closure/requirement.ts';
import type { ClosureRepo } from '../closure/resolve.ts';
import { formatDependency, type Dependency } from '../closure/rich.ts';
import { emptyUniverse, type Relation, type Span, type Universe } from '../closure/universe.ts';
import { mergeComps, readComps, type Comps } from './comps.ts';

/** A repository by its metadata, uncompressed; each is opened anew when it is called. */
export type InstallRepo = ClosureRepo & {
  /** comps.xml; undefined where the repository has none. */
  readonly groups?: (() => AsyncIterable<Uint8Array>) | undefined;
  /** As in a .repo file: less is preferred; 99 where nothing is said. */
  readonly priority?: number | undefined;
};

export type PoolEdges = {
  readonly breathe: () => Promise<void>;
  /** Paths that will be asked for by themselves. */
  readonly paths?: readonly string[];
};

/** What one package says: `requires`, or one of the other lists. */
export type Saying = 'requires' | Relation;

export type Pool = {
  readonly universe: Universe;
  readonly repos: readonly InstallRepo[];
  readonly comps: Comps;
  /** Architecture of the machine → what it prefers: less is better, 1 is `noarch`; undefined of what it cannot run. */
  readonly archRank: (index: number) => number | undefined;
  /** `noarch` meets both; others meet their own width. */
  readonly sameColour: (one: number, other: number) => boolean;
  /** Packages of this machine by the name they have themselves, ascending. */
  readonly named: (name: number) => readonly number[];
  readonly names: () => Iterable<number>;
  /** What a package says, without what cannot be read and what rpm itself provides. */
  readonly sayings: (index: number, what: Saying) => readonly Dependency[];
  /** The packages that provide it, ascending. */
  readonly providersOf: (dependency: Dependency) => readonly number[];
  /** Of those that an Obsoletes means: by their own names and versions, not by what they provide. */
  readonly obsoletedBy: (
    index: number,
  ) => readonly { readonly dependency: Dependency; readonly obsoleted: readonly number[] }[];
  /** The packages of this machine that obsolete it. */
  readonly obsoletersOf: (index: number) => readonly number[];
  readonly machine: string;
};

/** What primary.xml tells of, by createrepo_c's own rule; other paths are in filelists.xml alone. */
const PRIMARY_FILE = /^\/etc\/|bin\/|^\/usr\/lib\/sendmail$/;
const NOARCH_RANK = 1;
const NOTHING: readonly never[] = [];

/** Reads the repositories in their order. Throws `Malformed`, naming the repository. */
export async function readPool(repos: readonly InstallRepo[], machine: string, edges: PoolEdges): Promise<Pool> {
  const universe = emptyUniverse();
  const ids: PackageIds[] = [];
  for (const [repo, { name, primary }] of repos.entries()) {
    const where = `${name}, primary.xml`;
    ids.push(await readDependencies(primary(), { universe, repo, keep: 'all', relations: 'kept', where, ...edges }));
  }
  const providers = await readWantedFiles({ universe, repos, ids }, machine, edges);
  const comps: Comps[] = [];
  // As dnf has them: of a group in two repositories the less preferred one says the types of its members.
  for (const { name, groups } of repos.toSorted((one, other) => priorityOf(one) - priorityOf(other))) {
    if (groups !== undefined) comps.push(await readComps(groups(), { where: `${name}, comps.xml`, ...edges }));
  }
  return indexPool({ universe, repos, comps: mergeComps(comps), machine }, providers);
}

/** The priority of a repository that says none. */
const DEFAULT_PRIORITY = 99;

export function priorityOf({ priority }: Pick<InstallRepo, 'priority'>): number {
  return priority ?? DEFAULT_PRIORITY;
}

type Read = {
  readonly universe: Universe;
  readonly repos: readonly InstallRepo[];
  readonly ids: readonly PackageIds[];
};

/**
 * Reads filelists.xml where a path is asked for that no primary.xml tells of, or not surely of all its holders. Returns the
 * providers, files included.
 */
async function readWantedFiles({ universe, repos, ids }: Read, machine: string, edges: PoolEdges): Promise<Providers> {
  const isIn = isInFor(universe, machine);
  const providers = await findProviders(universe, { isIn, ...edges });
  const wanted = new Set<string>(edges.paths ?? []);
  let isMissing = wanted.size > 0;
  for (const [index, one] of universe.packages.entries()) {
    if (index % 500 === 0) await edges.breathe();
    if (!isIn(index)) continue;
    const spans = [one.requires, ...Object.values(one.relations)];
    for (const simple of spans.flatMap((span) => pathsOf(universe, span))) {
      if (wanted.has(simple.name)) continue;
      wanted.add(simple.name);
      isMissing ||= !PRIMARY_FILE.test(simple.name) || !providers.hasAny(simple);
    }
  }
  if (!isMissing) return providers;
  for (const [repo, { name, filelists }] of repos.entries()) {
    const reading = { universe, ids: ids[repo] ?? new Map<string, number>(), wanted, ...edges };
    if (filelists !== undefined) await readFiles(filelists(), { ...reading, where: `${name}, filelists.xml` });
  }
  return findProviders(universe, { isIn, ...edges });
}

function pathsOf(universe: Universe, { from, to }: Span): ReturnType<typeof simplesIn> {
  const found = [];
  for (let at = from; at < to; at += 1) {
    const entry = universe.entry(at);
    // Most are no paths, and reading a boolean dependency takes its time.
    if (universe.words.textOf(entry.name).includes('/')) found.push(...simplesIn(requirementOf(universe, entry)));
  }
  return found.filter(({ name }) => name.startsWith('/'));
}

function isInFor({ packages, words }: Universe, machine: string): (index: number) => boolean {
  const arches = new Set([...archesOf(machine)].map((arch) => words.find(arch)));
  return (index) => arches.has(packages[index]?.arch);
}

function indexPool(
  { universe, repos, comps, machine }: Pick<Pool, 'universe' | 'repos' | 'comps' | 'machine'>,
  providers: Providers,
): Pool {
  const { packages } = universe;
  const isIn = isInFor(universe, machine);
  const byName = namesOf(universe, isIn);
  const ranks = ranksOf(universe, machine);
  const providersOf = remembered(
    (dependency: Dependency) => formatDependency(dependency),
    (dependency) => providers.allOf(dependency),
  );
  // By where its entries begin: a solver asks for the same again and again.
  const read = new Map<number, readonly Dependency[]>();
  const sayings = (index: number, what: Saying): readonly Dependency[] => {
    const one = packages[index];
    const span = what === 'requires' ? one?.requires : one?.relations[what];
    if (span === undefined || span.from === span.to) return NOTHING;
    const known = read.get(span.from) ?? dependenciesIn(universe, span);
    read.set(span.from, known);
    return known;
  };
  const pool: Pick<Pool, 'universe' | 'named' | 'providersOf'> = {
    universe,
    named: (name) => byName.get(name) ?? NOTHING,
    providersOf,
  };
  const archRank = (index: number): number | undefined => ranks.get(packages[index]?.arch ?? -1);
  const obsoletedBy: Pool['obsoletedBy'] = (index) =>
    sayings(index, 'obsoletes').map((dependency) => ({ dependency, obsoleted: obsoletedIn(pool, dependency) }));
  return {
    ...{ ...pool, repos, comps, machine, sayings, archRank, obsoletedBy },
    sameColour: (one, other) => (colourOf(universe, one) & colourOf(universe, other)) !== 0,
    names: () => byName.keys(),
    obsoletersOf: obsoletersIn({ universe, archRank, obsoletedBy }),
  };
}

/** Looks through all packages at the first question: one for each package asked for took most of a long request's time. */
function obsoletersIn({ universe, archRank, obsoletedBy }: Pick<Pool, 'universe' | 'archRank' | 'obsoletedBy'>) {
  let known: ReadonlyMap<number, readonly number[]> | undefined;
  const look = (): ReadonlyMap<number, readonly number[]> => {
    const found = new Map<number, number[]>();
    for (const [index, { relations }] of universe.packages.entries()) {
      if (relations.obsoletes === undefined || archRank(index) === undefined) continue;
      for (const other of obsoletedBy(index).flatMap(({ obsoleted }) => obsoleted)) {
        const before = found.get(other);
        if (before === undefined) found.set(other, [index]);
        else before.push(index);
      }
    }
    return found;
  };
  return (index: number): readonly number[] => (known ??= look()).get(index) ?? NOTHING;
}

/** An Obsoletes is of names: what merely provides the name stays (rpm's own rule). */
function obsoletedIn({ universe, named }: Pick<Pool, 'universe' | 'named'>, dependency: Dependency): readonly number[] {
  if (dependency.kind !== 'simple') return NOTHING;
  const { name, range } = dependency;
  const word = universe.words.find(name);
  if (word === undefined) return NOTHING;
  const evrOf = (index: number): string => universe.words.textOf(universe.packages[index]?.evr ?? 0);
  return named(word).filter((index) => meets(range, { sense: EQUAL, evr: evrOf(index) }));
}

function dependenciesIn(universe: Universe, { from, to }: Span): readonly Dependency[] {
  const found: Dependency[] = [];
  for (let at = from; at < to; at += 1) {
    const requirement = requirementOf(universe, universe.entry(at));
    if (requirement.kind === 'dependency') found.push(requirement.dependency);
  }
  return found;
}

function namesOf({ packages }: Universe, isIn: (index: number) => boolean): ReadonlyMap<number, readonly number[]> {
  const names = new Map<number, number[]>();
  for (const [index, { name }] of packages.entries()) {
    if (!isIn(index)) continue;
    const same = names.get(name);
    if (same === undefined) names.set(name, [index]);
    else same.push(index);
  }
  return names;
}

function ranksOf({ words }: Universe, machine: string): ReadonlyMap<number, number> {
  const ranks = new Map<number, number>();
  let rank = NOARCH_RANK;
  for (const arch of archesOf(machine)) {
    const word = words.find(arch);
    rank += 1;
    if (word !== undefined) ranks.set(word, arch === 'noarch' ? NOARCH_RANK : rank);
  }
  return ranks;
}

/** Two bits: 32 and 64 (libsolv's pool_arch2color). */
function colourOf({ packages, words }: Universe, index: number): number {
  const arch = words.textOf(packages[index]?.arch ?? 0);
  if (arch === 'noarch') return 3;
  return arch.includes('64') || arch === 's390x' ? 2 : 1;
}

function remembered<Key, Value>(keyOf: (key: Key) => string, look: (key: Key) => Value): (key: Key) => Value {
  const known = new Map<string, Value>();
  return (key) => {
    const text = keyOf(key);
    const before = known.get(text);
    if (before !== undefined) return before;
    const value = look(key);
    known.set(text, value);
    return value;
  };
}
