// Finds the place of the content that a path names, among the repos and trees there are. Running: the sources are handed in.

import type { No } from '../../server/malformed.ts';
import { isNo, no } from '../../server/malformed.ts';
import type { RepoPath, TreePath } from './path.ts';
import type { Place, TreeFiles } from './place.ts';

/**
 * The repos and trees there are. Both answer a `No` for what is unknown, not synced yet or broken. The files they give stay
 * theirs: nobody but the source closes them.
 */
export type ContentSources = {
  /** The files of a repo's published snapshot, or of the snapshot named. */
  repo(name: string, snapshot: string | undefined): Promise<Pick<TreeFiles, 'find'> | No>;
  tree(name: string): Promise<TreeFiles | No>;
};

/** The place of `path`. A file asked for with a slash at its end is a `No`: it is no directory. */
export async function locate(path: RepoPath | TreePath, sources: ContentSources): Promise<Place> {
  const files = await (path.kind === 'repo' ? sources.repo(path.name, path.snapshot) : sources.tree(path.name));
  if (isNo(files)) return files;
  const place = await files.find(path.path);
  if (place.kind === 'file' && path.directory) return no('this is a file, not a directory');
  return place;
}
