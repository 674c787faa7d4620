// The mirror as clients see it: one sync by command under a running appliance, three paths, a pin, a roll back, a failed sync.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import type { Ran } from '../support/command.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { serveBytes, startUpstream } from '../support/fake-upstream.ts';
import { onLoopback } from '../support/loopback.ts';
import type { RepoFiles } from '../support/repo-fixture.ts';
import { buildRepo, fixtureBytes } from '../support/repo-fixture.ts';

const REPOMD = 'repodata/repomd.xml';
const NOTES = { type: 'release-notes', file: 'notes.txt', bytes: Buffer.from('an extra that no client knows') };

/** A repository of two packages, the second of this version. */
function repository(version: string): RepoFiles {
  const packages = ['cloud-client', `cloud-server-${version}`].map((name) => ({
    name,
    bytes: fixtureBytes(name, 70_000),
  }));
  return buildRepo({ packages, revision: version });
}

/** The path of the package whose name begins so. */
function packageOf(files: RepoFiles, name: string): string {
  const path = [...files.keys()].find((known) => known.includes(name));
  if (path === undefined) throw new Error(`no ${name}`);
  return path;
}

let directory = '';
let upstream: FakeUpstream;
let running: Running;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-mirror-'));
  upstream = await startUpstream(repository('1'));
  const siteFile = join(directory, 'site.yaml');
  writeFileSync(siteFile, exampleText.replace('http://cloudstack.apt-get.eu/rhel/4.0/', upstream.url));
  running = await serve(onLoopback(directory), quietLog);
});
afterAll(async () => {
  await running.close();
  await upstream.close();
  rmSync(directory, { recursive: true });
});

async function get(path: string): Promise<{ status: number; bytes: Buffer }> {
  const response = await fetch(`http://127.0.0.1:${running.httpPort}${path}`);
  return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()) };
}

function command(...args: string[]): Promise<Ran> {
  return kickstand([...args, '--site', join(directory, 'site.yaml'), '--data', join(directory, 'data')]);
}

async function snapshots(): Promise<readonly { id: string; current: boolean }[]> {
  return JSON.parse((await command('repo', 'snapshots', 'cloudstack', '--json')).out);
}

test(
  'a repo is synced, published, pinned, rolled back, and untouched by a sync that fails',
  { timeout: 120_000 },
  async () => {
    expect((await get(`/4.0/${REPOMD}`)).status).toBe(404);

    const first = repository('1');
    expect(await command('repo', 'sync', 'cloudstack')).toMatchObject({
      code: 0,
      out: expect.stringContaining('2 packages'),
    });
    const [one] = await snapshots();
    for (const [path, bytes] of first) {
      for (const prefix of ['/repos/cloudstack/', '/4.0/', `/repos/cloudstack@${one?.id ?? ''}/`]) {
        expect(await get(prefix + path)).toEqual({ status: 200, bytes });
      }
    }

    const second = repository('2');
    upstream.serve(second);
    upstream.clearLog();
    expect((await command('repo', 'sync')).code).toBe(0);
    const asked = upstream.log.map((request) => request.path);
    expect(asked).toContain(packageOf(second, 'cloud-server'));
    expect(asked).not.toContain(packageOf(first, 'cloud-client'));
    expect((await get(`/4.0/${REPOMD}`)).bytes).toEqual(second.get(REPOMD));
    expect((await get(`/repos/cloudstack@${one?.id ?? ''}/${REPOMD}`)).bytes).toEqual(first.get(REPOMD));
    expect((await get('/repo-files/cloudstack.repo')).bytes.toString()).toContain('\nbaseurl=http://192.168.168.26:');

    expect((await command('repo', 'publish', 'cloudstack', one?.id ?? '')).code).toBe(0);
    expect((await get(`/repos/cloudstack/${REPOMD}`)).bytes).toEqual(first.get(REPOMD));

    const third = repository('3');
    upstream.serve(third);
    const damaged = packageOf(third, 'cloud-server');
    upstream.always(damaged, serveBytes(Buffer.alloc(third.get(damaged)?.length ?? 0, 'x')));
    const failed = await command('repo', 'sync', '--json');
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.out)).toMatchObject([{ repo: 'cloudstack', kind: 'failed', file: damaged }]);
    expect((await get(`/4.0/${REPOMD}`)).bytes).toEqual(first.get(REPOMD));
    expect((await command('repo', 'verify')).code).toBe(0);
  },
);

test('metadata of an unknown type is mirrored like any other', async () => {
  const files = buildRepo({ packages: [{ name: 'a', bytes: fixtureBytes('a', 100) }], extra: [NOTES] });
  const other = await startUpstream(files);
  try {
    const site = join(directory, 'other.yaml');
    writeFileSync(site, exampleText.replace('http://cloudstack.apt-get.eu/rhel/4.0/', other.url));
    const ran = await kickstand(['repo', 'sync', '--json', '--site', site, '--data', join(directory, 'other')]);
    const [result]: { snapshot: string }[] = JSON.parse(ran.out);
    const listed = await kickstand([
      'repo',
      'snapshots',
      'cloudstack',
      '--json',
      '--site',
      site,
      '--data',
      join(directory, 'other'),
    ]);
    expect(JSON.parse(listed.out)).toMatchObject([{ id: result?.snapshot, files: files.size }]);
  } finally {
    await other.close();
  }
});
