// Keeps what is slow to build (kernel, second stage) between test runs; an entry appears whole or not at all.

import { mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

const ROOT = process.env['KICKSTAND_TEST_CACHE'] ?? join(homedir(), '.cache', 'kickstand-test');

/** The directory of the entry `key`, filled by `build` when it is not there yet. `key` must change when what it is built from does. */
export async function cached(key: string, build: (directory: string) => Promise<void>): Promise<string> {
  const entry = join(ROOT, key);
  if (await exists(entry)) {
    await utimes(entry, new Date(), new Date());
    return entry;
  }
  await mkdir(ROOT, { recursive: true });
  await dropOld();
  const temporary = await mkdtemp(join(ROOT, '.building-'));
  try {
    await build(temporary);
    await rename(temporary, entry).catch(async (error: unknown) => {
      if (!(await exists(entry))) throw error; // another run was quicker
    });
    return entry;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

/** Removes what no run has used for two weeks: other versions, and the ends of broken builds. */
async function dropOld(): Promise<void> {
  for (const name of await readdir(ROOT)) {
    const { mtimeMs } = await stat(join(ROOT, name));
    if (Date.now() - mtimeMs > 14 * 24 * 3600_000) await rm(join(ROOT, name), { recursive: true, force: true });
  }
}

/** Is there anything at `path`? */
export async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
