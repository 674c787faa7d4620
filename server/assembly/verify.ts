// Published content hashed again: is every file still what was published?

import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { DamagedFile } from '../../mirror/content/verify.ts';
import { verifySnapshot } from '../../mirror/content/verify.ts';
import type { SyncProgress } from '../../mirror/sync/progress.ts';
import { isNo } from '../malformed.ts';
import type { House } from './house.ts';

/** How a verification ended. `files` counts what was looked at. */
export type RepoVerdict = {
  readonly repo: string;
  readonly snapshot: string | undefined;
  readonly files: number;
  readonly damaged: readonly DamagedFile[];
};

type VerifyProgress = Pick<SyncProgress, 'filesDone' | 'filesTotal' | 'bytesDone' | 'bytesTotal'>;

/** Hashes the published snapshot of `repo` and compares it with what the sync wrote down. */
export async function verifyRepo(
  house: House,
  repo: string,
  onProgress: (progress: VerifyProgress) => void,
): Promise<RepoVerdict> {
  const current = await house.content.currentId(repo);
  if (current === undefined) return { repo, snapshot: undefined, files: 0, damaged: [] };
  const files = await house.content.snapshotFiles(repo, current);
  const directory = await house.content.snapshotDirectory(repo, current);
  if (isNo(files) || isNo(directory)) {
    return { repo, snapshot: current, files: 0, damaged: [{ path: current, reason: 'has no record of its files' }] };
  }
  const bytesTotal = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let filesDone = 0;
  let bytesDone = 0;
  const damaged = await verifySnapshot(files, {
    read: (path) => createReadStream(join(directory, path), { highWaterMark: 1024 * 1024 }),
    onFile: (file) => {
      filesDone += 1;
      bytesDone += file.sizeBytes;
      onProgress({ filesDone, filesTotal: files.length, bytesDone, bytesTotal });
    },
    signal: new AbortController().signal,
  });
  return { repo, snapshot: current, files: files.length, damaged };
}
