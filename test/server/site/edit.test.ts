// Changes to a site file's text leave its comments and other lines alone.

import { expect, test } from 'vitest';
import { addTree, removeTree } from '../../../server/site/edit.ts';
import { parseSite } from '../../../server/site/parse.ts';
import { exampleText } from '../../support/example.ts';

test('a tree added and removed again leaves every comment, and a right site', () => {
  const added = addTree(exampleText, { name: 'rhel7', kind: 'iso', path: '/srv/rhel7.iso' });
  const parsed = parseSite(added, 'x');
  expect(parsed.kind === 'site' ? parsed.site.trees.map((tree) => tree.name) : parsed).toEqual([
    'rhel6',
    'xenserver',
    'rhel7',
  ]);
  const comments = (text: string): string[] => text.match(/#[^\n]*/g) ?? [];
  expect(comments(added)).toEqual(comments(exampleText));
  expect(comments(removeTree(added, 'rhel7'))).toEqual(comments(exampleText));
  expect(parseSite(removeTree(added, 'rhel7'), 'x')).toEqual(parseSite(exampleText, 'x'));
});

test('a site without trees gets the list', () => {
  expect(addTree('site: {}\n', { name: 'a', kind: 'directory', path: '/m' })).toBe(
    'site: {}\ntrees:\n  - name: a\n    directory: /m\n',
  );
});

test('removing what is not there changes nothing', () => {
  expect(removeTree('trees:\n  - name: a\n', 'b')).toBe('trees:\n  - name: a\n');
});
