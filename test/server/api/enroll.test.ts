// Enrolling over HTTP: an operator's request becomes a line of the site file, or all that speaks against it; nothing is armed.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Principal } from '../../../server/accounts/rights.ts';
import type { Operation } from '../../../server/api/operation.ts';
import type { AuditEntry } from '../../../server/api/operations/routes.ts';
import { operationRoutes } from '../../../server/api/operations/routes.ts';
import { openSiteHistory } from '../../../server/site/history/store.ts';
import { siteOperations } from '../../../server/api/resources/site.ts';
import { createApp } from '../../../server/app.ts';
import { enrollMachine } from '../../../server/assembly/enrolment.ts';
import type { HostStore } from '../../../server/hosts/store.ts';
import { openHostStore } from '../../../server/hosts/store.ts';
import { quietLog } from '../../../server/log.ts';
import { parseSettings } from '../../../server/settings.ts';
import { parseSite } from '../../../server/site/parse.ts';
import { exampleText } from '../../support/example.ts';

const MAC = '52:54:00:00:00:77';
const arming = { token: 't', armedAt: 5, expiresAt: 1e12, pins: {}, install: 'F' };

let directory = '';
let hosts: HostStore;
let server: Server;
let origin = '';
let audited: AuditEntry[] = [];
const siteFile = (): string => join(directory, 'site.yaml');
const siteText = (): string => readFileSync(siteFile(), 'utf8');

beforeEach(async () => {
  audited = [];
  directory = mkdtempSync(join(tmpdir(), 'kickstand-enroll-'));
  writeFileSync(siteFile(), exampleText);
  hosts = openHostStore(join(directory, 'state.db'));
  hosts.discover({ mac: MAC, address: '192.168.168.99', firstSeen: 1, lastSeen: 1 });
  const routes = operationRoutes({
    operations: operations(),
    identify,
    insecure: () => undefined,
    audit: (entry) => void audited.push(entry),
  });
  server = createServer(createApp([routes], quietLog));
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await promise;
  const address = server.address();
  origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
});
afterEach(() => {
  server.close();
  server.closeAllConnections();
  hosts.close();
  rmSync(directory, { recursive: true });
});

function operations(): readonly Operation[] {
  const parsed = parseSettings(
    { site: siteFile(), data: directory },
    { fromHere: (path) => path, fromHome: (path) => path, exists: () => true },
  );
  if (parsed.kind === 'problems') throw new Error(parsed.problems.join());
  const nothing = async (): Promise<unknown> => null;
  const notHere = (): never => {
    throw new Error('not asked');
  };
  return siteOperations({
    site: nothing,
    plan: nothing,
    siteText: notHere,
    checkSite: notHere,
    saveSite: notHere,
    versions: notHere,
    version: notHere,
    undo: notHere,
    discovered: nothing,
    hasAsked: (mac) => hosts.sighting(mac) !== undefined,
    enroll: (mac, body) =>
      enrollMachine({ settings: parsed.settings, hosts, now: () => 10, log: quietLog }, { ...body, mac }),
  });
}

function identify({
  headers,
}: {
  readonly headers: { readonly authorization?: string | undefined };
}): Principal | undefined {
  return headers.authorization === 'Bearer the-token'
    ? { name: 'ops', role: 'operator', via: 'token', id: 't' }
    : undefined;
}

async function post(
  mac: string,
  body: unknown,
  headers: Record<string, string> = { authorization: 'Bearer the-token' },
) {
  const response = await fetch(`${origin}/api/v1/discovered/${mac}/enroll`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const answer: unknown = await response.json();
  return {
    status: response.status,
    type: response.headers.get('content-type'),
    location: response.headers.get('location'),
    answer,
  };
}

const wish = { name: 'xs-03', profile: 'hypervisor' };

test('a machine is enrolled: one line more, the host as the answer, and no leave to install', async () => {
  expect(await post(MAC, wish)).toMatchObject({
    status: 201,
    location: '/api/v1/hosts/xs-03',
    answer: { name: 'xs-03', profile: 'hypervisor', network: 'lab', address: '192.168.168.5', macs: [MAC] },
  });
  const parsed = parseSite(siteText(), 's');
  expect(parsed.kind === 'site' ? parsed.site.hosts.at(-1) : parsed).toMatchObject({ name: 'xs-03', macs: [MAC] });
  expect(siteText().split('\n')).toHaveLength(exampleText.split('\n').length + 1);
  expect(hosts.state('xs-03', 11)).toMatchObject({ phase: 'disarmed', arming: undefined });
  expect(hosts.history('xs-03', 10)).toMatchObject([{ what: 'enrolled', detail: `${MAC} at 192.168.168.5` }]);
  expect(audited).toMatchObject([
    { operation: 'enrollMachine', who: 'ops', via: 'token', status: 201, after: 'xs-03 at 192.168.168.5' },
  ]);
  const [version] = await openSiteHistory(join(directory, 'site-history')).versions();
  expect(version).toMatchObject({ id: 2, by: 'ops', operation: 'enrollMachine', added: 1, removed: 0 });
});

test('an old arming of the same name, of a host that was taken out of the site, is not inherited', async () => {
  hosts.apply('xs-03', { kind: 'armed', now: 5, arming });
  expect((await post(MAC, wish)).status).toBe(201);
  expect(hosts.state('xs-03', 11)).toMatchObject({ phase: 'disarmed', arming: undefined });
});

describe('the file stays as it is', () => {
  test.each<[string, number, string, unknown, Record<string, string>]>([
    ['without a token', 401, MAC, wish, {}],
    ['with a wrong token', 401, MAC, wish, { authorization: 'Bearer the-tokem' }],
    ['with a token in another scheme', 401, MAC, wish, { authorization: 'Basic the-token' }],
  ])('%s', async (_, status, mac, body, headers) => {
    expect(await post(mac, body, headers)).toMatchObject({ status, type: 'application/problem+json' });
    expect(siteText()).toBe(exampleText);
  });

  test.each<[string, string, unknown, number, unknown]>([
    ['for what is no MAC', 'nothing', wish, 404, {}],
    ['for a group address', '01:00:5e:00:00:01', wish, 404, {}],
    ['for a path in place of a MAC', encodeURIComponent('../../hosts/cs40'), wish, 404, {}],
    [
      'for a machine that never asked',
      '52:54:00:00:00:78',
      wish,
      404,
      { detail: 'no machine with the MAC 52:54:00:00:00:78 has asked for a boot' },
    ],
    ['for a body that is no JSON', MAC, '{', 400, {}],
    ['for no name', MAC, { profile: 'hypervisor' }, 400, { detail: expect.stringContaining('name') }],
    ['for a name that is a number', MAC, { ...wish, name: 7 }, 400, { detail: expect.stringContaining('name') }],
    ['for more than is asked', MAC, { ...wish, arm: true }, 400, { detail: expect.stringContaining('unknown key') }],
    [
      'for both an address and a range',
      MAC,
      { ...wish, address: '192.168.168.9', range: 'hypervisors' },
      400,
      { detail: 'it has both an address and a range' },
    ],
    ['for a name of ten thousand letters', MAC, { ...wish, name: 'a'.repeat(10_000) }, 400, {}],
    ['for more than any body needs', MAC, { ...wish, name: 'a'.repeat(70_000) }, 413, {}],
    [
      'for a range nobody tells',
      MAC,
      { name: 'db', profile: 'management' },
      409,
      { detail: 'nothing tells which range of lab it is to be in' },
    ],
    [
      'for a name and a profile that cannot be, both said',
      MAC,
      { name: '<script>', profile: 'hypervisr', range: 'hypervisors' },
      422,
      {
        detail: 'the site would have 2 problems',
        problems: [
          { path: 'hosts[3].name', message: '"<script>" is no host name' },
          { path: 'hosts[3].profile', remedy: 'did you mean hypervisor?' },
        ],
      },
    ],
    ['for a name that is taken', MAC, { ...wish, name: 'CS40' }, 422, { problems: [{ path: 'hosts[3].name' }] }],
    [
      'for an address outside',
      MAC,
      { ...wish, address: '10.0.0.1' },
      422,
      { problems: [{ path: 'hosts[3].address' }] },
    ],
    [
      'for a name with YAML in it',
      MAC,
      { ...wish, name: 'x }\n  - { name: y' },
      422,
      { problems: [{ path: 'hosts[3].name' }] },
    ],
  ])('%s', async (_, mac, body, status, answer) => {
    expect(await post(mac, body)).toMatchObject({
      status,
      type: 'application/problem+json',
      answer: { status, ...Object(answer) },
    });
    expect(siteText()).toBe(exampleText);
  });

  test('for a list of hosts that is another’s by an alias: the line to add by hand is told', async () => {
    // An anchor may stand wherever a list does; that of networks' ranges is the nearest that is one of nothing.
    const shared = `${exampleText.slice(0, exampleText.indexOf('hosts:'))}hosts: *none\n`.replace(
      'ntp: [192.168.168.1]',
      'ntp: &none []',
    );
    writeFileSync(siteFile(), shared);
    expect(await post(MAC, { ...wish, range: 'hypervisors' })).toMatchObject({
      status: 409,
      answer: { remedy: expect.stringContaining('add it by hand: { name: xs-03') },
    });
    expect(siteText()).toBe(shared);
  });

  test('for a site file that has problems already', async () => {
    writeFileSync(siteFile(), 'site: {}');
    expect(await post(MAC, wish)).toMatchObject({
      status: 409,
      answer: { detail: 'the site file has problems already' },
    });
    expect(siteText()).toBe('site: {}');
  });
});

test('nine at once are nine hosts, each with its own address', async () => {
  const macs = Array.from({ length: 9 }, (_, index) => `52:54:00:00:01:0${index}`);
  for (const mac of macs) hosts.discover({ mac, firstSeen: 1, lastSeen: 1 });
  const answers = await Promise.all(macs.map((mac, index) => post(mac, { ...wish, name: `n${index}` })));
  expect(answers.map(({ status }) => status)).toEqual(macs.map(() => 201));
  const parsed = parseSite(siteText(), 's');
  expect(parsed.kind === 'site' ? new Set(parsed.site.hosts.map((host) => host.address)).size : parsed).toBe(12);
});
