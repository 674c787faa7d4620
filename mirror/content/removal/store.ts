// A directory and all below it removed, a few files at a time: 50,000 of them hold nothing else up.

import { lstat, readdir, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../server/malformed.ts';
import { atOnce } from '../parallel.ts';

const UNLINKS_AT_ONCE = 16;

/**
 * Removes what is at `path`, be it a file or a directory; nothing there is fine, and so is another process that helps. A symbolic
 * link goes, and what it leads to stays.
 */
export async function removeTree(path: string): Promise<void> {
  const found = await unlessGone(() => lstat(path));
  if (found?.isDirectory() === true) await removeDirectory(path);
  else if (found !== undefined) await unlessGone(() => unlink(path));
}

async function removeDirectory(path: string): Promise<void> {
  const entries = await unlessGone(() => readdir(path, { withFileTypes: true }));
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await removeDirectory(join(path, entry.name));
  const files = entries.filter((entry) => !entry.isDirectory());
  await atOnce(UNLINKS_AT_ONCE, files, async ({ name }) => unlessGone(() => unlink(join(path, name))));
  await unlessGone(() => rmdir(path));
}

async function unlessGone<T>(task: () => Promise<T>): Promise<T | undefined> {
  try {
    return await task();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
