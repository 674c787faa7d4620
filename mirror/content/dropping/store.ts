// All that is kept under one name, gone: its link, its snapshots, and what an unfinished sync of it left.

import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { no, type No } from '../../../server/malformed.ts';
import { ensureDirectory } from '../../../server/store.ts';
import { isRepoName } from '../layout.ts';
import { whilePublishing } from '../locks/store.ts';
import { removeTree } from '../removal/store.ts';
import { snapshotIds, type Disk } from '../snapshots/store.ts';

/** Removes everything of `name` but its pool files, which a sweep finds; answers the snapshots that went. Needs the lock of its sync. */
export async function drop(disk: Disk, name: string): Promise<readonly string[] | No> {
  if (!isRepoName(name)) return no('no such repo');
  const home = join(disk.snapshots, name);
  const dropped = await whilePublishing(disk.locks, name, async () => {
    const ids = await snapshotIds(disk, name);
    await ensureDirectory(disk.repos);
    await rm(join(disk.repos, name), { force: true });
    for (const id of ids) await rename(join(home, id), join(home, `.removing-${id}`));
    return ids;
  });
  if ('kind' in dropped) return dropped;
  await removeTree(home);
  await removeTree(join(disk.staging, name));
  return dropped;
}
