// .treeinfo in all its dialects: the real files of two decades, and what may be wrong with one.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { treeinfoEvidence } from '../../../mirror/tree/evidence.ts';
import { parseIni } from '../../../mirror/tree/ini.ts';
import { parseTreeinfo } from '../../../mirror/tree/treeinfo.ts';
import type { Treeinfo } from '../../../mirror/tree/treeinfo.ts';
import { Malformed } from '../../../server/malformed.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');
const HAVE_SAMPLES = existsSync(join(SAMPLES, 'treeinfo'));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const sample = (name: string): Treeinfo => parseTreeinfo(readFileSync(join(SAMPLES, 'treeinfo', `${name}.treeinfo`)));

const INSTALL = 'images/install.img';
const LIVE = 'LiveOS/squashfs.img';
const ADDONS6 = 'ResilientStorage HighAvailability ScalableFileSystem LoadBalancer';

// sample · family · version · stage 2 · variants and add-ons as id or id=repository · number of checksums
const TABLE: readonly (readonly [string, string | undefined, string, string | undefined, string, number])[] = [
  ['rhel6.0-server', 'rhel', '6.0', INSTALL, `Server=Server/repodata ${ADDONS6}`, 6],
  ['rhel6.1-server', 'rhel', '6.1', INSTALL, `Server=Server/repodata ${ADDONS6}`, 6],
  ['rhel6.2-server', 'rhel', '6.2', INSTALL, `Server=Server/repodata ${ADDONS6}`, 6],
  ['rhel6.2-workstation', 'rhel', '6.2', INSTALL, 'Workstation=Workstation/repodata ScalableFileSystem', 6],
  ['rhel6.4-server', 'rhel', '6.4', INSTALL, `Server=Server/repodata ${ADDONS6}`, 7],
  [
    'rhel6.6-server',
    'rhel',
    '6.6',
    INSTALL,
    'Server HighAvailability LoadBalancer ResilientStorage ScalableFileSystem',
    10,
  ],
  [
    'rhel6.10-server',
    'rhel',
    '6.10',
    INSTALL,
    'Server HighAvailability LoadBalancer ResilientStorage ScalableFileSystem',
    10,
  ],
  [
    'rhel7.0-server',
    'rhel',
    '7.0',
    LIVE,
    'Server=. HighAvailability=addons/HighAvailability ResilientStorage=addons/ResilientStorage',
    8,
  ],
  [
    'rhel7.6-server',
    'rhel',
    '7.6',
    LIVE,
    'Server=. HighAvailability=addons/HighAvailability ResilientStorage=addons/ResilientStorage',
    5,
  ],
  ['rhel8.0-baseos', 'rhel', '8.0.0', INSTALL, 'BaseOS=.', 5],
  ['rhel8.10-baseos', 'rhel', '8.10', INSTALL, 'BaseOS=.', 5],
  ['rhel9.0-baseos', 'rhel', '9.0', INSTALL, 'BaseOS=.', 5],
  ['rhel10.0-baseos', 'rhel', '10.0', INSTALL, 'BaseOS=.', 5],
  [
    'virtmanager-rhel6.0-beta',
    'rhel',
    '6.0',
    INSTALL,
    'Server=Server/repodata ClusteredStorage HighAvailability LargeFileSystem LoadBalance',
    6,
  ],
  ['productmd-RHEL-7-Server-optional.x86_64', 'rhel', '7.0', undefined, 'optional=.', 0],
  ['productmd-RHEL-8-BETA.x86_64', 'rhel', '8.0', undefined, 'AppStream=../../appstream/x86_64/ BaseOS=.', 0],
  ['centos6.2', 'centos', '6.2', INSTALL, '', 0],
  ['centos6.10', 'centos', '6.10', INSTALL, '', 0],
  ['centos7.0', 'centos', '7', LIVE, '', 0],
  ['centos8', 'centos', '8', INSTALL, 'BaseOS=. AppStream=../../../AppStream/x86_64/os/', 5],
  ['centos-stream10', 'centos', '10', INSTALL, 'BaseOS=. AppStream=../../../AppStream/x86_64/os/', 5],
  ['almalinux10', 'almalinux', '10', INSTALL, 'BaseOS=. AppStream=../../../AppStream/x86_64/os', 5],
  ['rocky9', 'rocky', '9.0', INSTALL, 'BaseOS=. AppStream=../../../AppStream/x86_64/os', 5],
  ['dvd-rocky8.7-minimal', 'rocky', '8', INSTALL, 'BaseOS', 4],
  ['oracle-ol6.5', 'oracle', '6.5', INSTALL, `Server=Server/repodata ${ADDONS6}`, 5],
  [
    'oracle-ol7.9',
    'oracle',
    '7.9',
    LIVE,
    'Server=. HighAvailability=addons/HighAvailability ResilientStorage=addons/ResilientStorage',
    7,
  ],
  ['oracle-ol9.3', 'oracle', '9.3.0', INSTALL, 'AppStream BaseOS', 4],
  [
    'virtmanager-scientific7',
    'scientific',
    '7.8',
    LIVE,
    'RELEASE=. RELEASE-updates=../updates/security/ RELEASE-fastbugs=../updates/fastbugs/',
    7,
  ],
  [
    'pulp-fixture-rhel6-like',
    'rhel',
    '7.6',
    LIVE,
    'Sea=. Dolphin=addons/dolphin Whale=addons/whale Land=variants/land External=../rpm-signed/',
    6,
  ],
  ['odd-el6.6-respin-no-kernel-key', undefined, '6.6', INSTALL, '', 0],
];

describe.skipIf(!HAVE_SAMPLES)('real files', () => {
  test.each(TABLE)('%s is %s %s', (name, family, version, stage2, variants, checksums) => {
    const info = sample(name);
    expect({ family: treeinfoEvidence(info).family, version: info.version, arch: info.arch }).toEqual({
      family,
      version,
      arch: 'x86_64',
    });
    expect(info.stage2).toBe(stage2);
    const written = info.variants.map(({ id, repository }) => (id === repository ? id : `${id}=${repository}`));
    expect(written.join(' ')).toBe(variants);
    expect(info.checksums.length).toBe(checksums);
    const images = info.images.get('x86_64');
    if (name.startsWith('productmd')) expect(images).toBeUndefined();
    else expect(images?.get('initrd')).toBe('images/pxeboot/initrd.img');
    if (images?.has('kernel') === true) expect(images.get('kernel')).toBe('images/pxeboot/vmlinuz');
    else expect(name).toMatch(/^(?:odd|productmd)/);
  });

  test.each([
    ['xcp-ng-7.5', '7.5.0', '2.6.0', undefined],
    ['xcp-ng-7.6', '7.6.0', '2.7.0', undefined],
    ['xcp-ng-8.0', '8.0.0', '3.0.0', 'x86_64'],
    ['xcp-ng-8.2.1', '8.2.1', '3.2.1', 'x86_64'],
    ['xcp-ng-8.3', '8.3.0', '3.3.0', 'x86_64'],
  ])('%s is XCP-ng %s on platform %s', (name, version, platform, arch) => {
    const info = sample(name);
    expect(info).toMatchObject({ family: 'XCP-ng', version, platform: { name: 'XCP', version: platform }, arch });
    expect(treeinfoEvidence(info)).toMatchObject({ family: 'xcp-ng', version, arch: 'x86_64' });
  });

  test('every other sample can be read too', () => {
    const files = readdirSync(SAMPLES, { recursive: true, withFileTypes: true }).filter(({ name }) =>
      name.endsWith('treeinfo'),
    );
    const named = files.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
    expect(named.length).toBeGreaterThan(50);
    for (const file of named) expect(parseTreeinfo(readFileSync(file)).family, file).not.toBe('');
  });

  test('a checksum of RHEL 6.2 Server, digit by digit', () => {
    expect(sample('rhel6.2-server').checksums).toContainEqual({
      path: 'images/pxeboot/vmlinuz',
      algorithm: 'sha256',
      digest: '10b11dc4c3c4d96c780aacd0345f92a92e3d3ee456cc7b1146b89bdcf2097965',
    });
  });

  test('prefixes and flips of a real file are read or Malformed, nothing else', () => {
    const bytes = readFileSync(join(SAMPLES, 'treeinfo/rhel6.6-server.treeinfo'));
    const read = (changed: Uint8Array): void => {
      try {
        parseTreeinfo(changed);
      } catch (error) {
        expect(error).toBeInstanceOf(Malformed);
      }
    };
    for (let length = 0; length < bytes.byteLength; length += 7) read(bytes.subarray(0, length));
    const flip = fc.tuple(fc.nat(bytes.byteLength - 1), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.array(flip, { maxLength: 20 }), (flips) => {
        const changed = Uint8Array.from(bytes);
        for (const [at, value] of flips) changed[at] = value;
        read(changed);
      }),
    );
  });
});

describe('INI', () => {
  test.each([
    ['a byte order mark and CRLF', '\uFEFF[general]\r\nfamily = CentOS\r\nversion = 6.2\r\n', 'CentOS'],
    [
      'comments of both kinds',
      '; one\n# two\n[general]\n  ; three = x\nfamily = CentOS ; four\nversion = 6\n',
      'CentOS',
    ],
    ['colons', '[general]\nfamily: CentOS\nversion: 6\n', 'CentOS'],
    ['no blanks', '[general]\nfamily=CentOS\nversion=6', 'CentOS'],
    ['old Macintosh line ends', '[general]\rfamily=CentOS\rversion=6\r', 'CentOS'],
    [
      'a value that goes on',
      '[general]\nversion = 6\nfamily = Red Hat\n  Enterprise\n\tLinux\n',
      'Red Hat Enterprise Linux',
    ],
    ['a section in two pieces', '[general]\nfamily = A\n[tree]\narch = x\n[general]\nversion = 6\nfamily = B\n', 'B'],
    [
      'a key that objects inherit',
      '[general]\n__proto__ = x\nfamily = CentOS\nversion = 6\n[constructor]\nx = y\n',
      'CentOS',
    ],
  ])('takes %s', (_, text, family) => {
    expect(parseTreeinfo(bytesOf(text)).family).toBe(family);
  });

  test.each([
    ['nothing', '', /no product is named/],
    ['no version', '[general]\nfamily = CentOS\n', /no version is named/],
    ['an empty family', '[general]\nfamily =\nversion = 6\n', /no product is named/],
    ['a page', '<!DOCTYPE html>\n<html>404</html>', /before the first \[section\] \(.treeinfo, line 1\)/],
    [
      'a line that is nothing',
      '[general]\nfamily = x\nwhat\n',
      /neither a \[section\] nor a key = value \(.treeinfo, line 3\)/,
    ],
    ['a key without a name', '[general]\n= x\n', /neither/],
    ['a section without an end', '[general\nfamily = x\n', /before the first/],
    ['bytes', '[general]\nfamily = \0\n', /not a text file/],
    [
      'a digest that is none',
      '[general]\nfamily = x\nversion = 1\n[checksums]\nimages/a = sha256:zz\n',
      /not a checksum: "sha256:zz" \(images\/a\)/,
    ],
    [
      'a digest without algorithm',
      '[general]\nfamily = x\nversion = 1\n[checksums]\na = 0123456789abcdef\n',
      /not a checksum/,
    ],
    ['a long line', `[general]\nfamily = ${'x'.repeat(20_000)}`, /a line is too long/],
    ['many lines', `[a]\n${'b = c\n'.repeat(21_000)}`, /more than 20000 lines/],
    ['much of anything', ' '.repeat(600_000), /more than 524288 bytes/],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseTreeinfo(bytesOf(text))).toThrow(Malformed);
    expect(() => parseTreeinfo(bytesOf(text))).toThrow(message);
  });

  test('sections and keys keep their case, and the last of two values counts', () => {
    const ini = parseIni(bytesOf('[Aa]\nKey = 1\nkey = 2\nKey = 3\n'), 'x');
    expect([...(ini.get('Aa') ?? [])]).toEqual([
      ['Key', '3'],
      ['key', '2'],
    ]);
    expect(ini.get('aa')).toBeUndefined();
  });
});
