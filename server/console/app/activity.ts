// What was done and what happened, as the Activity view lists it: asked for in pages, put together as it grows. Pure.

import type { AuditEntry, Happening } from './api/site-types.ts';
import type { Search } from './route.ts';
import { addressOf, hostPath } from './route.ts';

/** What can be asked for, by its name in the address and in the API. */
const ACTIVITY_FIELDS = ['who', 'operation', 'target', 'outcome'] as const;

/** The path of a page; `cursor` is the `next` of the one before. */
export function activityPath(search: Search, limit: number, cursor?: string): string {
  return addressOf('/api/v1/activity', {
    ...fieldsOf(search, ACTIVITY_FIELDS),
    limit: String(limit),
    cursor: cursor ?? '',
  });
}

/** The same of what happened by itself. */
export const HAPPENING_FIELDS = ['about', 'kind', 'outcome'] as const;

export function happeningsPath(search: Search, limit: number, cursor?: string): string {
  return addressOf('/api/v1/happenings', {
    ...fieldsOf(search, HAPPENING_FIELDS),
    limit: String(limit),
    cursor: cursor ?? '',
  });
}

function fieldsOf(search: Search, fields: readonly string[]): Search {
  return Object.fromEntries(fields.map((key) => [key, search[key] ?? '']));
}

/** What a happening is about, and the view that tells more of it; undefined: it is about the whole appliance. */
export function aboutOf({
  about,
}: Pick<Happening, 'about'>): { readonly name: string; readonly to: string } | undefined {
  const { host, repo, tree } = about;
  if (host !== undefined) return { name: host, to: hostPath(host) };
  if (repo !== undefined) return { name: repo, to: addressOf('/content', { repo }) };
  return tree === undefined ? undefined : { name: tree, to: '/content' };
}

/** Entries that are known, newest first, and where older ones go on; undefined: these are all. */
export type Known<T> = { readonly items: readonly T[]; readonly next: string | undefined };

type Identified = { readonly id: string };

/** The newest page over what is known of before. Where the two do not meet, something between them is missing: the list begins anew. */
export function withNewest<T extends Identified>(known: Known<T>, newest: Known<T>): Known<T> {
  // Of what is rare, nothing was found as far as was looked: what was found further back, or was looked through, still holds.
  if (newest.items.length === 0 && newest.next !== undefined)
    return known.items.length === 0 && known.next === undefined ? newest : known;
  const fresh = new Set(newest.items.map(({ id }) => id));
  const older = known.items.filter(({ id }) => !fresh.has(id));
  if (older.length === known.items.length) return newest;
  // What the newest page has beyond what was known is at its front; older pages follow as they were.
  return older.length === 0 ? newest : { items: [...newest.items, ...older], next: known.next };
}

/** A further page behind what is known. */
export function withOlder<T extends Identified>(known: Known<T>, page: Known<T>): Known<T> {
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
