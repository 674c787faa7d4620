// repomd.xml and primary.xml: what real ones hold, how any cut of the bytes reads the same, and what is refused.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parseChecksum } from '../../../mirror/rpm/checksum.ts';
import { parsePrimary, type PrimaryPackage } from '../../../mirror/rpm/primary.ts';
import { parseRepomd } from '../../../mirror/rpm/repomd.ts';
import { Malformed } from '../../../server/malformed.ts';
import { buildRepo } from '../../support/repo-fixture.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');
const present = existsSync(SAMPLES);
const HEX = 'a'.repeat(64);

describe.skipIf(!present)('real repomd.xml', () => {
  const read = (path: string) => parseRepomd(readFileSync(join(SAMPLES, path, 'repodata/repomd.xml')));

  test.each([
    ['rpms/zoo', 11, ['modules', 'productid']],
    ['katello-zoo', 11, ['modules', 'productid', 'updateinfo']],
    ['librepo/repo_yum_01', 6, ['primary_db']],
    ['librepo/repo_yum_02', 12, ['deltainfo', 'origin', 'updateinfo', 'group']],
    ['createrepo_c/repo_04', 4, ['filelists-ext']],
    ['createrepo_c/repo_with_additional_metadata', 17, ['group_gz_zck', 'modules_zck', 'updateinfo_zck']],
    ['dnf-repos/drpm', 4, ['prestodelta']],
    ['dnf-modules/_all-x86_64', 7, ['modules']],
    ['xenserver-repo', 6, ['other_db']],
  ])('%s holds every type', (path, count, types) => {
    const { data } = read(path);
    expect(data.map(({ type }) => type)).toEqual(expect.arrayContaining(['primary', ...types]));
    expect(data).toHaveLength(count);
  });

  test('a zchunk entry keeps its header checksum', () => {
    const entry = read('createrepo_c/repo_03').data.find(({ type }) => type === 'primary_zck');
    expect(entry).toMatchObject({ headerChecksum: { type: 'sha256' }, sizeBytes: 269 });
  });

  test('sha1 is told as such, whatever it is called', () => {
    expect(read('librepo/repo_yum_01').data[0]).toMatchObject({
      type: 'primary',
      checksum: { type: 'sha1', digest: '4543ad62e4d86337cd1949346f9aec976b847b58' },
      openChecksum: { type: 'sha1' },
      path: 'repodata/4543ad62e4d86337cd1949346f9aec976b847b58-primary.xml.gz',
      sizeBytes: 936,
      openSizeBytes: 3385,
      timestamp: 1347459930,
    });
  });
});

describe.skipIf(!present)('real primary.xml', () => {
  test('the zoo in any cut: whole, byte by byte', async () => {
    const path = 'rpms/zoo/repodata/b45d07d607ce97be7b13d0f6925c54ac93dc18b5467b9e5e78668a25d5f8befe-primary.xml.gz';
    const xml = gunzipSync(readFileSync(join(SAMPLES, path)));
    const whole = await collect(parsePrimary(cut(xml, xml.length)));
    expect(whole).toHaveLength(20);
    expect(whole[3]).toMatchObject({ name: 'cheetah', epoch: '0', version: '0.3', release: '0.8', sizeBytes: 2232 });
    expect(await collect(parsePrimary(cut(xml, 1)))).toEqual(whole);
    await expect(collect(parsePrimary(cut(Buffer.concat([xml, Buffer.from('<x/>')]), 77)))).rejects.toThrow(Malformed);
    for (let length = 0; length < xml.length - 1; length += 401) {
      await expect(collect(parsePrimary(cut(xml.subarray(0, length), 4096)))).rejects.toThrow(Malformed);
    }
  });
});

describe('repomd.xml is refused with', () => {
  const entry = (type: string, inner: string): string => `<data type="${type}">${inner}</data>`;
  const sum = `<checksum type="sha256">${HEX}</checksum>`;
  const primary = entry('primary', `${sum}<location href="repodata/p.xml"/>`);
  test.each([
    ['nothing in it', '', /./],
    ['another root', '<html/>', /the root is <html>/],
    ['no primary', '<repomd/>', /0 primary entries/],
    ['two primaries', `<repomd>${primary}${primary}</repomd>`, /2 primary entries/],
    ['no checksum', `<repomd>${entry('primary', '<location href="p"/>')}</repomd>`, /no checksum/],
    [
      'an odd checksum',
      `<repomd>${entry('primary', '<checksum type="crc">00</checksum>')}</repomd>`,
      /unknown checksum type/,
    ],
    [
      'a short digest',
      `<repomd>${entry('primary', '<checksum type="md5">00</checksum>')}</repomd>`,
      /not a md5 digest/,
    ],
    ['no location', `<repomd>${entry('primary', sum)}</repomd>`, /no location/],
    ['a location outside', `<repomd>${entry('x', `${sum}<location href="../x"/>`)}</repomd>`, /leads upwards/],
    ['xml:base', `<repomd>${entry('x', `${sum}<location xml:base="http://x/" href="x"/>`)}</repomd>`, /xml:base/],
    ['a negative size', `<repomd>${entry('x', `${sum}<location href="x"/><size>-1</size>`)}</repomd>`, /no number/],
    ['a size twice', `<repomd>${entry('x', '<size>1</size><size>2</size>')}</repomd>`, /given twice/],
    ['no type', `<repomd><data>${sum}</data></repomd>`, /without a type/],
    ['an entity', '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><repomd>&x;</repomd>', /document type/],
    ['an undeclared entity', `<repomd><revision>&lol;</revision>${primary}</repomd>`, /undefined entity/],
    ['another encoding', '<?xml version="1.0" encoding="UTF-16"?><repomd/>', /not in UTF-8/],
    ['bytes that are no UTF-8', Buffer.from([0x3c, 0xff, 0xfe]), /not in UTF-8/],
    ['endless nesting', '<repomd>'.repeat(1000), /nest too deep/],
    ['thousands of entries', `<repomd>${primary.replaceAll('"primary"', '"x"').repeat(1001)}</repomd>`, /too many/],
    ['4 MiB and more', Buffer.alloc(4 * 1024 * 1024 + 1, ' '), /larger than 4 MiB/],
    ['a second root', `<repomd>${primary}</repomd><repomd/>`, /./],
  ])('%s', (_what, xml, reason) => {
    expect(() => parseRepomd(Buffer.from(xml))).toThrow(Malformed);
    expect(() => parseRepomd(Buffer.from(xml))).toThrow(reason);
  });

  test('nothing but Malformed, at any prefix and any flipped byte', () => {
    const xml = buildRepo({ packages: [] }).get('repodata/repomd.xml') ?? Buffer.alloc(0);
    const accept = (bytes: Buffer): void => {
      try {
        parseRepomd(bytes);
      } catch (error) {
        if (!(error instanceof Malformed)) throw error;
      }
    };
    for (let at = 0; at < xml.length; at += 1) {
      accept(xml.subarray(0, at));
      accept(Buffer.from(xml.map((byte, index) => (index === at ? byte ^ 0x15 : byte))));
    }
  });

  test('but an old timestamp with a fraction, a missing size and a byte order mark are read', () => {
    const xml = `\ufeff<repomd>${entry('primary', `${sum}<location href="p"/><timestamp>1225456786.08</timestamp>`)}</repomd>`;
    expect(parseRepomd(Buffer.from(xml)).data[0]).toMatchObject({ timestamp: 1225456786.08, sizeBytes: undefined });
  });
});

describe('primary.xml is refused with', () => {
  const inner = `<name>a</name><arch>x86_64</arch><version epoch="0" ver="1" rel="1"/><checksum type="sha256">${HEX}</checksum><size package="1"/><location href="a.rpm"/>`;
  const wrap = (text: string, attributes = ''): string =>
    `<metadata${attributes}><package type="rpm">${text}</package></metadata>`;
  test.each([
    ['another root', '<otherdata/>', /the root is <otherdata>/],
    ['a count that lies', wrap(inner, ' packages="2"'), /says 2 packages and lists 1/],
    ['a count that is none', wrap(inner, ' packages="many"'), /packages is no number/],
    ['an epoch in words', wrap(inner.replace('epoch="0"', 'epoch="one"')), /the epoch is no number/],
    ['an epoch without end', wrap(inner.replace('epoch="0"', `epoch="${'1'.repeat(5000)}"`)), /the epoch is no number/],
    ['a name without end', wrap(inner.replace('<name>a', `<name>${'a'.repeat(300)}`)), /name is too long/],
    ['something that is no rpm', '<metadata><package type="deb"/></metadata>', /where an rpm package/],
    ['no name', wrap(inner.replace('<name>a</name>', '')), /no name/],
    ['no size', wrap(inner.replace('<size package="1"/>', '')), /no size package/],
    ['a size twice', wrap(`${inner}<size package="2"/>`), /given twice/],
    ['an odd size', wrap(inner.replace('package="1"', 'package="1e9"')), /the size is no number/],
    ['xml:base', wrap(inner.replace('<location', '<location xml:base="media://1#1"')), /xml:base/],
    ['xml:base at the root', wrap(inner, ' xml:base="http://x/"'), /xml:base/],
    ['an element without end', `<metadata><package type="rpm"><name>${'x'.repeat(5 * 1024 * 1024)}`, /too long/],
    ['an attribute without end', `<metadata packages="${'1'.repeat(5 * 1024 * 1024)}`, /too long/],
  ])('%s', async (_what, xml, reason) => {
    await expect(collect(parsePrimary(cut(Buffer.from(xml), 64 * 1024)))).rejects.toThrow(reason);
  });
});

test.each([
  ['md5', 'md5', 32],
  ['sha', 'sha1', 40],
  ['SHA1', 'sha1', 40],
  ['sha224', 'sha224', 56],
  ['sha256', 'sha256', 64],
  ['sha384', 'sha384', 96],
  ['sha512', 'sha512', 128],
])('checksum type %s is %s', (word, type, length) => {
  expect(parseChecksum(word, 'AB'.repeat(length / 2), 'here')).toEqual({ type, digest: 'ab'.repeat(length / 2) });
  expect(() => parseChecksum(word, 'ab'.repeat(length / 2 - 1), 'here')).toThrow(Malformed);
});

async function* cut(bytes: Buffer, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function collect(packages: AsyncIterable<PrimaryPackage>): Promise<PrimaryPackage[]> {
  const all: PrimaryPackage[] = [];
  for await (const found of packages) all.push(found);
  return all;
}
