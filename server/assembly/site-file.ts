// The site file over the open house: its text with an entity tag, checked and replaced by whoever saw it last.

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { No, Problem } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import type { Settings } from '../settings.ts';
import { openSiteHistory } from '../site/history/store.ts';
import type { SiteVersion } from '../site/history/version.ts';
import { parseSite } from '../site/parse.ts';
import type { Rewritten } from '../site/rewrite/store.ts';
import { replaceSite } from '../site/rewrite/store.ts';
import { readSiteText } from '../site/text/store.ts';
import type { Who } from './enrolment.ts';
import { siteEdit } from './enrolment.ts';
import { dataPaths } from './house.ts';

/** As the versions of the file are known by. */
function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The file as it is on disk, right or wrong. */
export async function readSiteFile({
  siteFile,
}: Settings): Promise<{ text: string; etag: string; problems: readonly Problem[] }> {
  const read = await readSiteText(siteFile);
  if (read.kind === 'problems') return { text: '', etag: etagOf(''), problems: read.problems };
  return { text: read.text, etag: etagOf(read.text), problems: problemsIn(read.text, basename(siteFile)) };
}

/** All that would be wrong with `text`. */
export function checkSiteText(text: string): readonly Problem[] {
  return problemsIn(text, 'site.yaml');
}

function problemsIn(text: string, name: string): readonly Problem[] {
  const parsed = parseSite(text, name);
  return parsed.kind === 'problems' ? parsed.problems : [];
}

/** The file was replaced: the entity tag of what it says now, and the versions it was and is. */
export type SavedSite = Pick<Rewritten, 'before' | 'after'> & { readonly kind: 'saved'; readonly etag: string };

/** The file is not what the caller has seen. */
export type SiteMoved = { readonly kind: 'changed' };

/** Who changes the file, and whether what it says is what they have seen: asked with its entity tag. */
export type SiteChanger = { readonly who: Who; readonly expects: (etag: string) => boolean };

/** Saves `text` where the file still is what was seen, and where `text` is a site without problems. */
export function saveSiteFile(
  settings: Settings,
  text: string,
  changer: SiteChanger,
): Promise<SavedSite | SiteMoved | Refusal> {
  return replaceBy(settings, async () => text, { ...changer, operation: 'saveSite' });
}

/**
 * Puts a version back as the newest: `id`, else the one before what the file says now. Checked like every change. Nothing is lost by
 * it: what it replaces is a version too, and to undo it again puts that one back.
 */
export function undoSiteFile(
  settings: Settings,
  id: number | undefined,
  changer: SiteChanger,
): Promise<SavedSite | SiteMoved | Refusal> {
  const history = historyOf(settings);
  const earlier = async (before: string | undefined): Promise<string | No> => {
    // Whoever has the lock has kept what the file says: that is the newest, where it says anything.
    const versions = await history.versions();
    const wanted = id ?? versions.at(before === undefined ? 0 : 1)?.id;
    if (wanted === undefined) return no('there is no version before this one');
    const text = await history.text(wanted);
    if (text === undefined) return noVersion(wanted);
    return text === before ? no(`the site file says what version ${wanted} says already`) : text;
  };
  return replaceBy(settings, earlier, { ...changer, operation: 'undoSite' });
}

async function replaceBy(
  settings: Settings,
  text: (before: string | undefined) => Promise<string | No>,
  { who, expects, operation }: SiteChanger & { readonly operation: string },
): Promise<SavedSite | SiteMoved | Refusal> {
  const edit = siteEdit(settings, { ...who, operation });
  const done = await replaceSite(edit, { text, expects: (before) => expects(etagOf(before)) });
  if (isNo(done)) return done;
  if (done.kind === 'changed') return done;
  if (done.kind === 'rewritten')
    return { kind: 'saved', etag: done.after.sha256, before: done.before, after: done.after };
  const { length } = done.problems;
  return { ...no(`the site would have ${length === 1 ? 'a problem' : `${length} problems`}`), problems: done.problems };
}

/** A version as it is told of: `current` where it is what the file says now. */
export type ListedVersion = Omit<SiteVersion, 'sha256'> & { readonly current: boolean };

/** All versions that are kept, newest first. */
export async function siteVersions(settings: Settings): Promise<readonly ListedVersion[]> {
  const read = await readSiteText(settings.siteFile);
  const now = read.kind === 'text' ? etagOf(read.text) : undefined;
  const versions = await historyOf(settings).versions();
  return versions.map(({ sha256, ...told }, index) => ({ ...told, current: index === 0 && sha256 === now }));
}

/** A version with its text. */
export async function siteVersion(
  settings: Settings,
  id: number,
): Promise<(ListedVersion & { readonly kind: 'version'; readonly text: string }) | No> {
  const told = (await siteVersions(settings)).find((one) => one.id === id);
  const text = await historyOf(settings).text(id);
  return told === undefined || text === undefined ? noVersion(id) : { kind: 'version', ...told, text };
}

function noVersion(id: number): No {
  return no(`there is no version ${id} of the site file`, 'the newest are kept: kickstand site history lists them');
}

function historyOf({ dataDirectory }: Settings) {
  return openSiteHistory(dataPaths(dataDirectory).siteHistory);
}
