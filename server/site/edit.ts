// Changes to a site file's text that leave its comments and its other lines alone. Pure.

import type { Node } from 'yaml';
import { Document, isMap, isNode, isScalar, isSeq, parseDocument } from 'yaml';

/** A tree as the site file writes it; `path` is the URL of one from `upstream`. */
export type TreeEntry = {
  readonly name: string;
  readonly kind: 'iso' | 'directory' | 'upstream';
  readonly path: string;
};

/** The text with one more tree at the end of `trees`, which is made where there is none. */
export function addTree(text: string, { name, kind, path }: TreeEntry): string {
  const document = parseDocument(text);
  if (!isSeq(document.get('trees'))) document.set('trees', document.createNode([]));
  document.addIn(['trees'], document.createNode({ name, [kind]: path }));
  return document.toString({ lineWidth: 0 });
}

/** The text without the tree called `name`. */
export function removeTree(text: string, name: string): string {
  const document = parseDocument(text);
  const trees = document.get('trees');
  const index = isSeq(trees)
    ? trees.items.findIndex((_item, at) => document.getIn(['trees', at, 'name']) === name)
    : -1;
  if (index !== -1) document.deleteIn(['trees', index]);
  return document.toString({ lineWidth: 0 });
}

/** A host as the site file writes it, its address written out. */
export type HostEntry = {
  readonly name: string;
  readonly profile: string;
  readonly network: string;
  readonly address: string;
  readonly macs: readonly string[];
};

/**
 * The text with one more host at the end of `hosts`, which is made where there is none. Where the last host stands on
 * lines of its own the new one follows in the same form, and no other character changes. Undefined where the text is put
 * together in a way (an alias for the list …) that a program cannot add to. `text` must be a site without problems.
 */
export function addHost(text: string, entry: HostEntry): string | undefined {
  // The site is read with its own limits, before this and after.
  const document = parseDocument(text, { uniqueKeys: false });
  return belowLastHost(text, document, entry) ?? throughDocument(document, entry);
}

function throughDocument(document: Document.Parsed, entry: HostEntry): string | undefined {
  const before = document.get('hosts', true);
  if (!isSeq(before)) {
    if (before !== undefined && !(isScalar(before) && before.value === null)) return undefined;
    const list = document.createNode([]);
    list.commentBefore = before?.comment ?? null;
    document.set('hosts', list);
  }
  document.addIn(['hosts'], hostNode(entry, 'flow'));
  return document.toString({ lineWidth: 0 });
}

function belowLastHost(text: string, document: Document.Parsed, entry: HostEntry): string | undefined {
  const hosts = document.get('hosts');
  const last = isSeq(hosts) && hosts.flow !== true ? hosts.items.at(-1) : undefined;
  if (!isMap(last) || !last.range) return undefined;
  const begin = last.range[0];
  const dash = text.slice(text.lastIndexOf('\n', begin - 1) + 1, begin);
  if (!/^ *- +$/.test(dash)) return undefined;
  const form = last.flow === true ? 'flow' : 'block';
  const lineEnd = text.includes('\r\n') ? '\r\n' : '\n';
  const lines = new Document(hostNode(entry, form)).toString({ lineWidth: 0 }).trimEnd().split('\n');
  const added = `${dash}${lines.join(`${lineEnd}${' '.repeat(dash.length)}`)}${lineEnd}`;
  const end = text.indexOf('\n', endOf(last));
  return end === -1 ? `${text}${lineEnd}${added}` : text.slice(0, end + 1) + added + text.slice(end + 1);
}

/** Where the last word of a node ends: what the library calls the end of a block takes in the comments behind it. */
function endOf(node: Node): number {
  if (isMap(node) && node.flow !== true) {
    const last = node.items.at(-1)?.value;
    return isNode(last) ? endOf(last) : (node.range?.[0] ?? 0);
  }
  if (isSeq(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return isNode(last) ? endOf(last) : (node.range?.[0] ?? 0);
  }
  return node.range?.[1] ?? 0;
}

/** MACs in quotes, as everywhere: readers of YAML 1.1 take `10:20:30` for a number. */
function hostNode(entry: HostEntry, form: 'flow' | 'block'): Node {
  const document = new Document(entry);
  const { contents } = document;
  const macs = document.get('macs');
  if (isMap(contents)) contents.flow = form === 'flow';
  if (isSeq(macs)) {
    macs.flow = true;
    for (const mac of macs.items) if (isScalar(mac)) mac.type = 'QUOTE_DOUBLE';
  }
  return document.createNode(contents);
}
