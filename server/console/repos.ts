// The repos on the operator's page: what is published, how the last sync ended, how far one is, and what is alarming. Pure.

import { badge, escapeHtml, when } from './html.ts';

/** A repo as the page shows it. Times are ms since 1970. */
export type ShownRepo = {
  readonly name: string;
  readonly current: string | undefined;
  readonly snapshots: number;
  readonly upstream: string;
  readonly lastSync: ShownSync | undefined;
  readonly runningSync: ShownSync | undefined;
  readonly nextSync: number | undefined;
  readonly alarm: string | undefined;
};

type ShownSync = {
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt: number | undefined;
  readonly outcome: string | undefined;
  readonly progress: ShownProgress | undefined;
};

type ShownProgress = {
  readonly phase?: string | undefined;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesPerSecond?: number | undefined;
  readonly etaSeconds?: number | undefined;
};

export const REPO_HEADS = ['Repo', 'Published snapshot', 'Last sync', 'Age', 'Next', 'Kept', 'Upstream'];

/** The repo's cells, as HTML. `now` tells the age of its last sync. */
export function repoCells(repo: ShownRepo, now: number): readonly string[] {
  const name = `<a href="/repos/${encodeURIComponent(repo.name)}/">${escapeHtml(repo.name)}</a>`;
  const current = repo.current === undefined ? badge('never synced') : escapeHtml(repo.current);
  const ended = repo.lastSync?.endedAt;
  return [
    name,
    current,
    `${running(repo.runningSync)}${last(repo)}`,
    ended === undefined ? '' : escapeHtml(age(now - ended)),
    when(repo.nextSync ?? 0),
    String(repo.snapshots),
    escapeHtml(repo.upstream),
  ];
}

function last({ lastSync, alarm }: ShownRepo): string {
  const outcome = lastSync?.outcome === undefined ? '' : `${badge(lastSync.outcome)} ${when(lastSync.endedAt ?? 0)}`;
  return alarm === undefined ? outcome : `${outcome} <strong class="alarm">${escapeHtml(alarm)}</strong>`;
}

function running(sync: ShownSync | undefined): string {
  if (sync === undefined) return '';
  const { progress } = sync;
  if (progress === undefined) return `${badge('syncing')}<br>`;
  const value = progress.bytesTotal === 0 ? '' : ` value="${Math.min(progress.bytesDone, progress.bytesTotal)}"`;
  const bar = `<progress max="${Math.max(1, progress.bytesTotal)}"${value}></progress>`;
  return `${badge('syncing')} ${bar} ${escapeHtml(progressText(progress))}<br>`;
}

/** `packages: 12 of 24 files, 3.1 of 6.0 MB, 1.2 MB/s, 2 min left`. */
function progressText(at: ShownProgress): string {
  const phase = at.phase === undefined ? '' : `${at.phase}: `;
  const rate =
    at.bytesPerSecond === undefined || at.bytesPerSecond === 0 ? '' : `, ${megabytes(at.bytesPerSecond)} MB/s`;
  const left = at.etaSeconds === undefined ? '' : `, ${age(at.etaSeconds * 1000)} left`;
  const bytes = `${megabytes(at.bytesDone)} of ${megabytes(at.bytesTotal)} MB`;
  return `${phase}${at.filesDone} of ${at.filesTotal} files, ${bytes}${rate}${left}`;
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(1);
}

/** In the largest unit of which there are two. */
function age(ms: number): string {
  const units = [
    ['days', 86_400_000],
    ['h', 3_600_000],
    ['min', 60_000],
  ] as const;
  const [name, length] = units.find(([, length]) => ms >= 2 * length) ?? ['s', 1000];
  return `${Math.max(0, Math.floor(ms / length))} ${name}`;
}
