// What changes leave behind and what they are made from: the audit log with before and after, in pages; If-Match on what can be edited.

import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';
import type { Served } from '../support/served.ts';
import { armAnyway, served } from '../support/served.ts';
import { buildTree } from '../support/tree-fixture.ts';

const PASSWORD = `a password ${randomBytes(6).toString('hex')}`;
const me = userInfo().username;
let appliance: Served;
let tokens: ReadonlyMap<OperatorRole, string>;
let cookie = '';
let medium = '';

beforeAll(async () => {
  medium = mkdtempSync(join(tmpdir(), 'kickstand-medium-'));
  for (const [path, bytes] of buildTree('xenserver6')) {
    mkdirSync(dirname(join(medium, path)), { recursive: true });
    writeFileSync(join(medium, path), bytes);
  }
  appliance = await served(exampleText.replace('iso: XenServer-6.0.2-install-cd.iso', `directory: ${medium}`));
  tokens = new Map((['viewer', 'operator', 'admin'] as const).map((role) => [role, appliance.tokenOf(role)]));
  const invitation = appliance.running.appliance.accounts.desk.invite();
  const made = await ask('/setup', { method: 'POST', body: { invitation, name: 'alice', password: PASSWORD } });
  cookie = made.headers.get('set-cookie')?.split(';')[0] ?? '';
});
afterAll(async () => {
  await appliance.close();
  rmSync(medium, { recursive: true });
});

type Init = { readonly method?: string; readonly body?: unknown; readonly headers?: Record<string, string> };
type Entry = {
  id: string;
  who: string;
  via: string;
  operation: string;
  target: string;
  status: number;
  before?: string;
  after?: string;
};
type Page = { readonly items: readonly Entry[]; readonly next?: string };

function ask(path: string, { headers = {}, body, ...init }: Init = {}, role: OperatorRole = 'admin') {
  return fetch(`${appliance.origin}/api/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${tokens.get(role)}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
const activity = async (query: string) => (await (await ask(`/activity?${query}`)).json()) as Page;
/** What the newest entry of an operation says of its change. */
async function changed(operation: string): Promise<readonly (string | undefined)[]> {
  const { items } = await activity(`operation=${operation}&limit=1`);
  return [items[0]?.before, items[0]?.after];
}
const here = () => ['--site', join(appliance.directory, 'site.yaml'), '--data', join(appliance.directory, 'data')];

/** The steps one after another: each row rests on the ones before it. */
test.each<[string, Init & { readonly path: string }, number, string, string | undefined, string | RegExp | undefined]>([
  [
    'an operator added',
    { path: '/operators', method: 'POST', body: { name: 'ben', password: PASSWORD, role: 'viewer' } },
    201,
    'addOperator',
    undefined,
    'ben, viewer',
  ],
  [
    'its role',
    { path: '/operators/ben', method: 'PATCH', body: { role: 'operator' } },
    204,
    'changeOperator',
    'viewer',
    'operator',
  ],
  [
    'its password',
    { path: '/operators/ben', method: 'PATCH', body: { password: `${PASSWORD}!` } },
    204,
    'changeOperator',
    'operator',
    'password changed',
  ],
  [
    'both',
    { path: '/operators/ben', method: 'PATCH', body: { role: 'admin', password: `${PASSWORD}?` } },
    204,
    'changeOperator',
    'operator',
    'admin, password changed',
  ],
  ['its end', { path: '/operators/ben', method: 'DELETE' }, 204, 'removeOperator', 'admin', undefined],
  [
    'a token',
    { path: '/tokens', method: 'POST', body: { label: 'ci', role: 'viewer', days: 30 } },
    201,
    'makeToken',
    undefined,
    /^ci, viewer, until \d{4}-\d\d-\d\d$/,
  ],
  [
    'a host that was not armed',
    { path: '/hosts/cs40/disarm', method: 'POST' },
    200,
    'disarmHost',
    'disarmed',
    'disarmed',
  ],
  ['what is refused', { path: '/hosts/cs40/arm', method: 'POST', body: {} }, 409, 'armHost', undefined, undefined],
])('%s: before and after are written down', async (_, { path, ...init }, status, operation, before, after) => {
  expect((await ask(path, init)).status).toBe(status);
  const [was, became] = await changed(operation);
  expect(was).toBe(before);
  if (after instanceof RegExp) expect(became).toMatch(after);
  else expect(became).toBe(after);
});

test('a host that is armed: the disks that were agreed to be wiped are written down', async () => {
  await appliance.running.appliance.house.secrets.save(
    'root',
    `$6$saltsalt$${'Hash0fN0Passw0rd'.repeat(6).slice(0, 86)}`,
  );
  const armed = await ask('/hosts/xs-01/arm', { method: 'POST', body: { forSeconds: 60 } });
  expect([armed.status, await armed.json()]).toEqual([
    200,
    expect.objectContaining({ before: 'disarmed', wipes: ['sda'] }),
  ]);
  expect(await changed('armHost')).toEqual(['disarmed', 'armed, to wipe sda']);
  await ask('/hosts/xs-01/disarm', { method: 'POST' });
});

test('a host that was armed is disarmed: where it stood is written down', async () => {
  await armAnyway(appliance.running, 'cs40', { token: 'x'.repeat(22), valueOf: () => 'y'.repeat(20) });
  await ask('/hosts/cs40/disarm', { method: 'POST' });
  expect(await changed('disarmHost')).toEqual(['armed', 'disarmed']);
});

test('a token is ended: what it was is written down, and what it opened is not', async () => {
  const made = (await (await ask('/tokens', { method: 'POST', body: { label: 'gone', role: 'viewer' } })).json()) as {
    id: string;
    secret: string;
  };
  await ask(`/tokens/${made.id}`, { method: 'DELETE' });
  expect(await changed('removeToken')).toEqual(['gone, viewer, for ever', undefined]);
  const log = readFileSync(join(appliance.directory, 'data', 'audit.log'), 'utf8');
  for (const secret of [made.secret, PASSWORD, cookie.split('=')[1] ?? 'none', ...tokens.values()])
    expect(log).not.toContain(secret);
});

test('commands are written down as well, with who ran them', async () => {
  const data = join(appliance.directory, 'data');
  const file = join(appliance.directory, 'small.iso');
  writeFileSync(file, 'an image of nothing');
  const sha256 = createHash('sha256').update('an image of nothing').digest('hex');
  const runs: readonly (readonly [readonly string[], string])[] = [
    [['operator', 'add', 'carl', '--role', 'viewer'], `${PASSWORD}\n`],
    [['operator', 'role', 'carl', 'operator'], ''],
    [['operator', 'remove', 'carl'], ''],
    [['secret', 'set', 'a-secret'], `${PASSWORD}\n`],
    [['template', 'add', 'small.iso', file], ''],
    [['template', 'remove', 'small.iso'], ''],
    [
      [
        'host',
        'enroll',
        '52:54:00:00:00:77',
        '--name',
        'xs-07',
        '--profile',
        'hypervisor',
        '--address',
        '192.168.168.7',
      ],
      '',
    ],
  ];
  for (const [args, input] of runs) {
    const ran = await kickstand([...args, ...here()], input);
    expect(ran.code, `${args.join(' ')}: ${ran.err}`).toBe(0);
  }
  const { items } = await activity(`who=${me}&limit=7`);
  expect(items.toReversed().map(({ via, operation, before, after }) => [via, operation, before, after])).toEqual([
    ['command', 'addOperator', undefined, 'viewer'],
    ['command', 'changeOperator', 'viewer', 'operator'],
    ['command', 'removeOperator', 'operator', undefined],
    ['command', 'setSecret', undefined, 'set'],
    ['command', 'uploadTemplate', undefined, `sha256 ${sha256}`],
    ['command', 'removeTemplate', `sha256 ${sha256}`, undefined],
    ['command', 'enrollMachine', undefined, 'xs-07 at 192.168.168.7'],
  ]);
  expect(readFileSync(join(data, 'audit.log'), 'utf8')).not.toContain(PASSWORD);
  const shown = await kickstand(['audit', '--limit', '2', ...here()]);
  expect(shown.out).toMatch(/WHEN .*\n.*enrollMachine.*xs-07 at 192\.168\.168\.7\n.*removeTemplate.*was sha256/);
  expect(shown.out).toContain('there is more: --limit 20');
  expect((await kickstand(['audit', '--limit', '0', ...here()])).code).toBe(2);
});

test('the log is filtered here, and paged over all of it while things are done', async () => {
  for (let number = 0; number < 5; number += 1) await ask('/hosts/xs-01/disarm', { method: 'POST' });
  await ask('/hosts/xs-01/arm', { method: 'POST', body: {} }, 'viewer');
  const all = await activity('target=xs-01&limit=100');
  expect(all.items.slice(0, 6).map(({ operation, status }) => `${operation} ${status}`)).toEqual([
    'armHost 403',
    ...Array<string>(5).fill('disarmHost 200'),
  ]);
  expect((await activity('target=XS-01&outcome=refused')).items).toHaveLength(1);
  expect((await activity('operation=setUp')).items).toMatchObject([{ after: 'alice, admin' }]);
  const seen: string[] = [];
  for (let cursor = ''; ;) {
    const { items, next }: Page = await activity(`target=xs-01&limit=2${cursor}`);
    seen.push(...items.map(({ id }) => id));
    if (next === undefined) break;
    cursor = `&cursor=${next}`;
    await ask('/hosts/xs-01/disarm', { method: 'POST' });
  }
  expect(seen).toEqual(all.items.map(({ id }) => id));
  await ask('/discovered/52%3A54%3A00%3A00%3A00%3A99/enroll', { method: 'POST', body: {} });
  expect((await activity('target=52:54:00:00:00:99')).items).toHaveLength(1);
  await ask('/site/check', { method: 'POST', body: { text: 'site: {}' } });
  expect((await activity('operation=checkSite')).items).toEqual([]);
  for (const wrong of ['limit=0', 'cursor=x', 'outcome=maybe', 'nonsense=1'])
    expect((await ask(`/activity?${wrong}`)).status).toBe(400);
  expect((await ask('/activity', {}, 'viewer')).status).toBe(403);
});

describe('what can be edited is edited by who saw what it is', () => {
  const put = (name: string, bytes: string) =>
    fetch(`${appliance.origin}/templates/${name}`, {
      method: 'PUT',
      headers: { authorization: `Bearer ${tokens.get('operator')}` },
      body: bytes,
    });
  const tagOf = async (path: string) => (await ask(path)).headers.get('etag') ?? '';

  test('an operator', async () => {
    await ask('/operators', { method: 'POST', body: { name: 'dora', password: PASSWORD, role: 'viewer' } });
    expect(await (await ask('/operators/dora')).json()).toEqual({
      name: 'dora',
      role: 'viewer',
      createdAt: expect.any(Number),
    });
    expect((await ask('/operators/nobody-x')).status).toBe(404);
    const seen = await tagOf('/operators/dora');
    const patch = (role: string, etag: string) =>
      ask('/operators/dora', { method: 'PATCH', body: { role }, headers: { 'if-match': etag } });
    expect((await patch('operator', seen)).status).toBe(204);
    expect((await patch('admin', seen)).status).toBe(412);
    expect((await ask('/operators/dora', { method: 'DELETE', headers: { 'if-match': seen } })).status).toBe(412);
    expect((await patch('admin', 'nonsense')).status).toBe(400);
    expect((await patch('admin', `W/${await tagOf('/operators/dora')}`)).status).toBe(412);
    expect((await patch('viewer', '*')).status).toBe(204);
    const { items } = await activity('operation=changeOperator&target=dora&limit=10');
    expect(items.map(({ status }) => status)).toEqual([204, 412, 400, 412, 204]);
    expect(
      (await ask('/operators/dora', { method: 'DELETE', headers: { 'if-match': await tagOf('/operators/dora') } }))
        .status,
    ).toBe(204);
  });

  test('an operator, as a whole: what is refused for its password gives no role', async () => {
    await ask('/operators', { method: 'POST', body: { name: 'erik', password: PASSWORD, role: 'viewer' } });
    const path = '/operators/erik';
    expect((await ask(path, { method: 'PATCH', body: { role: 'admin', password: 'short' } })).status).toBe(409);
    expect(await (await ask(path)).json()).toMatchObject({ role: 'viewer' });
    expect((await ask(path, { method: 'DELETE' })).status).toBe(204);
  });

  test('a template: one that was replaced meanwhile is not removed', async () => {
    await put('a.iso', 'first');
    const seen = await tagOf('/templates/a.iso');
    await ask('/templates/a.iso', { method: 'DELETE' });
    expect(await changed('removeTemplate')).toEqual([expect.stringMatching(/^sha256 [0-9a-f]{64}$/), undefined]);
    await put('a.iso', 'second');
    const remove = (etag: string) => ask('/templates/a.iso', { method: 'DELETE', headers: { 'if-match': etag } });
    expect((await remove(seen)).status).toBe(412);
    expect((await remove(await tagOf('/templates/a.iso'))).status).toBe(204);
    expect((await remove(seen)).status).toBe(404);
  });

  test('what is published of a repo', async () => {
    expect(await (await ask('/repos/cloudstack/current')).json()).toEqual({ kind: 'current' });
    const publish = (etag: string) =>
      ask('/repos/cloudstack/current', { method: 'PUT', body: { snapshot: 'none' }, headers: { 'if-match': etag } });
    expect((await publish('"something-else"')).status).toBe(412);
    expect((await publish(await tagOf('/repos/cloudstack/current'))).status).toBe(409);
  });

  test('the document tells which requests take which condition', async () => {
    type Described = {
      parameters?: { name: string; in: string; required: boolean }[];
      responses: Record<string, unknown>;
    };
    const { paths } = (await (await ask('/openapi.json')).json()) as {
      paths: Record<string, Record<string, Described>>;
    };
    const of = (path: string, method: string) => {
      const told = paths[`/api/v1${path}`]?.[method];
      const headers = told?.parameters
        ?.filter((one) => one.in === 'header')
        .map(({ name, required }) => `${name}${required ? '!' : ''}`);
      return [headers, Object.keys(told?.responses ?? {}).filter((code) => /304|412|428/.test(code))];
    };
    expect(of('/site/text', 'get')).toEqual([['If-None-Match'], ['304']]);
    expect(of('/site/text', 'put')).toEqual([['If-Match!'], ['412', '428']]);
    expect(of('/site/undo', 'post')).toEqual([['If-Match!'], ['412', '428']]);
    for (const [path, method] of [
      ['/operators/{operator}', 'patch'],
      ['/operators/{operator}', 'delete'],
      ['/templates/{file}', 'delete'],
      ['/repos/{repo}/current', 'put'],
    ] as const)
      expect(of(path, method), path).toEqual([['If-Match'], ['412']]);
    expect(of('/hosts/{host}/disarm', 'post')).toEqual([[], []]);
  });
});

test('an upload is of who began it, although the session ends while it is sent', async () => {
  const upload = httpRequest(`${appliance.origin}/templates/slow.iso`, {
    method: 'PUT',
    headers: { cookie, origin: appliance.origin, 'content-length': 10 },
  });
  const answered = new Promise<number>((resolve, reject) => {
    upload.on('response', (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    upload.on('error', reject);
  });
  upload.write('first');
  await expect.poll(async () => (await (await ask('/template-uploads')).text()).includes('slow.iso')).toBe(true);
  const own = { cookie, origin: appliance.origin };
  expect((await fetch(`${appliance.origin}/api/v1/session`, { method: 'DELETE', headers: own })).status).toBe(204);
  const ended = await fetch(`${appliance.origin}/api/v1/session`, { headers: { cookie } });
  expect(ended.status).toBe(401);
  upload.end('later');
  expect(await answered).toBe(201);
  const { items } = await activity('operation=uploadTemplate&target=slow.iso');
  expect(items).toMatchObject([
    { who: 'alice', via: 'session', status: 201, after: expect.stringMatching(/^sha256 /) },
  ]);
});
