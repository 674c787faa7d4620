// The versions of the site file below DATA/site-history: a text and a record each, as secret as the file itself. Edge.

import { createHash } from 'node:crypto';
import { lchown, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureDirectory, namesIn, readIfThere, saveFile } from '../../store.ts';
import { countChanges } from './lines.ts';
import type { Author, SiteVersion } from './version.ts';
import { HISTORY_LIMITS, keptVersions, parseVersion, versionName, versionOf } from './version.ts';

export type SiteHistory = {
  /**
   * Keeps `text` as the newest version and answers it; a text that is the newest one already is answered as that. Its caller holds
   * the lock of the site file. Throws where the disk fails.
   */
  readonly keep: (text: string, author: Author, at: number) => Promise<SiteVersion>;
  /** All versions, newest first. What was damaged is not among them. */
  readonly versions: () => Promise<readonly SiteVersion[]>;
  /** The text of a version; undefined where there is none. */
  readonly text: (id: number) => Promise<string | undefined>;
};

/** The history in `directory`, which is made with the first version, for its owner's eyes only. */
export function openSiteHistory(directory: string, limits = HISTORY_LIMITS): SiteHistory {
  const at = (id: number, ending: 'yaml' | 'json'): string => join(directory, `${versionName(id)}.${ending}`);
  const found = async () => (await namesIn(directory)).flatMap((name) => versionOf(name) ?? []);
  const versions = async (): Promise<readonly SiteVersion[]> => {
    const records = (await found()).filter(({ kind }) => kind === 'record');
    const read = await Promise.all(
      records.map(async ({ id }) => parseVersion((await readIfThere(at(id, 'json'))) ?? '', id)),
    );
    return read.filter((one) => one !== undefined).toSorted((one, other) => other.id - one.id);
  };
  const text = (id: number): Promise<string | undefined> => readIfThere(at(id, 'yaml'));
  /** The record goes first: a text without one is no version. */
  const forget = async (id: number): Promise<void> => {
    for (const ending of ['json', 'yaml'] as const) await rm(at(id, ending), { force: true });
  };
  return {
    versions,
    text,
    keep: async (given, author, now) => {
      const before = await versions();
      const sha256 = createHash('sha256').update(given).digest('hex');
      const [newest] = before;
      if (newest?.sha256 === sha256) return newest;
      const numbers = (await found()).map(({ id }) => id);
      const version = {
        id: Math.max(0, ...numbers) + 1,
        at: now,
        ...author,
        ...countChanges(newest === undefined ? '' : ((await text(newest.id)) ?? ''), given),
        bytes: Buffer.byteLength(given),
        sha256,
      };
      await ensureDirectory(directory, 0o700);
      // The record comes last: with it, the version is there.
      await saveFile(at(version.id, 'yaml'), given, 0o600);
      await saveFile(at(version.id, 'json'), `${JSON.stringify(version)}\n`, 0o600);
      await giveToOwner(directory, [at(version.id, 'yaml'), at(version.id, 'json')]);
      const all = [version, ...before];
      const kept = keptVersions(all, limits);
      const oldest = kept.at(-1)?.id ?? version.id;
      // What cannot be read goes with what is as old.
      if (kept.length < all.length) for (const id of new Set(numbers)) if (id < oldest) await forget(id);
      return version;
    },
  };
}

/**
 * A command that root runs must leave nothing that the appliance's own user cannot read. That user may have put links there meanwhile:
 * what they lead to is not given away.
 */
async function giveToOwner(directory: string, files: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(dirname(directory));
  for (const path of [directory, ...files]) await lchown(path, uid, gid);
}
