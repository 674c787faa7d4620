// kickstand audit: what was changed, by whom and from where, newest first.

import type { AuditFilter } from '../../server/audit/entry.ts';
import { wentWell } from '../../server/audit/entry.ts';
import type { AuditPage, KeptEntry } from '../../server/audit/store.ts';
import { openAudit } from '../../server/audit/store.ts';
import { dataPaths } from '../../server/assembly/house.ts';
import { oneLine } from '../../server/printable.ts';
import type { Args, Flags } from './context.ts';
import { CommandFailed, readContext } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, table } from './output.ts';

const LIMIT = 50;
const MOST = 1_000_000;

/** `audit [--limit N] [--who W] [--operation O] [--target T] [--refused | --done]`: it needs no site and no appliance. */
export async function auditCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const limit = flags['limit'] === undefined ? LIMIT : Number(flags['limit']);
  if (!(Number.isInteger(limit) && limit >= 1 && limit <= MOST))
    throw new CommandFailed(`kickstand: --limit is a whole number from 1 to ${MOST}`, 2);
  const { items, next }: AuditPage = await openAudit(dataPaths(settings.dataDirectory).audit).page({
    limit,
    ...filterOf(flags),
  });
  const rows = items.map((entry) => [
    formatTime(entry.at),
    entry.who === '' ? 'nobody' : `${entry.who} (${entry.via})`,
    entry.address,
    entry.operation,
    entry.target,
    wentWell(entry) ? 'done' : `refused ${entry.status}`,
    changeText(entry),
  ]);
  const heads = ['WHEN', 'WHO', 'FROM', 'WHAT', 'ON', 'OUTCOME', 'CHANGE'];
  const more = next === undefined ? '' : `there is more: --limit ${limit * 10}\n`;
  // What a stranger sent as a path is on a terminal here.
  const text =
    items.length === 0
      ? 'nothing like that was done'
      : `${table(
          heads,
          rows.map((row) => row.map(oneLine)),
        )}${more}`;
  print(output, items, text);
  return 0;
}

function filterOf(flags: Flags): AuditFilter {
  const text = (name: string): string | undefined => {
    const value = flags[name];
    return typeof value === 'string' ? value : undefined;
  };
  if (flags['done'] === true && flags['refused'] === true)
    throw new CommandFailed('kickstand: --done and --refused leave nothing', 2);
  const outcome = flags['done'] === true ? 'done' : flags['refused'] === true ? 'refused' : undefined;
  return { who: text('who'), operation: text('operation'), target: text('target'), outcome };
}

/** `disarmed → armed, to wipe sda`; what came, or what went, alone. */
function changeText({ before, after }: KeptEntry): string {
  if (before !== undefined && after !== undefined) return `${before} → ${after}`;
  return after ?? (before === undefined ? '' : `was ${before}`);
}
