// dnf, `dnf reposync` and zypper against what the appliance serves: whole, filtered, rescued, rolled-back and stamped repos. What they
// take is what was published, byte for byte, and rpm finds it sound; what is not signed as the site asks is never served.

import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openHouse, type House } from '../../server/assembly/house.ts';
import { publishSnapshot } from '../../server/assembly/rollback.ts';
import { syncNow } from '../../server/assembly/sync.ts';
import { quietLog } from '../../server/log.ts';
import { serve } from '../../server/main.ts';
import { loadSite } from '../../server/site/store.ts';
import { startUpstream, type FakeUpstream } from '../support/fake-upstream.ts';
import { startGpg, told } from '../support/gpg.ts';
import { filesBelow, labSite } from '../support/lab-appliance.ts';
import { dnfClient } from '../support/lab-dnf.ts';
import { needs } from '../support/lab-needs.ts';
import { run } from '../support/lab-run.ts';
import type { RepoFiles } from '../support/repo-fixture.ts';
import { buildRpms, createRepository, type LabPackage } from '../support/rpms.ts';
import { directoryDigest } from '../support/sync-bench.ts';
import { zypperClient } from '../support/zypper.ts';

const ZOO = resolve(import.meta.dirname, '..', '..', '..', 'shared', 'samples', 'rpms', 'zoo');
const here = needs(['rpm', 'rpmbuild', 'rpmsign', 'createrepo_c', 'dnf', 'gpg', 'apt-get'], 'none');

const one = (version: string): LabPackage => ({
  name: 'one',
  version,
  release: '1',
  files: { '/usr/share/one': `one ${version}\n` },
});
const plus: LabPackage = {
  name: 'plus++',
  version: '1',
  release: '0.1~rc1^git',
  files: { '/usr/share/plus': 'plus\n' },
};
const gone: LabPackage = { name: 'gone', version: '1', release: '1', files: { '/usr/share/gone': 'gone\n' } };
const two: LabPackage = {
  name: 'two',
  version: '1',
  release: '1',
  requires: ['one'],
  files: { '/usr/share/two': 'two\n' },
};

/** Repositories that are made within one second have the same times: what upstream published later is to be newer. */
function makeNewer(files: RepoFiles, seconds: number): void {
  const repomd = String(files.get('repodata/repomd.xml'));
  const later = (_: string, time: string): string => `<timestamp>${Number(time) + seconds}<`;
  files.set('repodata/repomd.xml', Buffer.from(repomd.replaceAll(/<timestamp>(\d+)</g, later)));
}

describe.skipIf(here.skip)(`clients of the mirror${here.note}`, () => {
  const undo: (() => Promise<unknown>)[] = [];
  const upstreams = new Map<string, FakeUpstream>();
  let directory: string;
  let data: string;
  let house: House;
  let origin: string;
  /** The first and the second that upstream published; the first's packages signed. */
  let first: RepoFiles;
  let second: RepoFiles;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kickstand-clients-'));
    undo.push(() => rm(directory, { recursive: true, force: true }));
    data = join(directory, 'data');
    const gpg = await startGpg();
    undo.push(() => gpg.close());
    const key = await gpg.makeKey('packager', 'rsa2048');
    await mkdir(join(data, 'keys'), { recursive: true });
    await writeFile(join(data, 'keys/packager.asc'), await gpg.exportKey(key));
    const sign = async (path: string): Promise<void> => {
      const defines = { _gpg_name: key, _gpg_path: gpg.home, _gpg_digest_algo: 'sha256', __gpg: '/usr/bin/gpg' };
      const flags = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
      await run(['rpmsign', ...flags, '--addsign', path], { env: { GNUPGHOME: gpg.home } });
    };
    first = await build('first', [[one('1')], [one('2'), plus, two]], sign);
    second = await build('second', [[one('3'), two]], async () => {});
    makeNewer(second, 100);
    const sites: Record<string, string> = {
      plain: '',
      newest: 'newest: 1, exclude: ["two"], sources: false',
      rescued: 'rescue: true',
      bare: 'rescue: true',
      signed: 'gpg: packages, keys: [packager.asc]',
    };
    for (const name of Object.keys(sites)) await addUpstream(name, first);
    const third = await build('third', [[one('4'), gone]], async () => {});
    upstreams.get('rescued')?.serve(withoutPackage(third, 'gone-'));
    upstreams.get('bare')?.serve(withoutMetadata(first));
    if (existsSync(ZOO)) await addUpstream('zoo', await filesBelow(ZOO));
    const repos = [...upstreams].map(
      ([name, { url }]) => `  - { name: ${name}, upstream: "${url}"${sites[name] ? `, ${sites[name]}` : ''} }\n`,
    );
    await startHouse(
      labSite({ upstream: 'http://127.0.0.1:9/', iso: 'none.iso' }).replace('\ntrees:', `${repos.join('')}\ntrees:`),
    );
  });
  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
  });

  async function addUpstream(name: string, files: RepoFiles): Promise<void> {
    const upstream = await startUpstream(files);
    undo.push(() => upstream.close());
    upstreams.set(name, upstream);
  }

  async function startHouse(text: string): Promise<void> {
    const siteFile = join(directory, 'site.yaml');
    await writeFile(siteFile, text);
    const places = {
      siteFile,
      dataDirectory: data,
      listen: '127.0.0.1',
      advertise: undefined,
      logLevel: 'silent',
    } as const;
    const settings = {
      ...places,
      httpPort: 0,
      tftpPort: 0,
      dhcp: 'off',
      dhcpInterface: undefined,
      dhcpForce: false,
      syslogPort: undefined,
      httpsPort: undefined,
    } as const;
    const running = await serve(settings, quietLog);
    undo.push(() => running.close());
    origin = `http://127.0.0.1:${running.httpPort}`;
    const parsed = await loadSite(siteFile);
    if (parsed.kind !== 'site') throw new Error(JSON.stringify(parsed.problems));
    house = await openHouse({ settings, log: quietLog, site: () => parsed.site, origin: () => origin });
    undo.push(() => house.close());
  }

  async function build(
    name: string,
    runs: readonly (readonly LabPackage[])[],
    sign: (path: string) => Promise<void>,
  ): Promise<RepoFiles> {
    const repository = join(directory, name);
    // rpmbuild makes one version of a package at a time.
    for (const packages of runs) await buildRpms(packages, repository, await mkdtemp(join(directory, 'work-')));
    for (const file of await readdir(repository)) await sign(join(repository, file));
    await createRepository(repository);
    return filesBelow(repository);
  }

  async function sync(name: string) {
    const repo = house.site().repos.find((known) => known.name === name);
    if (repo === undefined) throw new Error(`no ${name}`);
    return syncNow(house, repo, { onProgress: () => {}, signal: new AbortController().signal });
  }

  async function synced(name: string): Promise<string> {
    const result = await sync(name);
    if (result.kind !== 'published') throw new Error(JSON.stringify(result));
    return result.snapshot;
  }

  /** All three clients at `/repos/PATH/`: they take `packages`, and just the bytes that are published. */
  async function expectServed(path: string, packages: readonly string[]): Promise<void> {
    const published = await directoryDigest(join(data, 'repos', path));
    const rpms = byName(Object.entries(published).filter(([file]) => file.endsWith('.rpm')));
    expect(Object.keys(rpms)).toEqual(packages.map((name) => `${name}.rpm`).toSorted());
    const place = await mkdtemp(join(directory, 'client-'));
    const url = `${origin}/repos/${path}/`;
    await Promise.all([expectDnf(place, { path, url, published, rpms }), expectZypper(place, { path, url, rpms })]);
  }

  type Served = { readonly path: string; readonly url: string; readonly rpms: Readonly<Record<string, string>> };

  async function expectDnf(
    place: string,
    served: Served & { published: Readonly<Record<string, string>> },
  ): Promise<void> {
    const { path, url, published, rpms } = served;
    const client = await dnfClient(place);
    await client.addRepoFile(
      path,
      `[${path}]\nname=${path}\nbaseurl=${url}\nenabled=1\ngpgcheck=0\nmodule_hotfixes=1\n`,
    );
    const copy = join(place, 'copy');
    await client.dnf(['reposync', '--repoid', path, '--download-metadata', '--norepopath', '-p', copy]);
    const theirs = await directoryDigest(copy);
    expect(byName(Object.entries(theirs).filter(([file]) => file.endsWith('.rpm')))).toEqual(rpms);
    const metadata = Object.entries(theirs).filter(([file]) => file.startsWith('repodata/'));
    expect(metadata.length).toBeGreaterThan(3);
    for (const [file, sha256] of metadata) expect([file, sha256]).toEqual([file, published[file]]);
    const paths = Object.keys(theirs)
      .filter((file) => file.endsWith('.rpm'))
      .map((file) => join(copy, file));
    const verdicts = await told('rpmkeys', ['--dbpath', join(place, 'db'), '-K', '--nosignature', ...paths]);
    expect(
      verdicts
        .trim()
        .split('\n')
        .filter((line) => !line.endsWith(': digests OK')),
    ).toEqual([]);
  }

  async function expectZypper(place: string, { path, url, rpms }: Served): Promise<void> {
    const client = await zypperClient(place);
    await client.addRepo(path, url);
    const listed = (await client.packages()).map((name) => `${name}.rpm`);
    expect(listed.toSorted()).toEqual(Object.keys(rpms).filter((name) => !name.endsWith('.src.rpm')));
    const names = new Set(listed.map((name) => name.replace(/-[^-]+-[^-]+$/, '')));
    const theirs = byName(Object.entries(await directoryDigest(await client.download([...names]))));
    // It takes the newest of each name.
    expect(Object.keys(theirs).length).toBeGreaterThanOrEqual(names.size);
    for (const [file, sha256] of Object.entries(theirs)) expect([file, sha256]).toEqual([file, rpms[file]]);
  }

  const ALL = ['one-1-1.x86_64', 'one-2-1.x86_64', 'plus++-1-0.1~rc1^git.x86_64', 'two-1-1.x86_64'];

  test('a whole repo; rolled back; and stamped anew', { timeout: 240_000 }, async () => {
    const before = await synced('plain');
    await expectServed('plain', ALL);
    upstreams.get('plain')?.serve(second);
    await synced('plain');
    await expectServed('plain', ['one-3-1.x86_64', 'two-1-1.x86_64']);
    expect(await publishSnapshot(house, 'plain', { id: before, times: 'as they are' })).toMatchObject({
      kind: 'published',
    });
    await expectServed('plain', ALL);
    const unstamped = await readFile(join(data, 'repos/plain/repodata/repomd.xml'));
    expect(await publishSnapshot(house, 'plain', { id: before, times: 'anew' })).toMatchObject({ kind: 'published' });
    expect(await readFile(join(data, 'repos/plain/repodata/repomd.xml'))).not.toEqual(unstamped);
    await expectServed('plain', ALL);
  });

  test('a filtered repo', { timeout: 240_000 }, async () => {
    await synced('newest');
    await expectServed('newest', ['one-2-1.x86_64', 'plus++-1-0.1~rc1^git.x86_64']);
  });

  test('a rescued repo, one of whose packages is gone upstream', { timeout: 240_000 }, async () => {
    await synced('rescued');
    await expectServed('rescued', ['one-4-1.x86_64']);
  });

  test('a rescued repo that upstream has only an index page of', { timeout: 240_000 }, async () => {
    await synced('bare');
    await expectServed('bare', ALL);
  });

  test.skipIf(!existsSync(ZOO))('a real repository', { timeout: 240_000 }, async () => {
    await synced('zoo');
    const files = [...(await filesBelow(ZOO)).keys()].filter((path) => path.endsWith('.rpm'));
    await expectServed(
      'zoo',
      files.map((path) => basename(path, '.rpm')),
    );
  });

  test('packages that must be signed: the whole ones served, no broken one ever', { timeout: 240_000 }, async () => {
    await synced('signed');
    await expectServed('signed', ALL);
    const before = await directoryDigest(join(data, 'repos/signed'));
    const changed = await resigned(first);
    for (const [files, reason] of [
      [second, /not signed|no signature/],
      [changed, /signature|digest|header/],
    ] as const) {
      upstreams.get('signed')?.serve(files);
      const result = await sync('signed');
      expect(result).toMatchObject({ kind: 'failed', file: expect.stringMatching(/\.rpm$/) as string });
      expect(result.kind === 'failed' ? result.reason : '').toMatch(reason);
      expect(await directoryDigest(join(data, 'repos/signed'))).toEqual(before);
    }
  });

  /** A repository whose metadata is right about a package that was changed after it was signed. */
  async function resigned(files: RepoFiles): Promise<RepoFiles> {
    const place = await mkdtemp(join(directory, 'changed-'));
    for (const [path, bytes] of files) {
      if (!path.endsWith('.rpm')) continue;
      const changed = Buffer.from(bytes);
      if (path.startsWith('two-')) changed[changed.length - 20] = (changed.at(-20) ?? 0) ^ 1;
      await writeFile(join(place, path), changed);
    }
    await createRepository(place);
    return filesBelow(place);
  }
});

function byName(files: readonly (readonly [string, string])[]): Readonly<Record<string, string>> {
  const named = files.map(([path, sha256]) => [basename(path), sha256] as const);
  return Object.fromEntries(named.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function withoutPackage(files: RepoFiles, start: string): RepoFiles {
  return new Map([...files].filter(([path]) => !path.startsWith(start)));
}

/** What a web server shows of a directory of packages. */
function withoutMetadata(files: RepoFiles): RepoFiles {
  const rpms = [...files].filter(([path]) => path.endsWith('.rpm'));
  const links = rpms.map(([path]) => `<a href="${encodeURIComponent(path)}">${path}</a>\n`);
  const page = `<html><head><title>Index of /repo</title></head><body><pre>${links.join('')}</pre></body></html>`;
  return new Map([...rpms, ['', Buffer.from(page)]]);
}
