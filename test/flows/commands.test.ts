// Commands on hosts say the same beside no appliance, of the one that runs here, and of one elsewhere; each change leaves its trace.

import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { dataPaths } from '../../server/assembly/house.ts';
import { openHostStore } from '../../server/hosts/store.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { kickstand } from '../support/command.ts';
import { consoleRepository } from '../support/console.ts';
import { exampleText } from '../support/example.ts';
import { startUpstream } from '../support/fake-upstream.ts';
import { onLoopback } from '../support/loopback.ts';

let directory = '';
let here: string[] = [];
const running: Running[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kickstand-commands-'));
  await writeFile(join(directory, 'site.yaml'), exampleText);
  const { siteFile, dataDirectory } = onLoopback(directory);
  here = ['--site', siteFile, '--data', dataDirectory];
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
  await rm(directory, { recursive: true });
});

async function start(): Promise<Running> {
  const started = await serve(onLoopback(directory), quietLog);
  running.push(started);
  return started;
}

/** The flags of a command that asks it from elsewhere. */
async function elsewhere({ httpPort, appliance }: Running): Promise<string[]> {
  const token = join(directory, 'token');
  await writeFile(token, `${appliance.operatorToken()}\n`, { mode: 0o600 });
  return ['--url', `http://127.0.0.1:${httpPort}`, '--token-file', token];
}

async function traces(): Promise<readonly unknown[]> {
  const { dataDirectory } = onLoopback(directory);
  const lines = (await readFile(join(dataDirectory, 'audit.log'), 'utf8').catch(() => '')).trim().split('\n');
  return lines.filter((line) => line !== '').map((line): unknown => JSON.parse(line));
}

const COMMANDS: readonly (readonly [string[], number])[] = [
  [['host', 'list'], 0],
  [['host', 'list', '--json'], 0],
  [['host', 'show', 'xs-01'], 0],
  [['host', 'show', 'XS-01'], 1],
  [['host', 'show', '52-54-00-A8-A8-03', '--json'], 0],
  [['host', 'show', '52:54:00:00:00:99'], 0],
  [['host', 'arm', 'cs40', 'nobody', '--for', '90m'], 1],
  [['host', 'disarm', 'cs40', 'nobody'], 1],
  [['host', 'render', 'cs40'], 0],
  [['host', 'render', 'cs40', '--as', 'ipxe', '--json'], 0],
  [['host', 'receipt', 'cs40'], 1],
  [['repo', 'list'], 0],
  [['repo', 'publish', 'cloudstack', 'x', '--stamp'], 1],
  [['tree', 'list', '--json'], 0],
  [['events', '--about', 'XS-02'], 0],
  [['events', '--about', 'xs-02', '--kind', 'host', '--wrong', '--limit', '1', '--json'], 0],
  [['events', '--kind', 'sync'], 0],
];
/** What its installer said. */
const SAID = 'no disk <b>\u001b[2J';

describe('a command', { timeout: 300_000 }, () => {
  test('says the same beside no appliance, of the one that runs here, and of one elsewhere', async () => {
    const all = async (flags: readonly string[]) => {
      const ran = [];
      for (const [argv] of COMMANDS) ran.push(await kickstand([...argv, ...flags]));
      return ran;
    };
    await mkdir(onLoopback(directory).dataDirectory, { recursive: true });
    const hosts = openHostStore(dataPaths(onLoopback(directory).dataDirectory).state);
    hosts.note('xs-02', { at: 1_700_000_000_000, what: 'reported packages', detail: '12 of 400' });
    hosts.note('xs-02', { at: 1_700_000_060_000, what: 'reported failed', detail: SAID });
    hosts.close();
    const alone = await all(here);
    const events = alone.slice(COMMANDS.findIndex(([[command]]) => command === 'events')).map(({ out }) => out);
    expect(events[0]).toMatch(/^WHEN.*\n.*host  xs-02  wrong: reported failed  no disk <b> \[2J\n.*12 of 400\n$/);
    expect(JSON.parse(events[1] ?? '')).toMatchObject([{ detail: 'no disk <b> [2J', outcome: 'wrong' }]);
    expect(events[2]).toBe('nothing like that happened\n');
    expect(alone.map(({ code }) => code)).toEqual(COMMANDS.map(([, code]) => code));
    const appliance = await start();
    const [beside, remote] = [await all(here), await all(await elsewhere(appliance))];
    // Where it runs, its port is known.
    const said = (ran: typeof alone): readonly string[] =>
      ran.map(({ code, out, err }) => `${code} ${(out + err).replaceAll(/http:\/\/[\d.]+(?::\d+)?/g, 'ORIGIN')}`);
    expect(said(beside)).toEqual(said(alone));
    expect(said(remote)).toEqual(said(alone));
  });

  test('that changes something is in the audit log, whoever did it', async () => {
    await kickstand(['host', 'disarm', 'cs40', ...here]);
    const appliance = await start();
    await kickstand(['host', 'disarm', 'cs40', ...here]);
    await kickstand(['host', 'disarm', 'cs40', ...(await elsewhere(appliance))]);
    const user = userInfo().username;
    expect(await traces()).toMatchObject([
      { who: user, via: 'command', operation: 'disarmHost', status: 0, address: '' },
      { who: user, via: 'command', operation: 'disarmHost', status: 200, address: '' },
      { who: 'local', via: 'token', operation: 'disarmHost', status: 200, address: '127.0.0.1' },
    ]);
  });
});

test(
  'syncs are begun elsewhere, shown as they go on, and told as one of this machine',
  { timeout: 60_000 },
  async () => {
    const upstream = await startUpstream(consoleRepository('first'));
    try {
      const site = exampleText.replace('http://cloudstack.apt-get.eu/rhel/4.0/', upstream.url);
      await writeFile(join(directory, 'site.yaml'), site);
      const flags = await elsewhere(await start());
      const synced = await kickstand(['repo', 'sync', ...flags]);
      expect([synced.code, synced.out]).toEqual([0, expect.stringMatching(/^cloudstack: published \S+: 2 packages/)]);
      const again = await kickstand(['repo', 'sync', 'cloudstack', '--json', ...flags]);
      expect([again.code, JSON.parse(again.out)]).toMatchObject([
        0,
        [{ repo: 'cloudstack', how: 'own', kind: 'unchanged' }],
      ]);
      const unknown = await kickstand(['repo', 'sync', 'nothing', ...flags]);
      expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('its repos are cloudstack')]);
    } finally {
      await upstream.close();
    }
  },
);

test.each([
  ['--kind', 'nonsense', 'one of host, sync'],
  ['--limit', '0', 'a whole number'],
])('events %s %s is wrong usage', { timeout: 30_000 }, async (flag, value, part) => {
  const ran = await kickstand(['events', flag, value, ...here]);
  expect([ran.code, ran.err]).toEqual([2, expect.stringContaining(part)]);
});

describe('where the socket leads to nobody', { timeout: 60_000 }, () => {
  test('a command does the work itself', async () => {
    await start();
    const { socket } = dataPaths(onLoopback(directory).dataDirectory);
    for (const one of running.splice(0)) await one.close();
    const mute: Server = createServer(() => undefined);
    await new Promise<void>((resolve) => void mute.listen(socket, resolve));
    try {
      const { code, out } = await kickstand(['host', 'list', ...here]);
      expect([code, out]).toEqual([0, expect.stringContaining('cs40')]);
    } finally {
      mute.close();
    }
  });
});

describe('elsewhere', { timeout: 60_000 }, () => {
  test.each<[string, string[], number, string]>([
    ['nobody answers', ['--url', 'http://127.0.0.1:1'], 1, 'does not answer'],
    ['it is no address', ['--url', 'here'], 2, 'an address like https://'],
    ['the token file is not there', ['--url', 'http://127.0.0.1:1', '--token-file', '/nonexistent'], 2, '--token-file'],
    ['the certificate is not there', ['--url', 'https://127.0.0.1:1', '--ca', '/nonexistent'], 2, '--ca'],
  ])('%s', async (_name, flags, code, part) => {
    const token = join(directory, 'token');
    await writeFile(token, 'kst_nothing');
    const withToken = flags.includes('--token-file') ? flags : [...flags, '--token-file', token];
    const ran = await kickstand(['host', 'list', ...withToken]);
    expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(part)]);
  });

  const ESCAPES = '\u001b]0;owned\u0007\u001b[2Jx\u009b2J\u202e\rforged';
  const texts = ['name', 'phase', 'address', 'profile', 'reason'].map((key) => [key, ESCAPES] as const);
  const HOSTILE = { ...Object.fromEntries(texts), macs: [ESCAPES] };
  test.each<[string, number, string, number, string]>([
    ['pages, where no appliance is', 200, '<html>', 1, 'it answers 200 with what is no JSON'],
    ['another address, where the token is not to go', 302, '', 1, 'it answers 302'],
    ['a refusal for the terminal', 403, JSON.stringify({ detail: ESCAPES, remedy: ESCAPES }), 1, 'owned'],
    ['hosts for the terminal', 200, JSON.stringify({ items: [HOSTILE] }), 0, ''],
  ])('something answers with %s', async (_what, status, body, code, part) => {
    const asked: (string | undefined)[] = [];
    const hostile = createHttpServer((request, response) => {
      asked.push(request.url);
      response.writeHead(status, { location: '/elsewhere' }).end(body);
    });
    await new Promise<void>((resolve) => void hostile.listen(0, '127.0.0.1', resolve));
    try {
      const address = hostile.address();
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
      const token = join(directory, 'token');
      await writeFile(token, 'kst_the-token');
      const flags = ['--url', `http://127.0.0.1:${port}`, '--token-file', token];
      const ran = await kickstand(['host', 'list', ...flags]);
      expect([ran.code, ran.err]).toEqual([code, expect.stringContaining(part)]);
      expect(ran.out + ran.err).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]|the-token/);
      expect(asked).toEqual(['/api/v1/hosts']);
    } finally {
      hostile.close();
    }
  });

  test('a token that opens nothing, and none at all', async () => {
    const appliance = await start();
    const token = join(directory, 'token');
    await writeFile(token, 'kst_nothing');
    const url = ['--url', `http://127.0.0.1:${appliance.httpPort}`];
    const wrong = await kickstand(['host', 'list', ...url, '--token-file', token]);
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('this needs a login')]);
    const none = await kickstand(['host', 'list', ...url]);
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('--url needs an API token')]);
  });
});
