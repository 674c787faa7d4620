// The example site, changed by small edits that must each fit: what the tests of this folder start from.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Site } from '../../../server/domain.ts';
import { parseSite } from '../../../server/site/parse.ts';
import { renderProblems } from '../../../server/site/problems.ts';

export const example = readFileSync(new URL('../../../site.example.yaml', import.meta.url), 'utf8');

/** A text to find, which must be there, and what to put in its place (all occurrences where the text is a RegExp with `g`). */
export type Edit = readonly [string | RegExp, string];

/** The example with edits made one after another; an edit that finds nothing is a mistake in the test. */
export function edited(...edits: readonly Edit[]): string {
  return edits.reduce((text, [from, to]) => {
    const next = text.replace(from, () => to);
    if (next === text) throw new Error(`nothing to replace: ${String(from)}`);
    return next;
  }, example);
}

/** The site of a text that has no problems. */
export function siteOf(text: string): Site {
  const parsed = parseSite(text, 'site.yaml');
  if (parsed.kind === 'problems') throw new Error(renderProblems(parsed.problems, 'site.yaml'));
  return parsed.site;
}

/** The problems of a text as lines: `34: hosts[2].address: …`. */
export function problemsOf(text: string): readonly string[] {
  const parsed = parseSite(text, 's');
  if (parsed.kind === 'site') return [];
  return renderProblems(parsed.problems, 's')
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/^s:(?=\d)/, ''));
}

/** What is wrong; the edits that make it so; the problems, as `line: path: message — remedy`. */
export type WrongFile = readonly [string, readonly Edit[], readonly string[]];

/** A test for each row: exactly these problems, in this order. */
export function expectProblems(rows: readonly WrongFile[]): void {
  test.each(rows.map((row) => [...row] as const))('%s', (_, edits, problems) => {
    expect(problemsOf(edited(...edits))).toEqual(problems);
  });
}
