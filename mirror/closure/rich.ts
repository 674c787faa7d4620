// Boolean dependencies, "(a if b else c)": text in, a tree of simple ones out, and its text again. Pure.

import { Malformed } from '../../server/malformed.ts';
import { ANY, EQUAL, formatRange, GREATER, LESS, type Range } from './range.ts';

export type RichOperator = 'and' | 'or' | 'if' | 'unless' | 'else' | 'with' | 'without';

export type SimpleDependency = { readonly kind: 'simple'; readonly name: string; readonly range: Range };
/** `else` stands only on the right of `if` and `unless` where it means anything. */
export type RichDependency = {
  readonly kind: RichOperator;
  readonly left: Dependency;
  readonly right: Dependency;
};
export type Dependency = SimpleDependency | RichDependency;

const OPERATORS: ReadonlyMap<string, RichOperator> = new Map(
  Object.values({
    and: 'and',
    or: 'or',
    if: 'if',
    unless: 'unless',
    else: 'else',
    with: 'with',
    without: 'without',
  } satisfies { [Operator in RichOperator]: Operator }).map((operator) => [operator, operator]),
);
const SIGNS: ReadonlyMap<string, number> = new Map([
  ['<', LESS],
  ['=', EQUAL],
  ['>', GREATER],
]);
/** Parentheses in parentheses; rpm itself stops at 10. */
const LIMIT_DEPTH = 64;
/** All of its names; `(langpack-a or langpack-b or …)` has hundreds. */
const LIMIT_OPERANDS = 2000;

type Cursor = { readonly text: string; at: number; operands: number };

/** Is this the text of a boolean dependency, and no name? */
export function isRich(name: string): boolean {
  return name.startsWith('(');
}

/**
 * Reads what rpm's "Boolean Dependencies" describe, as libsolv does: one operator in a pair of parentheses, chained as often as
 * wanted, but that `else` may follow `if` and `unless`; a chain groups from the right. Throws `Malformed`.
 */
export function parseRich(text: string): Dependency {
  const cursor: Cursor = { text, at: 0, operands: 0 };
  const tree = parseGroup(cursor, 1);
  if (cursor.at !== text.length) throw unreadable(cursor, 'more behind the last parenthesis');
  return tree;
}

function parseGroup(cursor: Cursor, depth: number): Dependency {
  if (depth > LIMIT_DEPTH) throw unreadable(cursor, 'too many parentheses');
  cursor.at += 1;
  const operands: Dependency[] = [parseOperand(cursor, depth)];
  const operators: RichOperator[] = [];
  for (;;) {
    skipSpaces(cursor);
    if (peek(cursor) === ')') break;
    operators.push(parseOperator(cursor, operators.at(-1)));
    operands.push(parseOperand(cursor, depth));
  }
  cursor.at += 1;
  return operands.reduceRight((right, left, index) => ({ kind: operators[index] ?? 'and', left, right }));
}

function parseOperand(cursor: Cursor, depth: number): Dependency {
  cursor.operands += 1;
  if (cursor.operands > LIMIT_OPERANDS) throw unreadable(cursor, 'too many names');
  skipSpaces(cursor);
  if (peek(cursor) === '(') return parseGroup(cursor, depth + 1);
  const name = readWord(cursor);
  skipSpaces(cursor);
  const sense = readSense(cursor);
  if (sense === ANY) return { kind: 'simple', name, range: { sense, evr: '' } };
  skipSpaces(cursor);
  const evr = readWord(cursor).replace(/^0:/, '');
  return { kind: 'simple', name, range: { sense, evr } };
}

function parseOperator(cursor: Cursor, before: RichOperator | undefined): RichOperator {
  const end = cursor.text.indexOf(' ', cursor.at);
  const operator = OPERATORS.get(cursor.text.slice(cursor.at, end === -1 ? undefined : end));
  if (operator === undefined) throw unreadable(cursor, 'no operator');
  const follows = before === undefined || operator === before || (operator === 'else' && isCondition(before));
  if (!follows) throw unreadable(cursor, `"${operator}" beside "${before}"`);
  cursor.at += operator.length;
  return operator;
}

/** Up to a space, a comma or the parenthesis that closes the group; a name's own parentheses stay with it. */
function readWord(cursor: Cursor): string {
  const from = cursor.at;
  let open = 0;
  for (let next = peek(cursor); next !== '' && next !== ' ' && next !== ','; next = peek(cursor)) {
    if (next === '(') open += 1;
    if (next === ')') open -= 1;
    if (open < 0) break;
    cursor.at += 1;
  }
  if (cursor.at === from) throw unreadable(cursor, 'nothing where a name or a version should be');
  return cursor.text.slice(from, cursor.at);
}

function readSense(cursor: Cursor): number {
  let sense = 0;
  for (let sign = SIGNS.get(peek(cursor)); sign !== undefined; sign = SIGNS.get(peek(cursor))) {
    sense |= sign;
    cursor.at += 1;
  }
  return sense === 0 ? ANY : sense;
}

function skipSpaces(cursor: Cursor): void {
  while (peek(cursor) === ' ') cursor.at += 1;
}

function peek({ text, at }: Cursor): string {
  return text.charAt(at);
}

function isCondition(operator: RichOperator): boolean {
  return operator === 'if' || operator === 'unless';
}

function unreadable({ text, at }: Cursor, why: string): Malformed {
  return new Malformed(`${why}, at character ${at + 1}`, `dependency ${JSON.stringify(text.slice(0, 120))}`);
}

/** The dependency as dnf writes it. */
export function formatDependency(dependency: Dependency): string {
  if (dependency.kind === 'simple') return `${dependency.name}${formatRange(dependency.range)}`;
  return `(${formatOperands(dependency)})`;
}

function formatOperands(rich: RichDependency): string {
  const within = (operand: Dependency): string =>
    operand.kind !== 'simple' && joins(operand.kind, rich.kind) ? formatOperands(operand) : formatDependency(operand);
  return `${within(rich.left)} ${rich.kind} ${within(rich.right)}`;
}

/** Needs an operation of this kind no parentheses inside of that one? */
function joins(inner: RichOperator, outer: RichOperator): boolean {
  return inner === outer ? !isCondition(inner) && inner !== 'else' : inner === 'else' && isCondition(outer);
}
