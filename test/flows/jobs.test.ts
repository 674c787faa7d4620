// Long work over HTTP: a tree synced, damage found and mended, a verification ended; all of it told to who listens.

import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Job } from '../../server/jobs/job.ts';
import type { Log } from '../../server/log.ts';
import { quietLog } from '../../server/log.ts';
import { exampleText } from '../support/example.ts';
import { startUpstream, type FakeUpstream } from '../support/fake-upstream.ts';
import type { RepoFiles } from '../support/repo-fixture.ts';
import { buildRepo, fixtureBytes } from '../support/repo-fixture.ts';
import type { Served } from '../support/served.ts';
import { served } from '../support/served.ts';
import { buildTree } from '../support/tree-fixture.ts';

const EULA = 'EULA';
const PACKAGE = 'Packages/a-1.0-1.noarch.rpm';
const INSTALL = 'images/install.img';
const repo = buildRepo({ packages: [{ name: 'a', bytes: fixtureBytes('a', 5000) }] });

let appliance: Served;
let [trees, repos]: FakeUpstream[] = [];
let operator = '';
let viewer = '';
beforeAll(async () => {
  [trees, repos] = [await startUpstream(buildTree('rhel6.2')), await startUpstream(repo)];
  const text = exampleText
    .replace(/iso: RHEL6[^ ]*/, `upstream: ${trees.url}`)
    .replace('http://cloudstack.apt-get.eu/rhel/4.0/', repos.url)
    .replace(/\n\s+schedule: .*/, '')
    .replace(/^repos:$/m, `repos:\n  - { name: idle, upstream: '${repos.url}' }`)
    .replace(/^trees:$/m, 'trees:\n  - { name: large, directory: large }');
  appliance = await served(text);
  operator = appliance.tokenOf('operator');
  viewer = appliance.tokenOf('viewer');
});
afterEach(() => {
  trees?.heal();
  repos?.heal();
});
afterAll(async () => {
  await appliance.close();
  await Promise.all([trees?.close(), repos?.close()]);
});

type Answer = { readonly status: number; readonly location: string | null; readonly value: unknown };

async function ask(method: string, path: string, body?: unknown, token = operator): Promise<Answer> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(`${appliance.origin}/api/v1${path}`, { method, headers, ...sent });
  const text = await response.text();
  const value: unknown = text === '' ? undefined : JSON.parse(text);
  return { status: response.status, location: response.headers.get('location'), value };
}
const look = async (path: string): Promise<unknown> => (await ask('GET', path, undefined, viewer)).value;

/** Begins a job, waits for its end, and answers how it ended. */
async function perform(path: string, body: object): Promise<Job> {
  const { id } = (await ask('POST', path, body)).value as Job;
  return endOf(id);
}

async function endOf(id: string): Promise<Job> {
  await expect.poll(() => look(`/jobs/${id}`), { timeout: 20_000 }).toHaveProperty('endedAt');
  return (await look(`/jobs/${id}`)) as Job;
}

type Synced = { readonly lastSync?: { readonly id: number; readonly outcome: string } };

async function sync(path: string): Promise<void> {
  const before = ((await look(path)) as Synced).lastSync?.id;
  expect((await ask('POST', `${path}/syncs`)).status).toBe(202);
  await expect.poll(async () => ((await look(path)) as Synced).lastSync?.id, { timeout: 20_000 }).not.toBe(before);
  expect(await look(path)).toMatchObject({ lastSync: { outcome: expect.stringMatching(/^(?:published|unchanged)$/) } });
}

let seeds = 0;
/** Another tree than any before. */
function serveNewTree(): RepoFiles {
  const tree = buildTree('rhel6.2', `seed ${(seeds += 1)}`);
  trees?.serve(tree);
  return tree;
}

type Heard = { readonly event: string; readonly data: Record<string, unknown> };

/** All that is told from now on; `until` waits for one event. */
async function listen(): Promise<{ heard: Heard[]; until(is: (one: Heard) => boolean): Promise<void>; leave(): void }> {
  const leave = new AbortController();
  const headers = { authorization: `Bearer ${viewer}` };
  const response = await fetch(`${appliance.origin}/api/v1/events`, { headers, signal: leave.signal });
  const heard: Heard[] = [];
  const read = async (): Promise<void> => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      const blocks = (text + Buffer.from(chunk).toString()).split('\n\n');
      text = blocks.pop() ?? '';
      for (const block of blocks) {
        const [, event, data] = /^event: (.*)\ndata: (.*)$/m.exec(block) ?? [];
        if (event !== undefined && data !== undefined)
          heard.push({ event, data: JSON.parse(data) as Record<string, unknown> });
      }
    }
  };
  void read().catch(() => undefined);
  const until = async (is: (one: Heard) => boolean): Promise<void> => {
    await expect.poll(() => heard.some(is), { timeout: 20_000 }).toBe(true);
  };
  return { heard, until, leave: () => leave.abort() };
}

const snapshotFile = async (name: string, of: 'repos' | 'trees', path: string): Promise<string> => {
  const kept = of === 'trees' ? `tree@${name}` : name;
  const id = await appliance.running.appliance.house.content.currentId(kept);
  return join(appliance.directory, 'data', 'snapshots', kept, id ?? 'none', path);
};

test('a tree is synced, followed and shown; a second sync and one of a medium are refused', async () => {
  const released = Promise.withResolvers<void>();
  serveNewTree();
  trees?.always(INSTALL, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 9000));
    void released.promise.then(() => response.end(bytes.subarray(9000)));
  });
  const events = await listen();
  const begun = await ask('POST', '/trees/rhel6/syncs');
  expect(begun).toEqual({ status: 202, location: '/api/v1/trees/rhel6', value: { kind: 'begun', tree: 'rhel6' } });
  expect(await ask('POST', '/trees/rhel6/syncs')).toMatchObject({ status: 409 });
  await expect.poll(() => look('/trees/rhel6')).toMatchObject({ runningSync: { tree: 'rhel6' } });
  await events.until(({ event, data }) => event === 'sync-started' && data['tree'] === 'rhel6' && !('repo' in data));
  released.resolve();
  await events.until(({ event, data }) => event === 'sync-ended' && data['outcome'] === 'published');
  events.leave();
  expect(await look('/trees/rhel6')).toMatchObject({ ready: true, lastSync: { outcome: 'published', cause: 'api' } });
  expect(await look('/trees')).toMatchObject({
    items: expect.arrayContaining([expect.objectContaining({ name: 'rhel6', ready: true })]),
  });
  expect(await look('/trees/rhel6/syncs?limit=1')).toMatchObject([{ tree: 'rhel6', outcome: 'published' }]);
  expect(await look('/repos/idle')).not.toHaveProperty('lastSync');
});

test('a sync of a tree is cancelled', async () => {
  const asked = Promise.withResolvers<void>();
  serveNewTree();
  trees?.always(INSTALL, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 9000), () => asked.resolve());
  });
  expect((await ask('POST', '/trees/rhel6/syncs')).status).toBe(202);
  await asked.promise;
  expect(await ask('DELETE', '/trees/rhel6/syncs/running')).toMatchObject({ status: 202, value: { kind: 'asked' } });
  await expect.poll(() => look('/trees/rhel6')).toMatchObject({ lastSync: { outcome: 'cancelled' } });
  expect(await look('/trees/rhel6')).not.toHaveProperty('runningSync');
});

test.each<[string, string, string, object | undefined, number]>([
  ['a sync of a medium', 'POST', '/trees/xenserver/syncs', undefined, 409],
  ['a sync of no tree', 'POST', '/trees/nothing/syncs', undefined, 404],
  ['a sync that does not run', 'DELETE', '/trees/rhel6/syncs/running', undefined, 409],
  ['the sync of no tree', 'DELETE', '/trees/nothing/syncs/running', undefined, 404],
  ['no tree', 'GET', '/trees/nothing', undefined, 404],
  ['syncs of no tree', 'GET', '/trees/nothing/syncs', undefined, 404],
  ['no syncs', 'GET', '/trees/rhel6/syncs?limit=0', undefined, 400],
  ['a verification of no repo', 'POST', '/repos/nothing/verifications', {}, 404],
  ['a verification of no tree', 'POST', '/trees/nothing/verifications', {}, 404],
  ['a repair of a medium', 'POST', '/trees/xenserver/verifications', { repair: 'repair' }, 409],
  ['a word that is none', 'POST', '/repos/cloudstack/verifications', { snapshots: 'some' }, 400],
  ['an unknown key', 'POST', '/trees/rhel6/verifications', { snapshots: 'all' }, 400],
  ['a job that is none', 'GET', '/jobs/none', undefined, 404],
  ['the end of no job', 'DELETE', '/jobs/none', undefined, 404],
])('%s is refused', async (_what, method, path, body, status) => {
  expect((await ask(method, path, body)).status).toBe(status);
});

test('who may only look begins and ends nothing', async () => {
  for (const [method, path] of [
    ['POST', '/repos/cloudstack/verifications'],
    ['POST', '/trees/rhel6/verifications'],
    ['POST', '/trees/rhel6/syncs'],
    ['DELETE', '/jobs/none'],
  ] as const)
    expect((await ask(method, path, {}, viewer)).status, path).toBe(403);
});

test('of a repo that was never synced, nothing is called sound', async () => {
  const end = await perform('/repos/idle/verifications', {});
  expect(end).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('never synced') });
});

test('a damaged file of a repo is found, and told who looked; a repair mends it', async () => {
  await sync('/repos/cloudstack');
  const file = await snapshotFile('cloudstack', 'repos', PACKAGE);
  writeFileSync(file, fixtureBytes('z', 5000), { flag: 'r+' });
  const events = await listen();
  const begun = await ask('POST', '/repos/cloudstack/verifications', { snapshots: 'all' });
  const { id } = begun.value as Job;
  expect([begun.status, begun.location]).toEqual([202, `/api/v1/jobs/${id}`]);
  expect(begun.value).toMatchObject({ kind: 'verify', repo: 'cloudstack', by: 'the-operator' });
  const found = await endOf(id);
  expect(found).toMatchObject({
    outcome: 'damaged',
    progress: { phase: 'verifying', filesDone: repo.size, filesTotal: repo.size },
    damaged: [{ path: PACKAGE, reason: expect.stringContaining('another content') }],
    remedy: expect.stringContaining('repair'),
  });
  await events.until(({ event, data }) => event === 'job' && data['id'] === id && data['outcome'] === 'damaged');
  events.leave();
  expect(await ask('DELETE', `/jobs/${id}`)).toMatchObject({ status: 409, value: { detail: 'the job has ended' } });
  const mended = await perform('/repos/cloudstack/verifications', { repair: 'repair' });
  expect(mended).toMatchObject({ kind: 'repair', outcome: 'sound', damaged: [] });
  expect(mended.notes?.join('\n')).toContain(`repaired: cloudstack`);
  expect(await readFile(file)).toEqual(repo.get(PACKAGE));
  const after = await perform('/repos/cloudstack/verifications', {});
  expect(after).toMatchObject({ kind: 'verify', outcome: 'sound' });
  const { items } = (await look('/jobs')) as { items: readonly Job[] };
  expect(items.slice(0, 3).map((job) => job.id)).toEqual([after.id, mended.id, id]);
});

test('a damaged file of a tree from a URL is found and mended too', async () => {
  const tree = serveNewTree();
  await sync('/trees/rhel6');
  const file = await snapshotFile('rhel6', 'trees', EULA);
  writeFileSync(file, 'other terms');
  const found = await perform('/trees/rhel6/verifications', {});
  expect(found).toMatchObject({ outcome: 'damaged', tree: 'rhel6', damaged: [{ path: EULA }] });
  const mended = await perform('/trees/rhel6/verifications', { repair: 'repair' });
  expect(mended).toMatchObject({
    outcome: 'sound',
    notes: [expect.any(String), expect.stringContaining('the tree rhel6')],
  });
  expect(await readFile(file)).toEqual(tree.get(EULA));
});

/** A medium with a file so large that nobody hashes it in the time of a test; it is a hole, and takes no room. */
function layLargeMedium({ directory }: Served): void {
  const at = join(directory, 'data', 'media', 'large');
  for (const [path, bytes] of buildTree('rhel6.2')) {
    mkdirSync(dirname(join(at, path)), { recursive: true });
    writeFileSync(join(at, path), bytes);
  }
  truncateSync(join(at, INSTALL), 2 ** 40);
}

test('a verification of a terabyte is followed, and cancelled at once', async () => {
  layLargeMedium(appliance);
  const begun = (await ask('POST', '/trees/large/verifications')).value as Job;
  expect(await ask('POST', '/trees/large/verifications')).toMatchObject({
    status: 409,
    value: { remedy: expect.stringContaining(begun.id) },
  });
  const hashed = async (): Promise<number> => ((await look(`/jobs/${begun.id}`)) as Job).progress?.bytesDone ?? 0;
  await expect.poll(hashed, { timeout: 20_000 }).toBeGreaterThan(32 * 2 ** 20);
  expect(await ask('DELETE', `/jobs/${begun.id}`)).toMatchObject({ status: 202, value: { cancelAsked: true } });
  expect(await endOf(begun.id)).toMatchObject({ outcome: 'cancelled', tree: 'large' });
  expect(await ask('DELETE', `/jobs/${begun.id}`)).toMatchObject({ status: 409 });
});

test('an appliance that is stopped ends what is verified, and does not wait for a terabyte', async () => {
  const ends: unknown[] = [];
  const log: Log = { ...quietLog, info: (message, fields) => void (message === 'job ended' && ends.push(fields)) };
  const text = exampleText.replace(/^trees:$/m, 'trees:\n  - { name: large, directory: large }');
  const other = await served(text, log);
  layLargeMedium(other);
  const headers = { authorization: `Bearer ${other.tokenOf('operator')}`, 'content-type': 'application/json' };
  const ask = (path: string, method: string) => fetch(`${other.origin}/api/v1${path}`, { method, headers });
  const { id } = (await (await ask('/trees/large/verifications', 'POST')).json()) as Job;
  await expect
    .poll(async () => (await ask(`/jobs/${id}`, 'GET')).json(), { timeout: 20_000 })
    .toMatchObject({ progress: { bytesTotal: expect.any(Number) } });
  await other.close();
  expect(ends).toEqual([{ job: id, outcome: 'stopped' }]);
}, 30_000);
