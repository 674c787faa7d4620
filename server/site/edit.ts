// Changes to a site file's text that leave its comments and its other lines alone. Pure.

import { isSeq, parseDocument } from 'yaml';

/** A tree as the site file writes it. */
export type TreeEntry = { readonly name: string; readonly kind: 'iso' | 'directory'; readonly path: string };

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
