// A site file that differs from a known one only in some of its hosts → its site, without reading the rest of the text again. Pure.

import type { HostLines } from './lines.ts';
import type { SiteReading } from './parse.ts';
import type { SiteFile } from './schema.ts';
import { valueAt } from './shape.ts';
import { spliceHosts, spliced } from './splice.ts';
import { MAX_SIGNS } from './syntax.ts';
import { readYaml } from './yaml.ts';

export type Reread = {
  /** As `readSite` makes it of the same text; `signs` may be more. */
  readonly reading: SiteReading;
  /** Is this surely no piece of what somebody is still writing? See `isWhole`. */
  readonly whole: boolean;
};

/**
 * Reads `text` with the help of `before`: only the lines of the hosts between the first and the last difference are read
 * as YAML, and their values put in the place of the old ones.
 * Undefined where this cannot be, and where anything is wrong with the text: `readSite` says what the text is.
 *
 * Why the result is that of the whole text: what is before and behind those lines is unchanged, and read from the same
 * states. Before them a line with a dash in the same column has ended whatever came before, as it does now. They are read
 * below the same key, and a dash in that column behind them must end their last host, as the next line of the text will.
 * Nothing in them, old or new, means anything outside (`hostLines`).
 */
export function rereadSite(before: SiteReading, text: string): Reread | undefined {
  if (before.lines === undefined) return undefined;
  const change = changeOf({ text: before.text, lines: before.lines }, text);
  if (change === undefined) return undefined;
  const items = readItems(change, before.lines.indent);
  const signs = before.signs + (items?.signs ?? 0);
  if (items === undefined || signs > MAX_SIGNS) return undefined;
  const { first, behind } = change;
  const values = spliceHosts(before, { first, behind, values: items.values });
  if (values === undefined) return undefined;
  const lines = linesAfter(before.lines, change, items);
  const whole = isWhole(before, change, { hosts: values.file.hosts, lastIsClosed: items.lastIsClosed });
  return { reading: { kind: 'reading', text, lines, signs, ...values }, whole };
}

/** The hosts from `first` to before `behind` stood where now `text` stands, `shift` characters longer. */
type Change = {
  readonly first: number;
  readonly behind: number;
  readonly text: string;
  readonly start: number;
  readonly shift: number;
  /** Does it reach to the end of the file? */
  readonly last: boolean;
};

/** With so much new text, reading all of it costs little more. */
const MAX_CHANGED = 64 * 1024;

type Known = { readonly text: string; readonly lines: HostLines };

/** Where two texts differ, widened to whole hosts; undefined where that is not in the hosts alone. */
function changeOf({ text: old, lines: { starts, end } }: Known, text: string): Change | undefined {
  const from = samePrefix(old, text);
  const tail = sameSuffix(old, text, Math.min(old.length, text.length) - from);
  const to = old.length - tail;
  const head = starts[0] ?? Infinity;
  if (from < head || to > end) return undefined;
  // A difference where a host begins may belong to the one before it: a line more.
  const first = Math.max(0, countBelow(starts, from) - 1);
  const behind = Math.max(first + 1, countBelow(starts, to));
  const start = starts[first] ?? head;
  const stop = starts[behind] ?? end;
  const shift = text.length - old.length;
  const changed = text.slice(start, stop + shift);
  const last = stop === old.length;
  if (changed.length > MAX_CHANGED || (!last && !changed.endsWith('\n'))) return undefined;
  return { first, behind, text: changed, start, shift, last };
}

/** Texts are compared in pieces: by the character, a megabyte would take longer than all checks of its hosts. */
const PIECES = [4096, 64, 1];

function samePrefix(one: string, other: string): number {
  const most = Math.min(one.length, other.length);
  let at = 0;
  for (const piece of PIECES) {
    while (at + piece <= most && one.slice(at, at + piece) === other.slice(at, at + piece)) at += piece;
  }
  return at;
}

function sameSuffix(one: string, other: string, most: number): number {
  const piece = (text: string, length: number, size: number): string =>
    text.slice(text.length - length - size, text.length - length);
  let length = 0;
  for (const size of PIECES) {
    while (length + size <= most && piece(one, length, size) === piece(other, length, size)) length += size;
  }
  return length;
}

/** How many of the rising `numbers` are below `limit`. */
function countBelow(numbers: readonly number[], limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((numbers[middle] ?? Infinity) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

type Items = {
  readonly values: readonly unknown[];
  /** Where each begins in the changed text. */
  readonly starts: readonly number[];
  readonly signs: number;
  /** Does the last one end with a bracket of its own? */
  readonly lastIsClosed: boolean;
};

const KEY = 'hosts:\n';

/** Reads the changed lines as hosts, between the key that stands before all and the dash of one more. */
function readItems({ text }: Change, indent: string): Items | undefined {
  // Blanks that are none to YAML in every place, and line ends that are none here.
  if (/[\t\r\uFEFF]/.test(text)) return undefined;
  const whole = `${KEY}${text}${text.endsWith('\n') || text === '' ? '' : '\n'}`;
  const dash = `${indent}- 0\n`;
  const yaml = readYaml(whole + dash);
  if (yaml.kind === 'problems' || yaml.hosts === undefined || yaml.respelt.length > 0) return undefined;
  const { hosts, value, signs } = yaml;
  const starts = hosts.starts.slice(0, -1);
  const isBetween = hosts.starts.at(-1) === whole.length && hosts.end === whole.length + dash.length;
  const values = valueAt(value, ['hosts']);
  if (!isBetween || !Array.isArray(values) || values.length !== hosts.starts.length) return undefined;
  const last = whole.slice(starts.at(-1) ?? 0);
  return {
    values: values.slice(0, -1),
    starts: starts.map((start) => start - KEY.length),
    signs,
    lastIsClosed: /^ *- +\{/.test(last),
  };
}

function linesAfter({ indent, starts, end }: HostLines, change: Change, items: Items): HostLines {
  const { first, behind, start, shift } = change;
  const own = items.starts.map((one) => one + start);
  const moved = starts.map((one, index) => (index < behind ? one : one + shift));
  return { indent, starts: spliced(moved, { first, behind }, own), end: end + shift };
}

type After = { readonly hosts: SiteFile['hosts']; readonly lastIsClosed: boolean };

/**
 * A file that is written from its front on (as editors and copies do, in place or anew) is short until it is done. What is
 * read meanwhile may be a site in itself: one with fewer hosts, whose armings would be taken back, or one whose last host
 * has half an address. It is neither when no host is missing and behind the changed ones stands another that is
 * unchanged, or another part of the file; or, at its end, when the last host has its closing bracket.
 */
function isWhole(before: SiteReading, { first, behind, last }: Change, { hosts, lastIsClosed }: After): boolean {
  const gone = before.file.hosts.length - hosts.length;
  const names = new Set(hosts.slice(first, behind - gone).map(({ name }) => name));
  const isMissing = before.file.hosts.slice(first, behind).some(({ name }) => !names.has(name));
  return !isMissing && (behind < before.file.hosts.length || !last || lastIsClosed);
}
