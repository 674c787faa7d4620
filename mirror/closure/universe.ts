// The packages of some repositories with what they provide and require, kept as numbers: 50,000 of them take some tens of megabytes. Pure.

import { Malformed } from '../../server/malformed.ts';
import { keepWords, type Words } from './words.ts';

/** Consecutive entries of the universe's list, from `from` up to but not including `to`. */
export type Span = { readonly from: number; readonly to: number };

/** `repo` is the number of its repository; the texts are numbers of words. */
export type UniversePackage = {
  readonly repo: number;
  readonly name: number;
  readonly arch: number;
  readonly evr: number;
  readonly provides: Span;
  readonly requires: Span;
  /** What else it says of others; empty where nobody asked for it. */
  readonly relations: Relations;
  readonly size: PackageSize | undefined;
};

/** In bytes: the file that is fetched, and what its content takes on a disk. */
export type PackageSize = { readonly packageBytes: number; readonly installedBytes: number };

/** The lists of primary.xml beside what a package provides and requires. */
export const RELATIONS = ['conflicts', 'obsoletes', 'recommends', 'suggests', 'supplements', 'enhances'] as const;
export type Relation = (typeof RELATIONS)[number];
export type Relations = { readonly [name in Relation]?: Span };

/** A dependency in numbers: a sense of range.ts, or `RICH`, of which `name` is the whole text, or `FILE`, a path that a package holds. */
export type Entry = { readonly name: number; readonly sense: number; readonly evr: number };

export type Lists = {
  readonly provides: readonly Entry[];
  readonly requires: readonly Entry[];
  readonly relations?: { readonly [name in Relation]?: readonly Entry[] };
};

export type Universe = {
  readonly words: Words;
  readonly packages: readonly UniversePackage[];
  /** Takes a package in, and what it provides and requires. Throws `Malformed` where the whole gets out of bounds. */
  add(
    one: Pick<UniversePackage, 'repo' | 'name' | 'arch' | 'evr'> & { readonly size?: PackageSize },
    lists: Lists,
  ): void;
  entry(at: number): Entry;
  /** Files that were learnt of later: which package holds which path. */
  readonly files: { readonly package: number; readonly path: number }[];
};

export const RICH = 16;
export const FILE = 32;

const LIMIT_PACKAGES = 500_000;
/** Some ten times what Fedora has. */
const LIMIT_ENTRIES = 20_000_000;
const WIDTH = 3;

/** A universe with nothing in it. */
export function emptyUniverse(): Universe {
  const packages: UniversePackage[] = [];
  let numbers = new Int32Array(1024);
  let count = 0;
  const append = (entries: readonly Entry[]): Span => {
    const needed = (count + entries.length) * WIDTH;
    if (needed > LIMIT_ENTRIES * WIDTH) throw new Malformed('more dependencies than any repository has', 'primary.xml');
    if (needed > numbers.length) numbers = grown(numbers, needed);
    const from = count;
    for (const { name, sense, evr } of entries) {
      numbers[count * WIDTH] = name;
      numbers[count * WIDTH + 1] = sense;
      numbers[count * WIDTH + 2] = evr;
      count += 1;
    }
    return { from, to: count };
  };
  return {
    words: keepWords(),
    packages,
    files: [],
    add: ({ size, ...one }, { provides, requires, relations = {} }) => {
      if (packages.length >= LIMIT_PACKAGES) throw new Malformed('too many packages', 'primary.xml');
      const [provided, required] = [append(provides), append(requires)];
      packages.push({ ...one, provides: provided, requires: required, relations: spansOf(relations, append), size });
    },
    entry: (at) => ({
      name: numbers[at * WIDTH] ?? 0,
      sense: numbers[at * WIDTH + 1] ?? 0,
      evr: numbers[at * WIDTH + 2] ?? 0,
    }),
  };
}

/** Most packages have none of them: those share one value. */
const NO_RELATIONS: Relations = {};

function spansOf(
  lists: { readonly [name in Relation]?: readonly Entry[] },
  append: (entries: readonly Entry[]) => Span,
): Relations {
  const spans: { [name in Relation]?: Span } = {};
  for (const name of RELATIONS) {
    const entries = lists[name];
    if (entries !== undefined && entries.length > 0) spans[name] = append(entries);
  }
  return Object.keys(spans).length === 0 ? NO_RELATIONS : spans;
}

/** One and a half times as long: growing costs little and wastes little. */
function grown(numbers: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, Math.ceil(numbers.length * 1.5)));
  larger.set(numbers);
  return larger;
}

/** `bash-4.1.2-8.el6.x86_64`, with an epoch before the version where it is not 0: as dnf names packages. */
export function packageText({ words }: Universe, { name, evr, arch }: UniversePackage): string {
  return `${words.textOf(name)}-${words.textOf(evr)}.${words.textOf(arch)}`;
}
