// kickstand repo add | remove: asked of the API, and in words what became of it.

import type { AddedRepo, RemovedRepo } from '../../server/assembly/repo-changes.ts';
import type { No } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import type { Refusal } from '../../server/problem.ts';
import { renderProblems } from '../../server/site/problems.ts';
import { isElsewhere, withApi } from './api.ts';
import { CommandFailed, readContext } from './context.ts';
import type { Args, Context, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatBytes, print, refuse } from './output.ts';

/** `repo add NAME URL [--publish PATH] [--schedule CRON] [--keep N]`. */
export async function addCommand([name, upstream]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const { publish, schedule } = flags;
  const body = { name, upstream, publish, schedule, keep: countIn(flags, 'keep') };
  const added = await withApi(context, flags, (ask) => ask<AddedRepo>({ method: 'POST', path: '/repos', body }));
  if (isNo(added)) return refuseAll(context, flags, added);
  const { repo } = added;
  const text = `${repo}: from ${added.upstream}; the site file names it now\n  kickstand repo sync ${repo} fetches it`;
  print(context.output, added, text);
  return 0;
}

/** `repo remove NAME`. */
export async function removeCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const path = `/repos/${encodeURIComponent(String(name))}`;
  const removed = await withApi(context, flags, (ask) => ask<RemovedRepo>({ method: 'DELETE', path }));
  if (isNo(removed)) return refuseAll(context, flags, removed);
  print(context.output, removed, removedText(removed));
  return 0;
}

function removedText({ repo, snapshots, freedBytes, left }: RemovedRepo): string {
  const head = `${repo}: the site file does not name it any more`;
  if (left !== undefined)
    return `${head}\n  what was mirrored is still there: ${left}\n  what to do: add it, and remove it again`;
  const gone = `${snapshots.length} ${snapshots.length === 1 ? 'snapshot is' : 'snapshots are'} removed`;
  const freed =
    freedBytes === undefined
      ? '; kickstand repo prune sets free what nothing holds any more'
      : ` (${formatBytes(freedBytes)} set free)`;
  return `${head}; ${gone}${freed}`;
}

function countIn(flags: Flags, name: string): number | undefined {
  const given = flags[name];
  if (given === undefined) return undefined;
  if (typeof given === 'string' && /^[1-9]\d{0,3}$/.test(given)) return Number(given);
  throw new CommandFailed(`kickstand: --${name}: a whole number, such as 3`, 2);
}

/** All that would be wrong with the site file comes before why it is refused. */
function refuseAll({ settings, output }: Context, flags: Flags, refusal: Refusal & No): ExitCode {
  const file = isElsewhere(flags) ? 'its site file' : settings.siteFile;
  if (!output.json) output.complain(renderProblems(refusal.problems ?? [], file));
  return refuse(output, refusal);
}
