// What of upstream's other metadata is passed on beside metadata made here, and in what form; and repomd.xml, read back.

import fc from 'fast-check';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { chooseExtras, type Extra } from '../../../mirror/metadata/extras.ts';
import { makeMetadata } from '../../../mirror/metadata/make.ts';
import { metadataPath, renderRepomd } from '../../../mirror/metadata/repomd.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { parseRepomd, type RepomdEntry } from '../../../mirror/rpm/repomd.ts';
import { makeRig, NOTHING, NOW_MS, readBack, type Rig } from './rig.ts';

function entry(type: string): RepomdEntry {
  const checksum = { type: 'sha256', digest: 'a'.repeat(64) } as const;
  const rest = {
    openChecksum: undefined,
    headerChecksum: undefined,
    sizeBytes: 1,
    openSizeBytes: undefined,
    timestamp: 1,
  };
  return { type, checksum, path: metadataPath(`${type}.xml`), ...rest };
}

describe('of upstream’s repomd.xml', () => {
  test.each<[string, readonly string[], readonly string[]]>([
    ['packages are listed anew', ['primary', 'filelists', 'other'], []],
    [
      'databases would list what is not here',
      ['primary_db', 'filelists_db', 'other_db', 'group', 'filelists-ext'],
      ['group'],
    ],
    ['zchunk is dropped', ['primary_zck', 'updateinfo_zck', 'updateinfo'], ['updateinfo']],
    ['delta packages are dropped', ['prestodelta', 'deltainfo'], []],
    ['comps come once', ['group_gz', 'group_xz', 'group'], ['group']],
    ['comps come packed where they are nowhere plain', ['group_xz'], ['group_xz']],
    [
      'all else stays',
      ['modules', 'productid', 'updateinfo', 'appstream', 'never-heard-of'],
      ['modules', 'productid', 'updateinfo', 'appstream', 'never-heard-of'],
    ],
  ])('%s', (_name, types, kept) => {
    const chosen = chooseExtras(types.map(entry));
    expect(chosen.kept.map(({ type }) => type)).toEqual(kept);
    expect(chosen.kept.length + chosen.dropped.length).toBe(types.length);
    for (const { reason } of chosen.dropped) expect(reason).not.toBe('');
  });
});

describe('an extra', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await makeRig();
  });
  afterEach(() => rig.remove());

  const extra = (type: string, name: string, bytes: Uint8Array): Extra => ({
    type,
    name,
    read: async function* () {
      yield bytes;
    },
  });
  const make = (...extras: readonly Extra[]) => makeMetadata({ ...NOTHING, packages: [], extras }, rig.edges());
  const digest = 'b'.repeat(64);
  const COMPS = Buffer.from('<comps><group/></comps>\n');

  test.each<[string, Uint8Array]>([
    [`${digest}-comps.xml`, COMPS],
    [`repodata/${digest}-comps.xml.gz`, gzipSync(COMPS)],
    ['comps.xml.zst', zstdCompressSync(COMPS)],
  ])('of comps (%s) is there plain and in gzip', async (name, bytes) => {
    const { entries, text } = readBack(await make(extra('group_gz', name, bytes)), rig);
    expect(entries.slice(3).map(({ type }) => type)).toEqual(['group', 'group_gz']);
    expect(entries[3]?.path).toMatch(/^repodata\/[0-9a-f]{64}-comps\.xml$/);
    expect(entries[4]?.path).toMatch(/^repodata\/[0-9a-f]{64}-comps\.xml\.gz$/);
    expect([text('group'), text('group_gz')]).toEqual([COMPS.toString(), COMPS.toString()]);
  });

  test('in gzip stays byte for byte, with the digest of what is in it', async () => {
    const bytes = gzipSync('--- modules', { level: 1 });
    const { entries, text } = readBack(await make(extra('modules', 'modules.yaml.gz', bytes)), rig);
    expect([...rig.saved.values()].some((saved) => saved.equals(bytes))).toBe(true);
    expect([entries[3]?.openSizeBytes, text('modules')]).toEqual([11, '--- modules']);
  });

  test('in what EL6 cannot read becomes gzip', async () => {
    const { entries, text } = readBack(
      await make(extra('updateinfo', 'updateinfo.xml.zst', zstdCompressSync('<updates/>'))),
      rig,
    );
    expect(entries[3]?.path).toMatch(/-updateinfo\.xml\.gz$/);
    expect(text('updateinfo')).toBe('<updates/>');
  });

  test('that is not packed stays as it is', async () => {
    const { entries, text } = readBack(await make(extra('productid', 'productid', Buffer.from('cert'))), rig);
    expect([entries[3]?.openChecksum, text('productid')]).toEqual([undefined, 'cert']);
  });

  test('with a name that is none is called by its type', async () => {
    const { entries } = readBack(await make(extra('odd/../type', '..', Buffer.from('x'))), rig);
    expect(entries[3]?.path).toMatch(/^repodata\/[0-9a-f]{64}-odd____type$/);
  });

  test('that cannot be unpacked is left out, with the reason', async () => {
    const made = await make(extra('modules', 'modules.yaml.gz', gzipSync('--- modules').subarray(0, 15)));
    expect(made.left).toEqual([{ path: 'modules.yaml.gz', reason: expect.stringContaining('cannot be unpacked') }]);
    expect(readBack(made, rig).entries).toHaveLength(3);
  });

  test('has the time that was asked for, like all else', async () => {
    const { entries } = readBack(await make(extra('productid', 'productid', Buffer.from('cert'))), rig);
    expect(entries.map(({ timestamp }) => timestamp)).toEqual(entries.map(() => NOW_MS / 1000));
  });
});

test('repomd.xml is read back as it was written', () => {
  const checksum = fc
    .uint8Array({ minLength: 32, maxLength: 32 })
    .map((bytes) => ({ type: 'sha256', digest: Buffer.from(bytes).toString('hex') }) as const);
  const word = fc.stringMatching(/^[a-z<&"' ]{1,12}$/).map((text) => `x${text}`);
  const data = fc.record({
    type: word.filter((type) => type.trim() === type),
    checksum,
    openChecksum: fc.option(checksum, { nil: undefined }),
    headerChecksum: fc.option(checksum, { nil: undefined }),
    path: word.map((name) => parseHref(encodeURIComponent(`r/${name}`).replace('%2F', '/'), 'test')),
    sizeBytes: fc.option(fc.nat(), { nil: undefined }),
    openSizeBytes: fc.option(fc.nat(), { nil: undefined }),
    timestamp: fc.option(fc.nat(), { nil: undefined }),
  });
  fc.assert(
    fc.property(
      fc.option(fc.constantFrom('5', 'a<b'), { nil: undefined }),
      data,
      fc.array(data),
      (revision, first, rest) => {
        const repomd = { revision, data: [{ ...first, type: 'primary' }, ...rest] };
        expect(parseRepomd(Buffer.from(renderRepomd(repomd)))).toEqual(repomd);
      },
    ),
  );
});
