// Words, routes, diffs and suggestions of the console: what a person reads for each value.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { complaintOf } from '../../../../server/console/app/api/answers.ts';
import type { Host } from '../../../../server/console/app/api/types.ts';
import { addressOf, hostPath, parseRoute, pathOf, SECTIONS } from '../../../../server/console/app/route.ts';
import { suggestEnrolment } from '../../../../server/console/app/suggestion.ts';
import { diffLines } from '../../../../server/console/app/text-diff.ts';
import { lineStart } from '../../../../server/console/app/text-lines.ts';
import { wipedDisks, wordToType } from '../../../../server/console/app/wiping.ts';
import * as words from '../../../../server/console/app/words.ts';

test.each([
  [0, '0 s'],
  [1999, '1 s'],
  [119_999, '119 s'],
  [120_000, '2 min'],
  [7_199_999, '119 min'],
  [7_200_000, '2 h'],
  [172_800_000, '2 d'],
  [-5, '0 s'],
])('%i ms are %j', (ms, text) => expect(words.lengthWords(ms)).toBe(text));

test.each([
  [undefined, 'never'],
  [0, 'never'],
  [9999, 'just now'],
  [11_000, 'just now'],
  [5000, '5 s ago'],
])('%j at 10000 was %j', (at, text) => expect(words.agoWords(at, 10_000)).toBe(text));

test.each([
  [undefined, ''],
  [10, 'due'],
  [190_010, 'in 3 min'],
])('%j at 10 is %j', (at, text) => expect(words.inWords(at, 10)).toBe(text));

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1500, '1.5 kB'],
  [6_100_000, '6.1 MB'],
  [4.7e9, '4.7 GB'],
  [2e12, '2.0 TB'],
])('%d bytes are %j', (bytes, text) => expect(words.byteWords(bytes)).toBe(text));

test.each([
  [1, 3, 33],
  [0, 0, 0],
  [9, 3, 100],
  [-1, 3, 0],
])('%i of %i is %i %%', (done, total, percent) => expect(words.percentOf(done, total)).toBe(percent));

test('a sync in words', () => {
  const at = { phase: 'packages', filesDone: 12, filesTotal: 24, bytesDone: 3_100_000, bytesTotal: 6e6 };
  expect(words.syncWords(at)).toBe('packages: 12 of 24 files, 3.1 MB of 6.0 MB');
  expect(words.syncWords({ ...at, bytesPerSecond: 1.2e6, etaSeconds: 150 })).toMatch(/, 1\.2 MB\/s, 2 min left$/);
});

describe('an address', () => {
  test.each(SECTIONS)('of %s leads back to it', (view) =>
    expect(parseRoute(pathOf(view), '?q=a')).toEqual({ view, search: { q: 'a' } }),
  );
  test('of a host leads back to it, whatever it is called', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'grapheme' }), (host) => {
        expect(parseRoute(hostPath(host), '')).toEqual({ view: 'host', host, search: {} });
      }),
    );
  });
  test.each(['/nothing', '/hosts/', '/hosts/a/b', '/hosts/%ff', ''])('%j is nowhere', (path) =>
    expect(parseRoute(path, '').view).toBe('nowhere'),
  );
  test('leaves out what is empty', () =>
    expect(addressOf('/hosts', { q: '', phase: 'armed' })).toBe('/hosts?phase=armed'));
});

describe('a difference', () => {
  test('of equal texts is none', () => expect(diffLines('a\nb\n', 'a\nb\n')).toEqual([]));
  test('numbers what was removed as it stood, and the rest as it stands', () => {
    expect(diffLines('a\nb\nc\n', 'a\nB\nB2\nc\n')?.map(({ kind, line, text }) => `${kind} ${line} ${text}`)).toEqual([
      'same 1 a',
      'removed 2 b',
      'added 2 B',
      'added 3 B2',
      'same 4 c',
    ]);
  });
  test('leaves out what is far from it', () => {
    const lines = Array.from({ length: 30 }, (_, at) => `${at + 1}`);
    const after = lines.with(0, 'x').with(29, 'y');
    const diff = diffLines(lines.join('\n'), after.join('\n')) ?? [];
    expect(diff.filter(({ kind }) => kind === 'gap')).toHaveLength(1);
    expect(diff.length).toBeLessThan(15);
  });
  test('of texts with nothing in common is not shown line by line', () => {
    const lines = (word: string) => Array.from({ length: 5000 }, (_, at) => `${word} ${at}\n`).join('');
    expect(diffLines(lines('a'), lines('b'))).toBeUndefined();
  });
  test('holds every line that is only in one of them', () => {
    const text = fc
      .array(fc.constantFrom('a', 'b', '- c', '+ d', ''), { maxLength: 12 })
      .map((lines) => lines.map((line) => `${line}\n`).join(''));
    fc.assert(
      fc.property(text, text, (before, after) => {
        const diff = diffLines(before, after) ?? [];
        const count = (kind: string): number => diff.filter((line) => line.kind === kind).length;
        expect(count('added') - count('removed')).toBe(after.split('\n').length - before.split('\n').length);
        for (const { kind, line, text: shown } of diff)
          if (kind !== 'gap') expect((kind === 'removed' ? before : after).split('\n')[line - 1]).toBe(shown);
      }),
    );
  });
});

test.each([
  ['a\nbc\nd', 1, 0, 1],
  ['a\nbc\nd', 2, 2, 4],
  ['a\nbc\nd', 9, 6, 6],
])('in %j line %i is from %i to %i', (text, line, start, end) => expect(lineStart(text, line)).toEqual({ start, end }));

const host = (name: string, profile = 'hypervisor'): Host => ({
  name,
  profile,
  network: '',
  address: '',
  macs: [],
  phase: 'disarmed',
  reason: '',
  changedAt: 0,
  attempts: 0,
});

test.each([
  ['the next number', undefined, ['cs', 'xs-01', 'xs-02'], 'xs-03'],
  ['one that is free', undefined, ['xs-03', 'xs-02'], 'xs-04'],
  ['as many digits', undefined, ['node099'], 'node100'],
  ['its own name', 'Rack7-A.example.com', ['xs-01'], 'rack7-a'],
  ['not the name every machine has', 'localhost', ['xs-01'], 'xs-02'],
  ['not the name another has', 'xs-01', ['xs-01'], 'xs-02'],
  ['nothing that is no label', '<b>', ['xs-01'], 'xs-02'],
  ['its MAC where nothing else tells', undefined, [], 'm-00ab77'],
])('a machine is suggested %s', (_, hostname, known, name) => {
  const machine = { mac: '52:54:00:00:ab:77', ...(hostname === undefined ? {} : { hostname }) };
  expect(
    suggestEnrolment(
      machine,
      known.map((one) => host(one)),
      ['first'],
    ).name,
  ).toBe(name);
});

test('the profile is that of the host whose number went before; the first where there is none', () => {
  const machine = { mac: '52:54:00:00:00:77' };
  expect(suggestEnrolment(machine, [host('xs-01'), host('db', 'database')], ['a']).profile).toBe('hypervisor');
  expect(suggestEnrolment(machine, [], ['a']).profile).toBe('a');
});

test('what is wiped is named by lots; of an unknown profile nothing is promised', () => {
  const storage = {
    layout: 'raid1',
    disks: ['sda', 'sdb'],
    data: [{ at: '/export', layout: 'whole', disks: ['sdc'] }],
    guest: ['sda', 'sdd'],
  };
  const profiles = [{ name: 'hypervisor', tree: 't', protect: true, storage }];
  expect(wipedDisks([host('a'), host('b', 'gone')], profiles)).toEqual([
    {
      host: 'a',
      profile: 'hypervisor',
      disks: ['sda, sdb (system, raid1)', 'sdc (/export, whole)', 'sdd (local storage of guests)'],
      isProtected: true,
    },
    { host: 'b', profile: 'gone', disks: undefined, isProtected: false },
  ]);
  expect([1, 2, 40].map(wordToType)).toEqual(['', '2', '40']);
});

test('a refusal says what to do; silence promises nothing', () => {
  expect(complaintOf({ kind: 'ok', value: 1, etag: undefined })).toBeUndefined();
  expect(complaintOf({ kind: 'refused', status: 409, detail: 'no tree', remedy: 'add it', problems: [] })).toBe(
    'no tree — add it',
  );
  expect(complaintOf({ kind: 'unreachable' })).toContain('Nothing is known');
});
