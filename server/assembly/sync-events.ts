// The syncs of every process as one stream of events, read from the log while anybody listens.

import { eventsOf } from '../../mirror/sync/log/events.ts';
import type { SyncEvent } from '../../mirror/sync/log/events.ts';
import type { EventParts, StreamListener } from '../api/events/routes.ts';
import type { StreamEvent } from '../api/events/format.ts';
import { messageOf, no } from '../malformed.ts';
import type { House } from './house.ts';
import type { SyncDesk } from './sync-jobs.ts';
import { settleSyncs } from './sync-jobs.ts';
import { syncView } from './sync-views.ts';

export type SyncEvents = Pick<EventParts, 'subscribe'> & { close(): void };

/** What else there is to tell, asked at each look: events without an id of their own. */
type Others = () => readonly Omit<StreamEvent, 'id'>[];

const LOOK_EVERY_MS = 1000;
const LISTENERS = 64;
/** Changes told at once; who was away for longer is told the newest of them. */
const CHANGES_READ = 200;

/** Opens the stream; it looks at the log once a second while there are listeners, and never otherwise. */
export function openSyncEvents(house: SyncDesk & Pick<House, 'log'>, others: Others = () => []): SyncEvents {
  const listeners = new Set<StreamListener>();
  let revision = 0;
  let known: ReadonlySet<number> = new Set();
  let timer: NodeJS.Timeout | undefined;
  let isClosed = false;
  const look = (): void => {
    if (isClosed) return;
    const { newest, records } = house.syncs.changes(revision, CHANGES_READ);
    // A log that was begun anew counts from 1 again.
    if (newest < revision) known = new Set();
    revision = newest;
    const events = eventsOf(records, known).map(streamEvent);
    known = runningIds(house);
    const told = [...events, ...others().map((event) => ({ id: revision, ...event }))];
    for (const listener of listeners) told.forEach((event) => listener.send(event));
  };
  const settleAndLook = (): void => {
    settleSyncs(house).then(look, (error: unknown) => {
      // The house's other listeners meet the same fault and say so; here it ends what can be asked for again.
      house.log.warn('events ended', { error: messageOf(error) });
      listeners.forEach((listener) => listener.end());
    });
  };
  return {
    subscribe: (listener, lastId) => {
      if (isClosed) return no('the appliance stops', 'ask again when it runs');
      if (listeners.size >= LISTENERS) return no('too many listen already', 'try again later');
      look();
      missed(house, lastId, revision).forEach((event) => listener.send(streamEvent(event)));
      listeners.add(listener);
      timer ??= setInterval(settleAndLook, LOOK_EVERY_MS).unref();
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
    close: () => {
      isClosed = true;
      clearInterval(timer);
      listeners.forEach((listener) => listener.end());
      listeners.clear();
    },
  };
}

function runningIds(house: SyncDesk): ReadonlySet<number> {
  return new Set(house.syncs.open().map(({ id }) => id));
}

/** For who comes back, what changed since; for who is new, or saw another log, what runs. */
function missed(house: SyncDesk, lastId: number | undefined, revision: number): readonly SyncEvent[] {
  const running = runningIds(house);
  if (lastId !== undefined && lastId <= revision)
    return eventsOf(house.syncs.changes(lastId, CHANGES_READ).records, running);
  return house.syncs.open().map((sync) => ({ id: revision, event: 'sync-progress', sync }));
}

function streamEvent({ id, event, sync }: SyncEvent): StreamEvent {
  return { id, event, data: syncView(sync) };
}
