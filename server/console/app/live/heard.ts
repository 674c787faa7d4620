// What was heard of a sync, a job or a host, put where the lists show it. Pure.

import type { Job, Repo, Sync, Tree } from '../api/content-types.ts';
import type { Host, Page } from '../api/types.ts';

/** The repos, or the trees, with `sync` as the running one of what it syncs while it runs. */
export function withSync<T extends Repo | Tree>(page: Page<T>, sync: Sync): Page<T> {
  const synced = sync.repo ?? sync.tree;
  return { ...page, items: page.items.map((one) => (one.name === synced ? follow(one, sync) : one)) };
}

function follow<T extends Repo | Tree>(one: T, sync: Sync): T {
  if (sync.endedAt === undefined) return { ...one, runningSync: sync };
  if (one.runningSync !== undefined && one.runningSync.id !== sync.id) return one;
  const { runningSync: _ended, ...rest } = { ...one, lastSync: sync };
  return rest as T;
}

/** The jobs, newest first, with `job` as it is now. */
export function withJob(page: Page<Job>, job: Job): Page<Job> {
  const isKnown = page.items.some(({ id }) => id === job.id);
  if (!isKnown) return { ...page, items: [job, ...page.items] };
  return { ...page, items: page.items.map((one) => (one.id === job.id ? job : one)) };
}

/** The hosts, with those of `heard` as they are now. One that the list does not have is left to the next look. */
export function withHosts(page: Page<Host>, heard: readonly Host[]): Page<Host> {
  const now = new Map(heard.map((host) => [host.name, host] as const));
  return { ...page, items: page.items.map((one) => now.get(one.name) ?? one) };
}
