// Walks a whole tree for the tests beside it: every file with its size, sum and time. Bounded, for hostile images.

import { createHash } from 'node:crypto';
import type { TreeFiles } from '../../../mirror/content/place.ts';

export type Walked = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sum: string;
  readonly second: number;
};

/** All files below the root, by path; at most `limit` look-ups. */
export async function walkTree(files: Pick<TreeFiles, 'find' | 'read'>, limit = 20_000): Promise<readonly Walked[]> {
  const found: Walked[] = [];
  const ahead = [''];
  for (let count = 0; count < limit; count += 1) {
    const path = ahead.pop();
    if (path === undefined) break;
    const place = await files.find(path);
    if (place.kind === 'directory') {
      ahead.push(...place.names.map(({ name }) => (path === '' ? name : `${path}/${name}`)));
    } else if (place.kind === 'file') {
      const bytes = await files.read(place, 64 * 1024 * 1024);
      const sum = createHash('sha256').update(bytes).digest('hex');
      found.push({ path, sizeBytes: place.sizeBytes, sum, second: Math.floor(place.modifiedMs / 1000) });
    }
  }
  return found.toSorted((one, other) => (one.path < other.path ? -1 : 1));
}
