// The site file changed by a program: one at a time, only into a right one, and never over what somebody else has just written. Edge.

import { chown, realpath, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Site } from '../../domain.ts';
import type { Lock } from '../../lock.ts';
import { takeLock } from '../../lock.ts';
import type { No } from '../../malformed.ts';
import { codeOf, isNo, messageOf, no } from '../../malformed.ts';
import { ensureDirectory, saveFile } from '../../store.ts';
import type { SiteProblems } from '../parse.ts';
import { readSite } from '../parse.ts';
import { rereadSite } from '../reread.ts';
import { readSiteText } from '../text/store.ts';

/** The file, and the lock that every program of this data directory takes to change it. */
export type SiteEdit = {
  readonly file: string;
  readonly lockFile: string;
  /** How long to wait for others. A change takes some hundred milliseconds: who waits the default 5 s has met a stuck process. */
  readonly patienceMs?: number;
};

export type Rewritten = { readonly kind: 'rewritten'; readonly site: Site };

const PAUSE_MS = 50;

/** A change of the file's text, which may refuse. `accepts` looks at what became of the site: a text may say more than was meant. */
export type SiteChange = {
  readonly change: (text: string, site: Site) => string | No;
  readonly accepts?: (before: Site, after: Site) => No | undefined;
};

/**
 * Replaces the site file by what `change` makes of its text, when that is a site without problems; these come back
 * otherwise and the file stays. The example is never changed: it belongs
 * to the program. What an editor saves meanwhile is not overwritten: then the change is refused.
 */
export async function rewriteSite(edit: SiteEdit, change: SiteChange): Promise<Rewritten | SiteProblems | No> {
  const lock = await waitForLock(edit);
  if (lock === undefined) return no('another command is changing the site file', 'try again when it is done');
  try {
    return await rewrite(edit.file, change);
  } finally {
    lock.release();
  }
}

/**
 * Replaces the site file by `text` as a whole, when that is a site without problems and the file still is what the caller saw
 * (`expects`). What the file was may have had problems: this is how they are mended.
 */
export async function replaceSite(
  edit: SiteEdit,
  { text, expects }: { readonly text: string; readonly expects: (before: string) => boolean },
): Promise<Rewritten | SiteProblems | { readonly kind: 'changed' } | No> {
  const lock = await waitForLock(edit);
  if (lock === undefined) return no('another command is changing the site file', 'try again when it is done');
  try {
    const before = await readSiteText(edit.file);
    if (!expects(before.kind === 'text' ? before.text : '')) return { kind: 'changed' };
    if (await isExample(edit.file))
      return no('the example site is not changed', 'copy site.example.yaml to site.yaml first');
    const changed = readSite(text, basename(edit.file));
    if (changed.kind === 'problems') return changed;
    return (await save(edit.file, text)) ?? { kind: 'rewritten', site: changed.site };
  } finally {
    lock.release();
  }
}

async function waitForLock({ lockFile, patienceMs = 5000 }: SiteEdit): Promise<Lock | undefined> {
  await ensureDirectory(dirname(lockFile));
  for (let waitedMs = 0; ; waitedMs += PAUSE_MS) {
    const lock = takeLock(lockFile, 'exclusive');
    if (lock !== undefined || waitedMs >= patienceMs) return lock;
    await sleep(PAUSE_MS);
  }
}

async function rewrite(file: string, { change, accepts }: SiteChange): Promise<Rewritten | SiteProblems | No> {
  const before = await readSiteText(file);
  if (before.kind === 'problems') return unreadable(before);
  if (await isExample(file)) return no('the example site is not changed', 'copy site.example.yaml to site.yaml first');
  const parsed = readSite(before.text, basename(file));
  if (parsed.kind === 'problems') return no('the site file has problems already', 'kickstand site check tells which');
  const text = change(before.text, parsed.site);
  if (isNo(text)) return text;
  const changed = rereadSite(parsed, text)?.reading ?? readSite(text, basename(file));
  if (changed.kind === 'problems') return changed;
  const refused = accepts?.(parsed.site, changed.site);
  if (refused !== undefined) return refused;
  const now = await readSiteText(file);
  if (now.kind === 'problems' || now.text !== before.text)
    return no('the site file was changed meanwhile', 'try again');
  return (await save(file, text)) ?? { kind: 'rewritten', site: changed.site };
}

function unreadable({ problems: [problem] }: SiteProblems): No {
  return no(`the site file: ${problem?.message ?? 'cannot be read'}`, problem?.remedy);
}

async function isExample(file: string): Promise<boolean> {
  return [file, await realpath(file)].some((path) => basename(path) === 'site.example.yaml');
}

/** Where the file is a link its target is replaced. It keeps its mode, and its owner when root changes it. */
async function save(file: string, text: string): Promise<No | undefined> {
  try {
    const path = await realpath(file);
    const { mode, uid, gid } = await stat(path);
    await saveFile(path, text, mode & 0o777);
    if (process.getuid?.() === 0) await chown(path, uid, gid);
    return undefined;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) throw error;
    return no(
      `the site file cannot be written: ${messageOf(error)}`,
      'give this user leave to write it and its directory',
    );
  }
}
