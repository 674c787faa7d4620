// `repo publish` over the open house: an older snapshot made current, and what that means to clients.

import type { Newer } from '../../mirror/content/rollback.ts';
import { findNewer, stampSnapshot } from '../../mirror/content/rollback.ts';
import type { No } from '../malformed.ts';
import { isNo, Malformed, no } from '../malformed.ts';
import type { House } from './house.ts';

export type Publication = {
  readonly kind: 'published' | 'already';
  readonly repo: string;
  /** What is published now: of a stamped roll-back, the snapshot made for it. */
  readonly snapshot: string;
  /** The snapshot that was asked for. */
  readonly asked: string;
  readonly before: string | undefined;
  /** Metadata that clients of EL5 to EL7 may have seen and will not go behind. */
  readonly newer: Newer | undefined;
  readonly notes: readonly string[];
};

/**
 * Publishes the snapshot `id` of the repo `name`. `anew` stamps its repomd.xml with the present time where clients may have
 * seen newer metadata.
 */
export async function publishSnapshot(
  house: House,
  name: string,
  { id, times }: { readonly id: string; readonly times: 'as they are' | 'anew' },
): Promise<Publication | No> {
  const lock = await house.content.lockRepo(name);
  if (isNo(lock)) return lock;
  try {
    return await publishLocked(house, name, { id, times });
  } catch (error) {
    if (error instanceof Malformed) return no(`${id} is damaged: ${error.message}`, damagedRemedy(name));
    throw error;
  } finally {
    lock.release();
  }
}

async function publishLocked(
  house: House,
  name: string,
  { id, times }: { readonly id: string; readonly times: 'as they are' | 'anew' },
): Promise<Publication | No> {
  const { content, pool, now } = house;
  const edges = { store: content, pool, now };
  const record = await content.snapshotRecord(name, id);
  if (isNo(record)) return no(record.reason, `kickstand repo snapshots ${name} lists them`);
  const before = await content.currentId(name);
  const newer = await findNewer(name, id, edges);
  if (isNo(newer)) return newer;
  const about = { repo: name, asked: id, before, newer };
  if (times === 'anew' && newer !== undefined) {
    const stamped = await stampSnapshot(name, id, { ...edges, atLeast: newer.newest });
    if (isNo(stamped)) return stamped;
    const published = await content.publish(name, stamped.id);
    return isNo(published)
      ? published
      : { kind: 'published', ...about, snapshot: stamped.id, newer: undefined, notes: published.notes };
  }
  if (before === id) return { kind: 'already', ...about, snapshot: id, notes: record.notes };
  const published = await content.publish(name, id);
  return isNo(published) ? published : { kind: 'published', ...about, snapshot: id, notes: published.notes };
}

function damagedRemedy(name: string): string {
  return `kickstand repo verify ${name} --all-snapshots --repair`;
}
