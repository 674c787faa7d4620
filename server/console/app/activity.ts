// What was done, as the Activity view lists it: asked for in pages, put together as it grows. Pure.

import type { AuditEntry } from './api/site-types.ts';
import type { Search } from './route.ts';
import { addressOf } from './route.ts';

/** What can be asked for, by its name in the address and in the API. */
export const ACTIVITY_FIELDS = ['who', 'operation', 'target', 'outcome'] as const;

/** The path of a page; `cursor` is the `next` of the one before. */
export function activityPath(search: Search, limit: number, cursor?: string): string {
  const asked = Object.fromEntries(ACTIVITY_FIELDS.map((key) => [key, search[key] ?? '']));
  return addressOf('/api/v1/activity', { ...asked, limit: String(limit), cursor: cursor ?? '' });
}

/** Entries that are known, newest first, and where older ones go on; undefined: these are all. */
export type Known = { readonly items: readonly AuditEntry[]; readonly next: string | undefined };

/** The newest page over what is known of before. Where the two do not meet, something between them is missing: the list begins anew. */
export function withNewest(known: Known, newest: Known): Known {
  const fresh = new Set(newest.items.map(({ id }) => id));
  const older = known.items.filter(({ id }) => !fresh.has(id));
  if (older.length === known.items.length) return newest;
  // What the newest page has beyond what was known is at its front; older pages follow as they were.
  return older.length === 0 ? newest : { items: [...newest.items, ...older], next: known.next };
}

/** A further page behind what is known. */
export function withOlder(known: Known, page: Known): Known {
  const have = new Set(known.items.map(({ id }) => id));
  return { items: [...known.items, ...page.items.filter(({ id }) => !have.has(id))], next: page.next };
}

/** `disarmed → armed, to wipe sda`. */
export function changeWords({ before, after }: AuditEntry): string {
  if (before !== undefined && after !== undefined) return `${before} → ${after}`;
  return after ?? (before === undefined ? '' : `was ${before}`);
}

/** What it was done on: a path of the API without what all of them begin with. */
export function targetWords({ target }: AuditEntry): string {
  return target.replace(/^\/api\/v1\//, '');
}

/** `done`, or how it was refused. */
export function outcomeWords({ status }: AuditEntry): string {
  return status === 0 || (status >= 200 && status < 400) ? 'done' : `refused ${status}`;
}
