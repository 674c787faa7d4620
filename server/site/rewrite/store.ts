// The site file changed by a program: one at a time, only into a right one, and never over what somebody else has just written. Edge.

import { lchown, realpath, stat } from 'node:fs/promises';
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
import type { SiteHistory } from '../history/store.ts';
import type { Author, SiteVersion } from '../history/version.ts';
import { ON_DISK } from '../history/version.ts';
import { readSiteText } from '../text/store.ts';

/** The file, the lock that every program of this data directory takes to change it, and where its versions are kept. */
export type SiteEdit = {
  readonly file: string;
  readonly lockFile: string;
  readonly history: SiteHistory;
  /** Whose change it is. */
  readonly author: Author;
  readonly now: () => number;
  /** How long to wait for others. A change takes some hundred milliseconds: who waits the default 5 s has met a stuck process. */
  readonly patienceMs?: number;
};

/** `before` is the version that stood there; undefined where nothing could be read. */
export type Rewritten = {
  readonly kind: 'rewritten';
  readonly site: Site;
  readonly before: SiteVersion | undefined;
  readonly after: SiteVersion;
};

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
export function rewriteSite(edit: SiteEdit, change: SiteChange): Promise<Rewritten | SiteProblems | No> {
  return locked(edit, () => rewrite(edit, change));
}

/**
 * The text to come, asked for once nobody else changes the file and with what it says (undefined: nothing that can be read);
 * `expects` says whether that still is what the caller saw.
 */
export type Replacement = {
  readonly text: (before: string | undefined) => Promise<string | No>;
  readonly expects: (before: string) => boolean;
};

/**
 * Replaces the site file as a whole, when what comes is a site without problems and the file still is what the caller saw. What the
 * file was may have had problems, or be gone: this is how that is mended.
 */
export function replaceSite(
  edit: SiteEdit,
  replacement: Replacement,
): Promise<Rewritten | SiteProblems | { readonly kind: 'changed' } | No> {
  return locked(edit, () => replace(edit, replacement));
}

async function replace(edit: SiteEdit, { text: textToCome, expects }: Replacement): ReturnType<typeof replaceSite> {
  const read = await readSiteText(edit.file);
  const before = read.kind === 'text' ? read.text : undefined;
  if (!expects(before ?? '')) return { kind: 'changed' };
  if (await isExample(edit.file))
    return no('the example site is not changed', 'copy site.example.yaml to site.yaml first');
  const stood = before === undefined ? undefined : await keepStanding(edit, before);
  const text = await textToCome(before);
  if (isNo(text)) return text;
  const changed = readSite(text, basename(edit.file));
  if (changed.kind === 'problems') return changed;
  return (await save(edit, text)) ?? (await rewritten(edit, { text, site: changed.site, before: stood }));
}

/**
 * Keeps what the file says now as a version, where it says `text` still: somebody has changed it with an editor. What is being
 * changed by a program is kept by that one.
 */
export async function keepSite(edit: SiteEdit, text: string): Promise<void> {
  await locked(edit, async () => {
    const now = await readSiteText(edit.file);
    if (now.kind === 'text' && now.text === text) await keepStanding(edit, text);
    return undefined;
  });
}

/** What stood there and was never kept, somebody else has written. It is kept before it is replaced: else it would be lost. */
function keepStanding({ history, now }: SiteEdit, text: string): Promise<SiteVersion> {
  return history.keep(text, ON_DISK, now());
}

type Saved = { readonly text: string; readonly site: Site; readonly before: SiteVersion | undefined };

/** Should the process end before this, the next one that looks keeps the text, as one that was found on disk. */
async function rewritten({ history, author, now }: SiteEdit, { text, site, before }: Saved): Promise<Rewritten> {
  return { kind: 'rewritten', site, before, after: await history.keep(text, author, now()) };
}

async function locked<T>(edit: SiteEdit, work: () => Promise<T>): Promise<T | No> {
  const lock = await waitForLock(edit);
  if (lock === undefined) return no('another command is changing the site file', 'try again when it is done');
  try {
    return await work();
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

async function rewrite(edit: SiteEdit, { change, accepts }: SiteChange): Promise<Rewritten | SiteProblems | No> {
  const { file } = edit;
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
  const stood = await keepStanding(edit, before.text);
  return (await save(edit, text)) ?? (await rewritten(edit, { text, site: changed.site, before: stood }));
}

function unreadable({ problems: [problem] }: SiteProblems): No {
  return no(`the site file: ${problem?.message ?? 'cannot be read'}`, problem?.remedy);
}

async function isExample(file: string): Promise<boolean> {
  return [file, await targetOf(file)].some((path) => basename(path) === 'site.example.yaml');
}

/** What a link leads to; the path itself where nothing is there. */
async function targetOf(file: string): Promise<string> {
  try {
    return await realpath(file);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return file;
    throw error;
  }
}

/** Where the file is a link its target is replaced. It keeps its mode, and its owner when root changes it. */
async function save({ file }: SiteEdit, text: string): Promise<No | undefined> {
  try {
    const path = await targetOf(file);
    const { mode, uid, gid } = await standingAt(path);
    await saveFile(path, text, mode & 0o777);
    if (process.getuid?.() === 0) await lchown(path, uid, gid);
    return undefined;
  } catch (error) {
    if (!['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '')) throw error;
    return no(
      `the site file cannot be written: ${messageOf(error)}`,
      'give this user leave to write it and its directory',
    );
  }
}

/** A file that is gone comes back for its owner only, who is that of its directory: it may name logins. */
async function standingAt(
  path: string,
): Promise<{ readonly mode: number; readonly uid: number; readonly gid: number }> {
  try {
    return await stat(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
    const { uid, gid } = await stat(dirname(path));
    return { mode: 0o600, uid, gid };
  }
}
