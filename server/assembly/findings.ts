// What verifying found, as what a job says of its end: sound only where something was proved. Pure.

import type { Verified } from '../../mirror/tree/verify.ts';
import type { Damaged, JobFindings } from '../jobs/job.ts';
import { isNo } from '../malformed.ts';
import type { Inspection } from './inspection.ts';
import type { Repair } from './repair.ts';
import { shownName } from './sync-jobs.ts';
import type { SnapshotVerdict } from './verify.ts';

/** Of a repo, or of a tree from a URL. */
export function findingsOfInspection({ verdict, repair }: Inspection): JobFindings {
  const { snapshots, files } = verdict;
  if (snapshots.length === 0) return verdict.snapshot === undefined ? NEVER_SYNCED : REMOVED;
  const looked = `${files} files of ${snapshots.length === 1 ? (snapshots[0]?.snapshot ?? '') : `${snapshots.length} snapshots`} were looked at`;
  const isMended = repair !== undefined && !isNo(repair);
  const damaged = (isMended ? repair.verdict : verdict).snapshots.flatMap(damageIn);
  const notes = [looked, ...(isMended ? repairNotes(repair) : [])];
  if (damaged.length === 0) return { outcome: 'sound', notes };
  if (isMended) return { outcome: 'damaged', damaged: withReasons(damaged, repair), notes, remedy: UNMENDED };
  if (isNo(repair)) return { outcome: 'damaged', damaged, notes, reason: repair.reason, remedy: repair.remedy };
  const isMendable = snapshots.some((one) => one.damaged.length > 0);
  return { outcome: 'damaged', damaged, notes, remedy: isMendable ? MENDABLE : UNMENDED };
}

const NEVER_SYNCED: JobFindings = {
  outcome: 'failed',
  reason: 'it was never synced: there is nothing to look at',
  remedy: 'sync it first',
};
const REMOVED: JobFindings = {
  outcome: 'failed',
  reason: 'a sync took the place of what was looked at meanwhile',
  remedy: 'verify it again',
};
const MENDABLE = 'verify it again, with repair: what is damaged is brought anew';
const UNMENDED = 'publish another snapshot, or sync it again';

/** What is wrong with the record, or the list of files, of a snapshot stands for all of it. */
function damageIn({ snapshot, problem, damaged }: SnapshotVerdict): readonly Damaged[] {
  const record = problem === undefined ? [] : [{ snapshot, path: '', reason: problem }];
  return [...record, ...damaged.map(({ path, reason }) => ({ snapshot, path, reason }))];
}

/** Why nothing could give them. */
function withReasons(damaged: readonly Damaged[], { lost }: Repair): readonly Damaged[] {
  const reasons = new Map(lost.map(({ path, reason }) => [path, reason] as const));
  return damaged.map((one) => {
    const why = reasons.get(one.path);
    return why === undefined ? one : { ...one, reason: `${one.reason}; not repaired: ${why}` };
  });
}

function repairNotes({ mended, removed }: Repair): readonly string[] {
  return [
    ...mended.map(({ repo, snapshot, path }) => `repaired: ${shownName(repo)}, ${snapshot}: ${path}`),
    ...removed.map(({ snapshot, path }) => `removed: ${snapshot}: ${path}, which was no part of it`),
  ];
}

/** Of a medium: what it names a checksum of and does not carry is told, and is no damage. */
export function findingsOfMedium(checks: readonly Verified[]): JobFindings {
  const damaged = checks
    .filter(({ verdict }) => verdict === 'bad')
    .map(({ path, detail }) => ({ path, reason: detail }));
  const good = checks.filter(({ verdict }) => verdict === 'good').length;
  const others = checks.filter(({ verdict }) => verdict === 'missing' || verdict === 'unknown');
  const notes = others.map(({ path, verdict, detail }) => `${path}: ${verdict}: ${detail}`);
  if (damaged.length > 0) return { outcome: 'damaged', damaged, notes, remedy: 'fetch the medium again' };
  if (good > 0) return { outcome: 'sound', notes: [`${good} checksums are right`, ...notes] };
  const remedy = 'compare the medium with a checksum of its maker';
  return { outcome: 'failed', reason: 'it names no checksum of what is on it: nothing could be proved', notes, remedy };
}
