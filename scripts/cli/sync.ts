// kickstand repo sync | cancel | history: syncs begun here, or followed where another process is at them already.

import type { House } from '../../server/assembly/house.ts';
import type { JobEnd } from '../../server/assembly/sync-jobs.ts';
import { cancelSync, followSync, runSync } from '../../server/assembly/sync-jobs.ts';
import { syncHistory } from '../../server/assembly/sync-views.ts';
import { isNo } from '../../server/malformed.ts';
import type { Repo } from '../../server/repo.ts';
import type { Context, Args, Flags } from './context.ts';
import { chosen, readContext, withHouse } from './context.ts';
import type { ExitCode, Output } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';
import type { Progress } from './progress.ts';
import { formatSpan, progressBar } from './progress.ts';
import type { SyncedRepo } from './sync-text.ts';
import { syncJson, syncText, whyRunning } from './sync-text.ts';

/**
 * `repo sync [NAME…]`: one after the other, going on after a failure; exit 1 if any failed. Where a repo is being synced already,
 * that sync is shown. Ctrl-C ends a sync of this command's own without harm, and leaves another's running.
 */
export async function syncCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const show = context.output.json || flags['quiet'] === true ? 'quiet' : 'loud';
  const fresh = flags['fresh'] === true ? 'always' : undefined;
  const signal = interrupted();
  return withHouse(context, async (house) => {
    const results: SyncedRepo[] = [];
    const repos = chosen('repo', house.site().repos, names);
    for (const repo of repos) {
      if (signal.aborted) break;
      const synced = await syncOne(house, repo, { context, show, fresh, signal });
      results.push(synced);
      if (!context.output.json) tellSync(context.output, synced);
    }
    const left = repos.slice(results.length).map(({ name }) => name);
    if (left.length > 0) context.output.complain(`not begun: ${left.join(', ')}\n`);
    if (context.output.json) print(context.output, results.map(syncJson), '');
    return !signal.aborted && results.every(isGood) ? 0 : 1;
  });
}

type Showing = {
  readonly context: Context;
  readonly show: 'quiet' | 'loud';
  readonly fresh: 'always' | undefined;
  readonly signal: AbortSignal;
};

async function syncOne(house: House, repo: Repo, { context, show, fresh, signal }: Showing): Promise<SyncedRepo> {
  const bar = progressBar(repo.name, show);
  const watch = {
    cause: 'command',
    onProgress: (progress: Progress) => bar.show(progress),
    signal,
    ifAborted: 'cancelled',
    fresh,
  } as const;
  try {
    const end = await runSync(house, repo, watch);
    if (end.kind === 'ended') return { repo: repo.name, how: 'own', end };
    return await followOther(house, { repo: repo.name, end, output: context.output, watch });
  } finally {
    bar.end();
  }
}

type Other = {
  readonly repo: string;
  readonly end: Extract<JobEnd, { kind: 'busy' }>;
  readonly output: Output;
  readonly watch: Parameters<typeof followSync>[2];
};

async function followOther(house: House, { repo, end, output, watch }: Other): Promise<SyncedRepo> {
  if (!output.json) output.complain(`${repo}: ${whyRunning(end.record)}\n`);
  const record = end.record === undefined ? undefined : await followSync(house, end.record.id, watch);
  return { repo, how: record?.endedAt === undefined ? 'left' : 'followed', end: { record, result: {} } };
}

function isGood({ end: { record } }: SyncedRepo): boolean {
  return record?.outcome === 'published' || record?.outcome === 'unchanged';
}

function tellSync(output: Output, synced: SyncedRepo): void {
  const text = syncText(synced);
  if (isGood(synced)) output.write(text);
  else output.complain(text);
}

/** `repo cancel NAME`: ends a running sync, wherever it runs, and waits until it has ended. */
export async function cancelCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const signal = interrupted();
  return withHouse(context, async (house) => {
    const [repo] = chosen('repo', house.site().repos, name);
    if (repo === undefined) return 2;
    const asked = await cancelSync(house, repo.name);
    if (isNo(asked)) return refuse(context.output, asked);
    const record = await followSync(house, asked.id, { onProgress: () => {}, signal });
    const isEnded = record?.endedAt !== undefined;
    const text = isEnded ? `it ended: ${record.outcome ?? ''}` : 'it was asked to end, and has not yet';
    const json = { repo: repo.name, asked: true, outcome: record?.outcome, reason: record?.reason };
    print(
      context.output,
      json,
      `${repo.name}: ${text}; what was published stays, what was fetched is kept for the next sync`,
    );
    return isEnded ? 0 : 1;
  });
}

const HISTORY_SHOWN = 20;

/** `repo history NAME`: its newest syncs, newest first. */
export async function historyCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const [repo] = chosen('repo', house.site().repos, name);
    if (repo === undefined) return 2;
    const syncs = await syncHistory(house, repo.name, HISTORY_SHOWN);
    const rows = syncs.map(({ startedAt, endedAt, cause, outcome, snapshot, reason, file, notes }) => [
      formatTime(startedAt),
      endedAt === undefined ? '-' : formatSpan((endedAt - startedAt) / 1000),
      cause,
      outcome ?? 'running',
      [snapshot, file, reason, ...notes].filter((text) => text !== undefined).join(': '),
    ]);
    print(context.output, syncs, table(['BEGAN', 'TOOK', 'CAUSE', 'OUTCOME', ''], rows));
    return 0;
  });
}

/** Aborts at the first Ctrl-C or SIGTERM; a second one ends the process, which a sync survives too. */
function interrupted(): AbortSignal {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort(new Error('interrupted; the next sync goes on from here'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  return stop.signal;
}
