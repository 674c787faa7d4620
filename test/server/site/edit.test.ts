// Changes to a site file's text leave its comments and other lines alone.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addHost, addTree, removeTree } from '../../../server/site/edit.ts';
import { parseDocument } from 'yaml';
import { parseSite } from '../../../server/site/parse.ts';
import { exampleText } from '../../support/example.ts';

test('a tree added and removed again leaves every other line alone, and a right site', () => {
  const added = addTree(exampleText, { name: 'rhel7', kind: 'iso', path: '/srv/rhel7.iso' });
  const parsed = parseSite(added, 'x');
  expect(parsed.kind === 'site' ? parsed.site.trees.map((tree) => tree.name) : parsed).toEqual([
    'rhel6',
    'xenserver',
    'rhel7',
  ]);
  const lines = (text: string): readonly string[] => text.split('\n');
  expect(lines(added).filter((line) => !lines(exampleText).includes(line))).toEqual([
    '  - name: rhel7',
    '    iso: /srv/rhel7.iso',
  ]);
  expect(removeTree(added, 'rhel7')).toBe(exampleText);
});

test('where items cannot be added, the text is written anew, and every comment stays', () => {
  const comments = (text: string): string[] => text.match(/# \w+[^\n]*/g) ?? [];
  const added = addTree('{ site: {}, # first\n}\n', { name: 'a', kind: 'iso', path: '/a.iso' });
  expect(comments(added)).toEqual(['# first']);
  expect(added).toContain('/a.iso');
});

test('a site without trees gets the list', () => {
  expect(addTree('site: {}\n', { name: 'a', kind: 'directory', path: '/m' })).toBe(
    'site: {}\ntrees:\n  - name: a\n    directory: /m\n',
  );
});

test('removing what is not there changes nothing', () => {
  expect(removeTree('trees:\n  - name: a\n', 'b')).toBe('trees:\n  - name: a\n');
});

const entry = {
  name: 'xs-03',
  profile: 'hypervisor',
  network: 'lab',
  address: '192.168.168.5',
  macs: ['10:20:30:40:50:10'],
};
const FLOW =
  '{ name: xs-03, profile: hypervisor, network: lab, address: 192.168.168.5, macs: [ "10:20:30:40:50:10" ] }';

describe('a host added', () => {
  test('to the example is one line behind the last host, and nothing else', () => {
    const lines = exampleText.split('\n');
    const at = lines.findIndex((line) => line.includes('name: xs-02')) + 1;
    expect(addHost(exampleText, entry)?.split('\n')).toEqual(lines.toSpliced(at, 0, `  - ${FLOW}`));
  });

  test.each<[string, string, string]>([
    ['to nothing', 'site: {}\n', `site: {}\nhosts:\n  - ${FLOW}\n`],
    ['to an empty list', 'hosts: []\n', `hosts: [ ${FLOW} ]\n`],
    ['to an empty key, its comment kept', 'hosts: # none yet\n', `hosts:\n  # none yet\n  - ${FLOW}\n`],
    ['to a list on one line', 'hosts: [{ name: a }] # few\n', `hosts: [ { name: a }, ${FLOW} ] # few\n`],
    ['to a file without a last line end', 'hosts:\n- {name:  a}', `hosts:\n- {name:  a}\n- ${FLOW}\n`],
    [
      'under Windows',
      'hosts:\r\n- {name: a} # x\r\nsite:  {}\r\n',
      `hosts:\r\n- {name: a} # x\r\n- ${FLOW}\r\nsite:  {}\r\n`,
    ],
    [
      'below hosts of several lines, in their form',
      'hosts:\n    - name: a\n      macs:\n          - "x" # first\n\n# the end\nsite:  {}\n',
      'hosts:\n    - name: a\n      macs:\n          - "x" # first\n    - name: xs-03\n      profile: hypervisor\n      network: lab\n      address: 192.168.168.5\n      macs: [ "10:20:30:40:50:10" ]\n\n# the end\nsite:  {}\n',
    ],
    [
      'below one that goes on over lines',
      'hosts:\n- {name: a,\n   x: [b,\n  c]} # y\n',
      `hosts:\n- {name: a,\n   x: [b,\n  c]} # y\n- ${FLOW}\n`,
    ],
    ['below one with an anchor', 'hosts:\n- &a { name: a }\n', `hosts:\n  - &a { name: a }\n  - ${FLOW}\n`],
  ])('%s', (_, text, expected) => {
    expect(addHost(text, entry)).toBe(expected);
  });

  test('to a list that is another’s by an alias: not by a program', () => {
    expect(addHost('x: &hosts\n- { name: a }\nhosts: *hosts\n', entry)).toBeUndefined();
  });

  test('with any words is read back as those words, beside all that was there', () => {
    const word = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => text.isWellFormed());
    const host = fc.record({
      name: word,
      profile: word,
      network: word,
      address: word,
      macs: fc.array(word, { maxLength: 3 }),
    });
    fc.assert(
      fc.property(host, (said) => {
        const added = addHost(exampleText, said);
        const hosts = added === undefined ? [] : parseDocument(added).toJS().hosts;
        expect(hosts.slice(0, 3)).toEqual(parseDocument(exampleText).toJS().hosts);
        expect(hosts.slice(3)).toEqual([said]);
      }),
      { numRuns: 40 },
    );
  });
});
