// The site file over the open house: its text with an entity tag, checked and replaced by whoever saw it last.

import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { Problem } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { Refusal } from '../problem.ts';
import type { Settings } from '../settings.ts';
import { parseSite } from '../site/parse.ts';
import { replaceSite } from '../site/rewrite/store.ts';
import { readSiteText } from '../site/text/store.ts';
import { siteEdit } from './enrolment.ts';

function etagOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
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

/** Saves `text` where the file still is what `etag` names, and where `text` is a site without problems. */
export async function saveSiteFile(
  settings: Settings,
  { text, etag }: { readonly text: string; readonly etag: string },
): Promise<{ readonly kind: 'saved'; readonly etag: string } | { readonly kind: 'changed' } | Refusal> {
  const done = await replaceSite(siteEdit(settings), { text, expects: (before) => etagOf(before) === etag });
  if (isNo(done)) return done;
  if (done.kind === 'changed') return done;
  if (done.kind === 'rewritten') return { kind: 'saved', etag: etagOf(text) };
  const { length } = done.problems;
  return { ...no(`the site would have ${length === 1 ? 'a problem' : `${length} problems`}`), problems: done.problems };
}
