// What the site says of a repo, as its sync over the open house takes it: files and secrets looked up, keys believed, trees used first.

import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { SyncResult } from '../../../mirror/sync/sync.ts';
import { expectedFacts } from '../../../mirror/tree/detect.ts';
import { openDirectoryTree } from '../../../mirror/tree/store.ts';
import type { House } from '../../../server/assembly/house.ts';
import { repoViews } from '../../../server/assembly/views.ts';
import { syncNow } from '../../../server/assembly/sync.ts';
import { quietLog } from '../../../server/log.ts';
import { parseOs } from '../../../server/os.ts';
import type { Repo } from '../../../server/repo.ts';
import { exampleSite } from '../../support/example.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { startGpg } from '../../support/gpg.ts';
import { needs } from '../../support/lab-needs.ts';
import { buildRepo, fixtureBytes } from '../../support/repo-fixture.ts';
import { plainRepo } from '../../support/sync-bench.ts';
import { houseOver } from '../../support/open-house.ts';

const packages = [{ name: 'one', bytes: fixtureBytes('one', 5000) }];
const { skip, note } = needs(['gpg'], 'none');

let data = '';
let upstream: FakeUpstream;
let house: House;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'kickstand-house-'));
  upstream = await startUpstream(buildRepo({ packages }));
  const site = exampleSite();
  house = await houseOver({ data, site: () => site, siteFile: 'beside/site.yaml' });
});
afterEach(async () => {
  await house.close();
  await upstream.close();
  rmSync(data, { recursive: true });
});

function sync(more: Partial<Repo>, over: House = house): Promise<SyncResult> {
  const watch = { onProgress: () => {}, signal: new AbortController().signal };
  return syncNow(over, { ...plainRepo(upstream.url), ...more }, watch);
}

describe('what is missing ends the sync before it begins', () => {
  const access = { proxy: undefined, ca: undefined, login: undefined, connections: 2, bytesPerSecond: undefined };
  test.each<[string, Partial<Repo>, RegExp, RegExp]>([
    [
      'a file of authorities',
      { access: { ...access, ca: 'ca.pem' } },
      /ca of the repo demo: ca.pem is not there/,
      /keys/,
    ],
    [
      'a password',
      { access: { ...access, login: { user: 'joe', password: { secret: 'mirror' } } } },
      /the secret mirror is not set/,
      /kickstand secret set mirror/,
    ],
    [
      'a file of keys',
      { trust: { checks: ['metadata'], keys: ['release.asc'], weakKeys: 'refuse' } },
      /a key of the repo demo: release.asc is not there/,
      /keys/,
    ],
    ['every key', { trust: { checks: ['packages'], keys: [], weakKeys: 'refuse' } }, /names no keys/, /under keys:/],
  ])('%s', async (_what, more, reason, remedy) => {
    const result = await sync(more);
    expect(result).toMatchObject({ kind: 'failed', file: undefined });
    expect(result.kind === 'failed' ? result.reason : '').toMatch(reason);
    expect(result.kind === 'failed' ? result.remedy : '').toMatch(remedy);
    expect(upstream.log).toEqual([]);
  });

  test('a key that is none', async () => {
    await place('keys/release.asc', 'no key at all');
    const result = await sync({ trust: { checks: ['metadata'], keys: ['release.asc'], weakKeys: 'refuse' } });
    expect(result.kind === 'failed' ? result.reason : '').toMatch(/release.asc/);
    expect(upstream.log).toEqual([]);
  });
});

async function place(path: string, content: string | Uint8Array): Promise<void> {
  await mkdir(dirname(join(data, path)), { recursive: true });
  await writeFile(join(data, path), content);
}

test('a sync that somebody stopped is no error in the log', async () => {
  const told: string[] = [];
  const note = (level: string) => (message: string) => void told.push(`${level}: ${message}`);
  const log = { ...quietLog, error: note('error'), info: note('info') };
  const watch = { onProgress: () => {}, signal: AbortSignal.abort() };
  expect(await syncNow({ ...house, log }, plainRepo(upstream.url), watch)).toMatchObject({ kind: 'failed' });
  expect(told).toEqual(['info: repo sync stopped']);
});

test('neither the login nor the query of an upstream is shown', async () => {
  const [repo] = house.site().repos;
  const upstreams = ['http://joe:s3cret@mirror.example/4.0/?key=s3cret', 'https://mirror.example/list?key=a@b/c'];
  const repos = upstreams.map((one) => ({ ...plainRepo(one), name: repo?.name ?? '' }));
  const views = await repoViews({ ...house, site: () => ({ ...house.site(), repos }) });
  expect(views.map((view) => view.upstream)).toEqual(['http://mirror.example/4.0/?…', 'https://mirror.example/list?…']);
});

test('a password is read from the secrets and told to upstream', async () => {
  await house.secrets.save('mirror', 's3cret');
  const login = { user: 'joe', password: { secret: 'mirror' } };
  const access = { proxy: undefined, ca: undefined, login, connections: 2, bytesPerSecond: undefined };
  expect(await sync({ access })).toMatchObject({ kind: 'published' });
  expect(upstream.log.every(({ headers }) => headers.authorization === 'Basic am9lOnMzY3JldA==')).toBe(true);
});

test.skipIf(skip)(`a key of DATA/keys, or beside the site file, is believed; another is not${note}`, async () => {
  const gpg = await startGpg();
  try {
    const key = await gpg.makeKey('Release', 'rsa2048');
    const files = buildRepo({ packages });
    const signature = await gpg.sign(files.get('repodata/repomd.xml') ?? Buffer.alloc(0), []);
    files.set('repodata/repomd.xml.asc', signature);
    upstream.serve(files);
    await place('keys/release.asc', await gpg.exportKey(key));
    await place('beside/other.asc', await gpg.exportKey(await gpg.makeKey('Other', 'rsa2048')));
    const trust = (keys: readonly string[]) => ({ trust: { checks: ['metadata'], keys, weakKeys: 'refuse' } }) as const;
    const refused = await sync(trust(['other.asc']));
    expect(refused).toMatchObject({ kind: 'failed', file: 'repodata/repomd.xml.asc' });
    expect(await sync(trust(['release.asc', 'other.asc']))).toMatchObject({ kind: 'published', notes: [] });
    // A key that is taken away is missed, although upstream has nothing new.
    expect(await sync(trust(['other.asc']))).toMatchObject({ kind: 'failed' });
  } finally {
    await gpg.close();
  }
});

test.each(['sha256', 'sha1'])('packages of a tree are copied, whatever its metadata is (%s)', async (checksum) => {
  for (const [path, bytes] of buildRepo({ packages, checksum })) await place(`dvd/Server/${path}`, bytes);
  const files = await openDirectoryTree(join(data, 'dvd'));
  const repositories = [{ id: 'Server', path: 'Server' }];
  const facts = { ...expectedFacts(parseOs('rhel-6.2-x86_64')), repositories };
  const shelf: House['shelf'] = {
    ...house.shelf,
    status: async () => ({ kind: 'ready', facts }),
    files: async () => files,
  };
  const result = await sync({}, { ...house, shelf });
  expect(result).toMatchObject({ kind: 'published', filesReused: 1, bytesReused: 5000 });
  expect(upstream.log.some(({ path }) => path.endsWith('.rpm'))).toBe(false);
});
