// Where each host stands in a site file's text, when it is written in the ordinary way: as items with dashes below `hosts:`. Pure.

import type { Document, Pair } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import { isNodeWithRange } from './survey.ts';

/** Each host has the lines from its dash to the next one's: comments behind it are its own. Offsets count characters. */
export type HostLines = {
  /** What stands before each dash: blanks, as many for all. */
  readonly indent: string;
  /** The first line of each host. */
  readonly starts: readonly number[];
  /** Behind the last line of the last host. */
  readonly end: number;
};

/**
 * The lines of the hosts in `document`, which was read from `text` without a fault; undefined where they are written in
 * another way: in brackets, with dashes on lines of their own, under a quoted key, after directives, or with anything in
 * them whose meaning lies elsewhere in the text.
 */
export function hostLines(text: string, document: Document.Parsed): HostLines | undefined {
  const root = document.contents;
  if (!isMap(root) || root.flow === true) return undefined;
  const at = root.items.findIndex(({ key }) => isScalar(key) && key.value === 'hosts');
  const key = beginOf(root.items[at]);
  const hosts = root.items[at]?.value;
  if (key === undefined || !isSeq(hosts) || hosts.flow === true || hosts.items.length === 0) return undefined;
  const dashes = hosts.items.map((item) => dashOf(text, item));
  const starts = dashes.flatMap((dash) => (dash === undefined ? [] : [dash.start]));
  const [first] = dashes;
  const next = root.items[at + 1];
  const end = next === undefined ? text.length : beginOf(next);
  if (first === undefined || starts.length < dashes.length || end === undefined) return undefined;
  if (!isLineStart(text, end) && end !== text.length) return undefined;
  // A directive (YAML 1.2, 6.8) may change what the words of the whole document mean.
  if (!HEAD.test(text.slice(key, first.start)) || !isLineStart(text, key) || /^%/m.test(text.slice(0, key)))
    return undefined;
  return isPlain(hosts) ? { indent: first.indent, starts, end } : undefined;
}

/** The key's line, and lines without a word. */
const HEAD = /^hosts: *(?:#[^\n]*)?\n(?: *(?:#[^\n]*)?\n)*$/;

function beginOf(pair: Pair | undefined): number | undefined {
  return isNodeWithRange(pair?.key) ? pair.key.range[0] : undefined;
}

function isLineStart(text: string, offset: number): boolean {
  return offset === 0 || text[offset - 1] === '\n';
}

/** The dash before an item, if the item begins on the dash's line and nothing else stands before it. */
function dashOf(text: string, item: unknown): { readonly start: number; readonly indent: string } | undefined {
  if (!isNodeWithRange(item)) return undefined;
  const start = text.lastIndexOf('\n', item.range[0] - 1) + 1;
  const indent = /^( *)- +$/.exec(text.slice(start, item.range[0]))?.[1];
  return indent === undefined ? undefined : { start, indent };
}

/** No anchor or alias, no tag, no text in a block. */
function isPlain(node: unknown): boolean {
  if (node === null) return true;
  if (isAlias(node)) return false;
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) return false;
  if (node.anchor !== undefined || node.tag !== undefined) return false;
  if (isMap(node)) return node.items.every(({ key, value }) => isPlain(key) && isPlain(value));
  if (isSeq(node)) return node.items.every(isPlain);
  return node.type !== 'BLOCK_FOLDED' && node.type !== 'BLOCK_LITERAL';
}
