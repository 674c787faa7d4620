// Which requirements of some repositories nothing provides: the verdict of `dnf repoclosure`. Running: metadata is handed in.

import { readDependencies, type PackageIds } from './dependencies.ts';
import { readFiles } from './files.ts';
import { findProviders, type Providers } from './providers.ts';
import type { ClosureReport, Hole } from './report.ts';
import { requirementOf, simplesIn } from './requirement.ts';
import { formatDependency } from './rich.ts';
import { scenesOf, type Checks, type Scene } from './scene.ts';
import { emptyUniverse, packageText, RICH, type Entry, type Universe } from './universe.ts';

/** A repository by its metadata, uncompressed. Both are opened anew each time they are called. */
export type ClosureRepo = {
  readonly name: string;
  readonly primary: () => AsyncIterable<Uint8Array>;
  /** Undefined where the repository has none. Read only where a path is required that primary.xml does not tell of. */
  readonly filelists: (() => AsyncIterable<Uint8Array>) | undefined;
};

/** What is checked at once: a requirement of `check` is to be provided by a package of `check` or `join` that `machine` installs. */
export type ClosureView = {
  /** Names of repositories. */
  readonly check: readonly string[];
  readonly join: readonly string[];
  /** As `uname -m` says it; or `own`: each machine that the checked packages are made for. */
  readonly machine: string;
};

export type ClosureEdges = {
  /** Lets everything else that waits have its turn; rejects where there is no use in going on. */
  readonly breathe: () => Promise<void>;
  /**
   * Whose requirements count. `installable` (the default) is `dnf repoclosure` with `--arch` for all that the machine installs;
   * `everything` is it without, which looks for the build requirements of sources too.
   */
  readonly checks?: Checks;
};

type Read = {
  readonly universe: Universe;
  readonly repos: readonly ClosureRepo[];
  readonly ids: readonly PackageIds[];
};
/** What is said of a requirement that is not simply met. */
type Finding = { readonly kind: 'hole' | 'unreadable'; readonly requirement: string };
type Findings = {
  readonly hole: Map<string, Hole>;
  readonly unreadable: Map<string, Hole>;
  readonly checked: Set<number>;
};

/** Some 10 ms of either. */
const PACKAGES_PER_BREATH = 500;
const COMPARISONS_PER_BREATH = 10_000;

/**
 * The holes of `check` with what `join` provides beside it, on `machine` or on each that the packages of `check` are made for.
 * Every package counts, of whatever version and whatever stream of a module (dnf's `module_hotfixes=1`): a mirror serves hosts that
 * enabled any, where dnf by itself looks at the default streams alone.
 */
export async function findHoles(
  { check, join }: { readonly check: readonly ClosureRepo[]; readonly join: readonly ClosureRepo[] },
  { machine = 'own', ...edges }: ClosureEdges & { readonly machine?: string },
): Promise<ClosureReport> {
  const names = (repos: readonly ClosureRepo[]): readonly string[] => repos.map(({ name }) => name);
  return findHolesIn([...check, ...join], [{ check: names(check), join: names(join), machine }], edges);
}

/** The requirements that are a hole in any of `views`. Each repository is read once, whatever the views. Throws `Malformed`. */
export async function findHolesIn(
  repos: readonly ClosureRepo[],
  views: readonly ClosureView[],
  edges: ClosureEdges,
): Promise<ClosureReport> {
  const read = await readRepos(repos, new Set(views.flatMap(({ check }) => check)), edges);
  const numbers = (names: readonly string[]): ReadonlySet<number> =>
    new Set(read.repos.flatMap(({ name }, index) => (names.includes(name) ? [index] : [])));
  const scenes = views.flatMap(({ check, join, machine }) =>
    scenesOf(read.universe, { check: numbers(check), join: numbers(join), machine }, edges.checks ?? 'installable'),
  );
  await readWantedFiles(read, scenes, edges);
  const findings: Findings = { hole: new Map(), unreadable: new Map(), checked: new Set() };
  for (const scene of scenes) await judge(read, scene, { ...edges, findings });
  const { hole, unreadable, checked } = findings;
  return { holes: [...hole.values()], unreadable: [...unreadable.values()], checkedPackages: checked.size };
}

async function readRepos(
  repos: readonly ClosureRepo[],
  checked: ReadonlySet<string>,
  { breathe }: ClosureEdges,
): Promise<Read> {
  const universe = emptyUniverse();
  const ids: PackageIds[] = [];
  // Those that are checked come first: of the others only what is asked for needs to be kept.
  const ordered = repos.toSorted((a, b) => Number(checked.has(b.name)) - Number(checked.has(a.name)));
  for (const [repo, { name, primary }] of ordered.entries()) {
    const keep = checked.has(name) ? 'all' : 'asked for';
    const where = `${name}, primary.xml`;
    ids.push(await readDependencies(primary(), { universe, repo, keep, breathe, where }));
  }
  return { universe, repos: ordered, ids };
}

/** Reads filelists.xml for the paths that are required and that no primary.xml tells of: the most are in /usr/bin or /etc. */
async function readWantedFiles(read: Read, scenes: readonly Scene[], edges: ClosureEdges): Promise<void> {
  const wanted = new Set<string>();
  for (const scene of scenes) {
    const providers = await findProviders(read.universe, { ...scene, ...edges });
    for (const path of await wantedPaths(read.universe, scene, { ...edges, providers })) wanted.add(path);
  }
  if (wanted.size === 0) return;
  for (const [repo, { name, filelists }] of read.repos.entries()) {
    const reading = { universe: read.universe, ids: read.ids[repo] ?? new Map(), wanted, breathe: edges.breathe };
    if (filelists !== undefined) await readFiles(filelists(), { ...reading, where: `${name}, filelists.xml` });
  }
}

async function wantedPaths(
  universe: Universe,
  scene: Scene,
  { providers, breathe }: ClosureEdges & { readonly providers: Providers },
): Promise<ReadonlySet<string>> {
  const wanted = new Set<string>();
  const look = distinctly((entry: Entry) => {
    const requirement = requirementOf(universe, entry);
    const paths = simplesIn(requirement).filter(({ name }) => name.startsWith('/'));
    // Of what stands in a boolean dependency all holders matter: "with" and "without" compare them.
    const [only] = requirement.kind === 'dependency' && requirement.dependency.kind === 'simple' ? paths : [];
    if (only !== undefined && providers.hasAny(only)) return;
    for (const { name } of paths) wanted.add(name);
  });
  await eachRequirement(universe, scene, { breathe, providers, visit: (_index, entry) => look(entry) });
  return wanted;
}

async function judge(
  { universe, repos }: Read,
  scene: Scene,
  { breathe, findings }: ClosureEdges & { readonly findings: Findings },
): Promise<void> {
  const providers = await findProviders(universe, { ...scene, breathe });
  const look = distinctly((entry: Entry) => findingOf(universe, entry, providers));
  const visit = (index: number, entry: Entry): void => {
    const finding = look(entry);
    const one = universe.packages[index];
    if (finding === undefined || one === undefined) return;
    const { kind, requirement } = finding;
    const hole = { repo: repos[one.repo]?.name ?? '', package: packageText(universe, one), requirement };
    findings[kind].set(JSON.stringify(hole), hole);
  };
  await eachRequirement(universe, scene, { breathe, providers, visit, checked: findings.checked });
}

function findingOf(universe: Universe, entry: Entry, providers: Providers): Finding | undefined {
  const requirement = requirementOf(universe, entry);
  if (requirement.kind === 'passed over') return undefined;
  if (requirement.kind === 'unreadable') return { kind: 'unreadable', requirement: requirement.text };
  if (providers.hasAny(requirement.dependency)) return undefined;
  return { kind: 'hole', requirement: formatDependency(requirement.dependency) };
}

type Walk = {
  readonly breathe: () => Promise<void>;
  readonly visit: (index: number, entry: Entry) => void;
  readonly providers: Providers;
  /** Notes every package that was looked at. */
  readonly checked?: Set<number>;
};

async function eachRequirement(universe: Universe, scene: Scene, walk: Walk): Promise<void> {
  const { breathe, visit, providers, checked } = walk;
  let breathed = 0;
  for (const [index, { requires }] of universe.packages.entries()) {
    if (index % PACKAGES_PER_BREATH === 0) await breathe();
    if (!scene.isChecked(index)) continue;
    checked?.add(index);
    for (let at = requires.from; at < requires.to; at += 1) {
      visit(index, universe.entry(at));
      if (providers.compared() < breathed + COMPARISONS_PER_BREATH) continue;
      await breathe();
      breathed = providers.compared();
    }
  }
}

/** `look`, asked once for each boolean dependency: they take reading, and thousands of packages require the same. */
function distinctly<T>(look: (entry: Entry) => T): (entry: Entry) => T {
  const known = new Map<number, { readonly answer: T }>();
  return (entry) => {
    if (entry.sense !== RICH) return look(entry);
    const before = known.get(entry.name) ?? { answer: look(entry) };
    known.set(entry.name, before);
    return before.answer;
  };
}
