// YAML text → plain value, with the way back from a path in the value to its line in the text. Pure.

import type { Alias, Document, Node } from 'yaml';
import { isAlias, isCollection, isMap, isScalar, isSeq } from 'yaml';
import type { Problem } from '../malformed.ts';
import type { Path } from './finding.ts';
import { formatPath } from './finding.ts';
import { EXAMINED, TOLD, restOf } from './limits.ts';
import type { HostLines } from './lines.ts';
import { hostLines } from './lines.ts';
import type { Respelt, Survey } from './survey.ts';
import { isNodeWithRange, pairOf, survey } from './survey.ts';
import type { Composed } from './syntax.ts';
import { compose } from './syntax.ts';

export type YamlText = {
  readonly kind: 'yaml';
  readonly value: unknown;
  /** The line of the value at `path`, counted from 1; where there is none, that of the nearest value around it. */
  lineOf(path: Path): number;
  /** How the scalar at `path` is spelt in the text; undefined where there is none. */
  spellingOf(path: Path): string | undefined;
  readonly respelt: readonly Respelt[];
  /** Where each host stands; undefined where that is not told line by line. */
  readonly hosts: HostLines | undefined;
  /** How many words and signs the text has. */
  readonly signs: number;
};

/** Reads one YAML 1.2 document. What the text cannot say at all comes back as problems. */
export function readYaml(
  text: string,
): YamlText | { readonly kind: 'problems'; readonly problems: readonly Problem[] } {
  const composed = compose(text);
  const { document } = composed;
  const surveyed = document === undefined ? undefined : survey(document);
  const problems = problemsOf(composed, surveyed);
  if (problems.length > 0 || document === undefined || surveyed === undefined) return { kind: 'problems', problems };
  return {
    ...describe({ document, ...surveyed }, composed.lines),
    hosts: hostLines(text, document),
    signs: composed.signs,
  };
}

type Read = Survey & { readonly document: Document.Parsed };

function describe(read: Read, lines: Composed['lines']): Omit<YamlText, 'hosts' | 'signs'> {
  // The survey has found every alias its anchor, and counted what they add.
  const value: unknown = read.document.toJS({ maxAliasCount: -1 });
  return {
    kind: 'yaml',
    value,
    lineOf: (path) => lines.linePos(offsetOf(read, path)).line,
    spellingOf: (path) => {
      const node = nodeAt(read, path);
      return isScalar(node) ? node.source : undefined;
    },
    respelt: read.respelt,
  };
}

const REMEDIES: ReadonlyMap<string, string> = new Map([
  ['TAB_AS_INDENT', 'indent with spaces'],
  ['BAD_ALIAS', 'put a text that begins with * into quotes'],
  ['MULTIPLE_DOCS', 'remove the --- line and what follows it'],
  ['BLOCK_AS_IMPLICIT_KEY', 'put a text with ": " in it into quotes'],
  ['TAG_RESOLVE_FAILED', 'remove the tag'],
]);

/** In the order of their lines. One stray character can be said several times over. */
function problemsOf({ faults, lines }: Composed, surveyed: Survey | undefined): readonly Problem[] {
  const all = [
    ...faults.map(({ code, offset, message }) => ({
      path: [],
      offset,
      message: firstLine(message),
      remedy: REMEDIES.get(code),
    })),
    ...(surveyed?.faults ?? []),
  ];
  const said = new Map<string, Problem & { readonly line: number }>();
  for (const { path, offset, message, remedy } of all) {
    const { line } = lines.linePos(offset);
    const key = `${line} ${message}`;
    if (!said.has(key)) said.set(key, { path: formatPath(path), line, message, remedy });
  }
  const stopped = surveyed === undefined || surveyed.faults.length >= EXAMINED;
  const problems = [...said.values()].toSorted((one, other) => one.line - other.line);
  return [...problems.slice(0, TOLD), ...restOf(problems.length - TOLD, stopped ? 'stopped' : 'whole')];
}

function nodeAt({ document, targets }: Read, path: Path): unknown {
  let node = resolved(document.contents, targets);
  for (const part of path) node = resolved(childOf(node, part), targets);
  return node;
}

/** Where the value at `path` begins: at its key where the value is a collection or empty, so that one line names it. */
function offsetOf({ document, targets }: Read, path: Path): number {
  let node: unknown = document.contents;
  let offset = isNodeWithRange(node) ? node.range[0] : 0;
  for (const part of path) {
    const around = resolved(node, targets);
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

function resolved(node: unknown, targets: ReadonlyMap<Alias, Node>): unknown {
  return isAlias(node) ? targets.get(node) : node;
}

function isEmpty(node: unknown): boolean {
  return isScalar(node) && node.value === null;
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase());
}
