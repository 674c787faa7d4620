// A boolean dependency and its clauses say the same of every set of packages.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Malformed } from '../../../server/malformed.ts';
import { parseRich, type Dependency } from '../../../mirror/closure/rich.ts';
import { clausesOf, type ProvidersOf } from '../../../mirror/install/clauses.ts';

/** Who provides what; nobody provides `nothing`. */
const PROVIDERS: Readonly<Record<string, readonly number[]>> = { a: [0], b: [1, 2], c: [3], d: [2, 3], nothing: [] };

const providersOf: ProvidersOf = (dependency) =>
  dependency.kind === 'simple' ? (PROVIDERS[dependency.name] ?? []) : [];

const texts = fc.letrec<{ text: string; name: string; group: string }>((tie) => ({
  text: fc.oneof({ maxDepth: 3 }, tie('name'), tie('group')),
  name: fc.constantFrom(...Object.keys(PROVIDERS)),
  group: fc.oneof(
    fc
      .tuple(tie('text'), fc.constantFrom('and', 'or', 'if', 'unless'), tie('text'))
      .map((parts) => `(${parts.join(' ')})`),
    fc
      .tuple(tie('text'), fc.constantFrom('if', 'unless'), tie('text'), tie('text'))
      .map(([a, operator, b, c]) => `(${a} ${operator} ${b} else ${c})`),
  ),
})).group;

test('for every set of packages', () => {
  fc.assert(
    fc.property(texts, fc.nat(15), fc.constantFrom('met' as const, 'unmet' as const), (text, set, sense) => {
      const isIn = (index: number): boolean => (set & (1 << index)) !== 0;
      const dependency = parseRich(text);
      const holds = clausesOf(dependency, sense, providersOf).every((clause) =>
        clause.some((literal) => isIn(Math.abs(literal) - 1) === literal > 0),
      );
      expect(holds).toBe(isMet(dependency, isIn) === (sense === 'met'));
    }),
    { numRuns: 2000 },
  );
});

test('what has endless parts is refused', () => {
  const pairs = Array.from({ length: 14 }, () => '(a and c)').join(' or ');
  const names: ProvidersOf = (() => {
    let next = 0;
    return () => [(next += 1)];
  })();
  expect(() => clausesOf(parseRich(`(${pairs})`), 'met', names)).toThrow(Malformed);
});

function isMet(dependency: Dependency, isIn: (index: number) => boolean): boolean {
  const met = (one: Dependency): boolean => isMet(one, isIn);
  if (dependency.kind === 'simple') return providersOf(dependency).some(isIn);
  const { kind, left, right } = dependency;
  if (kind === 'and') return met(left) && met(right);
  if (kind === 'or') return met(left) || met(right);
  const [condition, otherwise] = right.kind === 'else' ? [right.left, right.right] : [right, undefined];
  if (kind === 'if') return met(condition) ? met(left) : otherwise === undefined || met(otherwise);
  return met(condition) ? otherwise !== undefined && met(otherwise) : met(left);
}
