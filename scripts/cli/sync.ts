// kickstand repo sync | cancel | history, and the same of trees: syncs begun here, or followed where another process is at them already.

import { contentNameOfTree } from '../../mirror/content/layout.ts';
import { isGoodOutcome } from '../../mirror/sync/log/record.ts';
import type { House } from '../../server/assembly/house.ts';
import type { JobEnd, JobWatch } from '../../server/assembly/sync-jobs.ts';
import { cancelSync, followSync, runSync, runTreeSync } from '../../server/assembly/sync-jobs.ts';
import { syncHistory } from '../../server/assembly/sync-views.ts';
import type { Site } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { isElsewhere, withApi } from './api.ts';
import type { Args, Flags } from './context.ts';
import { chosen, CommandFailed, namesOf, readContext, withHouse } from './context.ts';
import type { ExitCode, Output } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';
import type { Progress } from './progress.ts';
import { formatSpan, progressBar } from './progress.ts';
import type { Synced } from './sync-text.ts';
import { syncJson, syncText, whyRunning } from './sync-text.ts';
import { namesElsewhere, syncElsewhere } from './sync-elsewhere.ts';

/** Something of the site that is synced. */
type Syncable = {
  readonly kind: 'repo' | 'tree';
  readonly name: string;
  /** What the log of syncs knows it by. */
  readonly logged: string;
  readonly run: (house: House, watch: JobWatch) => Promise<JobEnd>;
};

/** What of the site can be synced, by the names of a command. */
type Choose = (site: Site, names: Args[number]) => readonly Syncable[];

const repos: Choose = (site, names) =>
  chosen('repo', site.repos, names).map((repo) => ({
    kind: 'repo',
    name: repo.name,
    logged: repo.name,
    run: (house, watch) => runSync(house, repo, watch),
  }));

/** Without a name, those that come from a URL. */
const trees: Choose = (site, names) => {
  const named = chosen('tree', site.trees, names);
  const medium = named.find(({ source }) => source.kind !== 'upstream');
  if (medium !== undefined && namesOf(names).length > 0)
    throw new CommandFailed(
      `kickstand: ${medium.name} is no tree from a URL; kickstand tree add ${medium.name} FILE replaces its medium`,
      2,
    );
  return named
    .filter(({ source }) => source.kind === 'upstream')
    .map((tree) => ({
      kind: 'tree',
      name: tree.name,
      logged: contentNameOfTree(tree.name),
      run: (house, watch) => runTreeSync(house, tree, watch),
    }));
};

/**
 * `repo sync [NAME…]`: one after the other, going on after a failure; exit 1 if any failed. Where a repo is being synced already,
 * that sync is shown. Ctrl-C ends a sync of this command's own without harm, and leaves another's running.
 */
export const syncCommand = (args: Args, flags: Flags): Promise<ExitCode> =>
  isElsewhere(flags) ? syncThere('repo', args, flags) : syncAll(repos, args, flags);

/** `tree sync [NAME…]`: the same for trees from a URL. */
export const syncTreesCommand = (args: Args, flags: Flags): Promise<ExitCode> =>
  isElsewhere(flags) ? syncThere('tree', args, flags) : syncAll(trees, args, flags);

/** With `--url`. Ctrl-C leaves them running. */
async function syncThere(kind: 'repo' | 'tree', [names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const { output } = context;
  const show = output.json || flags['quiet'] === true ? 'quiet' : 'loud';
  if (flags['fresh'] === true) throw new CommandFailed('--fresh is for the data directory of this machine', 2);
  const signal = interrupted();
  return withApi(context, flags, async (ask) => {
    const there = { kind, ask, signal };
    const wanted = await namesElsewhere(there, names);
    if (isNo(wanted)) return refuse(output, wanted);
    const results: Synced[] = [];
    for (const name of wanted) {
      if (signal.aborted) break;
      const bar = progressBar(name, show);
      const synced = await syncElsewhere(there, name, (now) => bar.show(now)).finally(() => bar.end());
      if (isNo(synced)) return refuse(output, synced);
      results.push(synced);
      if (!output.json) tellSync(output, synced);
    }
    if (output.json) print(output, results.map(syncJson), '');
    return !signal.aborted && results.every(isGood) ? 0 : 1;
  });
}

async function syncAll(choose: Choose, [names]: Args, flags: Flags): Promise<ExitCode> {
  const { output, ...context } = readContext(flags);
  const show = output.json || flags['quiet'] === true ? 'quiet' : 'loud';
  const fresh = flags['fresh'] === true ? 'always' : undefined;
  const signal = interrupted();
  return withHouse({ ...context, output }, async (house) => {
    const results: Synced[] = [];
    const all = choose(house.site(), names);
    if (all.length === 0 && !output.json) output.write('the site names nothing to be synced\n');
    for (const one of all) {
      if (signal.aborted) break;
      const synced = await syncOne(house, one, { output, show, fresh, signal });
      results.push(synced);
      if (!output.json) tellSync(output, synced);
    }
    const left = all.slice(results.length).map(({ name }) => name);
    if (left.length > 0) output.complain(`not begun: ${left.join(', ')}\n`);
    if (output.json) print(output, results.map(syncJson), '');
    return !signal.aborted && results.every(isGood) ? 0 : 1;
  });
}

type Showing = {
  readonly output: Output;
  readonly show: 'quiet' | 'loud';
  readonly fresh: 'always' | undefined;
  readonly signal: AbortSignal;
};

async function syncOne(house: House, one: Syncable, { output, show, fresh, signal }: Showing): Promise<Synced> {
  const { kind, name } = one;
  const bar = progressBar(name, show);
  const watch = {
    cause: 'command',
    onProgress: (progress: Progress) => bar.show(progress),
    signal,
    ifAborted: 'cancelled',
    fresh,
  } as const;
  try {
    const end = await one.run(house, watch);
    if (end.kind === 'ended') return { kind, name, how: 'own', end };
    return await followOther(house, one, { end, output, watch });
  } finally {
    bar.end();
  }
}

type Other = {
  readonly end: Extract<JobEnd, { kind: 'busy' }>;
  readonly output: Output;
  readonly watch: Parameters<typeof followSync>[2];
};

async function followOther(house: House, { kind, name }: Syncable, { end, output, watch }: Other): Promise<Synced> {
  if (!output.json) output.complain(`${name}: ${whyRunning(end.record)}\n`);
  const record = end.record === undefined ? undefined : await followSync(house, end.record.id, watch);
  return { kind, name, how: record?.endedAt === undefined ? 'left' : 'followed', end: { record, result: {} } };
}

function isGood({ end: { record } }: Synced): boolean {
  return isGoodOutcome(record?.outcome);
}

function tellSync(output: Output, synced: Synced): void {
  const text = syncText(synced);
  if (isGood(synced)) output.write(text);
  else output.complain(text);
}

/** `repo cancel NAME`: ends a running sync, wherever it runs, and waits until it has ended. */
export const cancelCommand = (args: Args, flags: Flags): Promise<ExitCode> => cancelOne(repos, args, flags);

/** `tree cancel NAME`: the same for a tree. */
export const cancelTreeCommand = (args: Args, flags: Flags): Promise<ExitCode> => cancelOne(trees, args, flags);

async function cancelOne(choose: Choose, [named]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const signal = interrupted();
  return withHouse(context, async (house) => {
    const [one] = choose(house.site(), named);
    if (one === undefined) return 2;
    const { kind, name, logged } = one;
    const asked = await cancelSync(house, logged);
    if (isNo(asked)) return refuse(context.output, asked);
    const record = await followSync(house, asked.id, { onProgress: () => {}, signal });
    const isEnded = record?.endedAt !== undefined;
    const text = isEnded ? `it ended: ${record.outcome ?? ''}` : 'it was asked to end, and has not yet';
    const json = { [kind]: name, asked: true, outcome: record?.outcome, reason: record?.reason };
    print(
      context.output,
      json,
      `${name}: ${text}; what was published stays, what was fetched is kept for the next sync`,
    );
    return isEnded ? 0 : 1;
  });
}

const HISTORY_SHOWN = 20;

/** `repo history NAME`: its newest syncs, newest first. */
export const historyCommand = (args: Args, flags: Flags): Promise<ExitCode> => showHistory(repos, args, flags);

/** `tree history NAME`: the same of a tree. */
export const treeHistoryCommand = (args: Args, flags: Flags): Promise<ExitCode> => showHistory(trees, args, flags);

async function showHistory(choose: Choose, [named]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const [one] = choose(house.site(), named);
    if (one === undefined) return 2;
    const syncs = await syncHistory(house, one.logged, HISTORY_SHOWN);
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
