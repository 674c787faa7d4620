// Repo syncs over the open house: what the site says of a repo becomes the edges of its sync.

import type { KeyFile } from '../../mirror/openpgp/keyring.ts';
import { readKeyring } from '../../mirror/openpgp/keyring.ts';
import { openUpstream } from '../../mirror/sync/fetcher.ts';
import { failed } from '../../mirror/sync/outcome.ts';
import type { SyncProgress } from '../../mirror/sync/progress.ts';
import { fingerprintSettings } from '../../mirror/sync/settings.ts';
import type { SyncResult } from '../../mirror/sync/sync.ts';
import { syncRepo } from '../../mirror/sync/sync.ts';
import { createTrust, type Trust } from '../../mirror/sync/trust.ts';
import type { Repo } from '../repo.ts';
import type { No } from '../malformed.ts';
import { isNo, Malformed, no } from '../malformed.ts';
import { accessOf, readKeys } from './access.ts';
import { closureOf } from './closure.ts';
import type { House } from './house.ts';
import { findLocalFiles } from './local-files.ts';
import { prunableBytes } from './pruning.ts';
import { metadataFor } from './metadata.ts';
import { heldSnapshots } from './repos.ts';

/** How a caller follows a sync, and ends it. `fresh` plans everything anew, although upstream has nothing new. */
export type SyncWatch = {
  readonly onProgress: (progress: SyncProgress) => void;
  readonly signal: AbortSignal;
  readonly fresh?: 'always' | undefined;
};

/** Brings `repo` up to date and logs how it ended. Never rejects for what upstream or the disk does. */
export async function syncNow(house: House, repo: Repo, watch: SyncWatch): Promise<SyncResult> {
  const result = await syncWith(house, repo, watch);
  const { log } = house;
  switch (result.kind) {
    case 'failed':
      if (watch.signal.aborted) log.info('repo sync stopped', { repo: repo.name });
      else log.error('repo sync failed', { repo: repo.name, file: result.file, reason: result.reason });
      break;
    case 'published':
      log.info('repo synced', { repo: repo.name, outcome: 'published', snapshot: result.snapshot });
      for (const note of result.notes) log.warn('repo sync noted', { repo: repo.name, note });
      break;
    case 'unchanged':
      log.info('repo synced', { repo: repo.name, outcome: 'unchanged', snapshot: result.snapshot });
  }
  return result;
}

async function syncWith(house: House, repo: Repo, watch: SyncWatch): Promise<SyncResult> {
  const target = await accessOf(house, repo);
  if (isNo(target)) return failed(target.reason, { remedy: target.remedy });
  const keys = await readKeys(house, repo);
  if (isNo(keys)) return failed(keys.reason, { remedy: keys.remedy });
  const trust = trustOf(house, repo, keys.files);
  if (isNo(trust)) return failed(trust.reason, { remedy: trust.remedy });
  return syncRepo({
    repo,
    store: house.content,
    pool: house.pool,
    fetch: () => openUpstream(target),
    now: house.now,
    log: house.log,
    pinned: async () => heldSnapshots(house, repo.name),
    settings: fingerprintSettings(
      repo,
      keys.files.map(({ bytes }) => bytes),
    ),
    trust,
    closure: (files) => closureOf(house, { repo: repo.name, files }, watch.signal),
    local: findLocalFiles(house, watch.signal),
    prunable: () => prunableBytes(house),
    metadata: metadataFor(house, repo.name),
    ...watch,
  });
}

/** Undefined where the site asks for no signature. */
function trustOf(house: House, repo: Repo, files: readonly KeyFile[]): Trust | No | undefined {
  const { checks, weakKeys } = repo.trust;
  if (checks.length === 0) return undefined;
  try {
    return createTrust({ checks, weakKeys, keys: readKeyring(files), nowMs: house.now() });
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return no(`a key of the repo ${repo.name}: ${error.message}`, 'export the key anew: gpg --export --armor KEY');
  }
}
