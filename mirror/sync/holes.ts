// Dependencies that a new content would leave unmet, and the published one does not: found before publishing, and told.

import { Malformed } from '../../server/malformed.ts';
import { newHoles, type Hole } from '../closure/report.ts';
import type { SnapshotFile } from '../content/layout.ts';
import type { CheckClosure, RoundEdges } from './edges.ts';

type HoleEdges = Pick<RoundEdges, 'repo' | 'store' | 'closure' | 'notes' | 'log'>;
type Report = Awaited<ReturnType<CheckClosure>>;

const TOLD = 50;
const NOTHING: Report = { holes: [], unreadable: [], checkedPackages: 0 };

/** One line per hole that `files` have and the published snapshot has not; none where nothing checks them. */
export async function findNewHoles(files: readonly SnapshotFile[], edges: HoleEdges): Promise<readonly string[]> {
  const { closure, repo, notes, log } = edges;
  const after = closure === undefined ? NOTHING : await check(files, closure, edges);
  notes.add((after.unjudged ?? []).map(({ profile, reason }) => `not checked for the profile ${profile}: ${reason}`));
  if (after.holes.length === 0) return [];
  const holes = newHoles(await publishedReport(edges), after);
  for (const hole of holes.slice(0, TOLD)) {
    log.warn('a dependency is met by nothing', {
      repo: repo.name,
      package: hole.package,
      requirement: hole.requirement,
    });
  }
  return holes.map(lineOf);
}

/** Metadata without what dependencies are told by stops none but a strict repo. */
async function check(
  files: readonly SnapshotFile[],
  closure: CheckClosure,
  { repo, notes }: HoleEdges,
): ReturnType<CheckClosure> {
  try {
    return await closure(files);
  } catch (error) {
    if (!(error instanceof Malformed) || repo.strict) throw error;
    notes.add([`the dependencies could not be checked: ${error.message}`]);
    return NOTHING;
  }
}

/** The lines to keep with a snapshot or a failure: not without end. */
export function tellHoles(lines: readonly string[]): readonly string[] {
  const rest = lines.length - TOLD;
  return rest > 0 ? [...lines.slice(0, TOLD), `and ${rest} more unmet dependencies`] : lines;
}

/** What the published snapshot lacked already is nobody's news. */
async function publishedReport({ repo, store, closure }: HoleEdges): Promise<Report> {
  const current = await store.currentId(repo.name);
  if (current === undefined || closure === undefined) return NOTHING;
  const files = await store.snapshotFiles(repo.name, current);
  if ('kind' in files) return NOTHING;
  try {
    return await closure(files);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return NOTHING;
  }
}

function lineOf({ package: name, requirement }: Hole): string {
  return `${name} requires ${requirement}, which nothing provides`;
}
