// What happened by itself, over HTTP: hosts, syncs, jobs and the site file in one list, read by a viewer, paged while more happens.

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Happening } from '../../server/happenings/happening.ts';
import { rogueHeard } from '../../server/happenings/notices.ts';
import type { HappeningPage } from '../../server/happenings/page.ts';
import { exampleText } from '../support/example.ts';
import type { Served } from '../support/served.ts';
import { armAnyway, served } from '../support/served.ts';

// Nobody listens there: a sync that is begun fails at once.
const SITE = exampleText
  .replaceAll('http://cloudstack.apt-get.eu/', 'http://127.0.0.1:1/')
  .replace(/\n\s+schedule: .*/, '');
const HOSTILE = '<img src=x onerror=alert(1)> \u001b[2J %3Cscript%3E';
const TOKEN = 'the-token-of-an-arming';
const PASSWORD = 'three-small-horses-of-a-host';

let appliance: Served;
let viewer = '';
let operator = '';
beforeAll(async () => {
  appliance = await served(SITE);
  viewer = appliance.tokenOf('viewer');
  operator = appliance.tokenOf('operator');
  await armAnyway(appliance.running, 'cs40', { token: TOKEN, valueOf: () => PASSWORD });
});
afterAll(() => appliance.close());

function ask(path: string, token = viewer, method = 'GET'): Promise<Response> {
  const body = method === 'GET' ? {} : { body: '{}' };
  return fetch(`${appliance.origin}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...body,
  });
}
const happenings = async (query = ''): Promise<HappeningPage> =>
  (await (await ask(`/happenings?${query}`)).json()) as HappeningPage;
const told = ({ items }: HappeningPage): readonly string[] => items.map(({ what }) => what);
const hosts = () => appliance.running.appliance.house.hosts;

test('an install that fails: its steps, the last one first; what the installer said is text', async () => {
  hosts().apply('cs40', { kind: 'booted', now: Date.now(), token: TOKEN });
  const reported = await fetch(
    `${appliance.origin}/hosts/cs40/events?token=${TOKEN}&stage=failed&message=${encodeURIComponent(HOSTILE)}`,
  );
  expect(reported.status).toBeLessThan(300);
  const page = await happenings('about=CS4&kind=host');
  expect(told(page)).toEqual(['reported failed', 'booted', 'armed']);
  expect(page.items.map(({ outcome }) => outcome)).toEqual(['wrong', 'fine', 'fine']);
  expect(page.items[0]).toMatchObject({ kind: 'host', about: { host: 'cs40' }, id: expect.stringMatching(/^h\d+$/) });
  expect(page.items[0]?.detail).toContain('<img src=x onerror=alert(1)>');
  for (const secret of [TOKEN, PASSWORD]) expect(JSON.stringify(await happenings('limit=1000'))).not.toContain(secret);
});

test('a sync that fails, with what to do; one that goes on has only begun', async () => {
  expect((await ask('/repos/cloudstack/syncs', operator, 'POST')).status).toBe(202);
  await expect
    .poll(async () => told(await happenings('about=cloudstack&kind=sync')), { timeout: 20_000 })
    .toEqual(['sync failed', 'sync began']);
  const { items } = await happenings('about=cloudstack&outcome=wrong');
  expect(items).toMatchObject([{ kind: 'sync', about: { repo: 'cloudstack' }, outcome: 'wrong' }]);
  expect(items[0]?.detail).toContain('127.0.0.1:1');
});

test('a verification, by the operator who asked for it', async () => {
  expect((await ask('/trees/xenserver/verifications', operator, 'POST')).status).toBe(202);
  await expect
    .poll(async () => told(await happenings('kind=job')), { timeout: 20_000 })
    .toEqual(['verification: failed', 'verification began']);
  expect((await happenings('kind=job')).items[1]).toMatchObject({
    about: { tree: 'xenserver' },
    detail: 'by the-operator',
  });
});

test('the site file: taken over, then refused without what was typed', async () => {
  const file = join(appliance.directory, 'site.yaml');
  const before = readFileSync(file, 'utf8');
  await expect.poll(async () => told(await happenings('kind=site'))).toEqual(['site changed']);
  writeFileSync(file, before.replace('name: cs40', `name: '${PASSWORD} !'`));
  await expect
    .poll(async () => told(await happenings('kind=site')), { timeout: 10_000 })
    .toEqual(['site refused', 'site changed']);
  const [refused] = (await happenings('kind=site')).items;
  expect(refused).toMatchObject({
    outcome: 'wrong',
    about: {},
    detail: expect.stringMatching(/^\d+ problems?, the first at /),
  });
  expect(JSON.stringify(refused)).not.toContain(PASSWORD);
  writeFileSync(file, before);
  await expect.poll(() => appliance.running.appliance.siteProblems(), { timeout: 10_000 }).toEqual([]);
});

test('another DHCP server that was heard', async () => {
  appliance.running.appliance.notices.add(rogueHeard({ kind: 'dhcp', server: '10.0.0.9', evidence: 'it answers' }));
  expect((await happenings('kind=dhcp')).items).toMatchObject([
    { what: 'another DHCP server', detail: '10.0.0.9: it answers', outcome: 'wrong' },
  ]);
});

test('pages joined are the whole, while more happens', async () => {
  const whole = (await happenings('limit=1000')).items;
  expect(new Set(whole.map(({ kind }) => kind))).toEqual(new Set(['host', 'sync', 'job', 'site', 'dhcp']));
  const joined: Happening[] = [];
  let next: string | undefined;
  do {
    const page: HappeningPage = await happenings(`limit=2${next === undefined ? '' : `&cursor=${next}`}`);
    joined.push(...page.items);
    next = page.next;
    hosts().note('xs-02', { at: Date.now(), what: 'booted its disk', detail: `look ${joined.length}` });
  } while (next !== undefined);
  expect(joined).toEqual(whole);
  expect((await happenings('about=xs-02&limit=1')).items).toMatchObject([{ what: 'booted its disk' }]);
});

test.each([
  'limit=0',
  'limit=1001',
  'kind=nonsense',
  'outcome=done',
  'cursor=1',
  'cursor=1.h1.2',
  `cursor=${'9'.repeat(16)}.h1`,
  `about=${'x'.repeat(101)}`,
  'who=anna',
])('%s is refused', async (query) => {
  expect((await ask(`/happenings?${query}`)).status).toBe(400);
});

test.each([
  '0.h1',
  '999999999999999.zzz',
  '999999999999999.h999999999999999999999999',
  '5.h-_x',
  `5.n${'9'.repeat(40)}`,
])('a cursor that nobody was given, %s, is a place like any other', async (cursor) => {
  expect((await ask(`/happenings?cursor=${cursor}`)).status).toBe(200);
});

test('is for whoever may look, and for nobody else', async () => {
  expect((await ask('/happenings', 'kst_nothing')).status).toBe(401);
  expect((await ask('/happenings')).status).toBe(200);
});
