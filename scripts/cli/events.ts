// kickstand events: what happened by itself, to hosts, in syncs and jobs, to the site file, on the wire; newest first.

import type { Happening } from '../../server/happenings/happening.ts';
import { HAPPENING_KINDS, nameOf } from '../../server/happenings/happening.ts';
import type { HappeningPage } from '../../server/happenings/page.ts';
import type { No } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import { oneLine } from '../../server/printable.ts';
import { withApi } from './api.ts';
import type { Ask } from './api-client.ts';
import type { Args, Flags } from './context.ts';
import { CommandFailed, readContext } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';

const LIMIT = 50;
const MOST = 100_000;
/** The most that the API answers at once. */
const PAGE = 1000;

/** `events [--about NAME] [--kind K] [--wrong] [--limit N]`. */
export async function eventsCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const limit = flags['limit'] === undefined ? LIMIT : Number(flags['limit']);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST))
    throw new CommandFailed(`kickstand: --limit is a whole number from 1 to ${MOST}`, 2);
  const filter = filterOf(flags);
  const found = await withApi(context, flags, (ask) => readOn(ask, filter, limit));
  if (isNo(found)) return refuse(context.output, found);
  const { items, next } = found;
  const more = next === undefined ? '' : `there is more: --limit ${limit * 10}\n`;
  const text = items.length === 0 ? 'nothing like that happened' : `${textOf(items)}${more}`;
  print(context.output, items, text);
  return 0;
}

function filterOf({ about, kind, wrong }: Flags): Readonly<Record<string, string>> {
  if (kind !== undefined && !HAPPENING_KINDS.some((known) => known === kind))
    throw new CommandFailed(`kickstand: --kind: one of ${HAPPENING_KINDS.join(', ')}`, 2);
  return {
    ...(typeof about === 'string' ? { about } : {}),
    ...(typeof kind === 'string' ? { kind } : {}),
    ...(wrong === true ? { outcome: 'wrong' } : {}),
  };
}

/** As many as are wanted, over as many pages as that takes: a page of what is rare may be short. */
async function readOn(
  ask: Ask,
  filter: Readonly<Record<string, string>>,
  limit: number,
): Promise<(HappeningPage & { readonly kind: 'found' }) | No> {
  const items: Happening[] = [];
  for (let next: string | undefined; ;) {
    const asked = { ...filter, limit: String(Math.min(PAGE, limit - items.length)), ...(next && { cursor: next }) };
    const path = `/happenings?${new URLSearchParams(asked).toString()}`;
    const page: HappeningPage | No = await ask<HappeningPage>({ method: 'GET', path });
    if (isNo(page)) return page;
    items.push(...page.items);
    next = page.next;
    if (next === undefined) return { kind: 'found', items };
    if (items.length >= limit) return { kind: 'found', items, next };
  }
}

/** What machines and upstreams said is on a terminal here. */
function textOf(items: readonly Happening[]): string {
  const rows = items.map(({ at, kind, about, what, detail, outcome }) =>
    [formatTime(at), kind, nameOf(about), outcome === 'wrong' ? `wrong: ${what}` : what, detail].map(oneLine),
  );
  return table(['WHEN', 'KIND', 'ABOUT', 'WHAT', 'DETAIL'], rows);
}
