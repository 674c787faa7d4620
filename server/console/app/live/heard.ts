// What was heard of a sync or a host, put where the lists show it. Pure.

import type { Host, Page, Repo, Sync } from '../api/types.ts';

/** The repos, with `sync` as the running one of its repo while it runs. */
export function withSync(page: Page<Repo>, sync: Sync): Page<Repo> {
  return { ...page, items: page.items.map((repo) => (repo.name === sync.repo ? follow(repo, sync) : repo)) };
}

function follow(repo: Repo, sync: Sync): Repo {
  if (sync.endedAt === undefined) return { ...repo, runningSync: sync };
  if (repo.runningSync !== undefined && repo.runningSync.id !== sync.id) return repo;
  const { runningSync: _ended, ...rest } = repo;
  return { ...rest, lastSync: sync };
}

/** The hosts, with `host` as it is now. One that the list does not have is left to the next look. */
export function withHost(page: Page<Host>, host: Host): Page<Host> {
  return { ...page, items: page.items.map((one) => (one.name === host.name ? host : one)) };
}
