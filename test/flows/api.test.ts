// The API of a whole appliance, from outside: every route by every role, answers as they are described, hostile requests, a stranger's client.

import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Validator } from '@seriousme/openapi-schema-validator';
import fc from 'fast-check';
import { OpenAPIClientAxios } from 'openapi-client-axios';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperatorRole, Right } from '../../server/accounts/rights.ts';
import { mayAct, OPERATOR_ROLES } from '../../server/accounts/rights.ts';
import type { Operation } from '../../server/api/operation.ts';
import { apiOperations } from '../../server/assembly/api.ts';
import { openJobs } from '../../server/assembly/jobs.ts';
import { openSyncStarter } from '../../server/assembly/sync-start.ts';
import { exampleText } from '../support/example.ts';
import type { Served } from '../support/served.ts';
import { served } from '../support/served.ts';

// Nobody listens there: a sync that is begun fails at once.
const SITE = exampleText
  .replaceAll('http://cloudstack.apt-get.eu/', 'http://127.0.0.1:1/')
  .replace(/\n\s+schedule: .*/, '');
const WHO: readonly (OperatorRole | undefined)[] = [undefined, ...OPERATOR_ROLES];

let appliance: Served;
let tokens: ReadonlyMap<OperatorRole | undefined, string>;
let operations: readonly Operation[];

beforeAll(async () => {
  appliance = await served(SITE);
  tokens = new Map(OPERATOR_ROLES.map((role) => [role, appliance.tokenOf(role)]));
  const { house, accounts } = appliance.running.appliance;
  operations = apiOperations(house, accounts, { starter: openSyncStarter(house), jobs: openJobs(house) });
});
afterAll(() => appliance.close());

type Document = { readonly paths: Readonly<Record<string, object>> };
type Page = { readonly items: readonly { readonly name: string }[]; readonly next?: string };

type Init = { readonly method?: string; readonly body?: string; readonly headers?: Readonly<Record<string, string>> };

function ask(path: string, role: OperatorRole | undefined, { headers = {}, ...init }: Init = {}): Promise<Response> {
  const token = tokens.get(role);
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const type = init.body === undefined ? {} : { 'content-type': 'application/json' };
  return fetch(`${appliance.origin}${path}`, {
    redirect: 'manual',
    ...init,
    headers: { ...authorization, ...type, ...headers },
  });
}

/** A path with names of things that are there, or with `names` for those that are not. */
function pathOf({ path }: Pick<Operation, 'path'>, name?: string): string {
  const there: Readonly<Record<string, string>> = {
    host: 'cs40',
    repo: 'cloudstack',
    tree: 'rhel6',
    mac: '52:54:00:00:00:99',
    operator: 'nobody-x',
    token: 'none',
    version: '1',
    armedAt: '1',
  };
  return `/api/v1${path.replaceAll(/\{(\w+)\}/g, (_, key: string) => encodeURIComponent(name ?? there[key] ?? 'x'))}`;
}

describe('every route of the document', () => {
  test('is described by a document that is OpenAPI', async () => {
    const document = (await (await ask('/api/v1/openapi.json', undefined)).json()) as Document;
    const checked = await new Validator().validate(document);
    expect(checked).toMatchObject({ valid: true });
    const told = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(told.toSorted()).toEqual(operations.map(({ method, path }) => `${method} /api/v1${path}`).toSorted());
    const ids = operations.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const secret of tokens.values()) expect(JSON.stringify(document)).not.toContain(secret);
  });

  test('is for who has the right, and for nobody else', async () => {
    for (const operation of operations) {
      const { id, method, right } = operation;
      for (const role of WHO) {
        const response = await ask(pathOf(operation), role, {
          method: method.toUpperCase(),
          ...(operation.body === undefined ? {} : { body: '{}' }),
        });
        const about = `${id} as ${role ?? 'nobody'}`;
        const said = await response.text();
        if (mayAct(role, right)) {
          expect(said, about).not.toContain('this needs');
          expect(response.status, `${about}: ${said}`).toBeLessThan(500);
        } else {
          expect(response.status, about).toBe(role === undefined ? 401 : 403);
          expect(response.headers.get('content-type'), about).toBe('application/problem+json');
          expect(said, about).toContain('this needs');
        }
      }
    }
  });

  test('needs somebody, but for those that are meant for anyone', () => {
    const open = operations.filter(({ right }) => right === ('anyone' satisfies Right)).map(({ id }) => id);
    expect(open.toSorted()).toEqual(['logIn', 'setUp']);
    const changing = operations
      .filter(({ method, right }) => method !== 'get' && right === 'viewer')
      .map(({ id }) => id);
    // What changes nothing but the viewer's own.
    expect(changing.toSorted()).toEqual(['changePassword', 'logOut', 'makeToken', 'removeToken']);
  });
});

describe('every path beside the API', () => {
  test.each<[string, number, number]>([
    ['/healthz', 200, 200],
    ['/api/v1/openapi.json', 200, 200],
    ['/api/v1/site.schema.json', 200, 200],
    ['/api/v1/no-such-thing', 404, 404],
    ['/login', 200, 200],
    ['/setup', 200, 200],
    ['/repos/cloudstack/repodata/repomd.xml', 404, 404],
    ['/repos/cloudstack@none/x.rpm', 404, 404],
    ['/4.0/repodata/repomd.xml', 404, 404],
    ['/repo-files/cloudstack.repo', 200, 200],
    ['/trees/rhel6/.treeinfo', 404, 404],
    ['/bundles/cs40.tar.gz', 200, 200],
    ['/bundles/site.zip', 200, 200],
    ['/bundles/cs40.tar.gz?secrets=1', 401, 403],
    ['/kickstart/cs40?token=guessed', 403, 403],
    ['/answerfile/xs-01?token=guessed', 403, 403],
    ['/hosts/cs40/events?token=guessed&stage=installed', 403, 403],
    ['/hosts/xs-01/scripts/installation-complete?token=guessed', 403, 403],
    ['/hosts/xs-01/files/license?token=guessed', 403, 403],
  ])('%s: %i for nobody, %i for a viewer', async (path, nobody, viewer) => {
    const statuses = await Promise.all(
      [undefined, 'viewer' as const].map(async (role) => (await ask(path, role)).status),
    );
    expect(statuses).toEqual([nobody, viewer]);
  });

  test('secrets of a bundle are for operators', async () => {
    expect((await ask('/bundles/cs40.tar.gz?secrets=1', 'operator')).status).not.toBe(401);
  });

  test('the page and the stream of events are for who is logged in', async () => {
    for (const path of ['/', '/hosts/cs40']) expect((await ask(path, undefined)).status, path).toBe(303);
    for (const path of ['/', '/hosts/cs40']) expect((await ask(path, 'viewer')).status, path).toBe(200);
    expect((await ask('/api/v1/events', undefined)).status).toBe(401);
  });
});

describe('answers', () => {
  test('are what the document says of them', async () => {
    for (const operation of operations.filter(({ method }) => method === 'get')) {
      const response = await ask(pathOf(operation), 'admin');
      if (response.status !== operation.success.status) continue;
      const { schema } = operation.success;
      const value: unknown = await response.json();
      expect(schema?.safeParse(value).error, operation.id).toBeUndefined();
    }
  });

  test('have an entity tag, and are not sent again to who has them; no browser keeps them', async () => {
    for (const { id, path, method } of operations) {
      if (method !== 'get') continue;
      const first = await ask(pathOf({ path }), 'admin');
      const body = await first.text();
      expect(first.headers.get('cache-control'), id).toBe('no-store');
      const etag = first.headers.get('etag') ?? '';
      expect(etag === '', `${id}: ${first.status}`).toBe(first.status !== 200);
      if (first.status !== 200) continue;
      if (id !== 'getSiteText') expect(etag, id).toBe(`"${createHash('sha256').update(body).digest('base64url')}"`);
      const again = await ask(pathOf({ path }), 'admin', { headers: { 'if-none-match': `"other", W/${etag}` } });
      expect([again.status, await again.text()], id).toEqual([304, '']);
      const other = await ask(pathOf({ path }), 'admin', { headers: { 'if-none-match': '"other"' } });
      expect([other.status, (await other.text()).length > 0], id).toEqual([200, true]);
    }
  });

  test('come in pages, and are filtered', async () => {
    const list = async (query: string) => (await (await ask(`/api/v1/hosts?${query}`, 'viewer')).json()) as Page;
    const names = ({ items }: Page) => items.map(({ name }) => name);
    const first = await list('limit=2');
    expect([names(first), first.next]).toEqual([['cs40', 'xs-01'], 'xs-01']);
    const second = await list(`limit=2&cursor=${first.next}`);
    expect([names(second), second.next]).toEqual([['xs-02'], undefined]);
    expect(names(await list('q=a8:03'))).toEqual(['xs-01']);
    expect(names(await list('phase=installed'))).toEqual([]);
    expect((await ask('/api/v1/hosts?limit=0', 'viewer')).status).toBe(400);
    expect((await ask('/api/v1/hosts?nonsense=1', 'viewer')).status).toBe(400);
  });

  test('of a preview hold no secret and no token, and what its release would say of it', async () => {
    const shown = (await (await ask('/api/v1/hosts/cs40/instructions', 'viewer')).json()) as { findings: unknown };
    expect(shown).toMatchObject({ form: 'kickstart', text: expect.stringContaining('@SECRET:root@') });
    expect(shown.findings).toEqual(expect.any(Array));
  });
});

test('a rehearsal walks the install in a process of its own, and tells the first red', async () => {
  const response = await ask('/api/v1/hosts/cs40/rehearsals', 'operator', { method: 'POST' });
  expect(response.status).toBe(200);
  const { steps } = (await response.json()) as { steps: { verdict: string; remedy?: string }[] };
  expect(steps.find(({ verdict }) => verdict === 'red')?.remedy).toContain('tree add rhel6');
  expect((await ask('/api/v1/hosts/nobody/rehearsals', 'operator', { method: 'POST' })).status).toBe(409);
});

describe('the site file', () => {
  const file = () => readFileSync(join(appliance.directory, 'site.yaml'), 'utf8');
  const put = (text: string, etag: string | null) =>
    ask('/api/v1/site/text', 'operator', {
      method: 'PUT',
      body: JSON.stringify({ text }),
      headers: etag === null ? {} : { 'if-match': etag },
    });

  test('is changed by who saw what it is, when it is right', async () => {
    const read = await ask('/api/v1/site/text', 'operator');
    const etag = read.headers.get('etag');
    const { text } = (await read.json()) as { text: string };
    const changed = text.replace('name: cs-cloud', 'name: cs-cloud-2 # by the API');
    expect((await put(changed, null)).status).toBe(428);
    expect((await put(changed, '"something-else"')).status).toBe(412);
    const wrong = await put(text.replace('profile: management', 'profile: managment'), etag);
    expect(wrong.status).toBe(422);
    expect(await wrong.json()).toMatchObject({
      problems: [{ path: 'hosts[0].profile', remedy: 'did you mean management?' }],
    });
    expect(file()).toBe(text);
    const saved = await put(changed, etag);
    expect(saved.status).toBe(200);
    expect(file()).toBe(changed);
    expect((await put(text, etag)).status).toBe(412);
    expect((await put(text, saved.headers.get('etag'))).status).toBe(200);
  });

  test('is read however long a site may be', async () => {
    const text = `${file()}${'# a comment\n'.repeat(100_000)}`;
    const checked = await ask('/api/v1/site/check', 'operator', { method: 'POST', body: JSON.stringify({ text }) });
    expect([checked.status, await checked.json()]).toEqual([200, { problems: [] }]);
  });

  test('is checked without being changed', async () => {
    const before = file();
    const checked = await ask('/api/v1/site/check', 'operator', {
      method: 'POST',
      body: JSON.stringify({ text: 'site: {}' }),
    });
    expect(((await checked.json()) as { problems: unknown[] }).problems.length).toBeGreaterThan(1);
    expect(file()).toBe(before);
  });
});

describe('hostile requests', () => {
  test('whatever is sent to whatever route, nothing breaks', async () => {
    const name = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom('..', '../../etc/passwd', '%00', 'cs40', '__proto__', 'a'.repeat(300)),
    );
    const body = fc.oneof(
      fc.json(),
      fc.string({ maxLength: 100 }),
      fc.constantFrom('{"__proto__":{"x":1}}', '[]', 'null', '{"text":"site: {}"}'),
    );
    const query = fc.oneof(fc.constant(''), fc.webQueryParameters());
    const breaking = new Set(['removeOperator', 'logOut', 'rehearseHost']);
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...operations.filter(({ id }) => !breaking.has(id))),
        name,
        body,
        query,
        async (operation, text, sent, asked) => {
          const path = pathOf(operation, text.replaceAll(/^\.+$/g, 'x'));
          const response = await ask(`${path}?${asked}`, 'admin', {
            method: operation.method.toUpperCase(),
            ...(operation.method === 'get' ? {} : { body: sent }),
          });
          expect(response.status, `${operation.id} ${path}`).toBeLessThan(500);
          if (response.status >= 400)
            expect(response.headers.get('content-type'), `${operation.id} ${path}`).toContain('json');
          await response.arrayBuffer();
        },
      ),
      { numRuns: 400 },
    );
  });

  test('a body that is larger than any, or no JSON, is not read', async () => {
    const long = JSON.stringify({ name: 'x'.repeat(100_000), password: 'y' });
    expect((await ask('/api/v1/session', undefined, { method: 'POST', body: long })).status).toBe(413);
    expect((await ask('/api/v1/session', undefined, { method: 'POST', body: '{' })).status).toBe(400);
  });
});

describe('a login', () => {
  const password = `a password ${randomBytes(6).toString('hex')}`;
  const send = (path: string, method: string, body: unknown, headers: Record<string, string> = {}) =>
    ask(path, undefined, { method, body: JSON.stringify(body), headers });

  test('begins with the set-up link, once, and its cookie opens pages and the API', async () => {
    const { desk, store } = appliance.running.appliance.accounts;
    expect(desk.isEmpty()).toBe(true);
    const invitation = desk.invite();
    expect((await send('/api/v1/setup', 'POST', { invitation: 'guessed', name: 'alice', password })).status).toBe(409);
    expect((await send('/api/v1/setup', 'POST', { invitation, name: 'alice', password: 'short' })).status).toBe(409);
    const made = await send('/api/v1/setup', 'POST', { invitation, name: 'alice', password });
    expect([made.status, await made.json()]).toEqual([200, { name: 'alice', role: 'admin', via: 'session' }]);
    expect((await send('/api/v1/setup', 'POST', { invitation, name: 'mallory', password })).status).toBe(409);
    expect(store.operators().map(({ name }) => name)).toEqual(['alice']);

    const setCookie = made.headers.get('set-cookie') ?? '';
    expect(setCookie).toMatch(/HttpOnly; SameSite=Strict/);
    const cookie = setCookie.split(';')[0] ?? '';
    expect((await ask('/', undefined, { headers: { cookie } })).status).toBe(200);
    const change = { method: 'POST', body: '{}' };
    expect((await ask('/api/v1/hosts/cs40/disarm', undefined, { ...change, headers: { cookie } })).status).toBe(403);
    const evil = { cookie, origin: 'http://evil.example', 'sec-fetch-site': 'cross-site' };
    expect((await ask('/api/v1/hosts/cs40/disarm', undefined, { ...change, headers: evil })).status).toBe(403);
    const own = { cookie, origin: appliance.origin };
    expect((await ask('/api/v1/hosts/cs40/disarm', undefined, { ...change, headers: own })).status).toBe(200);
    expect((await ask('/api/v1/session', undefined, { method: 'DELETE', headers: own })).status).toBe(204);
    expect((await ask('/', undefined, { headers: { cookie } })).status).toBe(303);
  });

  test('is refused without the password, and ever more slowly', async () => {
    const statuses: number[] = [];
    for (let tries = 0; tries < 5; tries += 1) {
      statuses.push((await send('/api/v1/session', 'POST', { name: 'alice', password: 'wrong-password' })).status);
    }
    expect(statuses).toEqual([401, 401, 401, 401, 429]);
    // A right one has to wait as well: who guesses must not learn that it was right.
    expect((await send('/api/v1/session', 'POST', { name: 'alice', password })).status).toBe(429);
  });

  test('leaves a trace of what was done, and none of what opens anything', async () => {
    const { items } = (await (await ask('/api/v1/activity?limit=1000', 'operator')).json()) as { items: unknown[] };
    expect(items).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          operation: 'disarmHost',
          who: 'alice',
          target: '/api/v1/hosts/cs40/disarm',
          status: 200,
        }),
      ]),
    );
    const text = readFileSync(join(appliance.directory, 'data', 'audit.log'), 'utf8');
    for (const secret of [password, 'wrong-password', ...tokens.values()]) expect(text).not.toContain(secret);
  });
});

test("a stranger's client, made of the document alone, works", async () => {
  const api = new OpenAPIClientAxios({
    definition: `${appliance.origin}/api/v1/openapi.json`,
    axiosConfigDefaults: { baseURL: appliance.origin, headers: { Authorization: `Bearer ${tokens.get('operator')}` } },
  });
  const client = await api.init();
  const call = async (id: string, ...args: unknown[]): Promise<{ status: number; data: unknown }> => {
    const operation: unknown = Reflect.get(client, id);
    if (typeof operation !== 'function') throw new Error(`the client has no ${id}`);
    return operation(...args);
  };
  expect(await call('getHost', { host: 'cs40' })).toMatchObject({
    status: 200,
    data: { name: 'cs40', phase: 'disarmed' },
  });
  expect(await call('listHosts', { limit: '1' })).toMatchObject({ data: { items: [{ name: 'cs40' }], next: 'cs40' } });
  await expect(call('armHost', { host: 'cs40' }, { forSeconds: 60 })).rejects.toMatchObject({
    response: { status: 409, data: { remedy: expect.stringContaining('tree add rhel6') } },
  });
});

test('a change of a host is told to who listens, with where it stands then', async () => {
  const response = await ask('/api/v1/events', 'viewer', { headers: { accept: 'text/event-stream' } });
  expect(response.status).toBe(200);
  const reader = response.body?.getReader();
  let text = '';
  const read = async (until: RegExp): Promise<void> => {
    while (!until.test(text)) {
      const { value, done } = (await reader?.read()) ?? { done: true, value: undefined };
      if (done) throw new Error('the stream ended');
      text += Buffer.from(value ?? []).toString();
    }
  };
  await read(/retry:/);
  const { hosts } = appliance.running.appliance.house;
  const now = Date.now();
  const arming = { token: 'a-token-of-this-arming', armedAt: now, expiresAt: now + 60_000, pins: {}, install: 'F' };
  hosts.apply('xs-02', { kind: 'armed', now, arming });
  await read(/event: host-changed\ndata: \{"name":"xs-02".*"phase":"armed"/);
  expect(text).not.toContain(arming.token);
  hosts.apply('xs-02', { kind: 'disarmed', now, reason: 'looked at' });
  await reader?.cancel();
});
