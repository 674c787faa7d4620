// The site file's versions over a whole appliance: kept whoever changed it, shown to operators alone, put back and forth again.

import { readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { OperatorRole } from '../../server/accounts/rights.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';
import type { Served } from '../support/served.ts';
import { served } from '../support/served.ts';

const LOGIN = 'Upstream-password.77';
// People write down what they should not.
const FIRST = `${exampleText}# the upstream's password was ${LOGIN}\n`;
const oslo = FIRST.replace('timezone: Asia/Shanghai', 'timezone: Europe/Oslo');
const me = userInfo().username;

let appliance: Served;
let tokens: ReadonlyMap<OperatorRole, string>;
beforeAll(async () => {
  appliance = await served(FIRST);
  tokens = new Map((['viewer', 'operator'] as const).map((role) => [role, appliance.tokenOf(role)]));
});
afterAll(() => appliance.close());

type Version = {
  id: number;
  by: string;
  via: string;
  operation: string;
  added: number;
  removed: number;
  current: boolean;
};
type Init = { readonly method?: string; readonly body?: unknown; readonly headers?: Record<string, string> };

const siteFile = () => join(appliance.directory, 'site.yaml');
const onDisk = () => readFileSync(siteFile(), 'utf8');
const here = () => ['--site', siteFile(), '--data', join(appliance.directory, 'data')];

function ask(path: string, { headers = {}, body, ...init }: Init = {}, role: OperatorRole = 'operator') {
  return fetch(`${appliance.origin}/api/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${tokens.get(role)}`, 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}
async function versions(query = ''): Promise<{ items: readonly Version[]; next?: string }> {
  return (await (await ask(`/site/versions${query}`)).json()) as { items: readonly Version[]; next?: string };
}
const list = async () => (await versions()).items.map(({ id, by, operation }) => `${id} ${by} ${operation}`);
const etag = async () => (await ask('/site/text')).headers.get('etag') ?? '';
const save = async (text: string) =>
  ask('/site/text', { method: 'PUT', body: { text }, headers: { 'if-match': await etag() } });
const undo = async (body: object = {}) =>
  ask('/site/undo', { method: 'POST', body, headers: { 'if-match': await etag() } });
const text = async (id: number) => ((await (await ask(`/site/versions/${id}`)).json()) as { text: string }).text;

/** From one version, kept as it was found; whatever the test before left. */
beforeEach(async () => {
  rmSync(join(appliance.directory, 'data', 'site-history'), { recursive: true, force: true });
  if (onDisk() !== FIRST) await save(FIRST);
  else await save(`${FIRST}# once\n`).then(() => save(FIRST));
  rmSync(join(appliance.directory, 'data', 'site-history'), { recursive: true, force: true });
});

test('what was saved is told of with who and how much, and what stood there before is there too', async () => {
  const saved = await save(oslo);
  expect(await saved.json()).toEqual({ kind: 'saved', version: 2 });
  expect((await versions()).items).toEqual([
    expect.objectContaining({
      id: 2,
      by: 'the-operator',
      via: 'token',
      operation: 'saveSite',
      added: 1,
      removed: 1,
      current: true,
    }),
    expect.objectContaining({ id: 1, by: 'on disk', via: 'disk', current: false }),
  ]);
  expect([await text(1), await text(2)]).toEqual([FIRST, oslo]);
  expect((await ask('/site/versions/3')).status).toBe(404);
});

test('it comes in pages, which stay where they are while versions come', async () => {
  for (const word of ['one', 'two', 'three']) await save(`${FIRST}# ${word}\n`);
  const first = await versions('?limit=2');
  expect(first.items.map(({ id }) => id)).toEqual([4, 3]);
  await save(oslo);
  const second = await versions(`?limit=2&cursor=${first.next}`);
  expect([second.items.map(({ id }) => id), second.next]).toEqual([[2, 1], undefined]);
});

test('an undo puts the version before back; undone itself, it is the change again; nothing is lost', async () => {
  await save(oslo);
  expect((await undo()).status).toBe(200);
  expect(onDisk()).toBe(FIRST);
  expect((await undo()).status).toBe(200);
  expect(onDisk()).toBe(oslo);
  expect(await list()).toEqual([
    '4 the-operator undoSite',
    '3 the-operator undoSite',
    '2 the-operator saveSite',
    '1 on disk editSite',
  ]);
  expect((await undo({ version: 1 })).status).toBe(200);
  expect(onDisk()).toBe(FIRST);
});

test('an undo needs what it was made from, and is checked like every change', async () => {
  writeFileSync(siteFile(), 'site: {}\n');
  await save(oslo);
  expect(await text(1)).toBe('site: {}\n');
  const refused = await undo();
  expect([refused.status, ((await refused.json()) as { problems: unknown[] }).problems.length > 1]).toEqual([
    422,
    true,
  ]);
  expect(onDisk()).toBe(oslo);
  expect((await ask('/site/undo', { method: 'POST', body: {} })).status).toBe(428);
  const old = { method: 'POST', body: {}, headers: { 'if-match': '"something-else"' } };
  expect((await ask('/site/undo', old)).status).toBe(412);
  expect((await ask('/site/undo', { ...old, headers: { 'if-match': 'unquoted' } })).status).toBe(400);
  expect((await ask('/site/undo', { ...old, headers: { 'if-match': '*' } })).status).toBe(428);
  expect((await undo({ version: 77 })).status).toBe(409);
  expect(await (await undo({ version: 2 })).json()).toMatchObject({ detail: expect.stringContaining('says already') });
});

test('what an editor leaves is kept once the appliance goes by it, and can be taken back', async () => {
  await save(oslo);
  const byHand = oslo.replace('keyboard: us', 'keyboard: "no"');
  writeFileSync(siteFile(), byHand);
  await expect
    .poll(list, { timeout: 10_000 })
    .toEqual(['3 on disk editSite', '2 the-operator saveSite', '1 on disk editSite']);
  // A text with problems is no site: it is not kept as long as nobody replaces it.
  writeFileSync(siteFile(), byHand.replace('profile: management', 'profile: managment'));
  await expect.poll(() => appliance.running.appliance.siteProblems().length, { timeout: 10_000 }).toBe(1);
  expect((await list()).length).toBe(3);
  await undo({ version: 2 });
  expect(onDisk()).toBe(oslo);
  expect((await list())[1]).toBe('4 on disk editSite');
});

test('commands list versions, show what they changed, and put them back; a file that is gone too', async () => {
  await save(oslo);
  const listed = await kickstand(['site', 'history', ...here()]);
  expect(listed.out).toMatch(
    /VERSION.*\n2 .*the-operator \(token\) +saveSite +\+1 −1 +stands in the file\n1 .*on disk +editSite/,
  );
  const shown = await kickstand(['site', 'diff', '2', ...here()]);
  expect(shown.out).toContain('-  timezone: Asia/Shanghai\n+  timezone: Europe/Oslo\n');
  const back = await kickstand(['site', 'diff', '1', '--now', ...here()]);
  expect(back.out).toContain('-  timezone: Europe/Oslo\n+  timezone: Asia/Shanghai\n');
  const undone = await kickstand(['site', 'undo', ...here()]);
  expect([undone.code, undone.out]).toEqual([
    0,
    expect.stringContaining('version 3 (+1 −1)\n  kickstand site undo 2 takes it back'),
  ]);
  expect(onDisk()).toBe(FIRST);
  expect((await list())[0]).toBe(`3 ${me} undoSite`);
  const audit = await kickstand(['audit', '--operation', 'undoSite', '--who', me, '--json', ...here()]);
  expect(JSON.parse(audit.out)).toMatchObject([
    { who: me, via: 'command', before: '2', after: '3 (+1 −1)', status: 0 },
  ]);
  rmSync(siteFile());
  expect((await kickstand(['site', 'undo', ...here()])).code).toBe(0);
  expect(onDisk()).toBe(FIRST);
  for (const wrong of [
    ['undo', 'x'],
    ['diff', '0'],
  ])
    expect((await kickstand(['site', ...wrong, ...here()])).code).toBe(2);
  expect((await kickstand(['site', 'undo', '99', ...here()])).code).toBe(1);
});

test('what somebody saved over the API moves no cursor on the terminal of who looks at it', async () => {
  await save(`${FIRST}# \u001b]0;owned\u0007\u001b[2J\u009b2J\u202e\rforged\n`);
  const { code, out } = await kickstand(['site', 'diff', '2', ...here()]);
  expect([code, out]).toEqual([0, expect.stringContaining('forged')]);
  expect(out).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
});

test('they are as secret as the file: operators only, in no log and no bundle, for their owner on disk', async () => {
  await save(oslo);
  expect(await text(1)).toContain(LOGIN);
  for (const path of ['/site/versions', '/site/versions/1', '/site/text'])
    expect((await ask(path, {}, 'viewer')).status, path).toBe(403);
  expect((await ask('/site/undo', { method: 'POST', body: {} }, 'viewer')).status).toBe(403);
  const data = join(appliance.directory, 'data');
  const history = join(data, 'site-history');
  expect(statSync(history).mode & 0o777).toBe(0o700);
  for (const name of readdirSync(history)) expect(statSync(join(history, name)).mode & 0o777, name).toBe(0o600);
  expect(readFileSync(join(data, 'audit.log'), 'utf8')).not.toContain(LOGIN);
  for (const record of readdirSync(history).filter((name) => name.endsWith('.json')))
    expect(readFileSync(join(history, record), 'utf8')).not.toContain(LOGIN);
  const bundle = await (await fetch(`${appliance.origin}/bundles/site.tar.gz`)).arrayBuffer();
  expect(gunzipSync(Buffer.from(bundle)).toString('latin1')).not.toContain('site-history');
});
