// Repo syncs over the open house.

import { openUpstream } from '../../mirror/sync/fetcher.ts';
import type { SyncProgress } from '../../mirror/sync/progress.ts';
import type { SyncResult } from '../../mirror/sync/sync.ts';
import { syncRepo } from '../../mirror/sync/sync.ts';
import type { Repo } from '../repo.ts';
import type { House } from './house.ts';
import { pinnedSnapshots } from './repos.ts';

/** How a caller follows a sync, and ends it. */
export type SyncWatch = { readonly onProgress: (progress: SyncProgress) => void; readonly signal: AbortSignal };

/** Brings `repo` up to date and logs how it ended. Never rejects for what upstream or the disk does. */
export async function syncNow(house: House, repo: Repo, watch: SyncWatch): Promise<SyncResult> {
  const result = await syncRepo({
    repo,
    store: house.content,
    pool: house.pool,
    fetch: openUpstream,
    now: house.now,
    log: house.log,
    pinned: async () => pinnedSnapshots(house, repo.name),
    ...watch,
  });
  if (result.kind === 'failed')
    house.log.error('repo sync failed', { repo: repo.name, file: result.file, reason: result.reason });
  else house.log.info('repo synced', { repo: repo.name, outcome: result.kind, snapshot: result.snapshot });
  return result;
}
