// Which hrefs are paths inside a repository, which are tricks, and how they are encoded again.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodePath, parseHref, type RelativePath } from '../../../mirror/rpm/href.ts';
import { Malformed } from '../../../server/malformed.ts';

describe('parseHref refuses', () => {
  test.each([
    ['', 'empty segment'],
    ['/etc/passwd', 'absolute'],
    ['//elsewhere/x', 'absolute'],
    ['http://elsewhere/x.rpm', 'another place'],
    ['HTTP:x.rpm', 'another place'],
    ['media://1319.27#1', 'another place'],
    ['file:///etc/passwd', 'another place'],
    ['javascript:x', 'another place'],
    ['..', 'upwards'],
    ['../x.rpm', 'upwards'],
    ['a/../../x.rpm', 'upwards'],
    ['a/b/..', 'upwards'],
    ['./../x.rpm', 'upwards'],
    ['%2e%2e/x.rpm', 'upwards'],
    ['%2E./x.rpm', 'upwards'],
    ['.%2e/x.rpm', 'upwards'],
    ['a/%2e/x.rpm', '"." segment'],
    ['a/./x.rpm', '"." segment'],
    ['a//x.rpm', 'empty segment'],
    ['a/', 'empty segment'],
    ['..\\x.rpm', 'hides a slash'],
    ['..%5cx.rpm', 'hides a slash'],
    ['..%2fx.rpm', 'hides a slash'],
    ['%2fetc/passwd', 'hides a slash'],
    ['a%2Fb.rpm', 'hides a slash'],
    ['%252e%252e/x.rpm', 'encoded twice'],
    ['a%252fb', 'encoded twice'],
    ['x\0.rpm', 'control character'],
    ['x%00.rpm', 'control character'],
    ['x%0a.rpm', 'control character'],
    ['x\r\n.rpm', 'control character'],
    ['x%7f', 'control character'],
    ['x%c2%9b2J.rpm', 'control character'],
    ['evil\u202emspr.rpm', 'control character'],
    ['bash\u200b-5.rpm', 'control character'],
    ['\ufeffbash.rpm', 'control character'],
    ['%c0%ae%c0%ae/x', 'no escape of UTF-8'],
    ['%e0%80%af', 'no escape of UTF-8'],
    ['%u002e', 'no escape of UTF-8'],
    ['100%.rpm', 'no escape of UTF-8'],
    ['x.rpm?y', 'query'],
    ['x.rpm#y', 'query'],
    ['\ud800.rpm', 'broken character'],
    [`${'a'.repeat(256)}.rpm`, 'a name that is too long'],
    ['ä'.repeat(128), 'a name that is too long'],
    ['a/'.repeat(600) + 'a', 'too long'],
    ['a'.repeat(100_000), 'too long'],
  ])('%j: %s', (href, reason) => {
    expect(() => parseHref(href, 'here')).toThrow(Malformed);
    expect(() => parseHref(href, 'here')).toThrow(reason);
  });
});

describe('parseHref reads, and encodePath writes', () => {
  test.each([
    ['x.rpm', 'x.rpm', 'x.rpm'],
    ['./x.rpm', 'x.rpm', 'x.rpm'],
    ['Packages/g/gcc-c++-4.4.rpm', 'Packages/g/gcc-c++-4.4.rpm', 'Packages/g/gcc-c++-4.4.rpm'],
    ['gcc-c%2b%2b.rpm', 'gcc-c++.rpm', 'gcc-c++.rpm'],
    ['a~rc1^git.rpm', 'a~rc1^git.rpm', 'a~rc1%5Egit.rpm'],
    ['a%7Erc1.rpm', 'a~rc1.rpm', 'a~rc1.rpm'],
    ['a b.rpm', 'a b.rpm', 'a%20b.rpm'],
    ['a%20b.rpm', 'a b.rpm', 'a%20b.rpm'],
    ['Packages/a-1:2.rpm', 'Packages/a-1:2.rpm', 'Packages/a-1:2.rpm'],
    ['a%3A1.rpm', 'a:1.rpm', 'a%3A1.rpm'],
    ['A%2e:', 'A.:', 'A.%3A'],
    ['a%23b.rpm', 'a#b.rpm', 'a%23b.rpm'],
    ['a%3fb.rpm', 'a?b.rpm', 'a%3Fb.rpm'],
    ['a%25-b.rpm', 'a%-b.rpm', 'a%25-b.rpm'],
    ['ä.rpm', 'ä.rpm', '%C3%A4.rpm'],
    ['..a/...', '..a/...', '..a/...'],
  ])('%j', (href, path, encoded) => {
    expect(parseHref(href, 'here')).toBe(path);
    expect(encodePath(path as RelativePath)).toBe(encoded);
  });

  test('whatever is read stays below the root, and reads the same from its URL', () => {
    const pieces = fc.constantFrom(
      '.',
      '..',
      '/',
      '\\',
      '%2e',
      '%2f',
      '%5c',
      '%00',
      '%25',
      'a',
      '+',
      '~',
      ' ',
      ':',
      'ü',
      '%',
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 3 })), { maxLength: 12 }), (parts) => {
        let path: RelativePath;
        try {
          path = parseHref(parts.join(''), 'here');
        } catch (error) {
          expect(error).toBeInstanceOf(Malformed);
          return;
        }
        expect(path.split('/').every((segment) => !['', '.', '..'].includes(segment))).toBe(true);
        const url = new URL(encodePath(path), 'http://upstream/root/');
        expect(url.href.startsWith('http://upstream/root/')).toBe(true);
        expect(decodeURIComponent(url.pathname)).toBe(`/root/${path}`);
      }),
    );
  });
});
