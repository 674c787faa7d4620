// kickstand repo closure.

import type { Hole } from '../../mirror/closure/report.ts';
import type { RepoClosure } from '../../server/assembly/closure.ts';
import { closureOfPublished } from '../../server/assembly/closure.ts';
import { isNo } from '../../server/malformed.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print } from './output.ts';

/** Of a requirement that hundreds of packages share, the first few tell enough; `--json` has them all. */
const PACKAGES_NAMED = 5;

/** `repo closure [NAME…]`: what the published snapshots require and nothing provides; exit 1 if there is any, or it cannot be told. */
export async function closureCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const results = [];
    for (const { name } of chosen('repo', house.site().repos, names)) {
      const closure = await closureOfPublished(house, name);
      results.push(isNo(closure) ? { repo: name, reason: closure.reason, remedy: closure.remedy } : closure);
    }
    const lines = results.flatMap((result) =>
      'reason' in result ? [`${result.repo}: ${result.reason}`] : describe(result),
    );
    print(context.output, results, lines.join('\n'));
    return results.some((result) => 'reason' in result || !isClosed(result)) ? 1 : 0;
  });
}

function isClosed({ holes, unjudged }: RepoClosure): boolean {
  return holes.length === 0 && unjudged.length === 0;
}

function describe(closure: RepoClosure): readonly string[] {
  const { repo, holes, unreadable, unjudged, checkedPackages } = closure;
  const missing = byRequirement(holes);
  const told = [
    ...missing.flatMap(([requirement, packages]) => [`  ${requirement}`, `    required by ${namesOf(packages)}`]),
    ...unreadable.map((hole) => `  ${hole.package} requires what no client can read: ${hole.requirement}`),
    ...unjudged.map(({ profile, reason }) => `  not judged for the profile ${profile}: ${reason}`),
  ];
  const verdict =
    holes.length > 0
      ? `nothing provides ${missing.length} of the requirements of ${checkedPackages} packages`
      : isClosed(closure)
        ? `everything that its ${checkedPackages} packages require is provided`
        : `no holes were found in ${checkedPackages} packages`;
  return [`${repo}: ${verdict}`, ...told];
}

function byRequirement(holes: readonly Hole[]): readonly (readonly [string, readonly string[]])[] {
  const packages = new Map<string, string[]>();
  for (const { requirement, package: name } of holes) {
    const known = packages.get(requirement) ?? [];
    known.push(name);
    packages.set(requirement, known);
  }
  return [...packages].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function namesOf(packages: readonly string[]): string {
  const rest = packages.length - PACKAGES_NAMED;
  return rest > 0 ? `${packages.slice(0, PACKAGES_NAMED).join(', ')} and ${rest} more` : packages.join(', ');
}
