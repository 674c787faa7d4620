// What a rescue writes down: bounded, harmless to read, and believed only where it is whole; document types, passed over or not.

import { describe, expect, test } from 'vitest';
import { withoutDoctype } from '../../../mirror/rescue/doctype.ts';
import {
  collectFlaws,
  parseEvidence,
  pictureOf,
  renderEvidence,
  type Evidence,
} from '../../../mirror/rescue/evidence.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';

const sha256 = sha256Of('x');
const evidence: Evidence = {
  flaws: [{ what: 'gone', where: 'a.rpm', reason: 'the upstream answered 404' }],
  more: 0,
  looked: [{ path: '', sha256, etag: '"1"', lastModified: undefined }],
  unlisted: [{ path: 'a.rpm', sha256, etag: undefined, lastModified: 'Sun, 22 Nov 2026 12:00:00 GMT' }],
  originals: [{ path: 'upstream-repodata/repomd.xml', sha256 }],
  made: { of: sha256, atMs: 1_700_000_000_000 },
};

describe('evidence', () => {
  test('is read as it was written', () => {
    expect(parseEvidence(JSON.parse(JSON.stringify(renderEvidence(evidence))))).toEqual(evidence);
  });

  test.each<[string, object]>([
    ['of another kind', { kind: 'other' }],
    ['without what was looked at', { looked: undefined }],
    ['with a digest that is none', { made: { of: '../../etc', atMs: 1 } }],
    ['with a digest too long', { unlisted: [{ path: 'a', sha256: `${sha256}0` }] }],
    ['with a flaw of no known kind', { flaws: [{ what: 'odd', where: '', reason: '' }] }],
  ])('%s vouches for nothing', (_what, change) => {
    const whole = JSON.parse(JSON.stringify(renderEvidence(evidence))) as object;
    expect(parseEvidence({ ...whole, ...change })).toBeUndefined();
  });

  test('that something else was looked at is another picture', () => {
    const other = { path: 'Packages/', sha256, etag: undefined, lastModified: undefined };
    expect(pictureOf([...evidence.looked, other])).not.toBe(pictureOf(evidence.looked));
  });

  test('of an upstream with flaws without end counts them, and keeps ten thousand; their texts are harmless', () => {
    const flaws = collectFlaws();
    for (let at = 0; at < 10_050; at += 1) flaws.add('gone', `\u001b[2J${at}`, 'x'.repeat(2000));
    expect([flaws.count(), flaws.all().length]).toEqual([10_050, 10_000]);
    expect(flaws.all()[0]).toEqual({ what: 'gone', where: '?[2J0', reason: 'x'.repeat(500) });
  });
});

describe('a document type', () => {
  test.each<[string, string, string | undefined]>([
    ['with a name alone', '<!DOCTYPE comps><comps/>', '<comps/>'],
    [
      'with an outside one',
      '<?xml version="1.0"?>\n<!DOCTYPE a PUBLIC "-//x//y" "z.dtd">\n<a/>',
      '<?xml version="1.0"?>\n\n<a/>',
    ],
    ['with declarations of its own', '<!DOCTYPE a [<!ENTITY b "c">]><a/>', undefined],
    ['behind the root', '<a><!DOCTYPE a></a>', undefined],
    ['in a text', '<a>x</a><!DOCTYPE a>', undefined],
    ['not ended', '<!DOCTYPE a', undefined],
    ['not there', '<a/>', undefined],
  ])('%s', (_what, text, expected) => {
    expect(withoutDoctype(text)).toBe(expected);
  });
});
