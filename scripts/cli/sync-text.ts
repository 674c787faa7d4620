// What `kickstand repo sync` and `tree sync` say of how a sync ended, for people and for machines. Pure.

import type { SyncRecord } from '../../mirror/sync/log/record.ts';
import { formatBytes, formatTime } from './output.ts';

/** What the log of syncs tells of one. */
type LoggedSync = Omit<SyncRecord, 'repo' | 'seenAt'>;

/** How the sync of one repo or tree ended for this command. `left`: another process goes on with it, unseen. */
export type Synced = {
  readonly kind: 'repo' | 'tree';
  readonly name: string;
  readonly how: 'own' | 'followed' | 'left';
  readonly end: { readonly record: LoggedSync | undefined; readonly result: object };
};

/** Why a sync is followed and not begun. */
export function whyRunning(record: SyncRecord | undefined): string {
  if (record === undefined) return 'another process syncs it, and the log does not tell how far it is';
  const who = record.cause === 'command' ? 'another command' : `the appliance (${record.cause})`;
  return `${who} syncs it already, since ${formatTime(record.startedAt)}; showing that one (Ctrl-C leaves it running)`;
}

/** One line, or two where there is something to do. */
export function syncText({ kind, name, how, end: { record } }: Synced): string {
  if (how === 'left' || record?.outcome === undefined)
    return `${name}: still being synced by another process; kickstand ${kind} history ${name} will tell how it ended\n`;
  const notes = record.notes.map((note) => `  ${note}\n`).join('');
  switch (record.outcome) {
    case 'published':
      return `${name}: published ${record.snapshot ?? ''}${countsText(record)}\n${notes}`;
    case 'unchanged':
      return `${name}: nothing new; ${record.snapshot ?? ''} stays published\n${notes}`;
    case 'cancelled':
    case 'stopped':
      return `${name}: not synced: it was ${record.outcome}\n  what was published stays; the next sync goes on from here\n${notes}`;
    case 'failed':
    case 'broken-off':
      return `${name}: not synced: ${record.reason ?? ''}\n  what was published stays; ${record.remedy ?? 'run the sync again to go on'}\n${notes}`;
  }
}

function countsText({ counts }: LoggedSync): string {
  if (counts === undefined) return '';
  const fetched = `${formatBytes(counts.bytesFetched)} fetched`;
  return `: ${counts.packages} packages, ${counts.files} files, ${formatBytes(counts.bytes)} (${fetched})`;
}

/** The same for machines: the result as the sync gave it, and where it was followed, what the log keeps of it. */
export function syncJson({ kind: what, name, how, end: { record, result } }: Synced): object {
  const { snapshot, reason, remedy, file, counts, notes, cause, startedAt, endedAt } = record ?? {};
  const kind = how === 'left' ? 'running' : record?.outcome;
  const known = { cause, startedAt, endedAt, snapshot, reason, remedy, file, notes, ...counts };
  return { [what]: name, how, ...known, ...result, kind };
}
