// What lists of mirrors mean as text: which directories they name, what a metalink proves, and which mirror is asked next.

import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judgeMirror, orderMirrors, type Standing } from '../../../mirror/sync/mirrors-choice.ts';
import { isEdition, parseMetalink, parseMirrorlist } from '../../../mirror/sync/mirrors.ts';
import { Malformed } from '../../../server/malformed.ts';
import { metalinkXml, type Edition } from '../../support/metalink.ts';

const SAMPLE = new URL('../../../../shared/samples/librepo/repo_yum_01/', import.meta.url).pathname;
const REPOMD = 'repodata/repomd.xml';
const bytes = (text: string): Buffer => Buffer.from(text);
const hrefs = (list: { readonly mirrors: readonly URL[] }): readonly string[] => list.mirrors.map(({ href }) => href);

describe('a mirrorlist', () => {
  test.each<[string, string, readonly string[]]>([
    ['one URL a line', 'http://a/x/\nhttps://b/y/\n', ['http://a/x/', 'https://b/y/']],
    ['without the last slash, with white space', '  http://a/x \r\n\r\n', ['http://a/x/']],
    ['comments', '# repo = x\nhttp://a/\n#http://b/\n', ['http://a/']],
    ['one twice', 'http://a/\nhttp://a\n', ['http://a/']],
    ['ftp, rsync and a path are left out', 'ftp://a/\nrsync://b/c\n/srv/x\nhttp://d/\n', ['http://d/']],
    ['a variable is left out', 'http://a/$basearch/\nhttp://d/\n', ['http://d/']],
    ['a user and password are not used', 'http://u:p@a/\n', ['http://a/']],
  ])('%s', (_what, text, expected) => {
    expect(hrefs(parseMirrorlist(bytes(text)))).toEqual(expected);
  });

  test.each<[string, string, RegExp]>([
    ['nothing', '', /^names no mirror \(mirrorlist\)$/],
    ['comments alone', '# none\n', /names no mirror/],
    [
      'variables alone',
      'http://a/$releasever/',
      /holds a variable, write its value instead: "http:\/\/a\/\$releasever\/"/,
    ],
    ['a page', '<html>\nLog in first\n</html>', /not a URL: "<html>"/],
    ['a metalink', '<?xml version="1.0"?><metalink/>', /a metalink goes under "metalink"/],
    ['control characters', 'x\u001b[31m', /not a URL: "x\?\[31m"/],
  ])('that holds %s is refused', (_what, text, reason) => {
    expect(() => parseMirrorlist(bytes(text))).toThrow(reason);
  });

  test('any bytes are a list or Malformed', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (content) => {
        for (const parse of [parseMirrorlist, parseMetalink]) {
          try {
            expect(parse(content).mirrors.length).toBeGreaterThan(0);
          } catch (error) {
            expect(error).toBeInstanceOf(Malformed);
          }
        }
      }),
    );
  });
});

describe('a metalink', () => {
  const edition: Edition = { content: bytes('<repomd/>') };
  const at = (host: string): string => `http://${host}/r/${REPOMD}`;

  test('its mirrors, the preferred first, in its own order where they are alike', () => {
    const list = parseMetalink(
      metalinkXml(edition, { [at('a')]: 10, [at('b')]: 100, [at('c')]: undefined, [at('d')]: 10 }),
    );
    expect(hrefs(list)).toEqual(['http://b/r/', 'http://a/r/', 'http://d/r/', 'http://c/r/']);
  });

  test('rsync, ftp and URLs of something else are left out, and why', () => {
    const urls = { 'rsync://a/r/repodata/repomd.xml': 1, 'http://b/else.xml': 1, [at('c')]: 1 };
    const list = parseMetalink(metalinkXml(edition, urls));
    expect(hrefs(list)).toEqual(['http://c/r/']);
    expect(list.leftOut).toHaveLength(2);
  });

  test('the newest edition, then older ones', () => {
    const older = { content: bytes('<older/>') };
    const { repomd } = parseMetalink(metalinkXml(edition, { [at('a')]: 1 }, [older, older]));
    expect(repomd.map((claim) => isEdition(edition.content, claim))).toEqual([true, false, false]);
    expect(repomd.map((claim) => isEdition(older.content, claim))).toEqual([false, true, true]);
  });

  test('only some of the older ones: each costs a look at the whole file', () => {
    const older = Array.from({ length: 50 }, (_none, index) => ({ content: bytes(`<older n="${index}"/>`) }));
    const { repomd } = parseMetalink(metalinkXml(edition, { [at('a')]: 1 }, older));
    expect(repomd).toHaveLength(11);
  });

  test('a checksum given a thousand times is proved once', () => {
    const [newest] = parseMetalink(
      metalinkXml({ ...edition, types: ['sha256', ...Array<string>(1000).fill('md5')] }, { [at('a')]: 1 }),
    ).repomd;
    expect(newest?.checksums.map(({ type }) => type)).toEqual(['sha256', 'md5']);
  });

  test.each<[string, Edition, boolean]>([
    ['as it says', edition, true],
    ['by all of its checksums', { ...edition, types: ['md5', 'sha1', 'sha256', 'sha512'] }, true],
    ['of another size', { ...edition, size: 10 }, false],
  ])('an edition %s', (_what, claimed, expected) => {
    const [newest] = parseMetalink(metalinkXml(claimed, { [at('a')]: 1 })).repomd;
    expect(newest && isEdition(edition.content, newest)).toBe(expected);
  });

  test('one wrong checksum among right ones is enough', () => {
    const text = metalinkXml({ ...edition, types: ['sha1', 'sha256'] }, { [at('a')]: 1 }).toString();
    const sha1 = createHash('sha1').update(edition.content).digest('hex');
    const [newest] = parseMetalink(bytes(text.replace(sha1, '0'.repeat(40)))).repomd;
    expect(newest && isEdition(edition.content, newest)).toBe(false);
  });

  test.each<[string, Buffer, RegExp]>([
    ['no mirror', metalinkXml(edition, {}), /names no mirror \(metalink\)/],
    ['weak checksums alone', metalinkXml({ ...edition, types: ['md5', 'sha1'] }, { [at('a')]: 1 }), /no SHA-256/],
    ['a page', bytes('<html><body/></html>'), /the root is <html>/],
    ['an entity', bytes('<!DOCTYPE m [<!ENTITY a "b">]><metalink/>'), /document type/],
    ['no XML', bytes('http://a/\n'), /\(metalink\)/],
    ['elements that every object knows', bytes('<metalink><__proto__/></metalink>'), /no SHA-256/],
    ['elements that every object can do', bytes('<metalink><a:__defineGetter__/></metalink>'), /no SHA-256/],
    [
      'two checksums of one kind',
      bytes(
        metalinkXml(edition, { [at('a')]: 1 })
          .toString()
          .replace('</hash>', `</hash><hash type="sha256">${'0'.repeat(64)}</hash>`),
      ),
      /two different sha256/,
    ],
    [
      'another file alone',
      bytes(
        metalinkXml(edition, { [at('a')]: 1 })
          .toString()
          .replace('"repomd.xml"', '"x"'),
      ),
      /no SHA-256/,
    ],
    [
      'a checksum cut short',
      bytes(
        metalinkXml(edition, { [at('a')]: 1 })
          .toString()
          .replace(/[0-9a-f]<\/hash>/, '</hash>'),
      ),
      /not a sha256 digest/,
    ],
  ])('with %s is refused', (_what, content, reason) => {
    expect(() => parseMetalink(content)).toThrow(reason);
  });

  test.skipIf(!existsSync(SAMPLE))('the sample of librepo is that of its repository', () => {
    const list = parseMetalink(readFileSync(`${SAMPLE}metalink.xml`));
    expect(hrefs(list)).toEqual(['http://127.0.0.1:5000/yum/static/01/']);
    const repomd = readFileSync(`${SAMPLE}${REPOMD}`);
    expect(list.repomd.map((claim) => isEdition(repomd, claim))).toEqual([true]);
    expect(list.repomd.map((claim) => isEdition(readFileSync(`${SAMPLE}repodata/repomd.xml_bad`), claim))).toEqual([
      false,
    ]);
  });
});

describe('the next mirror', () => {
  const after = (answers: string): Standing =>
    Array.from(answers).reduce<Standing>(
      (standing, answer) => judgeMirror(standing, 0, answer === '+' ? 'good' : 'bad'),
      new Map(),
    );
  test.each<[string, string, readonly number[]]>([
    ['is the preferred one', '', [0, 1, 2]],
    ['is another after a failure', '-', [1, 2, 0]],
    ['is the preferred one again after as many good files', '-++++', [0, 1, 2]],
    ['stays another where one in four fails', '-+++-+++-+++', [1, 2, 0]],
    ['forgives a long night', `${'-'.repeat(1000)}${'+'.repeat(40)}`, [0, 1, 2]],
  ])('%s', (_what, answers, expected) => {
    expect(orderMirrors(3, after(answers))).toEqual(expected);
  });

  test('a wish comes before the standing', () => {
    expect(orderMirrors(4, after('-'), { first: 2, last: new Set([1]) })).toEqual([2, 3, 0, 1]);
  });
});
