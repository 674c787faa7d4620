// Entity tags as requests name them: lists, weak ones, anything, and what is none.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hasTag, hasTagWeakly, readTags, tagOf } from '../../../server/api/entity-tag.ts';

test.each<[string, ReturnType<typeof readTags>]>([
  ['"x"', ['"x"']],
  ['"x", W/"y" ,"z"', ['"x"', 'W/"y"', '"z"']],
  ['*', '*'],
  [' * ', '*'],
  ['""', ['""']],
  ['x', undefined],
  ['"x" "y"', undefined],
  ['"x', undefined],
  ['w/"x"', undefined],
  ['', undefined],
  ['"a b"', undefined],
  ['*, "x"', undefined],
])('%j is read as %j', (header, tags) => expect(readTags(header)).toEqual(tags));

test.each<[string, boolean, boolean]>([
  ['"x"', true, true],
  ['"y", "x"', true, true],
  ['W/"x"', false, true],
  ['*', true, true],
  ['"X"', false, false],
])('%s names x: strongly %s, weakly %s', (header, strongly, weakly) => {
  const tags = readTags(header) ?? [];
  expect([hasTag(tags, 'x'), hasTagWeakly(tags, 'x')]).toEqual([strongly, weakly]);
});

test('whatever is sent, it is read or not, and soon', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (header) => void readTags(header)));
  expect(readTags('"x",'.repeat(4000))).toHaveLength(4000);
});

test('the tag of a body is made of every byte, and can stand in a header', () => {
  expect(tagOf('{"a":1}')).not.toBe(tagOf('{"a":2}'));
  expect(readTags(`"${tagOf('{"a":"ü"}')}"`)).toEqual([`"${tagOf('{"a":"ü"}')}"`]);
});
