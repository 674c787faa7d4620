// kickstand repo list | snapshots | publish | verify | prune.

import { pinnedSnapshots } from '../../server/assembly/repos.ts';
import type { RepoVerdict } from '../../server/assembly/verify.ts';
import { verifyRepo } from '../../server/assembly/verify.ts';
import { repoViews } from '../../server/assembly/views.ts';
import { isNo } from '../../server/malformed.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatBytes, print, refuse, table } from './output.ts';
import { progressBar } from './progress.ts';

/** `repo list`. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const repos = await withHouse(context, repoViews);
  const rows = repos.map((repo) => [
    repo.name,
    repo.current ?? 'never synced',
    String(repo.snapshots.length),
    repo.schedule ?? '-',
    repo.upstream,
  ]);
  print(context.output, repos, table(['REPO', 'PUBLISHED', 'KEPT', 'SCHEDULE', 'UPSTREAM'], rows));
  return 0;
}

/** `repo snapshots NAME`. */
export async function snapshotsCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const [repo] = chosen('repo', house.site().repos, name);
    if (repo === undefined) return 2;
    const status = await house.content.repoStatus(repo.name);
    const pinned = pinnedSnapshots(house, repo.name);
    const records = await Promise.all(status.snapshots.map((id) => house.content.snapshotRecord(repo.name, id)));
    const snapshots = records.flatMap((record) =>
      isNo(record) ? [] : [{ ...record, current: record.id === status.current, pinned: pinned.includes(record.id) }],
    );
    const rows = snapshots.map((one) => [
      one.id,
      one.createdAt.slice(0, 16).replace('T', ' '),
      String(one.packages),
      formatBytes(one.bytes),
      one.current ? 'current' : one.pinned ? 'pinned' : '',
    ]);
    print(context.output, snapshots, table(['SNAPSHOT', 'MADE', 'PACKAGES', 'SIZE', ''], rows));
    return 0;
  });
}

/** `repo publish NAME SNAPSHOT`. */
export async function publishCommand([name, snapshot]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const [repo] = chosen('repo', house.site().repos, name);
    if (repo === undefined) return 2;
    const lock = await house.content.lockRepo(repo.name);
    if (isNo(lock)) return refuse(context.output, lock);
    try {
      const published = await house.content.publish(repo.name, String(snapshot));
      if (isNo(published))
        return refuse(context.output, { ...published, remedy: `kickstand repo snapshots ${repo.name} lists them` });
      print(context.output, published, `${repo.name}: ${published.id} is published`);
      return 0;
    } finally {
      lock.release();
    }
  });
}

/** `repo verify [NAME…]`. */
export async function verifyCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const results = [];
    for (const repo of chosen('repo', house.site().repos, names)) {
      const bar = progressBar(repo.name, context.output.json ? 'quiet' : 'loud');
      results.push(await verifyRepo(house, repo.name, (progress) => bar.show(progress)));
      bar.end();
    }
    const lines = results.flatMap((result) => [
      ...result.damaged.map((file) => `${result.repo}: ${file.path} ${file.reason}`),
      `${result.repo}: ${verdictOf(result)}`,
    ]);
    print(context.output, results, lines.join('\n'));
    return results.some((result) => result.damaged.length > 0) ? 1 : 0;
  });
}

function verdictOf({ repo, snapshot, files, damaged }: RepoVerdict): string {
  if (snapshot === undefined) return 'it was never synced';
  if (damaged.length === 0) return `${files} files are as they were published`;
  return `${damaged.length} of ${files} files are damaged; publish another snapshot: kickstand repo snapshots ${repo} lists them`;
}

/** `repo prune`: what the site's `keep` and the pins of hosts do not hold. */
export async function pruneCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const removed = [];
    for (const repo of house.site().repos) {
      const snapshots = await house.content.prune(repo.name, repo.keep, async () => pinnedSnapshots(house, repo.name));
      if (isNo(snapshots)) return refuse(context.output, snapshots);
      removed.push({ repo: repo.name, snapshots });
    }
    const freed = await house.content.sweepPool();
    if (isNo(freed)) return refuse(context.output, freed);
    const lines = removed.flatMap(({ repo, snapshots }) => snapshots.map((id) => `${repo}: removed ${id}`));
    print(context.output, { removed, freedBytes: freed }, [...lines, `${formatBytes(freed)} set free`].join('\n'));
    return 0;
  });
}
