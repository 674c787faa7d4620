// Items of a list of a site file's text, added and removed with the lines they stand on: no other character changes. Pure.

import type { Node, Pair, YAMLMap, YAMLSeq } from 'yaml';
import { Document, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml';

export type Form = 'flow' | 'block';

/** An item to come: of the list `key` of the file, written in the form of those that are there. */
export type NewItem = { readonly key: string; readonly write: (form: Form) => Node };

/**
 * The text with one more item at the end of a list, which is made where there is none. Undefined where the text is put together in
 * a way that this does not know. `text` must be a site without problems.
 */
export function addItem(text: string, item: NewItem): string | undefined {
  // The site is read with its own limits, before this and after.
  const document = parseDocument(text, { uniqueKeys: false });
  if (!isMap(document.contents)) return undefined;
  const list = document.get(item.key, true);
  if (list === undefined) return withNewList(text, document.contents, item);
  if (!isSeq(list)) return undefined;
  return list.flow === true ? withinFlow(text, list, item) : belowLast(text, list, item);
}

/** The same below the last item of a list whose items stand on lines of their own; undefined for any other. */
export function belowLast(text: string, list: YAMLSeq, { write }: Pick<NewItem, 'write'>): string | undefined {
  const last = list.items.at(-1);
  if (!isMap(last) || !last.range) return undefined;
  const dash = dashBefore(text, last.range[0]);
  if (dash === undefined) return undefined;
  const lineEnd = lineEndOf(text);
  const indent = `${lineEnd}${' '.repeat(dash.length)}`;
  const added = `${dash}${linesOf(write(last.flow === true ? 'flow' : 'block')).join(indent)}${lineEnd}`;
  const end = lineAfter(text, endOf(last));
  return end === undefined ? `${text}${lineEnd}${added}` : text.slice(0, end) + added + text.slice(end);
}

function withNewList(text: string, root: YAMLMap, { key, write }: NewItem): string | undefined {
  const begin = root.range?.[0] ?? 0;
  if (root.flow === true || (begin > 0 && text[begin - 1] !== '\n') || /^\.\.\.(?:\s|$)/m.test(text)) return undefined;
  const lineEnd = lineEndOf(text);
  const before = text.endsWith('\n') ? text : `${text}${lineEnd}`;
  return `${before}${key}:${lineEnd}  - ${linesOf(write('block')).join(`${lineEnd}    `)}${lineEnd}`;
}

function withinFlow(text: string, list: YAMLSeq, { write }: NewItem): string | undefined {
  const last = list.items.at(-1);
  const [begin] = list.range ?? [];
  if (begin === undefined || text[begin] !== '[') return undefined;
  const words = linesOf(write('flow'))
    .map((line) => line.trim())
    .join(' ');
  if (last === undefined) return text.slice(0, begin + 1) + words + text.slice(begin + 1);
  if (!isMap(last) || !last.range) return undefined;
  const end = endOf(last);
  return `${text.slice(0, end)}, ${words}${text.slice(end)}`;
}

/** An item that goes: of the list `key`, by its name. */
export type OldItem = { readonly key: string; readonly name: string };

/**
 * The text without an item, whose lines go with the comments on them; comments on lines of their own stay. A list that is empty
 * then goes too, where it was nothing but its key. Undefined where the item is not there, or other parts of the text hang on it.
 */
export function removeItem(text: string, { key, name }: OldItem): string | undefined {
  const root: unknown = parseDocument(text, { uniqueKeys: false }).contents;
  const pair = isMap(root) ? root.items.find((one) => isScalar(one.key) && one.key.value === key) : undefined;
  const list = pair?.value;
  if (pair === undefined || !isSeq(list)) return undefined;
  const index = list.items.findIndex((item) => isMap(item) && item.get('name') === name);
  const item = list.items[index];
  if (!isMap(item) || !item.range || isReferredTo(item)) return undefined;
  return list.flow === true ? cutFromFlow(text, list, index) : cutLines(text, { list, pair }, item);
}

/** Has it, or any part of it, a name by which the rest of the text may speak of it? */
function isReferredTo(item: Node): boolean {
  let isSo = false;
  visit(item, {
    Value: (_key, { anchor }) => {
      if (anchor !== undefined) isSo = true;
    },
  });
  return isSo;
}

function cutFromFlow(text: string, { items, range }: YAMLSeq, index: number): string | undefined {
  const spans = items.map((item) => (isNode(item) && item.range ? ([item.range[0], endOf(item)] as const) : undefined));
  const [before, own, after] = [spans[index - 1], spans[index], spans[index + 1]];
  if (own === undefined || !range) return undefined;
  const [from, to, comma] =
    before !== undefined
      ? [before[1], own[1], text.slice(before[1], own[0])]
      : after !== undefined
        ? [own[0], after[0], text.slice(own[1], after[0])]
        : [own[0], own[1], `,${text.slice(own[1], range[1] - 1)}`];
  // What stands between two items is a comma, and nothing that somebody wrote for people.
  return comma.trim() === ',' ? text.slice(0, from) + text.slice(to) : undefined;
}

type Place = { readonly list: YAMLSeq; readonly pair: Pair };

function cutLines(text: string, { list, pair }: Place, item: YAMLMap): string | undefined {
  const begin = item.range?.[0] ?? 0;
  const dash = dashBefore(text, begin);
  if (dash === undefined) return undefined;
  const from = begin - dash.length;
  const rest = text.slice(lineAfter(text, endOf(item)) ?? text.length);
  if (list.items.length > 1) return text.slice(0, from) + rest;
  return withoutList(text.slice(0, from), pair, rest);
}

/** `before` ends with the key, and what stands below it. */
function withoutList(before: string, { key }: Pair, rest: string): string | undefined {
  const [keyBegin, keyEnd] = (isScalar(key) ? key.range : undefined) ?? [];
  if (keyBegin === undefined || keyEnd === undefined) return undefined;
  const left = before.slice(keyEnd);
  if (!/^ *:[ \t]*(?:#[^\n]*)?\r?\n/.test(left)) return undefined;
  if (left.trim() === ':') return before.slice(0, keyBegin) + rest;
  return `${before.slice(0, keyEnd)}${left.replace(':', ': []')}${rest}`;
}

/** The indent and the dash before an item that begins at `at`, where nothing else stands there. */
function dashBefore(text: string, at: number): string | undefined {
  const head = text.slice(text.lastIndexOf('\n', at - 1) + 1, at);
  return /^ *- +$/.test(head) ? head : undefined;
}

/** Where the line behind a node that ends at `end` begins; undefined where there is none. */
function lineAfter(text: string, end: number): number | undefined {
  // A text of several lines ends behind its last line end.
  const at = text.indexOf('\n', Math.max(0, end - 1));
  return at === -1 ? undefined : at + 1;
}

/** Where the last word of a node ends: what the library calls the end of a block takes in the comments behind it. */
function endOf(node: Node): number {
  const last = lastOf(node);
  return last === undefined ? (node.range?.[1] ?? 0) : endOf(last);
}

function lastOf(node: Node): Node | undefined {
  if ((!isMap(node) && !isSeq(node)) || node.flow === true) return undefined;
  const last = isMap(node) ? node.items.at(-1)?.value : node.items.at(-1);
  return isNode(last) ? last : undefined;
}

/** The lines of a node. A text of several lines is escaped into one: what is indented anew would become part of it. */
function linesOf(node: Node): readonly string[] {
  visit(node, {
    Scalar: (_key, scalar) => {
      if (typeof scalar.value === 'string' && /[\n\r]/.test(scalar.value)) scalar.type = 'QUOTE_DOUBLE';
    },
  });
  return new Document(node).toString({ lineWidth: 0, doubleQuotedAsJSON: true }).trimEnd().split('\n');
}

function lineEndOf(text: string): string {
  return text.includes('\r\n') ? '\r\n' : '\n';
}
