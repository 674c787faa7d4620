// One walk over a YAML document: keys and aliases that cannot stand, what each alias means, numbers that lose their spelling. Pure.

import type { Alias, Document, Node, Pair, YAMLMap } from 'yaml';
import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Path } from './finding.ts';
import { quoted } from './finding.ts';
import { EXAMINED } from './limits.ts';

/** A scalar that YAML reads as something else than it is spelt: `8.10` becomes 8.1. */
export type Respelt = { readonly path: Path; readonly source: string; readonly value: number };

/** A fault of the document at an offset of its text; `path` is empty where there is no plain one. */
export type DocumentFault = {
  readonly path: Path;
  readonly offset: number;
  readonly message: string;
  readonly remedy?: string;
};

export type Survey = {
  /** No more than `EXAMINED` and one. */
  readonly faults: readonly DocumentFault[];
  /** What each alias stands for. */
  readonly targets: ReadonlyMap<Alias, Node>;
  readonly respelt: readonly Respelt[];
};

/** Aliases may be used, not to build a file that explodes: written out, they may add this many characters. */
const MAX_EXPANSION = 1024 * 1024;
/** The library looks for the anchor of each alias among all others. */
const MAX_ALIASES = 1000;

type Notes = {
  readonly faults: DocumentFault[];
  readonly targets: Map<Alias, Node>;
  readonly respelt: Respelt[];
  /** The newest node of each name so far: an alias means the last one before it (YAML 1.2, 7.1). */
  readonly anchors: Map<string, Node>;
  /** How many characters an anchored node has with all its aliases written out; missing while it is walked. */
  readonly sizes: Map<Node, number>;
};

/** Looks at every node once. The document is not nested without bound: `compose` has seen to that. */
export function survey(document: Document.Parsed): Survey {
  const notes: Notes = { faults: [], targets: new Map(), respelt: [], anchors: new Map(), sizes: new Map() };
  const added = walk(document.contents, [], notes);
  const rampant =
    added > MAX_EXPANSION
      ? 'the aliases of this file expand without bound'
      : notes.targets.size > MAX_ALIASES
        ? `this file has more than ${MAX_ALIASES} aliases`
        : undefined;
  if (rampant !== undefined) {
    notes.faults.push({ path: [], offset: 0, message: rampant, remedy: 'write the values out' });
  }
  return notes;
}

/** Walks the node at `path`; how many characters the aliases in it add. */
function walk(node: unknown, path: Path, notes: Notes): number {
  if (isAlias(node)) return walkAlias(node, path, notes);
  if (!isScalar(node) && !isMap(node) && !isSeq(node)) return 0;
  if (node.anchor !== undefined) notes.anchors.set(node.anchor, node);
  let added = 0;
  if (isMap(node)) added = walkMap(node, path, notes);
  else if (isSeq(node)) for (const [index, item] of node.items.entries()) added += walk(item, [...path, index], notes);
  else if (typeof node.value === 'number' && node.source !== undefined && String(node.value) !== node.source) {
    notes.respelt.push({ path, source: node.source, value: node.value });
  }
  if (node.anchor !== undefined) notes.sizes.set(node, lengthOf(node) + added);
  return added;
}

function walkMap(map: YAMLMap, path: Path, notes: Notes): number {
  const seen = new Set<string>();
  let added = 0;
  for (const { key, value } of map.items) {
    if (!isScalar(key)) {
      blame(notes, { path: [], offset: offsetOf(key), message: 'a key must be one word' });
      continue;
    }
    if (key.anchor !== undefined) notes.anchors.set(key.anchor, key);
    const name = String(key.value);
    const at = [...path, name];
    if (seen.has(name)) {
      const message = `the key ${quoted(name)} is written twice`;
      blame(notes, { path: at, offset: offsetOf(key), message, remedy: 'keep one of them' });
    }
    seen.add(name);
    added += walk(value, at, notes);
  }
  return added;
}

function walkAlias(alias: Alias, path: Path, notes: Notes): number {
  const target = notes.anchors.get(alias.source);
  // A lone * has been found already.
  if (alias.source === '') return 0;
  if (target === undefined) {
    const message = `there is no anchor ${quoted(`&${alias.source}`)} before this alias`;
    blame(notes, { path, offset: offsetOf(alias), message, remedy: 'put a text that begins with * into quotes' });
    return 0;
  }
  notes.targets.set(alias, target);
  return notes.sizes.get(target) ?? lengthOf(target);
}

function blame({ faults }: Notes, fault: DocumentFault): void {
  if (faults.length < EXAMINED) faults.push(fault);
}

function lengthOf({ range }: Node): number {
  return range ? range[1] - range[0] : 0;
}

function offsetOf(node: unknown): number {
  return isNodeWithRange(node) ? node.range[0] : 0;
}

/** The part of a map with this key. Keys are compared as texts: 1 and "1" would be one key of the value. */
export function pairOf(items: readonly Pair[], part: string | number): Pair | undefined {
  return items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
}

/** Has this a place in the text? */
export function isNodeWithRange(node: unknown): node is Node & { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}
