// Repos added to a site file's text and taken out of it again: their own lines come and go, and no other character.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDocument } from 'yaml';
import type { RepoEntry } from '../../../server/site/edit.ts';
import { addRepo, removeRepo, repoLine } from '../../../server/site/edit.ts';
import { parseSite } from '../../../server/site/parse.ts';
import { exampleText } from '../../support/example.ts';

const entry = { name: 'extra', upstream: 'http://x.example/el9/', schedule: '0 3 * * *' };
const FLOW = '{ name: extra, upstream: http://x.example/el9/, schedule: "0 3 * * *" }';
const BLOCK = (indent: string, end = '\n'): string =>
  ['- name: extra', '  upstream: http://x.example/el9/', '  schedule: "0 3 * * *"']
    .map((line) => `${indent}${line}${end}`)
    .join('');

/** Where repos stand in a text, the text before, and after one was added. */
const PLACES: readonly (readonly [string, string, string])[] = [
  ['nowhere', 'site: {} # s\n# end\n', `site: {} # s\n# end\nrepos:\n${BLOCK('  ')}`],
  ['nowhere, under Windows', 'site: {}\r\n', `site: {}\r\nrepos:\r\n${BLOCK('  ', '\r\n')}`],
  ['in an empty list', 'repos: [] # none\nsite:  {}\n', `repos: [${FLOW}] # none\nsite:  {}\n`],
  ['in a list on one line', 'repos: [{ name: a }] # few\n', `repos: [{ name: a }, ${FLOW}] # few\n`],
  [
    'in a list in brackets, over lines',
    'repos: [\n  { name: a }, # one\n]\n',
    `repos: [\n  { name: a }, ${FLOW}, # one\n]\n`,
  ],
  ['in JSON', '{"repos": [{"name": "a"}], "site": {}}\n', `{"repos": [{"name": "a"}, ${FLOW}], "site": {}}\n`],
  ['a line each', 'repos:\n- {name:  a} # q\n\n# end\n', `repos:\n- {name:  a} # q\n- ${FLOW}\n\n# end\n`],
  [
    'on lines of their own',
    'repos: # ours\n    - name: a # first\n      keep: 2   # why\n\n# the trees\ntrees:  []\n',
    `repos: # ours\n    - name: a # first\n      keep: 2   # why\n${BLOCK('    ')}\n# the trees\ntrees:  []\n`,
  ],
  [
    'the last of them ending with a list',
    'repos:\n  - name: a\n    exclude:\n      - b # c\n  # more below\nsite: {}\n',
    `repos:\n  - name: a\n    exclude:\n      - b # c\n${BLOCK('  ')}  # more below\nsite: {}\n`,
  ],
  [
    'the last of them ending with a text of lines',
    'repos:\n  - name: a\n    x: |\n      b\nsite: {}\n',
    `repos:\n  - name: a\n    x: |\n      b\n${BLOCK('  ')}site: {}\n`,
  ],
];

describe('a repo is added, and taken out again, where repos stand', () => {
  test.each(PLACES)('%s', (_where, before, after) => {
    expect(addRepo(before, entry)).toBe(after);
    expect(removeRepo(after, 'extra')).toBe(before);
  });

  test('in the example, in its form', () => {
    const lines = exampleText.split('\n');
    const at = lines.indexOf('    keep: 3') + 1;
    const added = lines.toSpliced(at, 0, ...BLOCK('  ').trimEnd().split('\n'));
    expect(addRepo(exampleText, entry)).toBe(added.join('\n'));
    const parsed = parseSite(added.join('\n'), 'x');
    expect(parsed.kind === 'site' ? parsed.site.repos.map(({ name }) => name) : parsed).toEqual([
      'cloudstack',
      'extra',
    ]);
  });

  test('in a text without a last line end, which gets one', () => {
    expect(addRepo('site: {}', entry)).toBe(`site: {}\nrepos:\n${BLOCK('  ')}`);
    expect(removeRepo('repos:\n  - name: extra', 'extra')).toBe('');
  });
});

describe('a repo is taken out', () => {
  test.each<[string, string, string]>([
    [
      'first of several, with the comments on its lines',
      'repos:\n  # both\n  - name: extra # e\n    keep: 2 # two\n  # the other\n  - name: b\n',
      'repos:\n  # both\n  # the other\n  - name: b\n',
    ],
    ['first in brackets', 'repos: [{ name: extra }, { name: b }] # c\n', 'repos: [{ name: b }] # c\n'],
    ['between others', 'repos: [{ name: a }, { name: extra },  {name: b}]\n', 'repos: [{ name: a },  {name: b}]\n'],
    ['last, its key with a comment', 'repos: # ours\n  - name: extra\nsite: {}\n', 'repos: [] # ours\nsite: {}\n'],
    ['last, below a comment', 'repos:\n  # ours\n  - name: extra\nsite: {}\n', 'repos: []\n  # ours\nsite: {}\n'],
  ])('%s', (_what, before, after) => {
    expect(removeRepo(before, 'extra')).toBe(after);
  });
});

describe('left to people', () => {
  test.each<[string, string]>([
    ['a list that is another’s', 'x: &repos\n- { name: a }\nrepos: *repos\n'],
    ['a file in braces without repos', '{ "site": {} }\n'],
    ['a file with an end', 'site: {}\n...\n'],
    ['a file that is indented', '  site: {}\n'],
    ['a repo with a name of YAML’s', 'repos:\n- &a { name: extra }\n'],
    ['dashes on lines of their own', 'repos:\n-\n  name: extra\n'],
  ])('is adding to %s', (_what, text) => {
    expect(addRepo(text, entry)).toBeUndefined();
  });

  test.each<[string, string]>([
    ['what is not there', 'repos:\n- { name: a }\n'],
    ['what is in no list', 'site: {}\n'],
    ['what the rest speaks of', 'repos:\n- name: extra\n  keys: &k [a]\n- name: b\n  keys: *k\n'],
    ['what has a comment between its brackets', 'repos: [{ name: a }, # of a\n  { name: extra }]\n'],
    ['the only one before a comma', 'repos: [{ name: extra }, ]\n'],
    ['dashes on lines of their own', 'repos:\n-\n  name: extra\n'],
  ])('is taking out %s', (_what, text) => {
    expect(removeRepo(text, 'extra')).toBeUndefined();
  });
});

test('the line to add by hand is what a list takes', () => {
  expect(repoLine(entry)).toBe(`- ${FLOW}`);
});

test.each(['repos: [{ name: a }]\n', 'repos:\n  - name: a\n'])(
  'a text of several lines is written as one: %j',
  (text) => {
    const upstream = ' first\n  second: "\n';
    const added = addRepo(text, { name: 'b', upstream }) ?? '';
    expect(parseDocument(added).toJS()).toEqual({ repos: [{ name: 'a' }, { name: 'b', upstream }] });
  },
);

test('whatever is added is read back as that, beside all that was there, and taken out leaves the text as it was', () => {
  const word = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => text.isWellFormed());
  const said = fc.record({
    name: word.filter((name) => !['a', 'cloudstack'].includes(name)),
    upstream: word,
    publish: fc.option(word, { nil: undefined }),
    schedule: fc.option(word, { nil: undefined }),
    keep: fc.option(fc.integer(), { nil: undefined }),
  });
  const texts = fc.constantFrom(exampleText, ...PLACES.map(([, before]) => before));
  const reposIn = (text: string): readonly RepoEntry[] => parseDocument(text).toJS().repos ?? [];
  fc.assert(
    fc.property(texts, said, (text, repo) => {
      const added = addRepo(text, repo) ?? '';
      const { repos: _repos, ...rest } = parseDocument(added).toJS();
      const { repos: _before, ...before } = parseDocument(text).toJS();
      expect([rest, reposIn(added)]).toEqual([before, [...reposIn(text), JSON.parse(JSON.stringify(repo))]]);
      expect(removeRepo(added, repo.name)).toBe(text);
    }),
    { numRuns: 200 },
  );
});
