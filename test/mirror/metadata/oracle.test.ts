// What is written here against what createrepo_c writes of the same packages, letter by letter, and dnf as its reader.

import { existsSync } from 'node:fs';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DOCUMENT_TYPES, type DocumentType } from '../../../mirror/metadata/elements.ts';
import { makeMetadata, type MadeMetadata } from '../../../mirror/metadata/make.ts';
import type { MetadataPackage } from '../../../mirror/metadata/packages.ts';
import type { Sha256 } from '../../../mirror/rpm/checksum.ts';
import { readXml } from '../../../mirror/rpm/xml.ts';
import { dnfClient } from '../../support/lab-dnf.ts';
import { needs } from '../../support/lab-needs.ts';
import { documentsOf, makeRig, NOTHING, type Rig } from './rig.ts';
import { buildSpecs } from './specs.ts';

const SAMPLES = new URL('../../../../shared/samples/rpms/', import.meta.url).pathname;
const { skip, note } = needs(['rpmbuild', 'createrepo_c', 'dnf'], 'none');

/** Requirements, recommendations and files of the package `rich`, as rpm itself writes dependencies. */
const RICH_SAYS = [
  ...['(a if b)', '/bin/sh', 'coreutils >= 1:2.3-4', 'dup', 'dup = 1', 'dup = 2', 'libc.so.6(GLIBC_2.14)(64bit)', 'zz'],
  ...['rec > 1', '/etc/dir', '/etc/dir/a b&c<d>', '/usr/bin/link', '/usr/bin/own', '/usr/lib/sendmail'],
  // Once as what it requires and is no primary file, once as its file.
  ...['/usr/share/own-but-not-primary', '/usr/share/own-but-not-primary', '/var/log/ghost'],
];

async function samplePaths(): Promise<readonly string[]> {
  if (!existsSync(SAMPLES)) return [];
  const names = await readdir(SAMPLES, { recursive: true });
  return names.filter((name) => name.endsWith('.rpm')).map((name) => join(SAMPLES, name));
}

/** Elements with what they hold, whatever their indentation and the order of attributes. */
function canonical(text: string): readonly string[] {
  const lines: string[] = [];
  const reader = readXml(
    {
      open: (name, attributes, depth) => {
        const sorted = Object.entries(attributes).toSorted(([a], [b]) => (a < b ? -1 : 1));
        lines.push(`${depth} <${name} ${JSON.stringify(sorted)}>`);
      },
      close: (name, content, depth) => lines.push(`${depth} ${content.trim() === '' ? '' : content}</${name}>`),
    },
    'document',
  );
  reader.write(Buffer.from(text));
  reader.end();
  return lines;
}

describe.skipIf(skip)(`metadata made here${note}`, () => {
  let rig: Rig;
  let packages: readonly MetadataPackage[];
  let theirs: MadeMetadata;
  let ours: MadeMetadata;
  const asked = (): Parameters<typeof makeMetadata>[0] => ({ ...NOTHING, packages });

  beforeAll(async () => {
    rig = await makeRig();
    const built = await buildSpecs(join(rig.directory, 'build'));
    const files = [...built, ...(await samplePaths())];
    // In directories too: the order of packages is that of their names.
    packages = await Promise.all(
      files.map((file, index) =>
        rig.add(file, index % 3 === 0 ? file.replace(/.*\//, '') : file.replace(/.*\//, `d${index % 3}/`)),
      ),
    );
    theirs = await makeMetadata(asked(), rig.edges(await rig.createrepo()));
    ours = await makeMetadata(asked(), rig.edges());
  });
  afterAll(() => rig.remove());

  test('is by createrepo_c where it is there, and says so', () => {
    expect(theirs.madeBy).toMatch(/^createrepo_c \d/);
    expect(ours.madeBy).toBe('Kickstand');
    expect(theirs.left).toEqual([]);
    expect(theirs.listed).toHaveLength(packages.length);
    expect(theirs.notice).toContain('signature');
  });

  test.each(DOCUMENT_TYPES)('has the same %s, letter by letter', (type) => {
    expect(documentsOf(ours, rig)[type]).toBe(documentsOf(theirs, rig)[type]);
    expect(canonical(documentsOf(ours, rig)[type]).length).toBeGreaterThan(packages.length);
  });

  test('is the same bytes each time, in whatever order the packages come', async () => {
    const again = await makeMetadata({ ...asked(), packages: packages.toReversed() }, rig.edges());
    expect(again).toEqual(ours);
  });

  test('has the same content where it is taken from upstream’s documents', async () => {
    const documents = documentsOf(theirs, rig);
    const open = (type: DocumentType) =>
      async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from(documents[type]);
      };
    const upstream = { primary: open('primary'), filelists: open('filelists'), other: open('other') };
    const chosen = packages.filter((_, index) => index % 2 === 0);
    const copied = await makeMetadata({ ...asked(), packages: chosen, upstream }, rig.edges());
    const made = await makeMetadata({ ...asked(), packages: chosen }, rig.edges(await rig.createrepo()));
    expect(copied.madeBy).toBe('Kickstand, from upstream’s metadata');
    expect(made.madeBy).toMatch(/^createrepo_c/);
    for (const type of DOCUMENT_TYPES) {
      expect(canonical(documentsOf(copied, rig)[type])).toEqual(canonical(documentsOf(made, rig)[type]));
    }
  });

  test('is read by dnf: names, requirements, files', async () => {
    const repository = join(rig.directory, 'repository');
    await layOutMetadata(repository);
    const client = await dnfClient(join(rig.directory, 'dnf'));
    const query = ['-q', '--forcearch=x86_64', `--repofrompath=lab,file://${repository}`, '--repo=lab', 'repoquery'];
    const format = '%{location}|%{name}-%{epoch}:%{version}-%{release}.%{arch}|%{summary}';
    const rows = (await client.dnf([...query, '--qf', format])).trim().split('\n');
    expect(rows).toHaveLength(packages.length);
    expect(rows.map((row) => row.split('|', 1).join()).toSorted()).toEqual(
      packages.map(({ path }) => path as string).toSorted(),
    );
    expect(rows.join('\n')).toContain('|rich-3:1.0~rc1-1^git2.x86_64|Ümläut "quoted" <&> summary');
    const rich = ['rich.x86_64', '--qf', '%{requires}\n%{recommends}\n%{files}'];
    expect((await client.dnf([...query, ...rich])).trim().split('\n').toSorted()).toEqual(RICH_SAYS.toSorted());
  });

  async function layOutMetadata(target: string): Promise<void> {
    await mkdir(join(target, 'repodata'), { recursive: true });
    for (const { path, sha256 } of ours.files) {
      await writeFile(join(target, path), rig.saved.get(sha256 satisfies Sha256) ?? '');
    }
  }
});
