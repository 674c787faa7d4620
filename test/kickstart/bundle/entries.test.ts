// Entry names and the manifest: nothing in an archive leads out of it, and nothing in it goes unlisted.

import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import type { BundleEntry, BundleSubject } from '../../../kickstart/bundle/entries.ts';
import { entryName, sealBundle } from '../../../kickstart/bundle/entries.ts';
import { Malformed } from '../../../server/malformed.ts';

const SUBJECT: BundleSubject = { kind: 'host', site: 'cs-cloud', secrets: 'redacted', hosts: [] };
const entry = (name: string, text = ''): BundleEntry => ({ name, mode: 0o644, text });

describe('entryName', () => {
  test.each<[readonly string[], string]>([
    [['cs40', 'files', 'etc', 'hosts'], 'cs40/files/etc/hosts'],
    [['cs40', 'boot', 'pxelinux.cfg', '01-52-54-00-a8-a8-02'], 'cs40/boot/pxelinux.cfg/01-52-54-00-a8-a8-02'],
    [['a', '.treeinfo'], 'a/.treeinfo'],
  ])('%j is %s', (segments, name) => {
    expect(entryName(segments)).toBe(name);
  });

  test.each([
    [[]],
    [['']],
    [['.']],
    [['..']],
    [['...']],
    [['a', '..', 'b']],
    [['/etc']],
    [['a/b']],
    [['a\\b']],
    [['C:']],
    [['a\0']],
    [['a\n']],
    [['-rf']],
    [['dot.']],
    [['größe']],
    [['a'.repeat(201)]],
    [Array.from({ length: 90 }, () => 'deep')],
  ])('%j is refused', (segments) => {
    expect(() => entryName(segments)).toThrow(Malformed);
  });

  test('whatever passes is relative, plain and inside', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: 'binary' }), { maxLength: 4 }), (segments) => {
        try {
          const name = entryName(segments);
          expect(name).not.toMatch(/^\/|\\|(^|\/)\.\.?(\/|$)|[^\x21-\x7e]/);
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
        }
      }),
    );
  });
});

describe('sealBundle', () => {
  test('sorts by code unit and lists all entries but the manifest', () => {
    const bundle = sealBundle(SUBJECT, [entry('b/z', 'zz'), entry('b-c'), entry('C'), entry('a', 'ä')]);
    expect(bundle.entries.map(({ name }) => name)).toEqual(['C', 'a', 'b-c', 'b/z', 'manifest.json']);
    const manifest = bundle.entries.at(-1)?.text ?? '';
    expect(JSON.parse(manifest)).toMatchObject({
      kind: 'host',
      site: 'cs-cloud',
      entries: [
        { name: 'C' },
        { name: 'a', mode: '0644', sizeBytes: 2, sha256: createHash('sha256').update('ä').digest('hex') },
        { name: 'b-c' },
        { name: 'b/z', sizeBytes: 2 },
      ],
    });
    expect(bundle.digest).toBe(createHash('sha256').update(manifest).digest('hex'));
  });

  test('the order of the input does not matter; every byte and mode does', () => {
    const digest = (entries: readonly BundleEntry[]): string => sealBundle(SUBJECT, entries).digest;
    const [a, b] = [entry('a', '1'), entry('b', '2')];
    expect(digest([a, b])).toBe(digest([b, a]));
    expect(digest([a, { ...b, text: '3' }])).not.toBe(digest([a, b]));
    expect(digest([a, { ...b, mode: 0o600 }])).not.toBe(digest([a, b]));
  });

  test.each<[string, readonly string[]]>([
    ['twice the same name', ['a/b', 'a/b']],
    ['names that differ in case alone', ['a/Hosts', 'a/hosts']],
    ['a file where a directory must be', ['a', 'a-b', 'a/b']],
    ['an entry in the manifest’s place', ['manifest.json']],
    ['an entry below the manifest', ['manifest.json/x']],
  ])('refuses %s', (_, names) => {
    expect(() =>
      sealBundle(
        SUBJECT,
        names.map((name) => entry(name)),
      ),
    ).toThrow(Malformed);
  });
});
