// Index pages: what each server writes is read alike, and nothing that a hostile page writes leads anywhere but below it.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPage, type Found } from '../../../mirror/rescue/page.ts';
import { ROOT_DIRECTORY, directoryAt, parseHref, type DirectoryPath } from '../../../mirror/rpm/href.ts';

const ROOT = new URL('http://mirror.example/pub/el6/');

function read(html: string, directory: DirectoryPath = ROOT_DIRECTORY, url = ROOT): readonly Found[] {
  return [...readPage(html, { directory, url })].filter(({ kind }) => kind !== 'other');
}

/** `package a.rpm`, `directory Packages/`, `refused ../a.rpm`. */
function lines(html: string, directory: DirectoryPath = ROOT_DIRECTORY, url = ROOT): readonly string[] {
  return read(html, directory, url).map((found) =>
    found.kind === 'refused' ? `refused ${found.href}` : `${found.kind} ${'path' in found ? found.path : ''}`,
  );
}

const PAGES: Readonly<Record<string, string>> = {
  'Apache, fancy': `<html><head><title>Index of /pub/el6</title></head><body><h1>Index of /pub/el6</h1>
<pre><img src="/icons/blank.gif" alt="Icon "> <a href="?C=N;O=D">Name</a>  <a href="?C=M;O=A">Last modified</a><hr>
<img src="/icons/back.gif" alt="[DIR]"> <a href="/pub/">Parent Directory</a>
<img src="/icons/folder.gif" alt="[DIR]"> <a href="repodata/">repodata/</a>  22-Nov-2012 10:00    -
<img alt="[   ]"> <a href="gcc-c%2b%2b-4.4~rc1-1.el6.x86_64.rpm">gcc-c++-4.4~rc1-1.e..&gt;</a> 22-Nov-2012 10:00  1.2M
<hr></pre></body></html>`,
  'Apache, as a table': `<table><tr><th valign="top"></th><th><a href="?C=N;O=D">Name</a></th></tr>
<tr><td><a href="/pub/">Parent Directory</a></td></tr><tr><td><a href="repodata/">repodata/</a></td></tr>
<tr><td><A HREF='gcc-c++-4.4~rc1-1.el6.x86_64.rpm'>gcc</A></td></tr></table>`,
  'Apache, plain': `<ul><li><a href="/pub/"> Parent Directory</a></li><li><a href="repodata/"> repodata/</a></li>
<li><a href="gcc-c++-4.4~rc1-1.el6.x86_64.rpm"> gcc-c++</a></li></ul>`,
  nginx: `<h1>Index of /pub/el6/</h1><hr><pre><a href="../">../</a>
<a href="repodata/">repodata/</a>          22-Nov-2012 10:00     -
<a href="gcc-c++-4.4~rc1-1.el6.x86_64.rpm">gcc-c++-4.4~rc1-1.el6.x86_6..&gt;</a> 22-Nov-2012 10:00 123</pre>`,
  lighttpd: `<table summary="Directory Listing"><tbody><tr class="d"><td class="n"><a href="../">..</a>/</td></tr>
<tr><td><a href="repodata/">repodata</a>/</td></tr>
<tr><td class="n"><a href="gcc-c%2B%2B-4.4~rc1-1.el6.x86_64.rpm">gcc-c++</a></td></tr></tbody></table>`,
  "Python's http.server": `<hr>\n<ul>\n<li><a href="repodata/">repodata/</a></li>
<li><a href="gcc-c%2B%2B-4.4~rc1-1.el6.x86_64.rpm">gcc-c++-4.4~rc1-1.el6.x86_64.rpm</a></li>\n</ul>\n<hr>`,
  IIS: `<pre><A HREF="/pub/">[To Parent Directory]</A><br><br>
11/22/2012 10:00 AM &lt;dir&gt; <A HREF="/pub/el6/repodata/">repodata</A><br>
11/22/2012 10:00 AM 12345 <A HREF="/pub/el6/gcc-c++-4.4~rc1-1.el6.x86_64.rpm">gcc-c++</A><br></pre>`,
  'with whole URLs': `<a href="http://mirror.example/pub/el6/repodata/">r</a>
<a href="//MIRROR.example/pub/el6/gcc-c++-4.4~rc1-1.el6.x86_64.rpm">g</a>`,
  'by hand': `<P>Get <a class=x href=repodata>metadata</a> and
<a title="the compiler > all" href = "./gcc-c%2B%2B-4.4%7Erc1-1.el6.x86_64.rpm" >gcc</a> or <a href="install.html">read</a>`,
};

test.each(Object.keys(PAGES))('a page of %s', (name) => {
  expect(lines(PAGES[name] ?? '')).toEqual(['directory repodata/', 'package gcc-c++-4.4~rc1-1.el6.x86_64.rpm']);
});

test('a directory’s page adds to its own path', () => {
  const directory = directoryAt(parseHref('Packages', ''));
  const url = new URL('http://mirror.example/pub/el6/Packages/');
  expect(
    lines('<a href="g/">g/</a><a href="/pub/el6/Packages/a.rpm">a</a><a href="/pub/el6/b.rpm">b</a>', directory, url),
  ).toEqual(['directory Packages/g/', 'package Packages/a.rpm']);
});

test('files that may be comps, updateinfo or modules are metadata; hidden files and delta packages are nothing', () => {
  const names = [
    'a-comps.xml',
    'comps.xml.gz',
    'abc-updateinfo.xml.xz',
    'modules.yaml',
    '.a.rpm.Xy1',
    '.b.rpm',
    'a.drpm',
  ];
  expect(lines([...names, 'x.delta.rpm', 'primary.xml.gz'].map((name) => `<a href="${name}">`).join(''))).toEqual(
    names.slice(0, 4).map((name) => `metadata ${name}`),
  );
});

describe('a link that leads elsewhere is not taken', () => {
  test.each<[string, string, readonly string[]]>([
    ['upwards', '../a.rpm', ['refused ../a.rpm']],
    ['upwards, its dots as entities', '&#46;&#x2e;/a.rpm', ['refused ../a.rpm']],
    ['upwards, by names of entities', '&period;&period;&sol;a.rpm', ['refused ../a.rpm']],
    ['upwards, escaped', '%2e%2e/a.rpm', ['refused %2e%2e/a.rpm']],
    ['upwards, a slash escaped', '..%2Fa.rpm', ['refused ..%2Fa.rpm']],
    ['upwards, escaped twice', '%252e%252e/a.rpm', ['refused %252e%252e/a.rpm']],
    ['upwards, in the middle', 'x/../../a.rpm', ['refused x/../../a.rpm']],
    ['upwards by a backslash', '..\\a.rpm', ['refused ..\\a.rpm']],
    ['upwards, below its own URL by looks', '/pub/el6/../a.rpm', ['refused /pub/el6/../a.rpm']],
    ['a name with a NUL', 'a%00.rpm', ['refused a%00.rpm']],
    ['a name with a line feed', 'a&#10;b.rpm', ['refused a\nb.rpm']],
    ['a character that is none', 'a%ff.rpm', ['refused a%ff.rpm']],
    ['to another directory of the server', '/etc/a.rpm', []],
    ['to a directory that begins alike', '/pub/el60/a.rpm', []],
    ['to another server', 'http://other.example/pub/el6/a.rpm', []],
    ['to another port', 'http://mirror.example:81/pub/el6/a.rpm', []],
    ['to another server, by its own scheme', '//other.example/pub/el6/a.rpm', []],
    ['with a user in it', 'http://mirror.example@other.example/pub/el6/a.rpm', []],
    ['by a script', 'javascript:fetch("a.rpm")', []],
    ['by a script, its colon as an entity', 'javascript&colon;a.rpm', []],
    ['as data', 'data:text/html,a.rpm', []],
    ['as a file', 'file:///pub/el6/a.rpm', []],
    ['by a scheme without slashes', 'http:a.rpm', []],
    ['sorting', '?C=S;O=A', []],
    ['a package with a query', 'a.rpm?token=1', []],
    ['a place on the page', '#a.rpm', []],
    ['nowhere', '', []],
  ])('%s', (_what, href, expected) => {
    expect(lines(`<a href='${href}'>x</a>`)).toEqual(expected);
  });

  test('to another base for all links: it ends the page', () => {
    expect(lines('<a href="a.rpm">a</a><base href="http://other.example/"><a href="b.rpm">b</a>')).toEqual([
      'package a.rpm',
      'refused http://other.example/',
    ]);
    expect(lines('<base href="http://mirror.example/pub/el6/"><a href="b.rpm">b</a>')).toEqual(['package b.rpm']);
  });

  test('in a comment, a script, or what is not ended', () => {
    const text =
      '<!-- <a href="a.rpm"> --><script>"<a href=b.rpm>"</SCRIPT ><a href="c.rpm"><title><a href=d.rpm></title>';
    expect(lines(text)).toEqual(['package c.rpm']);
    expect(lines('<a href="c.rpm"><!-- <a href="a.rpm">')).toEqual(['package c.rpm']);
    expect(lines('<a href="c.rpm"><a href="a.rpm')).toEqual(['package c.rpm']);
  });
});

describe('whatever the text is', () => {
  const pieces = fc.constantFrom(
    ...[
      '<a href="',
      '<a ',
      "href='",
      '">',
      "'>",
      '../',
      '..%2f',
      '%2e',
      '&#46;',
      '&#x2F;',
      '/',
      '//',
      'http://',
      'mirror.example',
    ],
    ...[
      '/pub/el6/',
      'a.rpm',
      'Packages/',
      'javascript:',
      '<base href="',
      '<!--',
      '-->',
      '<script>',
      '</script>',
      '\\',
      '?',
      '#',
    ],
    ...['\0', '\u00ff', '\ud800', '=', ' ', '>', '<'],
  );
  test('a path lies below the page, whole and decoded once', () => {
    const directory = directoryAt(parseHref('Packages', ''));
    const url = new URL('http://mirror.example/pub/el6/Packages/');
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string()), { maxLength: 40 }), (parts) => {
        for (const found of read(parts.join(''), directory, url)) {
          if (!('path' in found)) continue;
          expect(found.path.startsWith('Packages/')).toBe(true);
          const segments = found.path.replace(/\/$/, '').split('/');
          expect(segments.every((one) => one !== '' && one !== '.' && one !== '..' && !/[\\\0-\x1f]/.test(one))).toBe(
            true,
          );
        }
      }),
      { numRuns: 2000 },
    );
  });

  test.each<[string, string]>([
    ['100,000 links', Array.from({ length: 100_000 }, (_, at) => `<a href="p-${at}.rpm">p</a>\n`).join('')],
    ['10 MB of tags that are not ended', '<a href='.repeat(1_250_000)],
    ['10 MB of quotes', '<a href="'.repeat(1_100_000)],
    ['10 MB of spaces in a tag', `<a${' '.repeat(10_000_000)}`],
    ['10 MB of attributes', `<a ${'x=1 '.repeat(2_500_000)}>`],
    ['10 MB of comments that are not ended', '<!--'.repeat(2_500_000)],
    ['10 MB of scripts', '<script>'.repeat(1_250_000)],
    ['10 MB of entities', `<a href="${'&#46;'.repeat(2_000_000)}">`],
    ['10 MB of angles', '<'.repeat(10_000_000)],
    ['one name of 10 MB', `<a href="${'a'.repeat(10_000_000)}.rpm">`],
  ])('%s are read in little time', (_what, html) => {
    const before = performance.now();
    const found = read(html);
    expect(performance.now() - before).toBeLessThan(3000);
    expect(found.length === 0 || found.length === 100_000).toBe(true);
  });

  test('more links than any directory has are not followed', () => {
    const found = lines('<a href="a.rpm">'.repeat(250_001));
    expect(found.at(-1)).toBe('refused a.rpm');
    expect(found).toHaveLength(250_001);
  });
});
