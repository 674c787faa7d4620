// Splitting a command line as Python's shlex.split(comments=True) does: every row was checked against it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { splitWords } from '../../../kickstart/lint/words.ts';
import { kickstartValue } from '../../../kickstart/quote.ts';
import { Malformed } from '../../../server/malformed.ts';

const texts = (line: string): readonly string[] => splitWords(line).words.map(({ text }) => text);

describe('a line into words', () => {
  test.each<[string, readonly string[]]>([
    ['part / --size=1', ['part', '/', '--size=1']],
    ['\tpart  /\r', ['part', '/']],
    ['a "b c" d', ['a', 'b c', 'd']],
    ["a 'b c'd", ['a', 'b cd']],
    ['x"y z"w', ['xy zw']],
    ['--append="a=1 b=2"', ['--append=a=1 b=2']],
    ['a ""', ['a', '']],
    [String.raw`"\$x\"y\\z"`, [String.raw`\$x"y\z`]],
    [String.raw`'a\'`, ['a\\']],
    [String.raw`a\ b`, ['a b']],
    ['a #b c', ['a']],
    ['a b#c d', ['a', 'b']],
    ['"x#y" z', ['x#y', 'z']],
    ['# a', []],
    ['', []],
  ])('%j is %j', (line, words) => {
    expect(texts(line)).toEqual(words);
  });

  test('columns count from 1', () => {
    expect(splitWords('  a "b c"  d').words.map(({ column }) => column)).toEqual([3, 5, 12]);
  });

  test.each<[string, number, string]>([
    ['rootpw "x', 8, 'quote'],
    ["rootpw x'y", 9, 'quote'],
    ['part / \\', 8, 'backslash'],
  ])('%j is broken at %i by a %s', (line, column, why) => {
    expect(splitWords(line).broken).toEqual({ column, why });
  });

  test('a comment inside a word cuts it', () => {
    expect(splitWords('url --url=http://a/#b').cutAt).toBe(20);
  });
});

describe('for any text', () => {
  test('what we quote is read back', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' })), (values) => {
        const quoted = values.flatMap((value) => quotedOr(value));
        expect(texts(quoted.map(([word]) => word).join(' '))).toEqual(quoted.map(([, value]) => value));
      }),
    );
  });

  test('no word begins before the last, or outside the line', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\t', "'", '"', '\\', '#', '=', '-') }), (line) => {
        const columns = splitWords(line).words.map(({ column }) => column);
        expect(columns).toEqual(columns.toSorted((a, b) => a - b));
        expect(columns.every((column) => column >= 1 && column <= line.length)).toBe(true);
      }),
    );
  });
});

/** A value with its quoted form; nothing for what a kickstart cannot hold. */
function quotedOr(value: string): readonly (readonly [string, string])[] {
  try {
    return [[kickstartValue(value), value]];
  } catch (error) {
    if (error instanceof Malformed) return [];
    throw error;
  }
}
