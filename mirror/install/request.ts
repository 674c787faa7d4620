// The words of %packages as what is asked of a solver: demands and wishes, packages that may not come, and words that nothing answers to. Pure.

import { ANY } from '../closure/range.ts';
import { parseGlob } from '../metadata/glob.ts';
import { clausesOf } from './clauses.ts';
import type { Environment, Group, GroupMember, MemberType } from './comps.ts';
import type { Pool } from './pool.ts';
import type { Job } from './rules.ts';
import { byName, distinct, findNamed, groupedByName, groupedByNameAndArch, isGlob } from './spec.ts';

export type InstallOption =
  /** Without the group that the installer adds by itself. */
  | 'nocore'
  | 'nobase'
  /** Words that nothing answers to are left out. */
  | 'ignoremissing'
  /** Packages that cannot be installed are left out. */
  | 'ignorebroken'
  /** Nothing that is merely recommended. */
  | 'excludeWeakdeps'
  /** Each architecture of what is asked for. */
  | 'multilib'
  /** dnf's `best`: the newest of what is asked for, or nothing. */
  | 'best';

export type InstallRequest = {
  /**
   * As they stand in %packages, a line each: `bash`, `vim*`, `@core`, `@development --optional`, `@^minimal-environment`,
   * `-dos2unix`, `-@games`.
   */
  readonly wanted: readonly string[];
  readonly options: ReadonlySet<InstallOption>;
  /** Groups that the installer adds where the repositories have them: `core`, on EL6 `base` too. */
  readonly implied?: readonly string[];
};

/** A word that nothing answers to; `member`: of that group, which dnf only warns of. */
export type Unknown =
  | { readonly kind: 'package' | 'group' | 'environment'; readonly text: string }
  | { readonly kind: 'member'; readonly text: string; readonly group: string };

export type Order = {
  readonly jobs: readonly Job[];
  readonly excluded: ReadonlySet<number>;
  readonly unknown: readonly Unknown[];
};

type Ordering = {
  readonly pool: Pool;
  readonly isIn: (index: number) => boolean;
  readonly request: InstallRequest;
  readonly kind: Job['kind'];
  readonly jobs: Job[];
  readonly unknown: Unknown[];
  readonly withoutGroups: ReadonlySet<string>;
};

const ALWAYS: readonly MemberType[] = ['mandatory'];
const USUAL: readonly MemberType[] = ['mandatory', 'default', 'conditional'];
const WHOLE: readonly MemberType[] = ['mandatory', 'default', 'conditional', 'optional'];
/** Left out by an option of this name. */
const IMPLIED: ReadonlyMap<string, InstallOption> = new Map([
  ['core', 'nocore'],
  ['base', 'nobase'],
]);

/** What the request asks for, as `dnf install` takes it. */
export function orderOf(pool: Pool, request: InstallRequest): Order {
  const words = request.wanted.map((word) => word.trim()).filter((word) => word !== '');
  const without = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
  const excluded = new Set(without.filter((word) => !word.startsWith('@')).flatMap((word) => [...byName(pool, word)]));
  const withoutGroups = new Set(
    without.filter((word) => word.startsWith('@')).flatMap((word) => groupsWithout(pool, word)),
  );
  const ordering: Ordering = {
    ...{ pool, request, withoutGroups, jobs: [], unknown: [] },
    isIn: (index) => !excluded.has(index),
    kind: request.options.has('ignorebroken') ? 'wish' : 'demand',
  };
  const wanted = [...impliedOf(pool, request), ...words.filter((word) => !word.startsWith('-'))];
  for (const word of wanted.filter((one) => !one.startsWith('@'))) orderPackages(ordering, word);
  const members = wanted.filter((one) => one.startsWith('@')).flatMap((word) => membersOf(ordering, word));
  orderMembers(ordering, members);
  return { jobs: ordering.jobs, excluded, unknown: ordering.unknown };
}

function impliedOf({ comps }: Pool, { options, implied = ['core'] }: InstallRequest): readonly string[] {
  return implied
    .filter((id) => !options.has(IMPLIED.get(id) ?? 'best'))
    .filter((id) => comps.groups.some((group) => group.id === id))
    .map((id) => `@${id}`);
}

/** An environment stands for all its groups. */
function groupsWithout({ comps }: Pool, word: string): readonly string[] {
  const pattern = word.slice(1).replace(/^\^/, '');
  const environments = byPattern(comps.environments, pattern);
  const groups = byPattern(comps.groups, pattern);
  return [...groups.map(({ id }) => id), ...environments.flatMap((one) => [one.id, ...one.groups, ...one.optional])];
}

function orderPackages(ordering: Ordering, text: string): void {
  const { pool, isIn, request, unknown } = ordering;
  const { packages, form, arches } = findNamed(pool, text, isIn);
  if (packages.length === 0) {
    unknown.push({ kind: 'package', text });
    return;
  }
  if (request.options.has('multilib') || arches === 'each') {
    addEach(ordering, groupedByNameAndArch(pool, packages), text);
    return;
  }
  if (form === 'name' && isGlob(text)) {
    addEach(ordering, groupedByName(pool, packages), text);
    return;
  }
  if (isGlob(text) && form !== 'file') {
    for (const some of groupedByName(pool, packages)) addJob(ordering, some, text);
    return;
  }
  addJob(ordering, form === 'name' ? withObsoleters(ordering, packages) : packages, text);
}

/** One demand for each list: any of its packages, or one that obsoletes any of them. */
function addEach(ordering: Ordering, lists: readonly (readonly number[])[], text: string): void {
  for (const packages of lists) addJob(ordering, withObsoleters(ordering, packages), text);
}

function withObsoleters({ pool, isIn }: Ordering, packages: readonly number[]): readonly number[] {
  return distinct([...packages, ...packages.flatMap((index) => pool.obsoletersOf(index)).filter(isIn)]);
}

function addJob({ jobs, kind }: Ordering, packages: readonly number[], text: string): void {
  jobs.push({ text, kind, clauses: [packages.map((index) => index + 1)] });
}

type Member = GroupMember & { readonly group: string };

/** The members of the groups that a word names; each group of an environment with those it usually brings. */
function membersOf(ordering: Ordering, word: string): readonly Member[] {
  const { comps } = ordering.pool;
  const { pattern, isEnvironment, types } = parseGroupWord(word);
  const groups = isEnvironment ? [] : byPattern(comps.groups, pattern);
  const environments = byPattern(comps.environments, pattern);
  if (groups.length === 0 && environments.length === 0)
    ordering.unknown.push({ kind: isEnvironment ? 'environment' : 'group', text: word });
  return [...groups, ...environments.flatMap((one) => groupsIn(ordering, one))]
    .filter(({ id }) => !ordering.withoutGroups.has(id))
    .flatMap(({ id, members }) =>
      members.filter(({ type }) => types.includes(type)).map((member) => ({ ...member, group: id })),
    );
}

function groupsIn({ pool, withoutGroups, unknown }: Ordering, environment: Environment): readonly Group[] {
  if (withoutGroups.has(environment.id)) return [];
  return environment.groups.flatMap((id) => {
    const group = pool.comps.groups.find((one) => one.id === id);
    if (group === undefined) unknown.push({ kind: 'member', text: `@${id}`, group: environment.id });
    return group ?? [];
  });
}

type GroupWord = { readonly pattern: string; readonly isEnvironment: boolean; readonly types: readonly MemberType[] };

/** `@name`, `@^environment`, `@name --optional`, `@name --nodefaults`. */
function parseGroupWord(word: string): GroupWord {
  const [first = '', ...flags] = word.slice(1).trim().split(/\s+--/);
  const isEnvironment = first.startsWith('^');
  const types = flags.includes('optional') ? WHOLE : flags.includes('nodefaults') ? ALWAYS : USUAL;
  return { pattern: isEnvironment ? first.slice(1) : first, isEnvironment, types };
}

/** By id or name exactly, or else as a pattern of either, whatever the case. */
function byPattern<T extends { readonly id: string; readonly name: string }>(
  all: readonly T[],
  pattern: string,
): readonly T[] {
  const exact = all.filter(({ id, name }) => id === pattern || name === pattern);
  if (exact.length > 0) return exact;
  const matches = parseGlob(pattern.toLowerCase());
  return all.filter(({ id, name }) => matches(id.toLowerCase()) || matches(name.toLowerCase()));
}

/** In the order of their names: dnf's own order is another each time. A member that no repository has is left out, with a word. */
function orderMembers(ordering: Ordering, members: readonly Member[]): void {
  const distinctMembers = new Map(members.map((member) => [JSON.stringify([member.name, member.requires]), member]));
  const ordered = [...distinctMembers.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  for (const member of ordered) orderMember(ordering, member);
}

function orderMember(ordering: Ordering, { name, requires, basearchOnly, group }: Member): void {
  const { pool, isIn, request, jobs, kind, unknown } = ordering;
  const { words } = pool.universe;
  const all = byName({ ...pool, names: () => [] }, name).filter(isIn);
  const packages = basearchOnly
    ? all.filter((index) => words.textOf(pool.universe.packages[index]?.arch ?? 0) === pool.machine)
    : all;
  if (packages.length === 0) {
    unknown.push({ kind: 'member', text: name, group });
    return;
  }
  const text = `${name} of @${group}`;
  if (requires !== undefined) {
    const simple = (word: string) => ({ kind: 'simple', name: word, range: { sense: ANY, evr: '' } }) as const;
    const condition = { kind: 'if', left: simple(name), right: simple(requires) } as const;
    jobs.push({ text, kind, clauses: clausesOf(condition, 'met', pool.providersOf) });
    return;
  }
  const lists = request.options.has('multilib') ? groupedByNameAndArch(pool, packages) : [packages];
  addEach(ordering, lists, text);
}
