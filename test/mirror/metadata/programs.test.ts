// createrepo_c as it should not be: failing, stuck, lying or forgetful. The metadata is made all the same, says why, and nothing stays behind.

import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findCreaterepo } from '../../../mirror/metadata/createrepo/store.ts';
import { writeDocument } from '../../../mirror/metadata/document.ts';
import { filterMetadata } from '../../../mirror/metadata/filter.ts';
import { makeMetadata, type MetadataRequest } from '../../../mirror/metadata/make.ts';
import type { MetadataPackage } from '../../../mirror/metadata/packages.ts';
import { openPackages, saveDocuments } from '../../../mirror/metadata/store.ts';
import type { Createrepo } from '../../../mirror/metadata/theirs.ts';
import { openPool } from '../../../mirror/content/pool/store.ts';
import { sha256Of, type Checksum, type Sha256 } from '../../../mirror/rpm/checksum.ts';
import { needs } from '../../support/lab-needs.ts';
import { documentsOf, makeRig, NOTHING, type Rig } from './rig.ts';

const ZOO = new URL('../../../../shared/samples/rpms/zoo/', import.meta.url).pathname;
const { skip, note } = needs(['createrepo_c'], 'none');

describe.skipIf(skip || !existsSync(ZOO))(`createrepo_c${note}`, () => {
  let rig: Rig;
  let packages: readonly MetadataPackage[];
  beforeEach(async () => {
    rig = await makeRig();
    const names = ['lion-0.3-0.8.noarch.rpm', 'trout-0.12-1.noarch.rpm', 'test-srpm01-1.0-1.src.rpm'];
    packages = await Promise.all(names.map((name) => rig.add(join(ZOO, name), `Packages/${name}`)));
  });
  afterEach(() => rig.remove());

  const asked = (): MetadataRequest => ({ ...NOTHING, packages });
  const scratchNames = async (): Promise<readonly string[]> => readdir(join(rig.directory, 'scratch'));

  /** A program of the same name that runs `script`; `$real` is the real one. */
  async function stub(script: string, limitMs?: number): Promise<Createrepo> {
    const bin = join(rig.directory, 'bin');
    await mkdir(bin);
    const program = join(bin, 'createrepo_c');
    const real = (process.env['PATH'] ?? '')
      .split(':')
      .map((directory) => join(directory, 'createrepo_c'))
      .find(existsSync);
    const version = 'if [ "$1" = --version ]; then echo "Version: 9.9.9"; exit; fi';
    await writeFile(program, `#!/bin/sh\nPATH=/usr/bin:/bin\nreal=${real}\n${version}\n${script}\n`);
    await chmod(program, 0o755);
    const places = {
      path: bin,
      scratch: join(rig.directory, 'scratch'),
      fileOf: (sha256: string) => join(rig.directory, 'pool', sha256),
    };
    const found = await findCreaterepo({ ...places, ...(limitMs === undefined ? {} : { limitMs }) });
    if (found === undefined) throw new Error('the stub was not found');
    return found;
  }

  test('lies where it was sought: its version is told, nothing of it stays', async () => {
    const made = await makeMetadata(asked(), rig.edges(await rig.createrepo()));
    expect(made.madeBy).toMatch(/^createrepo_c \d+\.\d+/);
    expect(await scratchNames()).toEqual([]);
  });

  test.each<[string, string, RegExp, number?]>([
    ['fails', 'echo out of luck >&2; exit 3', /createrepo_c failed: out of luck/],
    ['is stuck', 'exec sleep 60', /it took too long/, 300],
    ['says it is done and wrote nothing', 'exit 0', /left no primary\.xml\.gz/],
    ['leaves out a package', '$real "$@" --excludes "lion*"', /leaves out 1 packages/],
    [
      'lists another package',
      'for last; do :; done; cp "$last"/Packages/lion* "$last"/more.rpm; $real "$@"',
      /lists another package/,
    ],
    [
      'writes what is no XML',
      '$real "$@"; for out; do [ -d "$out/repodata" ] && echo no | gzip > "$out/repodata/primary.xml.gz"; done; true',
      /primary\.xml/,
    ],
  ])('that %s is done without', async (_name, script, reason, limitMs) => {
    const made = await makeMetadata(asked(), rig.edges(await stub(script, limitMs)));
    expect(made.madeBy).toMatch(/^Kickstand; createrepo_c 9\.9\.9 was not used: /);
    expect(made.madeBy).toMatch(reason);
    expect(documentsOf(made, rig)).toEqual(documentsOf(await makeMetadata(asked(), rig.edges()), rig));
    expect(await scratchNames()).toEqual([]);
  });

  test('does not see the environment of this process', async () => {
    process.env['KICKSTAND_TEST_SECRET'] = 'x';
    try {
      const made = await makeMetadata(asked(), rig.edges(await stub('env >&2; exit 1')));
      expect(made.madeBy).not.toContain('KICKSTAND');
      expect(made.madeBy).toContain('LC_ALL=C');
    } finally {
      delete process.env['KICKSTAND_TEST_SECRET'];
    }
  });

  test('is stopped with the sync', async () => {
    const stop = new AbortController();
    const edges = { ...rig.edges(await stub(`touch ${rig.directory}/started; exec sleep 60`)), signal: stop.signal };
    const making = makeMetadata(asked(), edges);
    making.catch(() => undefined);
    await expect.poll(() => existsSync(join(rig.directory, 'started')), { timeout: 10_000 }).toBe(true);
    stop.abort(new Error('stopped'));
    await expect(making).rejects.toThrow('stopped');
    expect(await scratchNames()).toEqual([]);
  });

  test('is not asked for names that need escapes in a URL: it writes none', async () => {
    const odd = await rig.add(join(ZOO, 'lion-0.3-0.8.noarch.rpm'), 'a b%zz#.rpm');
    const fine = await rig.add(join(ZOO, 'lion-0.3-0.8.noarch.rpm'), 'a+b~c^d.rpm');
    const made = await makeMetadata({ ...NOTHING, packages: [odd, fine] }, rig.edges(await rig.createrepo()));
    expect(made.madeBy).toContain('a name that it does not escape');
    const { primary } = documentsOf(made, rig);
    expect(primary).toContain('<location href="a%20b%25zz%23.rpm"/>');
    expect(primary).toContain('<location href="a+b~c^d.rpm"/>');
  });

  test('works from relative paths too', async () => {
    const here = relative(process.cwd(), rig.directory);
    const places = { path: process.env['PATH'] ?? '', scratch: join(here, 'scratch') };
    const found = await findCreaterepo({ ...places, fileOf: (sha256) => join(here, 'pool', sha256) });
    expect((await makeMetadata(asked(), rig.edges(found))).madeBy).toBe(found?.name);
  });

  test('is not there: undefined', async () => {
    const places = { scratch: rig.directory, fileOf: () => '' };
    expect(await findCreaterepo({ ...places, path: `${rig.directory}::relative` })).toBeUndefined();
  });

  test.each<[string, (text: string) => string, string]>([
    [
      'lacks a chosen package',
      (text) => text.replace(/<package type(?:(?!<\/package>)[^])*lion[^]*?<\/package>/, ''),
      'lacks 1 packages',
    ],
    ['has packages elsewhere', (text) => text.replace('<location ', '<location xml:base="http://x/" '), 'xml:base'],
    ['is no XML', (text) => text.slice(0, -20), 'unclosed tag'],
    ['speaks another language', (text) => text.replace('<rpm:vendor>', '<suse:x/><rpm:vendor>'), 'another vocabulary'],
  ])('nor upstream’s metadata that %s', async (_name, change, reason) => {
    const whole = documentsOf(await makeMetadata(asked(), rig.edges()), rig);
    const open = (text: string) =>
      async function* (): AsyncGenerator<Uint8Array> {
        yield Buffer.from(text);
      };
    const upstream = {
      primary: open(change(whole.primary)),
      filelists: open(whole.filelists),
      other: open(whole.other),
    };
    const made = await makeMetadata({ ...asked(), upstream }, rig.edges());
    expect(made.madeBy).toContain('Kickstand; upstream’s metadata was not used: ');
    expect(made.madeBy).toContain(reason);
    expect(documentsOf(made, rig)).toEqual(whole);
    const chosen = new Set(packages.map(({ path }) => path));
    await expect(filterMetadata(upstream, chosen, rig.edges())).rejects.toThrow(reason);
  });

  test('its documents reach a real pool', async () => {
    const data = join(rig.directory, 'data');
    const pool = await openPool(data);
    const staging = await pool.openStaging('lab');
    const places = {
      scratch: join(rig.directory, 'scratch'),
      sizeOf: (sha256: Sha256) => pool.sizeOf(sha256),
      openPart: (checksum: Checksum) => staging.openPart(checksum),
    };
    const save = saveDocuments(places);
    const open = openPackages({ pool: join(rig.directory, 'pool') });
    const made = await makeMetadata(asked(), { ...rig.edges(await rig.createrepo()), open, save });
    const again = await makeMetadata(asked(), { ...rig.edges(await rig.createrepo()), open, save });
    await staging.settle();
    expect(again.files).toEqual(made.files);
    for (const { sha256, sizeBytes } of made.files) {
      const parts: Uint8Array[] = [];
      for await (const chunk of pool.read(sha256)) parts.push(chunk);
      expect([sha256Of(Buffer.concat(parts)), await pool.sizeOf(sha256)]).toEqual([sha256, sizeBytes]);
    }
    expect(await scratchNames()).toEqual([]);
  });
});

describe('a document', () => {
  test('whose saver gives up ends with the saver’s reason, however much is still to come', async () => {
    const save = async (chunks: AsyncIterable<Uint8Array>): Promise<never> => {
      for await (const chunk of chunks) throw new Error(`the disk is full at ${chunk.length > 0}`);
      throw new Error('nothing came');
    };
    const noise = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * 7919) % 251));
    const writing = writeDocument(save, async (document) => {
      for (let count = 0; count < 200; count += 1) await document.write(noise);
    });
    await expect(writing).rejects.toThrow('the disk is full at true');
  });

  test('whose writer gives up is not saved', async () => {
    const rig = await makeRig();
    const writing = writeDocument(rig.edges().save, async (document) => {
      await document.write('begun');
      throw new Error('no more');
    });
    await expect(writing).rejects.toThrow('no more');
    expect(rig.saved.size).toBe(0);
    await rig.remove();
  });

  test('is the same however it is cut', async () => {
    const rig = await makeRig();
    const text = 'some text that comes again '.repeat(9000);
    const whole = await writeDocument(rig.edges().save, (document) => document.write(text));
    const cut = await writeDocument(rig.edges().save, async (document) => {
      for (let at = 0; at < text.length; at += 1013) await document.write(text.slice(at, at + 1013));
    });
    expect(cut).toEqual(whole);
    await rig.remove();
  });
});
