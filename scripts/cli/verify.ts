// kickstand repo verify: what is damaged, as a tree of snapshots, reasons and files, and what was repaired.

import type { Inspection } from '../../server/assembly/inspection.ts';
import { inspectRepo } from '../../server/assembly/inspection.ts';
import type { Repair } from '../../server/assembly/repair.ts';
import type { RepoVerdict, SnapshotVerdict } from '../../server/assembly/verify.ts';
import type { House } from '../../server/assembly/house.ts';
import type { No } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import type { Repo } from '../../server/repo.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print } from './output.ts';
import { progressBar } from './progress.ts';

/** `repo verify [NAME…] [--all-snapshots] [--repair]`: exit 1 when damage remains. Ctrl-C ends it without harm. */
export async function verifyCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Error('interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  const how: How = {
    which: flags['allSnapshots'] === true ? 'all' : 'published',
    repair: flags['repair'] === true ? 'repair' : 'look',
    show: context.output.json ? 'quiet' : 'loud',
    signal: stop.signal,
  };
  return withHouse(context, async (house) => {
    const results: Inspection[] = [];
    for (const repo of chosen('repo', house.site().repos, names)) results.push(await verifyOne(house, repo, how));
    print(context.output, results.map(verifiedJson), results.map(verifiedText).join('\n'));
    return results.every(isSound) ? 0 : 1;
  });
}

type How = {
  readonly which: 'all' | 'published';
  readonly repair: 'repair' | 'look';
  readonly show: 'quiet' | 'loud';
  readonly signal: AbortSignal;
};

async function verifyOne(house: House, repo: Repo, { which, repair, show, signal }: How): Promise<Inspection> {
  const bar = progressBar(repo.name, show);
  try {
    return await inspectRepo(house, repo, { which, repair, onProgress: (progress) => bar.show(progress), signal });
  } finally {
    bar.end();
  }
}

/** What is wrong now. */
function remaining({ verdict, repair }: Inspection): RepoVerdict {
  return repair === undefined || isNo(repair) ? verdict : repair.verdict;
}

function isSound(verified: Inspection): boolean {
  const { snapshots } = remaining(verified);
  return snapshots.every(({ damaged, problem }) => damaged.length === 0 && problem === undefined);
}

function damageCount({ snapshots }: RepoVerdict): number {
  return snapshots.reduce((sum, { damaged }) => sum + damaged.length, 0);
}

function verifiedJson(verified: Inspection) {
  const { repo, snapshot, files, snapshots } = verified.verdict;
  const flat = (all: readonly SnapshotVerdict[]) =>
    all.flatMap(({ snapshot: id, damaged, problem }) => [
      ...(problem === undefined ? [] : [{ snapshot: id, path: undefined, damage: 'record', reason: problem }]),
      ...damaged.map(({ path, damage, reason }) => ({ snapshot: id, path, damage, reason })),
    ]);
  const seen = snapshots.map(({ snapshot: id, files: count }) => ({ snapshot: id, files: count }));
  const found = { repo, snapshot, files, snapshots: seen, damaged: flat(remaining(verified).snapshots) };
  const { repair } = verified;
  if (repair === undefined) return found;
  if (isNo(repair)) return { ...found, repair: { error: repair.reason, remedy: repair.remedy } };
  const { mended, lost, removed } = repair;
  return { ...found, found: flat(snapshots), repair: { mended, lost, removed } };
}

function verifiedText(verified: Inspection): string {
  const { verdict, repair } = verified;
  const { repo } = verdict;
  if (verdict.snapshot === undefined && verdict.snapshots.length === 0) return `${repo}: it was never synced`;
  const left = remaining(verified);
  const lines = left.snapshots.flatMap((one) => snapshotTree(one, verdict.snapshot));
  const count = damageCount(left) + left.snapshots.filter(({ problem }) => problem !== undefined).length;
  return [headOf(verified, count), ...lines, ...(repair === undefined ? [] : repairLines(repair))].join('\n');
}

function headOf({ verdict, repair }: Inspection, count: number): string {
  const { repo, files, snapshots } = verdict;
  const where = snapshots.length === 1 ? '' : ` in ${snapshots.length} snapshots`;
  if (count === 0)
    return `${repo}: ${files} files${where} are as they were published${repair === undefined ? '' : ' now'}`;
  const remedy =
    repair === undefined
      ? `kickstand repo verify ${repo} --repair fetches them anew`
      : `publish another snapshot: kickstand repo snapshots ${repo} lists them`;
  return `${repo}: ${count} of ${files} files${where} are damaged\n  what to do: ${remedy}`;
}

function snapshotTree({ snapshot, damaged, problem }: SnapshotVerdict, current: string | undefined): readonly string[] {
  if (damaged.length === 0 && problem === undefined) return [];
  const reasons = Map.groupBy(damaged, ({ reason }) => reason);
  return [
    `  ${snapshot}${snapshot === current ? ' (published)' : ''}${problem === undefined ? '' : `: ${problem}`}`,
    ...[...reasons].flatMap(([reason, files]) => [
      `    ${files.length === 1 ? '1 file' : `${files.length} files`}: ${reason}`,
      ...files.map(({ path }) => `      ${path}`),
    ]),
  ];
}

function repairLines(repair: Repair | No): readonly string[] {
  if (isNo(repair)) {
    return [
      `  not repaired: ${repair.reason}`,
      ...(repair.remedy === undefined ? [] : [`  what to do: ${repair.remedy}`]),
    ];
  }
  return [
    ...repair.mended.map(({ repo, snapshot, path }) => `  repaired: ${repo}@${snapshot} ${path}`),
    ...repair.removed.map(({ snapshot, path }) => `  removed: ${snapshot} ${path}, which was no part of it`),
    ...repair.lost.map(({ path, reason }) => `  not repaired: ${path}: ${reason}`),
  ];
}
