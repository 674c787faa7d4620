// Changes of the sync log as events for who follows: begun, going on, ended. Pure.

import type { SyncRecord } from './record.ts';
import type { Changed } from './store.ts';

/** `id` is the log's revision: who says the last one seen is told what came after it. */
export type SyncEvent = {
  readonly id: number;
  readonly event: 'sync-started' | 'sync-progress' | 'sync-ended';
  readonly sync: SyncRecord;
};

/** The changes as events; `known` are the ids of syncs that were told of as running. */
export function eventsOf(changes: readonly Changed[], known: ReadonlySet<number>): readonly SyncEvent[] {
  return changes.map(({ revision, record }) => ({ id: revision, event: kindOf(record, known), sync: record }));
}

function kindOf(record: SyncRecord, known: ReadonlySet<number>): SyncEvent['event'] {
  if (record.endedAt !== undefined) return 'sync-ended';
  return known.has(record.id) ? 'sync-progress' : 'sync-started';
}
