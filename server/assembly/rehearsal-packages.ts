// The packages of a rehearsal: what the rendered %packages leads to, out of the tree and the pinned snapshots.

import { setImmediate as turn } from 'node:timers/promises';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import { machineOf } from '../../mirror/closure/arches.ts';
import { decideInstall, type InstallDecision, type InstalledPackage } from '../../mirror/install/decide.ts';
import { formatReason } from '../../mirror/install/explain.ts';
import { openInstallRepo } from '../../mirror/install/metadata.ts';
import { readPool, type InstallRepo } from '../../mirror/install/pool.ts';
import type { InstallOption, InstallRequest } from '../../mirror/install/request.ts';
import type { Install } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, Malformed, no } from '../malformed.ts';
import type { House } from './house.ts';
import { renderForm } from './instructions.ts';
import { publishedFiles, treeFiles, type FindFile } from './metadata-files.ts';
import { green, red, type RehearsalStep } from './rehearsal-step.ts';

export type RehearsedPackages = {
  readonly steps: readonly RehearsalStep[];
  readonly packages: readonly InstalledPackage[] | undefined;
};

/** Opens each repository that the installer will read, and decides what it installs from them. */
export async function rehearsePackages(
  house: House,
  install: Install,
  signal: AbortSignal,
): Promise<RehearsedPackages> {
  const breathe = () => turn(undefined, { signal });
  const steps: RehearsalStep[] = [];
  const repos: InstallRepo[] = [];
  for (const [name, open] of sourcesOf(house, install)) {
    const repo = await openRepo(name, await open(), breathe);
    if (isNo(repo)) steps.push(red(`repository ${name}`, repo));
    else repos.push(repo);
  }
  if (steps.length > 0) return { steps, packages: undefined };
  if (repos.length === 0)
    return {
      steps: [red('repositories', no('there is none to install from', 'use the whole medium'))],
      packages: undefined,
    };
  steps.push(green('repositories', repos.map(({ name }) => name).join(', ')));
  const text = renderForm(install, 'kickstart', redactedSecrets);
  if (isNo(text)) return { steps, packages: undefined };
  const pool = await readPool(repos, machineOf(install.os.arch), { breathe });
  const decision = decideInstall(pool, requestOf(text, install.os.major));
  return {
    steps: [...steps, ...decisionSteps(decision, install)],
    packages: decision.kind === 'installs' ? decision.packages : undefined,
  };
}

type Source = readonly [name: string, open: () => Promise<FindFile | No>];

/** The tree's own repositories first, as the installer has them; then the profile's. */
function sourcesOf(house: House, { tree, repos }: Install): readonly Source[] {
  return [
    ...tree.facts.repositories.map(({ path }): Source => [
      `${tree.name}/${path}`,
      () => treeFiles(house, tree.name, path),
    ]),
    ...repos.map(({ name, snapshot }): Source => [name, () => publishedFiles(house, name, snapshot)]),
  ];
}

async function openRepo(name: string, find: FindFile | No, breathe: () => Promise<void>): Promise<InstallRepo | No> {
  if (isNo(find)) return find;
  try {
    return await openInstallRepo(name, { find, breathe });
  } catch (error) {
    if (error instanceof Malformed)
      return no(error.message, `kickstand repo verify, or tree verify, tells what is damaged`);
    throw error;
  }
}

const OPTIONS: ReadonlyMap<string, InstallOption> = new Map([
  ['--nobase', 'nobase'],
  ['--nocore', 'nocore'],
  ['--ignoremissing', 'ignoremissing'],
  ['--excludeWeakdeps', 'excludeWeakdeps'],
  ['--exclude-weakdeps', 'excludeWeakdeps'],
  ['--multilib', 'multilib'],
]);

/** The section as the installer reads it, from the very text that it will be given. */
function requestOf(kickstart: string, major: number): InstallRequest {
  const [, options = '', body = ''] = /^%packages([^\n]*)\n([\s\S]*?)^%end/m.exec(kickstart) ?? [];
  const wanted = body.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return {
    wanted,
    options: new Set(options.split(/\s+/).flatMap((option) => OPTIONS.get(option) ?? [])),
    implied: major === 6 ? ['core', 'base'] : ['core'],
  };
}

/** More problems help nobody. */
const SHOWN = 5;

function decisionSteps(decision: InstallDecision, { storage }: Install): readonly RehearsalStep[] {
  switch (decision.kind) {
    case 'undecided':
      return [
        red('packages', no(`nobody knows: ${decision.reason}`, 'name fewer packages, or install one such host first')),
      ];
    case 'impossible': {
      const unknown = decision.unknown.map(({ kind, text }) => `no repository has the ${kind} ${text}`);
      const problems = decision.problems.flatMap(({ reasons }) => reasons.slice(0, 1).map(formatReason));
      return [...unknown, ...problems].slice(0, SHOWN).map((reason) => red('packages', no(reason, REMEDY)));
    }
    case 'installs': {
      const { packages, missing } = decision;
      const bytes = packages.reduce((sum, { size }) => sum + (size?.installedBytes ?? 0), 0);
      const fetched = packages.reduce((sum, { size }) => sum + (size?.packageBytes ?? 0), 0);
      const detail = `${packages.length} packages, ${mebibytes(fetched)} to fetch, ${mebibytes(bytes)} installed`;
      const absent = missing.slice(0, SHOWN).map(({ text }) => text);
      const note: readonly RehearsalStep[] =
        absent.length === 0
          ? []
          : [
              {
                what: 'packages',
                verdict: 'warning',
                detail: `groups name what no repository has: ${absent.join(', ')}`,
                remedy: undefined,
              },
            ];
      return [green('packages', detail), ...note, ...roomSteps(storage, bytes)];
    }
  }
}

/** What a file system takes for itself, and what the first start writes. */
const SPARE = 1.2;

/** How large disks are is known on the machine alone; what the site gives `/` is known here. */
function roomSteps({ rootMb }: Install['storage'], installedBytes: number): readonly RehearsalStep[] {
  if (rootMb === undefined) return [];
  const neededMb = Math.ceil((installedBytes * SPARE) / 1024 ** 2);
  if (neededMb <= rootMb) return [green('room', `${rootMb} MiB for /, about ${neededMb} are needed`)];
  const reason = `/ is given ${rootMb} MiB, and about ${neededMb} are needed where no other file system takes a share`;
  return [red('room', no(reason, `write root: ${Math.ceil(neededMb / 1024) + 1}G in the profile's storage`))];
}

const REMEDY = 'sync the repo that has it, add it to the profile, or leave out what needs it';

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MiB`;
}
