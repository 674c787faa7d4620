// Trees from a URL over the open house: synced, told of, and taken off again.

import { setImmediate as turn } from 'node:timers/promises';
import { contentNameOfTree } from '../../mirror/content/layout.ts';
import type { ContentStore } from '../../mirror/content/store.ts';
import { openUpstream } from '../../mirror/sync/fetcher.ts';
import { failed, type SyncResult } from '../../mirror/sync/outcome.ts';
import { detectTree } from '../../mirror/tree/detect.ts';
import { syncTree } from '../../mirror/tree/remote/sync.ts';
import { isUnspent } from '../arming.ts';
import type { Tree } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { House } from './house.ts';
import { findLocalFiles } from './local-files.ts';
import type { SyncWatch } from './sync.ts';

/** Brings `tree`, which must be one from a URL, up to date and logs how it ended. Never rejects for what upstream or the disk does. */
export async function syncTreeNow(house: House, tree: Tree, watch: SyncWatch): Promise<SyncResult> {
  const { log } = house;
  if (tree.source.kind !== 'upstream') {
    return failed(`${tree.name} is no tree from a URL`, { remedy: `kickstand tree add ${tree.name} FILE` });
  }
  const result = await syncTree({
    tree: { name: tree.name, upstream: tree.source.url, os: tree.os },
    store: house.content,
    pool: house.pool,
    fetch: (upstream) => openUpstream(upstream),
    detect: detectTree,
    installing: () => hostsInstalling(house, tree.name),
    now: house.now,
    log,
    local: findLocalFiles(house, watch.signal),
    ...watch,
  });
  switch (result.kind) {
    case 'failed':
      if (watch.signal.aborted) log.info('tree sync stopped', { tree: tree.name });
      else log.error('tree sync failed', { tree: tree.name, file: result.file, reason: result.reason });
      break;
    case 'published':
    case 'unchanged':
      log.info('tree synced', { tree: tree.name, outcome: result.kind, snapshot: result.snapshot });
  }
  return result;
}

/** How many hosts' states are read before others have their turn. */
const HOSTS_A_TURN = 250;

/** The hosts that may be reading the tree called `name` to install from it, or may begin to at any moment. */
export async function hostsInstalling(
  { site, hosts, now }: Pick<House, 'site' | 'hosts' | 'now'>,
  name: string,
): Promise<readonly string[]> {
  const profiles = new Set(site().profiles.flatMap((profile) => (profile.tree === name ? profile.name : [])));
  const found: string[] = [];
  const theirs = site().hosts.filter(({ profile }) => profiles.has(profile));
  for (const [index, host] of theirs.entries()) {
    if (index % HOSTS_A_TURN === HOSTS_A_TURN - 1) await turn();
    if (isUnspent(hosts.state(host.name, now()).phase)) found.push(host.name);
  }
  return found;
}

/** When the tree that is published now was made (ISO 8601), and what was said of it; undefined for one that is not from a URL, or not there. */
export async function treeSynced(
  { content }: Pick<House, 'content'>,
  { name, source }: Tree,
): Promise<{ readonly snapshot: string; readonly at: string; readonly notes: readonly string[] } | undefined> {
  if (source.kind !== 'upstream') return undefined;
  const record = await content.currentSnapshot(contentNameOfTree(name));
  return isNo(record) ? undefined : { snapshot: record.id, at: record.createdAt, notes: record.notes };
}

/** Runs `first`, and where that is done removes all that is kept of the tree called `name`. A `No` while it is being synced. */
export async function dropTree<T>(content: ContentStore, name: string, first: () => Promise<T | No>): Promise<T | No> {
  const kept = contentNameOfTree(name);
  const lock = await content.lockRepo(kept);
  if (isNo(lock)) return no(`the tree ${name} is being synced`, lock.remedy);
  try {
    const done = await first();
    const dropped = isNo(done) ? done : await content.drop(kept);
    if (isNo(dropped)) return dropped;
    return done;
  } finally {
    lock.release();
  }
}
