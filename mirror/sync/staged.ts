// A sync over its staging area: cleared by one that ends well, put in order after one that does not. Running: both are handed in.

import { codeOf } from '../../server/malformed.ts';
import { isDiskFull } from '../content/layout.ts';
import type { Staging } from '../content/pool/store.ts';
import type { SyncResult } from './outcome.ts';

/** Answers what `sync` does, or throws what it throws: the first fault is the one worth telling. */
export async function withStaging(staging: Staging, sync: () => Promise<SyncResult>): Promise<SyncResult> {
  try {
    const result = await sync();
    if (result.kind !== 'failed') await staging.clear();
    return result;
  } catch (error) {
    // What was checked still enters the pool, and has ended doing so before the lock goes to the next sync.
    await staging.settle().catch(() => undefined);
    if (isDiskFull(codeOf(error))) await staging.dropParts();
    throw error;
  }
}
