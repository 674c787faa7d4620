// Published content hashed again: is every file still what was published?

import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import type { SyncProgress } from '../../mirror/sync/progress.ts';
import { openDirectoryTree } from '../../mirror/tree/store.ts';
import { isNo } from '../malformed.ts';
import type { House } from './house.ts';

/** How a verification ended. `files` counts what was looked at. */
export type RepoVerdict = {
  readonly repo: string;
  readonly snapshot: string | undefined;
  readonly files: number;
  readonly bad: readonly { readonly path: string; readonly reason: string }[];
};

/** Hashes the published snapshot of `repo` and compares it with what the sync wrote down. */
export async function verifyRepo(
  house: House,
  repo: string,
  onProgress: (progress: Pick<SyncProgress, 'filesDone' | 'filesTotal' | 'bytesDone' | 'bytesTotal'>) => void,
): Promise<RepoVerdict> {
  const { current } = await house.content.repoStatus(repo);
  if (current === undefined) return { repo, snapshot: undefined, files: 0, bad: [] };
  const files = await house.content.snapshotFiles(repo, current);
  const directory = await house.content.snapshotDirectory(repo, current);
  if (isNo(files) || isNo(directory))
    return { repo, snapshot: current, files: 0, bad: [{ path: current, reason: 'its record is gone' }] };
  const tree = await openDirectoryTree(directory);
  const bad: { path: string; reason: string }[] = [];
  const bytesTotal = files.reduce((sum, file) => sum + file.sizeBytes, 0);
  let bytesDone = 0;
  for (const [index, file] of files.entries()) {
    const place = await tree.find(file.path);
    if (place.kind !== 'file') bad.push({ path: file.path, reason: 'missing' });
    else if ((await sha256Of(place.file)) !== file.sha256)
      bad.push({ path: file.path, reason: 'not the bytes that were published' });
    bytesDone += file.sizeBytes;
    onProgress({ filesDone: index + 1, filesTotal: files.length, bytesDone, bytesTotal });
  }
  return { repo, snapshot: current, files: files.length, bad };
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file, { highWaterMark: 1024 * 1024 })) hash.update(chunk);
  return hash.digest('hex');
}
