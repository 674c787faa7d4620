// The copy of its repos that a management server keeps: the program run for real, against repositories that are right and that lie.

import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { configFiles } from '../../kickstart/bundle/files.ts';
import { repoFiles } from '../../kickstart/bundle/files/repos.ts';
import { mirrorFiles, mirrorPath, mirrorSteps } from '../../kickstart/mirror-on-host.ts';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import type { Install } from '../../server/domain.ts';
import { Malformed } from '../../server/malformed.ts';
import { managementInstall, managementOn } from '../support/bundle-installs.ts';
import { golden } from '../support/golden.ts';
import type { FixturePackage, RepoFiles } from '../support/repo-fixture.ts';
import { buildRepo, fixtureBytes } from '../support/repo-fixture.ts';

const inCi = process.env['CI'] !== undefined;
const PYTHON = 'python3';

/** The management server of the example, which publishes its repo at /4.0/ and keeps it. */
function keeping(install: Install = managementInstall(), url?: string): Install {
  const repos = install.repos.map((repo) => ({ ...repo, url: url ?? repo.url, publish: '/4.0/' }));
  const cloudstack = { version: '4.0', hypervisor: 'xenserver', ...install.cloudstack, mirrorOnHost: true } as const;
  return { ...install, repos, cloudstack };
}

function textOf(install: Install, path: string): string | undefined {
  return configFiles(install, redactedSecrets).find((file) => file.path === path)?.text;
}

describe('what a server that keeps its repos carries', () => {
  const install = keeping();

  test('the program', () => golden('bundle/mirror-on-host.py', mirrorFiles(install)[0]?.text ?? ''));

  test('asks itself for its repos, as the published server did, and the appliance for its tree', () => {
    expect(textOf(install, '/etc/yum.repos.d/cloudstack.repo')).toBe(
      '[cloudstack]\nname=cloudstack\nbaseurl=http://127.0.0.1/4.0/\nenabled=1\ngpgcheck=0\n',
    );
    expect(textOf(install, '/etc/yum.repos.d/rhel6.repo')).toContain('baseurl=http://192.168.168.26/trees/rhel6/\n');
  });

  test('other machines are told of the appliance all the same', () => {
    const [file] = repoFiles(install);
    expect(file?.text).toContain('baseurl=http://192.168.168.26/repos/cloudstack@');
  });

  test('without the option there is nothing of it', () => {
    expect(mirrorFiles(managementInstall())).toEqual([]);
    expect(mirrorSteps(managementInstall())).toEqual([]);
    expect(mirrorFiles({ ...install, role: 'minimal' })).toEqual([]);
  });

  test.each(['/4.0/../x/', '//', '/a b/', '4.0/', '/4.0', "/4.0';reboot/"])('a path %j is refused', (publish) => {
    expect(() => mirrorPath({ name: 'cloudstack', publish })).toThrow(Malformed);
  });

  test('a repo that is published nowhere else lies where the appliance has it', () => {
    expect(mirrorPath({ name: 'cloudstack' })).toBe('/repos/cloudstack/');
  });
});

describe.skipIf(spawnSync(PYTHON, ['--version']).status !== 0 && !inCi)('the program', () => {
  const packages: readonly FixturePackage[] = [
    { name: 'cloud-client', bytes: fixtureBytes('client', 300_000) },
    { name: 'cloud-server', bytes: fixtureBytes('server', 20_000) },
    {
      name: 'odd',
      bytes: fixtureBytes('odd', 10),
      path: 'Packages/odd+name^1~2.rpm',
      href: 'Packages/odd%2Bname%5E1~2.rpm',
    },
  ];
  let root: string;
  let files: RepoFiles;
  let asked: string[];
  let served: ReturnType<typeof createServer>;
  beforeEach(async () => {
    root = mkdtempSync(join(tmpdir(), 'kickstand-mirror-'));
    asked = [];
    files = buildRepo({ packages, extra: [{ type: 'group', file: 'comps.xml', bytes: Buffer.from('<comps/>') }] });
    served = createServer((request, response) => {
      const path = decodeURIComponent((request.url ?? '').replace('/repos/cloudstack@s1/', ''));
      asked.push(path);
      const bytes = files.get(path);
      response.statusCode = bytes === undefined ? 404 : 200;
      response.end(bytes);
    });
    await new Promise<void>((resolve) => served.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    await new Promise((resolve) => served.close(resolve));
    rmSync(root, { recursive: true, force: true });
  });

  const copy = async (): Promise<{ status: number | null; output: string }> => {
    const { port } = served.address() as AddressInfo;
    const program = join(root, 'program.py');
    const install = keeping(managementOn('9.6'), `http://127.0.0.1:${port}/repos/cloudstack@s1/`);
    writeFileSync(program, mirrorFiles(install)[0]?.text ?? '');
    const child = spawn(PYTHON, [program], { env: { ...process.env, KICKSTAND_MIRROR_ROOT: join(root, 'www') } });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
    return new Promise((resolve) => child.on('close', (status) => resolve({ status, output })));
  };
  const at = (path: string): string => join(root, 'www/4.0', path);
  const copied = (): Readonly<Record<string, Buffer>> => {
    const names = readdirSync(at(''), { recursive: true, encoding: 'utf8' });
    return Object.fromEntries(
      names.filter((name) => statSync(at(name)).isFile()).map((name) => [name, readFileSync(at(name))]),
    );
  };

  test('copies every file byte for byte, for everybody to read', async () => {
    expect(await copy()).toMatchObject({ status: 0, output: expect.stringContaining('3 packages in ') });
    expect(copied()).toEqual(Object.fromEntries(files));
    expect(statSync(at('repodata/repomd.xml')).mode & 0o777).toBe(0o644);
    expect(statSync(at('')).mode & 0o777).toBe(0o755);
  });

  test('run again it fetches only what is damaged or gone', async () => {
    await copy();
    writeFileSync(at('Packages/cloud-server-1.0-1.noarch.rpm'), 'damaged');
    asked = [];
    expect(await copy()).toMatchObject({ status: 0 });
    expect(asked.filter((path) => path.startsWith('Packages/'))).toEqual(['Packages/cloud-server-1.0-1.noarch.rpm']);
    expect(copied()).toEqual(Object.fromEntries(files));
  });

  test.each([['sha'], ['sha512'], ['md5']])('checks with %s too', async (checksum) => {
    files = buildRepo({ packages, checksum });
    expect(await copy()).toMatchObject({ status: 0 });
    expect(copied()).toEqual(Object.fromEntries(files));
  });

  test('the signature of the metadata comes along', async () => {
    files = buildRepo({ packages, signature: Buffer.from('signature') });
    expect(await copy()).toMatchObject({ status: 0 });
    expect(readFileSync(at('repodata/repomd.xml.asc')).toString()).toBe('signature');
  });

  test.skipIf(spawnSync('zstd', ['--version']).status !== 0 && !inCi)('reads metadata packed by zstd', async () => {
    files = buildRepo({ packages, compress: (bytes) => zstdCompressSync(bytes), suffix: '.zst' });
    expect(await copy()).toMatchObject({ status: 0 });
    expect(copied()).toEqual(Object.fromEntries(files));
  });

  test.each<[string, () => RepoFiles, RegExp]>([
    [
      'a package that is not what the metadata says',
      () => buildRepo({ packages: [{ name: 'x', bytes: fixtureBytes('x', 50), declaredDigest: 'a'.repeat(64) }] }),
      /x-1\.0-1\.noarch\.rpm: what came is not what the metadata says/,
    ],
    [
      'a package that is not there',
      () => {
        const all = buildRepo({ packages });
        all.delete('Packages/cloud-client-1.0-1.noarch.rpm');
        return all;
      },
      /there is no cloud-client-1\.0-1\.noarch\.rpm/,
    ],
    [
      'a path that leads out',
      () => buildRepo({ packages: [{ name: 'x', bytes: fixtureBytes('x', 50), href: '../../../etc/cron.d/x' }] }),
      /leads elsewhere/,
    ],
    [
      'a path that leads out in disguise',
      () => buildRepo({ packages: [{ name: 'x', bytes: fixtureBytes('x', 50), href: '%2e%2e/x.rpm' }] }),
      /leads elsewhere/,
    ],
    [
      'a package that would fill any disk',
      () => buildRepo({ packages: [{ name: 'x', bytes: fixtureBytes('x', 50), declaredSize: 2 ** 60 }] }),
      /MiB are needed and \d+ are free/,
    ],
    ['a repository that is none', () => new Map(), /there is no repomd\.xml/],
    [
      'metadata that is no XML',
      () => new Map([['repodata/repomd.xml', Buffer.from('<html>')]]),
      /repos\/cloudstack@s1/,
    ],
  ])('%s fails it, and no repository shows', async (_, broken, said) => {
    files = broken();
    expect(await copy()).toMatchObject({ status: 1, output: expect.stringMatching(said) });
    expect(existsSync(at('repodata/repomd.xml'))).toBe(false);
    expect(existsSync(join(root, 'etc'))).toBe(false);
  });
});
