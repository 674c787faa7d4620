// Which URLs are content, what they name, and the tricks that are refused.

import { describe, expect, test } from 'vitest';
import { parseContentPath } from '../../../mirror/content/path.ts';
import { Malformed } from '../../../server/malformed.ts';

const PUBLISH = new Map([
  ['/4.0/', 'cloudstack'],
  ['/rhel/', 'rhel'],
  ['/rhel/6/', 'rhel6'],
]);

/** `kind name[@snapshot] path`, and a slash where the URL ended in one. */
function summary(url: string): string {
  const path = parseContentPath(url, PUBLISH);
  if (path.kind === 'other') return 'other';
  const label = path.kind === 'repo' && path.snapshot !== undefined ? `${path.name}@${path.snapshot}` : path.name;
  return [path.kind, label, `[${path.path}]`, ...(path.directory ? ['slash'] : [])].join(' ');
}

describe('content paths', () => {
  test.each([
    ['/repos/base/repodata/repomd.xml', 'repo base [repodata/repomd.xml]'],
    ['/repos/base', 'repo base []'],
    ['/repos/base/', 'repo base [] slash'],
    ['/repos/base@2026-11-22/a', 'repo base@2026-11-22 [a]'],
    ['/repos/base%402026/a', 'repo base@2026 [a]'],
    ['/trees/rhel6/.treeinfo', 'tree rhel6 [.treeinfo]'],
    ['/trees/rhel6@x/a', 'tree rhel6@x [a]'],
    ['/trees/rhel6/images/?x=..%2f', 'tree rhel6 [images] slash'],
    ['//trees//rhel6///images//a.img', 'tree rhel6 [images/a.img]'],
    ['/4.0/cloud-1.rpm', 'repo cloudstack [cloud-1.rpm]'],
    ['/4.0', 'repo cloudstack []'],
    ['/4.0/', 'repo cloudstack [] slash'],
    ['/rhel/7/a', 'repo rhel [7/a]'],
    ['/rhel/6/a', 'repo rhel6 [a]'],
    ['/rhel/6', 'repo rhel6 []'],
    ['/rhel/60', 'repo rhel [60]'],
    // '+' is literal, escapes are decoded once
    ['/repos/base/libstdc++-4.rpm', 'repo base [libstdc++-4.rpm]'],
    ['/repos/base/libstdc%2B%2b-4.rpm', 'repo base [libstdc++-4.rpm]'],
    ['/repos/base/a%7Eb^c;d', 'repo base [a~b^c;d]'],
    ['/repos/base/100%2525', 'repo base [100%25]'],
    ['/repos/base/%252e%252e/a', 'repo base [%2e%2e/a]'],
    ['/repos/base/%C3%A9%20x', 'repo base [é x]'],
    ['/repos/base/...', 'repo base [...]'],
    // a segment of one dot is none, however it is spelt (RFC 3986 §5.2.4)
    ['/repos/base/./a', 'repo base [a]'],
    ['/repos/base/%2E/a', 'repo base [a]'],
    ['/./repos/./base/a', 'repo base [a]'],
    ['/repos/base/Packages/.', 'repo base [Packages] slash'],
    ['/.//4.0/./a', 'repo cloudstack [a]'],
    ['/%72epos/base/a', 'repo base [a]'],
    // absolute form (RFC 9112 §3.2.2)
    ['http://192.168.168.26:8080/repos/base/a?b', 'repo base [a]'],
    ['HTTP://u@h/trees/x/', 'tree x [] slash'],
    // not content: somebody else's
    ['/', 'other'],
    ['', 'other'],
    ['*', 'other'],
    ['/repos', 'other'],
    ['/trees/', 'other'],
    ['/repo-files/base.repo', 'other'],
    ['/boot/x', 'other'],
    ['/api/v1/%zz', 'other'],
    ['/Repos/base', 'other'],
    ['/4.00/x', 'other'],
    ['/../repos/base/a', 'other'],
    ['/%2e%2e/repos/base', 'other'],
    ['/api/../repos/base/a', 'other'],
    ['/repos%2fbase/a', 'other'],
    ['repos/base/a', 'other'],
    ['http://h', 'other'],
    ['ftp://h/repos/base', 'other'],
    ['/é', 'other'],
  ])('%s is %s', (url, expected) => {
    expect(summary(url)).toBe(expected);
  });

  test('keeps the public path for links: folded, decoded, without the slash at its end', () => {
    expect(parseContentPath('//4.0//a%20b/', PUBLISH)).toMatchObject({ publicPath: '/4.0/a b', path: 'a b' });
  });

  test('a publish path of / makes nothing content', () => {
    expect(parseContentPath('/anything', new Map([['/', 'base']])).kind).toBe('other');
  });
});

describe('refused', () => {
  test.each([
    ['/repos/base/../x'],
    ['/repos/base/a/..'],
    ['/repos/../trees/x/y'],
    ['/repos/base/%2e%2e/x'],
    ['/repos/base/%2E./x'],
    ['/repos/base/.%2e/x'],
    ['/repos/base/..%2fx'],
    ['/repos/base/a%2Fb'],
    ['/repos/base/..%5cx'],
    ['/repos/base/a\\b'],
    ['/repos/base/a%00.rpm'],
    ['/repos/base/a%0d%0ab'],
    ['/repos/base/%7f'],
    ['/repos/base/%'],
    ['/repos/base/%zz'],
    ['/repos/base/%4'],
    ['/repos/base/%ff'],
    ['/repos/base/%c0%ae%c0%ae/x'], // over-long UTF-8 of ..
    ['/repos/base/%e0%80%af'], // over-long UTF-8 of /
    ['/repos/base/%ed%a0%80'], // a half of a surrogate pair
    ['/repos/base@/x'],
    ['/repos/@s1/x'],
    ['/repos/base@../x'],
    ['/repos/base@.staging/x'],
    ['/repos/..@s1/x'],
    ['/repos/.hidden/x'],
    ['/trees/.hidden/x'],
    ['/4.0/../x'],
    ['/4.0/%2e%2e/x'],
    ['http://h/repos/base/../x'],
  ])('%s', (url) => {
    expect(() => parseContentPath(url, PUBLISH)).toThrow(Malformed);
  });

  test.each([
    ['a segment of more than 255 bytes', `/repos/base/${'a'.repeat(256)}`],
    ['a segment of more than 255 bytes of UTF-8', `/repos/base/${'%C3%A9'.repeat(128)}`],
    ['a path of more than 4096 characters', `/repos/base/${'a/'.repeat(2100)}`],
  ])('%s', (_, url) => {
    expect(() => parseContentPath(url, PUBLISH)).toThrow(Malformed);
  });
});
