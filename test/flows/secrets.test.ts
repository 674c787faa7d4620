// No secret leaves by another door: every output of an appliance that has been through an install, searched for each of them in every dress.

import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Log } from '../../server/log.ts';
import { exampleText } from '../support/example.ts';
import { traceOf } from '../support/secret-scanner.ts';
import type { Served } from '../support/served.ts';
import { armAnyway, served } from '../support/served.ts';

const ARMING = randomBytes(16).toString('hex');
const PASSWORD = 'Correct-horse+battery.9';
const lines: string[] = [];
const said = (level: string) => (message: string, fields?: unknown) =>
  void lines.push(JSON.stringify([level, message, fields]));
const log: Log = { debug: said('debug'), info: said('info'), warn: said('warn'), error: said('error') };

let appliance: Served;
let secrets: readonly string[] = [];
let kickstart = '';

beforeAll(async () => {
  appliance = await served(exampleText, log);
  const { running, origin, tokenOf } = appliance;
  const values = await armAnyway(running, 'cs40', {
    token: ARMING,
    valueOf: ({ name, form }) =>
      form === 'crypt-hash' ? `$6$saltsalt$${'Hash.Of.Root'.repeat(8).slice(0, 86)}` : `Zq7-${name}%Xy=9+,^_/.w`,
  });
  const post = (path: string, body: unknown) =>
    fetch(`${origin}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const invitation = running.appliance.accounts.desk.invite();
  const made = await post('/api/v1/setup', { invitation, name: 'alice', password: PASSWORD });
  const session = /kickstand-session=([^;]+)/.exec(made.headers.get('set-cookie') ?? '')?.[1] ?? '';
  await post('/api/v1/session', { name: 'alice', password: `${PASSWORD}-wrong` });
  await post('/api/v1/session', { name: PASSWORD, password: 'x' });
  kickstart = await (await fetch(`${origin}/kickstart/cs40?token=${ARMING}`)).text();
  await fetch(
    `${origin}/hosts/cs40/events?token=${ARMING}&stage=post.files&message=ks=${origin}/kickstart/cs40?token=${ARMING}`,
  );
  // An installer's log may hold what it was told.
  await fetch(`${origin}/hosts/cs40/events?token=${ARMING}&stage=failed&message=broken`, {
    method: 'POST',
    headers: { 'content-type': 'text/plain' },
    body: `set-up said ${[...values.values()].join(' and ')}\nks=${origin}/kickstart/cs40?token=${ARMING}\n`,
  });
  const tokens = (['viewer', 'operator', 'admin'] as const).map(tokenOf);
  secrets = [...values.values(), ARMING, PASSWORD, session, invitation, running.appliance.operatorToken(), ...tokens];
});
afterAll(() => appliance.close());

const admin = () => ({ authorization: `Bearer ${appliance.running.appliance.operatorToken()}` });

test('the installer was told them, so there is something to find', () => {
  expect(new Set(traceOf(secrets, kickstart).map(({ secret }) => secret)).size).toBeGreaterThan(4);
});

test('no answer of the API, of health, of the metrics or of a page holds one', async () => {
  const document = (await (await fetch(`${appliance.origin}/api/v1/openapi.json`)).json()) as {
    paths: Record<string, Record<string, unknown>>;
  };
  const there: Readonly<Record<string, string>> = {
    host: 'cs40',
    repo: 'cloudstack',
    armedAt: '1',
    name: 'none',
    version: '1',
  };
  const paths = Object.entries(document.paths)
    .filter(([, methods]) => 'get' in methods)
    .map(([path]) => path.replaceAll(/\{(\w+)\}/g, (_, key: string) => there[key] ?? 'x'));
  const more = [
    '/healthz',
    '/metrics',
    '/',
    '/hosts/cs40',
    '/login',
    '/setup',
    '/api/v1/openapi.json',
    '/api/v1/hosts/cs40/instructions?form=ipxe',
  ];
  for (const path of [...paths, ...more]) {
    const response = await fetch(`${appliance.origin}${path}`, { headers: admin() });
    expect(traceOf(secrets, await response.text()), path).toEqual([]);
  }
  const wrong = await fetch(`${appliance.origin}/api/v1/site/check`, {
    method: 'POST',
    headers: { ...admin(), 'content-type': 'application/json' },
    body: JSON.stringify({ text: `site: { rootPassword: ${secrets[0]} }` }),
  });
  expect(traceOf(secrets, await wrong.text())).toEqual([]);
});

test('no bundle that anyone may have holds one', async () => {
  for (const name of ['cs40.tar.gz', 'site.tar.gz']) {
    const bytes = Buffer.from(await (await fetch(`${appliance.origin}/bundles/${name}`)).arrayBuffer());
    expect(traceOf(secrets, gunzipSync(bytes).toString('latin1')), name).toEqual([]);
  }
});

test('neither does the log, at its most talkative, nor the log of what was done', () => {
  expect(lines.length).toBeGreaterThan(2);
  expect(traceOf(secrets, lines.join('\n'))).toEqual([]);
  expect(traceOf(secrets, readFileSync(join(appliance.directory, 'data', 'audit.log'), 'utf8'))).toEqual([]);
});
