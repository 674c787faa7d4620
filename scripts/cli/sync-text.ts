// What `kickstand repo sync` says of how a sync ended, for people and for machines. Pure.

import type { SyncRecord } from '../../mirror/sync/log/record.ts';
import { formatBytes, formatTime } from './output.ts';

/** How the sync of one repo ended for this command. `left`: another process goes on with it, unseen. */
export type SyncedRepo = {
  readonly repo: string;
  readonly how: 'own' | 'followed' | 'left';
  readonly end: { readonly record: SyncRecord | undefined; readonly result: object };
};

/** Why a sync of a repo is followed and not begun. */
export function whyRunning(record: SyncRecord | undefined): string {
  if (record === undefined) return 'another process syncs it, and the log does not tell how far it is';
  const who = record.cause === 'command' ? 'another command' : `the appliance (${record.cause})`;
  return `${who} syncs it already, since ${formatTime(record.startedAt)}; showing that one (Ctrl-C leaves it running)`;
}

/** One line, or two where there is something to do. */
export function syncText({ repo, how, end: { record } }: SyncedRepo): string {
  if (how === 'left' || record?.outcome === undefined)
    return `${repo}: still being synced by another process; kickstand repo history ${repo} will tell how it ended\n`;
  const notes = record.notes.map((note) => `  ${note}\n`).join('');
  switch (record.outcome) {
    case 'published':
      return `${repo}: published ${record.snapshot ?? ''}${countsText(record)}\n${notes}`;
    case 'unchanged':
      return `${repo}: nothing new; ${record.snapshot ?? ''} stays published\n${notes}`;
    case 'cancelled':
    case 'stopped':
      return `${repo}: not synced: it was ${record.outcome}\n  what was published stays; the next sync goes on from here\n${notes}`;
    case 'failed':
    case 'broken-off':
      return `${repo}: not synced: ${record.reason ?? ''}\n  what was published stays; ${record.remedy ?? 'run the sync again to go on'}\n${notes}`;
  }
}

function countsText({ counts }: SyncRecord): string {
  if (counts === undefined) return '';
  const fetched = `${formatBytes(counts.bytesFetched)} fetched`;
  return `: ${counts.packages} packages, ${counts.files} files, ${formatBytes(counts.bytes)} (${fetched})`;
}

/** The same for machines: the result as the sync gave it, and where it was followed, what the log keeps of it. */
export function syncJson({ repo, how, end: { record, result } }: SyncedRepo): object {
  const { snapshot, reason, remedy, file, counts, notes, cause, startedAt, endedAt } = record ?? {};
  const kind = how === 'left' ? 'running' : record?.outcome;
  return { repo, how, cause, startedAt, endedAt, snapshot, reason, remedy, file, notes, ...counts, ...result, kind };
}
