// Boolean dependencies: what is read of them and how they are written again. What they mean is dnf.test.ts's business.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatDependency, parseRich, type Dependency } from '../../../mirror/closure/rich.ts';
import { Malformed } from '../../../server/malformed.ts';
import { RICH } from './rich-cases.ts';

describe('reads', () => {
  test.each([
    ['(a)', 'a'],
    ['(  a  and  b >=1:2-3 )', '(a and b >= 1:2-3)'],
    ['(a and b and c)', '(a and b and c)'],
    ['((a or b) or c)', '(a or b or c)'],
    ['(a if b else c)', '(a if b else c)'],
    ['(a if b if c)', '(a if (b if c))'],
    ['(a unless b else c else d)', '(a unless b else (c else d))'],
    ['(a without b without c)', '(a without b without c)'],
    ['((a if b) and c)', '((a if b) and c)'],
    ['(perl(A::B) >= 0:1.2 with perl(A::B) < 2)', '(perl(A::B) >= 1.2 with perl(A::B) < 2)'],
    ['(lib.so.6()(64bit) or /usr/lib/x)', '(lib.so.6()(64bit) or /usr/lib/x)'],
  ])('%s as %s', (text, written) => {
    expect(formatDependency(parseRich(text))).toBe(written);
  });
});

describe('refuses', () => {
  test.each([
    '(',
    '()',
    '(a',
    '(a and',
    '(a and)',
    '(a and b or c)',
    '(a if b and c)',
    '(a if b else c if d)',
    '(a xor b)',
    '(a b)',
    '(a, b)',
    '(a >= )',
    '(a >= 1 2)',
    '((a) >= 1)',
    '((a)(b))',
    '(a) ',
    '(a)b',
    `${'('.repeat(65)}a${')'.repeat(65)}`,
    `(${Array.from({ length: 2001 }, () => 'a').join(' and ')})`,
  ])('%s', (text) => {
    expect(() => parseRich(text)).toThrow(Malformed);
  });
});

test('every beginning and every change of a letter is read or refused', () => {
  for (const text of RICH.filter(({ length }) => length < 100)) {
    for (let at = 0; at < text.length; at += 1) {
      settles(text.slice(0, at));
      for (const letter of '() a<,') settles(text.slice(0, at) + letter + text.slice(at + 1));
    }
  }
});

function settles(text: string): void {
  try {
    parseRich(text);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
}

test('what was written is read as the same', () => {
  const words = fc.constantFrom(
    '(',
    ')',
    'and',
    'or',
    'if',
    'unless',
    'else',
    'with',
    'without',
    'a',
    'b >= 1',
    'n(x)',
  );
  let read = 0;
  fc.assert(
    fc.property(fc.array(words, { minLength: 3, maxLength: 11 }), (parts) => {
      const text = `(${parts.join(' ')})`.replaceAll('( ', '(').replaceAll(' )', ')');
      const written = writtenOf(text);
      if (written === undefined || !written.startsWith('(') || hasElseOnTheLeft(parseRich(text))) return;
      read += 1;
      expect(writtenOf(written)).toBe(written);
    }),
    { numRuns: 5000 },
  );
  expect(read).toBeGreaterThan(20);
});

/** dnf writes `((z else y) if x)` as `(z else y if x)`, which nobody reads. */
function hasElseOnTheLeft(dependency: Dependency): boolean {
  if (dependency.kind === 'simple') return false;
  const { left, right } = dependency;
  return left.kind === 'else' || hasElseOnTheLeft(left) || hasElseOnTheLeft(right);
}

function writtenOf(text: string): string | undefined {
  try {
    return formatDependency(parseRich(text));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
