// kickstand repo sync and tree sync --url: syncs begun on an appliance elsewhere, and followed to their end.

import { setTimeout as delay } from 'node:timers/promises';
import type { SyncView } from '../../server/assembly/sync-views.ts';
import { isNo } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import type { Ask, Page } from './api-client.ts';
import { CommandFailed, namesOf } from './context.ts';
import type { Args } from './context.ts';
import type { Progress } from './progress.ts';
import type { Synced } from './sync-text.ts';

/** A repo or tree, as far as its syncs go. */
type Listed = {
  readonly name: string;
  readonly source?: { readonly kind: string };
  readonly lastSync?: SyncView;
  readonly runningSync?: SyncView;
};

export type Elsewhere = {
  readonly kind: 'repo' | 'tree';
  readonly ask: Ask;
  /** Ends the following; the syncs go on. */
  readonly signal: AbortSignal;
};

const LOOK_MS = 1000;

/** The names to be synced: those given, else every repo, or every tree from a URL. A name that is not there is wrong usage. */
export async function namesElsewhere({ kind, ask }: Elsewhere, given: Args[number]): Promise<readonly string[] | No> {
  const page = await ask<Page<Listed>>({ method: 'GET', path: `/${kind}s` });
  if (isNo(page)) return page;
  const names = page.items.map(({ name }) => name);
  const wanted = namesOf(given);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new CommandFailed(`kickstand: the site has no ${kind} ${unknown}; its ${kind}s are ${names.join(', ')}`, 2);
  if (wanted.length > 0) return wanted;
  return page.items.flatMap(({ name, source }) => (kind === 'repo' || source?.kind === 'upstream' ? [name] : []));
}

/** Begins a sync of `name`, or follows the one that runs, until it has ended or `signal` aborts. */
export async function syncElsewhere(
  { kind, ask, signal }: Elsewhere,
  name: string,
  onProgress: (progress: Progress) => void,
): Promise<Synced | No> {
  const path = `/${kind}s/${encodeURIComponent(name)}`;
  const before = await ask<Listed>({ method: 'GET', path });
  if (isNo(before)) return before;
  if (before.runningSync === undefined) {
    const begun = await ask<object>({ method: 'POST', path: `${path}/syncs` });
    if (isNo(begun)) return begun;
  }
  const how = before.runningSync === undefined ? 'own' : 'followed';
  while (!signal.aborted) {
    const now = await ask<Listed>({ method: 'GET', path });
    if (isNo(now)) return now;
    const { runningSync, lastSync } = now;
    if (runningSync?.progress !== undefined) onProgress(runningSync.progress);
    // It is in the log a moment after it was begun, and then the last one once it has ended.
    if (runningSync === undefined && lastSync !== undefined && lastSync.id !== before.lastSync?.id)
      return { kind, name, how, end: { record: lastSync, result: {} } };
    await delay(LOOK_MS, undefined, { signal }).catch(() => undefined);
  }
  return { kind, name, how: 'left', end: { record: undefined, result: {} } };
}
