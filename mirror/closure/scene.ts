// Which packages play a part when a machine is checked: those that provide, and those whose requirements count. Pure.

import { archesOf, machinesFor } from './arches.ts';
import type { Universe } from './universe.ts';

/** Numbers of repositories; the machine as `uname -m` says it, or `own`: each that the checked packages are made for. */
export type SceneRequest = {
  readonly check: ReadonlySet<number>;
  readonly join: ReadonlySet<number>;
  readonly machine: string;
};

/** `installable`: requirements of what the machine installs count; `everything`: of sources and other machines' packages too. */
export type Checks = 'installable' | 'everything';

export type Scene = {
  /** May the package of this number provide? */
  readonly isIn: (index: number) => boolean;
  readonly isChecked: (index: number) => boolean;
};

/** One scene for each machine. */
export function scenesOf(universe: Universe, request: SceneRequest, checks: Checks): readonly Scene[] {
  return machinesOf(universe, request).map((machine) => sceneOf(universe, { ...request, machine }, checks));
}

function sceneOf(universe: Universe, { check, join, machine }: SceneRequest, checks: Checks): Scene {
  const arches = new Set([...archesOf(machine)].map((arch) => universe.words.find(arch)));
  const isIn = (index: number): boolean => {
    const one = universe.packages[index];
    return one !== undefined && (check.has(one.repo) || join.has(one.repo)) && arches.has(one.arch);
  };
  const isChecked = (index: number): boolean => {
    const one = universe.packages[index];
    return one !== undefined && check.has(one.repo) && (checks === 'everything' || arches.has(one.arch));
  };
  return { isIn, isChecked };
}

function machinesOf(universe: Universe, { check, join, machine }: SceneRequest): readonly string[] {
  if (machine !== 'own') return [machine];
  const own = machinesFor(archesIn(universe, check));
  // What is for every machine is checked on those that the rest is for.
  return own[0] === 'noarch' ? machinesFor(archesIn(universe, new Set([...check, ...join]))) : own;
}

function archesIn({ packages, words }: Universe, repos: ReadonlySet<number>): readonly string[] {
  const ids = new Set<number>();
  for (const { repo, arch } of packages) {
    if (repos.has(repo)) ids.add(arch);
  }
  return [...ids].map((id) => words.textOf(id));
}
