// Packages as nobody should write them: whatever their bytes, what is made of them is well-formed, or they are left out with a reason.

import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describePackage, METADATA_LIMITS, type PackageDescription } from '../../../mirror/metadata/describe.ts';
import {
  DOCUMENT_TYPES,
  renderEnd,
  renderPackage,
  renderStart,
  type PlacedPackage,
} from '../../../mirror/metadata/elements.ts';
import { makeMetadata } from '../../../mirror/metadata/make.ts';
import { escapeAttribute, escapeText, toXmlText } from '../../../mirror/metadata/text.ts';
import { sha256Of } from '../../../mirror/rpm/checksum.ts';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { readRpmHeaders } from '../../../mirror/rpm/package.ts';
import { sourceOfBytes } from '../../../mirror/rpm/source.ts';
import { readXml } from '../../../mirror/rpm/xml.ts';
import { Malformed } from '../../../server/malformed.ts';
import { documentsOf, makeRig, NOTHING, type Rig } from './rig.ts';

const PACKAGE = new URL('../../../../shared/samples/rpms/zoo/elephant-0.3-0.8.noarch.rpm', import.meta.url).pathname;
const HELLO = new URL('../../../../shared/samples/rpms/hello-2.0-1.x86_64-signed.rpm', import.meta.url).pathname;

type Value = { readonly tag: number; readonly type: number; readonly count: number; readonly bytes: Buffer };

const text = (tag: number, ...values: readonly (string | Buffer)[]): Value => ({
  tag,
  type: values.length === 1 ? 6 : 8,
  count: values.length,
  bytes: Buffer.concat(values.map((value) => Buffer.concat([Buffer.from(value), Buffer.from([0])]))),
});
const texts = (tag: number, values: readonly (string | Buffer)[]): Value => ({
  ...text(tag, ...values),
  type: 8,
  count: values.length,
});
const numbers = (tag: number, ...values: readonly number[]): Value => {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, index) => bytes.writeUInt32BE(value, index * 4));
  return { tag, type: 4, count: values.length, bytes };
};
const shorts = (tag: number, ...values: readonly number[]): Value => {
  const bytes = Buffer.alloc(values.length * 2);
  values.forEach((value, index) => bytes.writeUInt16BE(value, index * 2));
  return { tag, type: 3, count: values.length, bytes };
};

function header(values: readonly Value[]): Buffer {
  const intro = Buffer.from([0x8e, 0xad, 0xe8, 1, ...Array<number>(12).fill(0)]);
  const rows: Buffer[] = [];
  let data = Buffer.alloc(0);
  for (const { tag, type, count, bytes } of values) {
    const row = Buffer.alloc(16);
    [tag, type, data.byteLength, count].forEach((value, index) => row.writeUInt32BE(value, index * 4));
    rows.push(row);
    data = Buffer.concat([data, bytes]);
  }
  intro.writeUInt32BE(values.length, 8);
  intro.writeUInt32BE(data.byteLength, 12);
  return Buffer.concat([intro, ...rows, data]);
}

/** A package with these tags, the four that each needs among them unless they are given. */
function packageOf(values: readonly Value[], kind: 0 | 1 = 0): Buffer {
  const lead = Buffer.from([0xed, 0xab, 0xee, 0xdb, 3, 0, 0, kind, ...Array<number>(88).fill(0)]);
  const needed = [text(1000, 'n'), text(1001, '1'), text(1002, '1'), text(1022, 'noarch')];
  const missing = needed.filter(({ tag }) => values.every((value) => value.tag !== tag));
  return Buffer.concat([lead, header([]), header([...missing, ...values])]);
}

async function describeBytes(bytes: Buffer): Promise<PackageDescription> {
  return describePackage(await readRpmHeaders(sourceOfBytes(bytes, 'a.rpm'), METADATA_LIMITS), 'a.rpm');
}

/** Every text and attribute of the documents of one package; throws where one is not well-formed. */
function parseBack(description: PackageDescription): readonly string[] {
  const found: string[] = [];
  const placed: PlacedPackage = {
    ...{ description, path: parseHref('a.rpm', ''), sha256: sha256Of('a'), sizeBytes: 1, modifiedMs: 0 },
  };
  for (const type of DOCUMENT_TYPES) {
    const reader = readXml(
      { open: (_name, given) => found.push(...Object.values(given)), close: (_name, content) => found.push(content) },
      type,
    );
    reader.write(Buffer.from(renderStart(type, 1) + renderPackage(type, placed) + renderEnd(type)));
    reader.end();
  }
  return found;
}

describe('a header', () => {
  test.each<[string, readonly Value[], (said: PackageDescription) => unknown, unknown]>([
    ['in Latin-1 is read so', [text(1004, Buffer.from([0x4c, 0xe9, 0x80, 0xff]))], (said) => said.summary, 'Léÿ'],
    ['in UTF-8 is read so', [text(1004, 'Lé€')], (said) => said.summary, 'Lé€'],
    ['keeps a byte order mark', [text(1004, '\ufeffa')], (said) => said.summary, '\ufeffa'],
    ['loses controls in texts', [text(1004, 'a\x01\x1f\tb\ufffe')], (said) => said.summary, 'a\tb'],
    ['without a description says none', [], (said) => said.description, undefined],
    ['of a big package has the long sizes', [numbers(1009, 5), numbers(5009, 7)], (said) => said.sizeInstalled, 7],
    [
      'keeps the order of a day’s changes',
      [numbers(1080, 9, 9, 8), texts(1081, ['a  ', 'b', ' ']), texts(1082, ['1', '2', '3'])],
      (said) => said.changelog.map(({ author, at, text: what }) => `${author}|${at}|${what}`),
      [' |8|3', 'b|9|2', 'a|10|1'],
    ],
    [
      'of rpm 3 lists whole paths',
      [texts(1027, ['/etc/a', '/b']), shorts(1030, 0o100644, 0o040755), numbers(1037, 0, 0)],
      (said) => said.files,
      [
        { directory: '/etc/', name: 'a', kind: 'file' },
        { directory: '/', name: 'b', kind: 'dir' },
      ],
    ],
  ])('%s', async (_name, values, pick, wanted) => {
    const said = await describeBytes(packageOf(values));
    expect(pick(said)).toEqual(wanted);
    parseBack(said);
  });

  test('of a source package has its architecture', async () => {
    expect((await describeBytes(packageOf([], 1))).arch).toBe('src');
  });

  const requires = (...names: readonly (readonly [string, number, string])[]): readonly Value[] => [
    texts(
      1049,
      names.map(([name]) => name),
    ),
    numbers(1048, ...names.map(([, flags]) => flags)),
    texts(
      1050,
      names.map(([, , evr]) => evr),
    ),
  ];
  test.each<[string, readonly Value[], readonly string[]]>([
    ['rpmlib', requires(['rpmlib(x)', 8, '1'], ['a', 0, '']), ['a']],
    [
      'a repetition of the last of a name',
      requires(['a', 8, '1'], ['a', 8, '1'], ['a', 8, '2'], ['a', 8, '1']),
      ['a EQ 0:1-', 'a EQ 0:2-', 'a EQ 0:1-'],
    ],
    ['an epoch that is no number', requires(['a', 8, 'x:1'], ['b', 8, '2:1-3']), ['b EQ 2:1-3']],
    [
      'libc of lower versions',
      requires(['libc.so.6(GLIBC_2.14)', 0, ''], ['libc.so.6(GLIBC_2.4)', 0, ''], ['libc.so.6', 0, ''], ['z', 0, '']),
      ['z', 'libc.so.6(GLIBC_2.14)'],
    ],
    ['one that may be missing', requires(['a', 1 << 19, ''], ['b', 0, '']), ['b']],
    ['one without a name', requires(['', 0, ''], ['b', 64, '']), ['b pre']],
  ])('tells no requirement of %s', async (_name, values, wanted) => {
    const { requires: found } = (await describeBytes(packageOf(values))).dependencies;
    const told = found.map(({ name, flags, epoch, version, release, isPre }) =>
      [name, ...(flags === undefined ? [] : [flags, `${epoch}:${version}-${release}`]), ...(isPre ? ['pre'] : [])].join(
        ' ',
      ),
    );
    expect(told).toEqual(wanted);
  });

  test.each<[string, readonly Value[], string]>([
    ['a name', [text(1000, 'a\x01')], 'a name that XML cannot hold'],
    ['a version', [text(1001, '1\x02')], 'a version that XML cannot hold'],
    ['a dependency', requires(['a\x03', 0, '']), 'a dependency that XML cannot hold'],
    ['no architecture', [text(1022, '')], 'an RPM without an architecture'],
    [
      'a file in no directory',
      [texts(1117, ['a']), numbers(1116, 4), texts(1118, ['/']), shorts(1030, 0), numbers(1037, 0)],
      'a file in a directory that is not there',
    ],
    [
      'files without modes',
      [texts(1117, ['a']), numbers(1116, 0), texts(1118, ['/'])],
      'lists of files of different lengths',
    ],
    [
      'paths beyond measure',
      [
        texts(1117, Array<string>(400).fill('a')),
        numbers(1116, ...Array<number>(400).fill(0)),
        texts(1118, ['/'.repeat(200_000)]),
        shorts(1030, ...Array<number>(400).fill(0)),
        numbers(1037, ...Array<number>(400).fill(0)),
      ],
      'paths that are too long',
    ],
  ])('with %s is refused', async (_name, values, reason) => {
    await expect(describeBytes(packageOf(values))).rejects.toThrow(reason);
  });

  test('of any bytes is well-formed, or Malformed', async () => {
    const bytes = fc.uint8Array({ maxLength: 12 }).map((array) => Buffer.from(array.map((byte) => byte || 1)));
    const tags = [1000, 1001, 1002, 1004, 1005, 1007, 1011, 1014, 1015, 1016, 1020, 1022, 1044];
    const lists = [1047, 1049, 1050, 1054, 1055, 1081, 1082, 1090, 1113, 1115, 1117, 1118, 5046, 5047];
    const flags = [1048, 1053, 1112, 1114, 1080, 1116, 1037, 1030, 5048];
    const value = fc.oneof(
      fc.tuple(fc.constantFrom(...tags), bytes).map(([tag, one]) => text(tag, one)),
      fc.tuple(fc.constantFrom(...lists), fc.array(bytes, { maxLength: 4 })).map(([tag, some]) => texts(tag, some)),
      fc
        .tuple(fc.constantFrom(...flags), fc.array(fc.nat({ max: 20 }), { maxLength: 4 }))
        .map(([tag, some]) => numbers(tag, ...some)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(value, { maxLength: 12 }), async (values) => {
        const said = await describeBytes(packageOf(values)).catch((error: unknown) => error);
        if (said instanceof Error) expect(said).toBeInstanceOf(Malformed);
        else parseBack(said as PackageDescription);
      }),
      { numRuns: 400 },
    );
  });
});

test('any text comes back from XML as it was, but for what XML cannot hold', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (any) => {
      const wanted = toXmlText(any.toWellFormed());
      let found: readonly string[] = [];
      const reader = readXml(
        {
          open: (_name, given) => (found = [given['b'] ?? '']),
          close: (_name, content) => (found = [...found, content]),
        },
        'text',
      );
      reader.write(Buffer.from(`<a b="${escapeAttribute(wanted)}">${escapeText(wanted)}</a>`));
      reader.end();
      expect(found).toEqual([wanted, wanted]);
    }),
  );
});

describe.skipIf(!existsSync(PACKAGE))('a package', () => {
  let rig: Rig;
  beforeEach(async () => {
    rig = await makeRig();
  });
  afterEach(() => rig.remove());

  test('cut off anywhere is Malformed', async () => {
    const whole = readFileSync(PACKAGE);
    for (let length = 0; length < whole.length; length += 1) {
      const outcome = await describeBytes(whole.subarray(0, length)).catch((error: unknown) => error);
      expect(outcome).toBeInstanceOf(Malformed);
    }
    expect((await describeBytes(whole)).name).toBe('elephant');
  });

  test('that is cut off is left out, with the reason', async () => {
    const whole = readFileSync(PACKAGE);
    const lengths = [0, 95, 96, 100, 500, 1500, whole.length - 1];
    const cut = await Promise.all(
      lengths.map((length) => rig.addBytes(whole.subarray(0, length), `cut-${length}.rpm`)),
    );
    const good = await rig.add(PACKAGE);
    const { listed, left } = await makeMetadata({ ...NOTHING, packages: [...cut, good] }, rig.edges());
    expect(listed).toEqual([good]);
    expect(left.map(({ path }) => path).toSorted()).toEqual(cut.map(({ path }) => path as string).toSorted());
    for (const { reason } of left) expect(reason).toMatch(/too soon|cut off/);
  });

  test('whose header was changed is left out, and the count is right', async () => {
    const bytes = Buffer.from(readFileSync(HELLO));
    // The copy in the lead is not covered by a digest.
    bytes.write('jello', bytes.indexOf('hello', 500));
    const bad = await rig.addBytes(bytes, 'bad.rpm');
    const made = await makeMetadata({ ...NOTHING, packages: [bad, await rig.add(PACKAGE)] }, rig.edges());
    expect(made.left).toEqual([
      { path: 'bad.rpm', reason: expect.stringMatching(/the header has another sha\d+ digest/) },
    ]);
    expect(documentsOf(made, rig).primary).toContain('packages="1"');
  });

  test('of another size than its list says is left out', async () => {
    const good = await rig.add(PACKAGE);
    const { left } = await makeMetadata({ ...NOTHING, packages: [{ ...good, sizeBytes: 5 }] }, rig.edges());
    expect(left).toEqual([{ path: good.path, reason: `a file of another size (${good.path})` }]);
  });

  test('that comes twice is a fault of whoever asks', async () => {
    const good = await rig.add(PACKAGE);
    await expect(makeMetadata({ ...NOTHING, packages: [good, good] }, rig.edges())).rejects.toThrow('twice');
  });

  test('that is not in the pool is a fault, and nothing half stays', async () => {
    const good = await rig.add(PACKAGE);
    const packages = [good, { ...good, path: parseHref('b.rpm', ''), sha256: sha256Of('none') }];
    await expect(makeMetadata({ ...NOTHING, packages }, rig.edges())).rejects.toThrow('ENOENT');
    expect(rig.saved.size).toBe(0);
  });
});
