// Changes to a site file's text that leave its comments and its other lines alone. Pure.

import type { Node } from 'yaml';
import { Document, isMap, isScalar, isSeq, parseDocument } from 'yaml';
import type { Form } from './edit-list.ts';
import { addItem, belowLast, removeItem } from './edit-list.ts';

/** A tree as the site file writes it; `path` is the URL of one from `upstream`. */
export type TreeEntry = {
  readonly name: string;
  readonly kind: 'iso' | 'directory' | 'upstream';
  readonly path: string;
};

/**
 * The text with one more tree at the end of `trees`, which is made where there is none. Where the text is put together in a way that
 * items cannot be added to, all of it is written anew: every comment stays, its form may not.
 */
export function addTree(text: string, { name, kind, path }: TreeEntry): string {
  const entry = { name, [kind]: path };
  const added = addItem(text, { key: 'trees', write: (form) => nodeOf(entry, form) });
  if (added !== undefined) return added;
  const document = parseDocument(text);
  if (!isSeq(document.get('trees'))) document.set('trees', document.createNode([]));
  document.addIn(['trees'], document.createNode(entry));
  return document.toString({ lineWidth: 0 });
}

/** The text without the tree called `name`; written anew where it cannot be cut out. */
export function removeTree(text: string, name: string): string {
  const removed = removeItem(text, { key: 'trees', name });
  if (removed !== undefined) return removed;
  const document = parseDocument(text);
  const trees = document.get('trees');
  const index = isSeq(trees)
    ? trees.items.findIndex((_item, at) => document.getIn(['trees', at, 'name']) === name)
    : -1;
  if (index === -1) return text;
  document.deleteIn(['trees', index]);
  return document.toString({ lineWidth: 0 });
}

/** A repo as the site file writes it; what is absent is not written. */
export type RepoEntry = {
  readonly name: string;
  /** A URL, or an absolute directory. */
  readonly upstream: string;
  readonly publish?: string | undefined;
  readonly schedule?: string | undefined;
  readonly keep?: number | undefined;
};

/**
 * The text with one more repo at the end of `repos`, which is made where there is none; no other character changes. Undefined where
 * the text is put together in a way that a program cannot add to. `text` must be a site without problems.
 */
export function addRepo(text: string, entry: RepoEntry): string | undefined {
  return addItem(text, { key: 'repos', write: (form) => repoNode(entry, form) });
}

/** The text without the repo called `name`, as `addRepo` left it alone; undefined where a program cannot take it out. */
export function removeRepo(text: string, name: string): string | undefined {
  return removeItem(text, { key: 'repos', name });
}

/** The repo as a line to add by hand. */
export function repoLine(entry: RepoEntry): string {
  return `- ${new Document(repoNode(entry, 'flow')).toString({ lineWidth: 0 }).trimEnd()}`;
}

/** A schedule in quotes, as everywhere: most begin with a sign of YAML's own. */
function repoNode({ name, upstream, publish, schedule, keep }: RepoEntry, form: Form): Node {
  return nodeOf({ name, upstream, publish, schedule, keep }, form, (document) => {
    const times = document.get('schedule', true);
    if (isScalar(times)) times.type = 'QUOTE_DOUBLE';
  });
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
  if (!isSeq(hosts) || hosts.flow === true) return undefined;
  return belowLast(text, hosts, { write: (form) => hostNode(entry, form) });
}

/** MACs in quotes, as everywhere: readers of YAML 1.1 take `10:20:30` for a number. */
function hostNode(entry: HostEntry, form: Form): Node {
  return nodeOf(entry, form, (document) => {
    const macs = document.get('macs');
    if (!isSeq(macs)) return;
    macs.flow = true;
    for (const mac of macs.items) if (isScalar(mac)) mac.type = 'QUOTE_DOUBLE';
  });
}

/** An entry of a list in the form of its neighbours, once `mark` has seen to how its values are written. What is undefined is not written. */
function nodeOf(entry: object, form: Form, mark: (document: Document) => void = () => {}): Node {
  const document = new Document(entry, { keepUndefined: false });
  const { contents } = document;
  mark(document);
  if (isMap(contents)) contents.flow = form === 'flow';
  return document.createNode(contents);
}
