// kickstand repo list | snapshots | publish | prune; what verifying says is in verify.ts, syncing in sync.ts.

import type { SnapshotRecord } from '../../mirror/content/layout.ts';
import type { House } from '../../server/assembly/house.ts';
import type { PruneReport } from '../../server/assembly/pruning.ts';
import { planPruning, pruneRepos } from '../../server/assembly/pruning.ts';
import { snapshotPins } from '../../server/assembly/repos.ts';
import type { Publication } from '../../server/assembly/rollback.ts';
import type { RepoSyncs } from '../../server/assembly/sync-views.ts';
import type { RepoView } from '../../server/assembly/views.ts';
import type { No } from '../../server/malformed.ts';
import { isNo, Malformed, no } from '../../server/malformed.ts';
import { withApi } from './api.ts';
import type { Page } from './api-client.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import { evidenceCommand } from './evidence.ts';
import { noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { formatBytes, formatTime, print, refuse, table } from './output.ts';

/** How the last sync ended and when, or that one runs. */
function lastSyncText({ runningSync, lastSync }: RepoSyncs): string {
  if (runningSync !== undefined) return 'running';
  if (lastSync === undefined) return '-';
  return `${lastSync.outcome ?? 'running'} ${formatTime(lastSync.endedAt ?? lastSync.startedAt)}`;
}

/** `repo list`. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const page = await withApi(context, flags, (ask) => ask<Page<RepoView>>({ method: 'GET', path: '/repos' }));
  if (isNo(page)) return refuse(context.output, page);
  const repos = page.items;
  const rows = repos.map((repo) => [
    repo.name,
    repo.current ?? 'never synced',
    String(repo.snapshots.length),
    lastSyncText(repo),
    repo.nextSync === undefined ? '-' : formatTime(repo.nextSync),
    repo.upstream,
  ]);
  print(context.output, repos, table(['REPO', 'PUBLISHED', 'KEPT', 'LAST SYNC', 'NEXT', 'UPSTREAM'], rows));
  return 0;
}

/** `repo snapshots NAME [--evidence]`. */
export async function snapshotsCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  if (flags['evidence'] === true) return evidenceCommand([name], flags);
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const [repo] = chosen('repo', house.site().repos, name);
    if (repo === undefined) return 2;
    const status = await house.content.repoStatus(repo.name);
    const pins = await snapshotPins(house, repo.name);
    const records = await Promise.all(status.snapshots.map((id) => recordOf(house, repo.name, id)));
    const damaged = records.flatMap((record) => (isNo(record) ? `${record.reason}\n` : []));
    const snapshots = records.flatMap((record) => {
      if (isNo(record)) return [];
      const pinnedBy = pins.get(record.id) ?? [];
      return [{ ...record, current: record.id === status.current, pinned: pinnedBy.length > 0, pinnedBy }];
    });
    const rows = snapshots.map((one) => [
      one.id,
      one.createdAt.slice(0, 16).replace('T', ' '),
      String(one.packages),
      formatBytes(one.bytes),
      [one.current ? 'current' : '', one.pinned ? `pinned by ${some(one.pinnedBy)}` : ''].filter(Boolean).join(', '),
    ]);
    const notes = snapshots.flatMap(({ id, notes: said }) => said.map((note) => `${id}: ${note}\n`));
    print(
      context.output,
      snapshots,
      [table(['SNAPSHOT', 'MADE', 'PACKAGES', 'SIZE', ''], rows), ...notes, ...damaged].join(''),
    );
    return 0;
  });
}

async function recordOf(house: House, name: string, id: string): Promise<SnapshotRecord | No> {
  try {
    return await house.content.snapshotRecord(name, id);
  } catch (error) {
    if (error instanceof Malformed) return no(`${id}: its record is damaged: ${error.message}`);
    throw error;
  }
}

/** `repo publish NAME SNAPSHOT [--stamp]`. */
export async function publishCommand([name, snapshot]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const times = flags['stamp'] === true ? 'anew' : 'as they are';
  const path = `/repos/${encodeURIComponent(String(name))}/current`;
  const published = await withApi(context, flags, (ask) =>
    ask<Publication>({ method: 'PUT', path, body: { snapshot: String(snapshot), times } }),
  );
  if (isNo(published)) return refuse(context.output, published);
  print(context.output, published, publicationText(published));
  return 0;
}

function publicationText({ kind, repo, snapshot, asked, newer, notes }: Publication): string {
  const lines = [`${repo}: ${snapshot} is published${kind === 'already' ? ' already' : ''}`];
  if (snapshot !== asked) lines.push(`  it is ${asked}, stamped anew`);
  lines.push(...notes.map((note) => `  ${note}`));
  if (newer !== undefined) {
    const [here, there] = [newer.published, newer.newest].map((seconds) => formatTime(seconds * 1000));
    lines.push(
      `  its metadata is of ${here}, that of ${newer.snapshot} of ${there}: yum of EL5, EL6 and EL7 refuses metadata older than`,
      '  what it has, until that expires (6 hours as delivered) or `yum clean metadata` is run there; dnf takes it as it is',
      `  what to do: kickstand repo publish ${repo} ${asked} --stamp publishes the same packages with the times of now;`,
      "  upstream's signature of repomd.xml, where it has one, no longer applies then and is left out",
    );
  }
  return lines.join('\n');
}

/** `repo prune [--dry-run] [--now]`: what the site's `keep` and the pins of hosts do not hold. */
export async function pruneCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const isDry = flags['dryRun'] === true;
  const readers = flags['now'] === true ? 'given-up' : 'waited-for';
  return withHouse(context, async (house) => {
    const report = await (isDry ? planPruning(house, readers) : pruneRepos(house, readers));
    if (isNo(report)) return refuse(context.output, report);
    const { repos, strangers, freed } = report;
    const removed = repos.map(({ repo, removed: snapshots }) => ({ repo, snapshots }));
    if (!isDry)
      for (const { repo, snapshots } of removed.filter((one) => one.snapshots.length > 0))
        noteCommand(context.settings, { operation: 'pruneSnapshots', target: repo, before: snapshots.join(' ') });
    const kept = repos.map(({ repo, kept: snapshots }) => ({ repo, snapshots }));
    const about = isNo(freed) ? { unswept: freed.reason } : {};
    const json = { dryRun: isDry, removed, kept, strangers, freedBytes: isNo(freed) ? 0 : freed, ...about };
    print(context.output, json, pruneText(report, isDry ? 'would be' : 'was'));
    if (!isNo(freed)) return 0;
    context.output.complain(
      `kickstand: the pool was not swept: ${freed.reason}\n${freed.remedy === undefined ? '' : `  what to do: ${freed.remedy}\n`}`,
    );
    return 1;
  });
}

function pruneText({ repos, strangers, freed }: PruneReport, how: 'would be' | 'was'): string {
  const lines = repos.flatMap(({ repo, kept, removed }) => [
    ...removed.map((id) => `${repo}: ${id} ${how} removed`),
    ...kept.map(({ snapshot, because }) => `${repo}: ${snapshot} is kept: ${because.join(', ')}`),
  ]);
  lines.push(...strangers.map((name) => `${name}: the site has no such repo; its snapshots are left`));
  if (!isNo(freed)) lines.push(`${formatBytes(freed)} ${how} set free`);
  return lines.join('\n');
}

const NAMED = 3;

function some(names: readonly string[]): string {
  const more = names.length - NAMED;
  return more > 0 ? `${names.slice(0, NAMED).join(', ')} and ${more} more` : names.join(', ');
}
