// Repos added and removed over the API of a whole appliance, and by the command: every refusal, what is served, what is left.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import { runSync } from '../../server/assembly/sync-jobs.ts';
import type { Log } from '../../server/log.ts';
import { kickstand } from '../support/command.ts';
import { consoleRepository } from '../support/console.ts';
import { exampleText } from '../support/example.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startUpstream } from '../support/fake-upstream.ts';
import type { Served } from '../support/served.ts';
import { served } from '../support/served.ts';

const PACKAGE = 'Packages/big-1.0-1.noarch.rpm';
const first = consoleRepository('first');
let appliance: Served;
let upstream: FakeUpstream;
let logged = '';
const tokens = new Map<OperatorRole, string>();
const note = (message: string, fields?: unknown): void => void (logged += `${message} ${JSON.stringify(fields)}\n`);
const log: Log = { debug: note, info: note, warn: note, error: note };

const siteFile = (): string => join(appliance.directory, 'site.yaml');
const siteText = (): string => readFileSync(siteFile(), 'utf8');
const data = (...path: readonly string[]): string => join(appliance.directory, 'data', ...path);
const packagesInPool = (): readonly string[] => readdirSync(data('pool')).filter((name) => /^[0-9a-f]/.test(name));

beforeEach(async () => {
  logged = '';
  upstream = await startUpstream(first);
  appliance = await served(exampleText, log);
  for (const role of ['viewer', 'operator'] as const) tokens.set(role, appliance.tokenOf(role));
});
afterEach(async () => {
  await appliance.close();
  await upstream.close();
});

test('a repo is added, synced, served at both its paths, and removed with all of it', { timeout: 60_000 }, async () => {
  const added = await add({ publish: '/5.0/', schedule: '@daily', keep: 2 });
  expect([added.status, added.headers.get('location'), await added.json()]).toEqual([
    201,
    '/api/v1/repos/extra',
    { kind: 'added', repo: 'extra', upstream: upstream.url },
  ]);
  const own = `  - name: extra\n    upstream: ${upstream.url}\n    publish: /5.0/\n    schedule: "@daily"\n    keep: 2\n`;
  expect(siteText()).toBe(exampleText.replace('    keep: 3\n', `    keep: 3\n${own}`));
  expect(await (await ask('/api/v1/repos/extra')).json()).toMatchObject({
    publish: '/5.0/',
    keep: 2,
    snapshots: [],
    nextSync: expect.any(Number),
  });
  const snapshot = await synced();
  for (const place of ['repos/extra', `repos/extra@${snapshot}`, '5.0'])
    expect(await fetched(`/${place}/${PACKAGE}`), place).toEqual(first.get(PACKAGE));

  const removed = await remove();
  expect([removed.status, await removed.json()]).toEqual([
    200,
    {
      kind: 'removed',
      repo: 'extra',
      upstream: upstream.url,
      snapshots: [snapshot],
      freedBytes: [...first.values()].reduce((sum, { length }) => sum + length, 0),
    },
  ]);
  expect(siteText()).toBe(exampleText);
  for (const place of ['repos/extra', `repos/extra@${snapshot}`, '5.0'])
    expect(await fetched(`/${place}/${PACKAGE}`), place).toBe(404);
  expect(packagesInPool()).toEqual([]);
  expect((await remove()).status).toBe(404);
  const { items } = (await (await ask('/api/v1/activity')).json()) as { items: unknown[] };
  const what = `extra from ${upstream.url}`;
  expect(items).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ operation: 'removeRepo', target: '/api/v1/repos/extra', status: 200, before: what }),
      expect.objectContaining({ operation: 'addRepo', target: '/api/v1/repos', status: 201, after: what }),
    ]),
  );
});

test('what another repo holds as well stays when one is removed', { timeout: 60_000 }, async () => {
  await add();
  await synced();
  await add({ name: 'same' });
  await synced('same');
  expect(await (await remove()).json()).toMatchObject({ freedBytes: 0 });
  expect(await fetched(`/repos/same/${PACKAGE}`)).toEqual(first.get(PACKAGE));
});

test('a sync that waited while its repo was removed mirrors nothing', async () => {
  await add();
  const { house } = appliance.running.appliance;
  const repo = house.site().repos.find(({ name }) => name === 'extra') ?? expect.fail('no repo');
  expect((await remove()).status).toBe(200);
  const watch = { onProgress: () => {}, signal: new AbortController().signal };
  const ended = await runSync(house, repo, { ...watch, cause: 'schedule', ifAborted: 'stopped' });
  expect(ended).toMatchObject({ result: { kind: 'failed', reason: 'the site has no repo extra any more' } });
  expect([upstream.log, await house.content.repoNames()]).toEqual([[], []]);
});

test('two that are asked for at once under one name are one', async () => {
  const answers = await Promise.all([add(), add({ upstream: 'http://127.0.0.1:1/' })]);
  expect(answers.map(({ status }) => status).toSorted((one, other) => one - other)).toEqual([201, 409]);
  expect(siteText().match(/name: extra/g)).toHaveLength(1);
});

describe('adding is refused', () => {
  test.each<[string, Readonly<Record<string, unknown>>, number, string, readonly (readonly [string, string])[]]>([
    ['a name that is none', { name: '../x' }, 400, 'the body: name: is the name of a repo', []],
    ['no upstream', { upstream: '' }, 400, 'the body: upstream: ', []],
    ['none kept', { keep: 0 }, 400, 'the body: keep: ', []],
    ['what is not asked for here', { gpg: 'none' }, 400, 'the body: unknown key', []],
    ['a name that is there', { name: 'cloudstack' }, 409, 'the site has a repo cloudstack already', []],
    [
      'a name that differs by its case',
      { name: 'CloudStack' },
      422,
      'the site would have problems',
      [['name', 'CloudStack is already the name of repos[0]']],
    ],
    [
      'a login in the URL',
      { upstream: 'http://anna:the-password@x.example/' },
      422,
      'the site would have problems',
      [['upstream', 'the URL holds a user or password']],
    ],
    [
      'a query in the URL',
      { upstream: 'http://x.example/?key=the-password' },
      422,
      'the site would have problems',
      [['upstream', 'the URL has a query or a fragment']],
    ],
    [
      'a URL of another kind',
      { upstream: 'ftp://x.example/' },
      422,
      'the site would have problems',
      [['upstream', '"ftp://x.example/" is no http or https URL']],
    ],
    [
      'all that is wrong, at once',
      { publish: '/api/', schedule: 'daily' },
      422,
      'the site would have problems',
      [
        ['publish', "/api/ is the appliance's own"],
        ['schedule', 'a schedule has five fields, "daily" has 1 field'],
      ],
    ],
    [
      'a path that another one is published at',
      { publish: '/4.0/' },
      422,
      'the site would have problems',
      [['publish', '/4.0/ is already the path of cloudstack']],
    ],
  ])('%s', async (_what, wrong, status, detail, problems) => {
    const answer = await add(wrong);
    const said = (await answer.json()) as Refused;
    expect([answer.status, said.detail]).toEqual([status, expect.stringContaining(detail)]);
    const told = (said.problems ?? []).map(({ path, message }) => [path, message]);
    expect(told).toEqual(problems.map(([key, message]) => [`repos[1].${key}`, message]));
    expect(siteText()).toBe(exampleText);
    const audit = readFileSync(data('audit.log'), 'utf8');
    expect([audit, logged].join('\n')).not.toContain('the-password');
  });

  test('a login is kept elsewhere: that is told', async () => {
    const { problems } = (await (await add({ upstream: 'http://anna:x@x.example/' })).json()) as Refused;
    expect(problems?.[0]?.remedy).toContain('kickstand secret set');
  });

  test.each<[string, string, string, RegExp]>([
    ['in a site with problems', `${exampleText}wrong: 1\n`, 'the site file has problems already', /site check/],
    [
      'in a site that a program cannot add to',
      exampleText.replace('repos:\n  - name', 'repos:\n  -\n    name'),
      'this site file is put together in a way that a program cannot add to',
      /to the list repos: - \{ name: extra, upstream: http:\S+ \}$/,
    ],
  ])('%s', async (_what, text, detail, remedy) => {
    writeFileSync(siteFile(), text);
    const answer = await add();
    expect([answer.status, await answer.json()]).toEqual([
      409,
      expect.objectContaining({ detail, remedy: expect.stringMatching(remedy) }),
    ]);
    expect(siteText()).toBe(text);
  });

  test('to whoever is no operator, as is removing', async () => {
    for (const role of ['viewer', undefined] as const) {
      const status = role === undefined ? 401 : 403;
      expect((await ask('/api/v1/repos', { method: 'POST', body: '{}', role })).status).toBe(status);
      expect((await ask('/api/v1/repos/cloudstack', { method: 'DELETE', role })).status).toBe(status);
    }
  });
});

describe('removing is refused', () => {
  test('while a profile names it', async () => {
    expect(await refusal(await remove('cloudstack'))).toEqual([409, 'the profile management uses the repo cloudstack']);
    expect(siteText()).toBe(exampleText);
  });

  test('while a host is armed with a snapshot of it, although no profile names it any more', async () => {
    await add();
    const snapshot = await synced();
    const now = Date.now();
    const { hosts } = appliance.running.appliance.house;
    const arming = { token: 'T', armedAt: now, expiresAt: now + 60_000, pins: { extra: snapshot }, install: 'F' };
    hosts.apply('cs40', { kind: 'armed', now, arming });
    const before = siteText();
    expect(await refusal(await remove())).toEqual([
      409,
      'hosts are armed with a snapshot of extra, or install from it: cs40',
    ]);
    expect([siteText(), await fetched(`/repos/extra/${PACKAGE}`)]).toEqual([before, first.get(PACKAGE)]);
    hosts.apply('cs40', { kind: 'disarmed', now, reason: 'test' });
    expect((await remove()).status).toBe(200);
  });

  test('while it is being synced', async () => {
    await add();
    const held = Promise.withResolvers<void>();
    upstream.always(PACKAGE, (_request, response, bytes) => void held.promise.then(() => response.end(bytes)));
    await beginSync();
    await expect.poll(() => upstream.log.some(({ path }) => path === PACKAGE)).toBe(true);
    const before = siteText();
    expect(await refusal(await remove())).toEqual([409, 'the repo extra is being synced']);
    expect(siteText()).toBe(before);
    held.resolve();
    await expect.poll(async () => (await remove()).status, { timeout: 20_000 }).toBe(200);
    expect(packagesInPool()).toEqual([]);
  });

  test('to who saw another one', async () => {
    await add();
    const seen = (await ask('/api/v1/repos/extra')).headers.get('etag') ?? '';
    const gone = (etag: string): Promise<Response> =>
      ask('/api/v1/repos/extra', { method: 'DELETE', headers: { 'if-match': etag } });
    expect((await gone('"another"')).status).toBe(412);
    expect((await gone(seen)).status).toBe(200);
  });

  test('where the rest of the file speaks of its lines', async () => {
    const text = exampleText.replace(
      'repos:\n',
      'repos:\n  - name: extra\n    upstream: http://127.0.0.1:1/\n    exclude: &some [kernel*]\n',
    );
    const shared = text.replace('    keep: 3\n', '    keep: 3\n    exclude: *some\n');
    writeFileSync(siteFile(), shared);
    expect(await refusal(await remove())).toEqual([
      409,
      'this site file is put together in a way that a program cannot take it out of',
    ]);
    expect(siteText()).toBe(shared);
  });
});

test('the commands do the same: of the appliance that runs, and beside none', { timeout: 90_000 }, async () => {
  const place = ['--site', siteFile(), '--data', data()];
  const run = (...args: readonly string[]) => kickstand(['repo', ...args, ...place]);
  const added = await run('add', 'extra', upstream.url, '--publish', '/5.0/', '--schedule', '0 3 * * *', '--keep', '2');
  expect(added).toMatchObject({
    code: 0,
    out: `extra: from ${upstream.url}; the site file names it now\n  kickstand repo sync extra fetches it\n`,
  });
  // The appliance has answered: it knows it.
  expect(await (await ask('/api/v1/repos/extra')).json()).toMatchObject({ publish: '/5.0/', keep: 2 });
  await synced();
  const wrong = await run('add', 'other', 'http://anna:the-password@x.example/', '--schedule', 'daily');
  expect(wrong.code).toBe(1);
  expect(wrong.err).toMatch(/site\.yaml:\d+: repos\[2\]\.upstream: the URL holds a user .*kickstand secret set/);
  expect(wrong.err).toMatch(/repos\[2\]\.schedule: .*\nkickstand: the site would have problems\n$/);
  expect(wrong.err).not.toContain('the-password');
  expect(await run('add', 'other', upstream.url, '--keep', 'many')).toMatchObject({ code: 2 });
  expect(await run('remove', 'cloudstack')).toMatchObject({
    code: 1,
    err: 'kickstand: the profile management uses the repo cloudstack\n  what to do: change the profile first\n',
  });
  expect(await run('remove', 'extra')).toMatchObject({
    code: 0,
    out: expect.stringMatching(
      /^extra: the site file does not name it any more; 1 snapshot is removed \(177 KiB set free\)\n$/,
    ),
  });
  expect(siteText()).toBe(exampleText);

  await appliance.running.close();
  expect(await run('add', 'extra', upstream.url, '--json')).toMatchObject({ code: 0 });
  expect(await run('sync', 'extra')).toMatchObject({ code: 0 });
  expect(JSON.parse((await run('remove', 'extra', '--json')).out)).toMatchObject({ kind: 'removed', repo: 'extra' });
  expect([siteText(), packagesInPool()]).toEqual([exampleText, []]);
  const traces = readFileSync(data('audit.log'), 'utf8').trim().split('\n');
  expect(traces.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { operation: 'addRepo', via: 'command', after: `extra from ${upstream.url}` },
    { operation: 'beginSync' },
    { operation: 'addRepo', status: 422 },
    { operation: 'removeRepo', status: 409 },
    { operation: 'removeRepo', via: 'command', before: `extra from ${upstream.url}` },
    { operation: 'addRepo', status: 0 },
    { operation: 'removeRepo', status: 0 },
  ]);
});

type Refused = {
  readonly detail?: string;
  readonly problems?: readonly { readonly path: string; readonly message: string; readonly remedy?: string }[];
};

type Init = {
  readonly method?: string;
  readonly body?: string;
  readonly role?: 'viewer' | 'operator' | undefined;
  readonly headers?: Readonly<Record<string, string>>;
};

function ask(path: string, init: Init = {}): Promise<Response> {
  const { role, ...rest } = { role: 'operator' as const, ...init };
  const authorization = role === undefined ? {} : { authorization: `Bearer ${tokens.get(role) ?? ''}` };
  const type = init.body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(`${appliance.origin}${path}`, { ...rest, headers: { ...authorization, ...type, ...init.headers } });
}

/** Adds `extra`, from the test's own upstream, where `more` does not say otherwise. */
function add(more: Readonly<Record<string, unknown>> = {}): Promise<Response> {
  const body = JSON.stringify({ name: 'extra', upstream: upstream.url, ...more });
  return ask('/api/v1/repos', { method: 'POST', body });
}

function remove(name = 'extra'): Promise<Response> {
  return ask(`/api/v1/repos/${name}`, { method: 'DELETE' });
}

async function beginSync(name = 'extra'): Promise<void> {
  const begun = await ask(`/api/v1/repos/${name}/syncs`, { method: 'POST' });
  if (begun.status !== 202) throw new Error(`the sync of ${name} was answered with ${begun.status}`);
}

/** Syncs it; answers the published snapshot once nothing holds the repo any more. */
async function synced(name = 'extra'): Promise<string> {
  await beginSync(name);
  const look = async () => (await (await ask(`/api/v1/repos/${name}`)).json()) as { lastSync?: { outcome?: string } };
  await expect.poll(async () => (await look()).lastSync?.outcome, { timeout: 20_000 }).toBe('published');
  const { snapshot } = (await (await ask(`/api/v1/repos/${name}/current`)).json()) as { snapshot: string };
  return snapshot;
}

/** A file as anyone gets it, or the status of the refusal. */
async function fetched(path: string): Promise<Buffer | number> {
  const response = await fetch(`${appliance.origin}${path}`);
  const bytes = Buffer.from(await response.arrayBuffer());
  return response.status === 200 ? bytes : response.status;
}

async function refusal(response: Response): Promise<readonly [number, string]> {
  const { detail = '' } = (await response.json()) as Refused;
  return [response.status, detail];
}
