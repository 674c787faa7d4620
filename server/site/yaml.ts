// YAML text → plain value, with the way back from a path in the value to its line in the text. Pure.

import type { Document, Node, Pair } from 'yaml';
import { LineCounter, isAlias, isCollection, isMap, isPair, isScalar, isSeq, parseDocument, visit } from 'yaml';
import type { Problem } from '../malformed.ts';
import type { Path } from './finding.ts';
import { formatPath, quoted } from './finding.ts';

/** A scalar that YAML reads as something else than it is spelt: `8.10` becomes 8.1. */
export type Respelt = { readonly path: Path; readonly source: string; readonly value: number };

export type YamlText = {
  readonly kind: 'yaml';
  readonly value: unknown;
  /** The line of the value at `path`, counted from 1; where there is none, that of the nearest value around it. */
  lineOf(path: Path): number;
  /** How the scalar at `path` is spelt in the text; undefined where there is none. */
  spellingOf(path: Path): string | undefined;
  readonly respelt: readonly Respelt[];
};

/** Aliases may be used, not to build a file that explodes: more than this many expansions are refused. */
const MAX_ALIASES = 100;

/** Reads one YAML 1.2 document. What the text cannot say at all comes back as problems, all of them. */
export function readYaml(
  text: string,
): YamlText | { readonly kind: 'problems'; readonly problems: readonly Problem[] } {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
    // Not `logLevel: 'silent'`: that would also drop every document but the first without an error.
    const problems = [...syntaxProblems(document, { text, lines }), ...keyProblems(document, lines)];
    if (problems.length > 0) return { kind: 'problems', problems };
    return describe(document, lines);
  } catch (error) {
    // `yaml` throws ReferenceError for alias bombs and RangeError where nesting exhausts the stack.
    if (error instanceof ReferenceError) return refused(aliasMessage(error), 'write the values out');
    if (error instanceof RangeError) return refused('nested too deeply', undefined);
    throw error;
  }
}

function describe(document: Document.Parsed, lines: LineCounter): YamlText {
  const value: unknown = document.toJS({ maxAliasCount: MAX_ALIASES });
  return {
    kind: 'yaml',
    value,
    lineOf: (path) => lines.linePos(offsetOf(document, path)).line,
    spellingOf: (path) => {
      const node = nodeAt(document, path);
      return isScalar(node) ? node.source : undefined;
    },
    respelt: respeltScalars(document),
  };
}

function aliasMessage(error: ReferenceError): string {
  return error.message.startsWith('Excessive') ? 'the aliases of this file expand without bound' : error.message;
}

function refused(message: string, remedy: string | undefined) {
  return { kind: 'problems', problems: [{ path: '', line: undefined, message, remedy }] } as const;
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['DUPLICATE_KEY', 'keep one of them'],
  ['TAB_AS_INDENT', 'indent with spaces'],
  ['BAD_ALIAS', 'put a text that begins with * into quotes'],
  ['MULTIPLE_DOCS', 'remove the --- line and what follows it'],
  ['BLOCK_AS_IMPLICIT_KEY', 'put a text with ": " in it into quotes'],
  ['TAG_RESOLVE_FAILED', 'remove the tag'],
]);

type Source = { readonly text: string; readonly lines: LineCounter };

function syntaxProblems(document: Document.Parsed, source: Source): Problem[] {
  const problems = [...document.errors, ...document.warnings].map((error) => {
    const duplicate = error.code === 'DUPLICATE_KEY' ? keyPathAt(document, error.pos[0]) : undefined;
    const message =
      duplicate === undefined
        ? firstLine(error.message)
        : `the key ${quoted(String(duplicate.at(-1)))} is written twice`;
    return {
      path: formatPath(duplicate ?? []),
      line: source.lines.linePos(error.pos[0]).line,
      message: error.code === 'MULTIPLE_DOCS' ? 'a site file is one YAML document' : message,
      remedy: REMEDIES.get(error.code),
    };
  });
  // One stray character can be said several times over.
  return problems.filter(
    ({ line, message }, index) => problems.findIndex((one) => one.line === line && one.message === message) === index,
  );
}

/** Keys must be plain words: a list or a mapping as a key would be flattened to a text. */
function keyProblems(document: Document.Parsed, lines: LineCounter): Problem[] {
  const problems: Problem[] = [];
  visit(document, {
    Pair: (_, pair) => {
      if (isScalar(pair.key)) return;
      const at = isNodeWithRange(pair.key) ? lines.linePos(pair.key.range[0]).line : undefined;
      problems.push({ path: '', line: at, message: 'a key must be one word', remedy: undefined });
    },
  });
  return problems;
}

function respeltScalars(document: Document.Parsed): Respelt[] {
  const found: Respelt[] = [];
  visit(document, {
    Scalar: (key, node, ancestors) => {
      if (key === 'key' || typeof node.value !== 'number' || node.source === undefined) return;
      if (String(node.value) === node.source) return;
      found.push({ path: pathOf([...ancestors, node]), source: node.source, value: node.value });
    },
  });
  return found;
}

/** The path of the last of `chain`, a node with all its ancestors from the document down. */
function pathOf(chain: readonly unknown[]): Path {
  const path: (string | number)[] = [];
  for (const [index, node] of chain.entries()) {
    const parent = chain[index - 1];
    if (isPair(node)) path.push(keyOf(node));
    else if (isSeq(parent)) path.push(parent.items.indexOf(node));
  }
  return path;
}

function keyPathAt(document: Document.Parsed, offset: number): Path | undefined {
  let found: Path | undefined;
  visit(document, {
    Pair: (_, pair, ancestors) => {
      if (!isNodeWithRange(pair.key) || pair.key.range[0] !== offset) return undefined;
      found = pathOf([...ancestors, pair]);
      return visit.BREAK;
    },
  });
  return found;
}

function nodeAt(document: Document.Parsed, path: Path): unknown {
  let node: unknown = resolved(document.contents, document);
  for (const part of path) node = resolved(childOf(node, part), document);
  return node;
}

/** Where the value at `path` begins: at its key where the value is a collection or empty, so that one line names it. */
function offsetOf(document: Document.Parsed, path: Path): number {
  let node: unknown = document.contents;
  let offset = isNodeWithRange(node) ? node.range[0] : 0;
  for (const part of path) {
    const around = resolved(node, document);
    const key = isMap(around) ? pairOf(around.items, part)?.key : undefined;
    node = childOf(around, part);
    if (isNodeWithRange(key) && (node === null || isCollection(node) || isEmpty(node))) offset = key.range[0];
    else if (isNodeWithRange(node)) offset = node.range[0];
    else if (isNodeWithRange(key)) offset = key.range[0];
    else break;
  }
  return offset;
}

function childOf(node: unknown, part: string | number): unknown {
  if (isMap(node)) return pairOf(node.items, part)?.value;
  if (isSeq(node) && typeof part === 'number') return node.items[part];
  return undefined;
}

function pairOf(items: readonly Pair[], part: string | number): Pair | undefined {
  return items.find((pair) => keyOf(pair) === String(part));
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function resolved(node: unknown, document: Document.Parsed): unknown {
  return isAlias(node) ? node.resolve(document) : node;
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

function isNodeWithRange(node: unknown): node is Node & { readonly range: readonly [number, number, number] } {
  return typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range);
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
