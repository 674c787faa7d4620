// Syncs across processes: the appliance catches up, commands follow and cancel what others began, and the API tells all of it.

import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openSyncLog } from '../../mirror/sync/log/store.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startUpstream, status } from '../support/fake-upstream.ts';
import { onLoopback } from '../support/loopback.ts';
import { buildRepo, fixtureBytes } from '../support/repo-fixture.ts';

const CLI = new URL('../../scripts/cli.ts', import.meta.url).pathname;
const PACKAGE = 'Packages/big-1.0-1.noarch.rpm';
const packages = ['small', 'big'].map((name) => ({ name, bytes: fixtureBytes(name, 90_000) }));

let directory = '';
let place: string[] = [];
let upstream: FakeUpstream;
const children = new Set<ChildProcess>();
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-syncs-'));
  upstream = await startUpstream(buildRepo({ packages }));
  writeFileSync(siteFile(), exampleText.replace('http://cloudstack.apt-get.eu/rhel/4.0/', upstream.url));
  place = ['--site', siteFile(), '--data', data()];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
  await upstream.close();
  rmSync(directory, { recursive: true });
});
const siteFile = (): string => join(directory, 'site.yaml');
const data = (): string => join(directory, 'data');

/** Holds the big package half-way, until `release`. */
function holdPackage(): { readonly asked: Promise<void>; release(): void } {
  const asked = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  upstream.always(PACKAGE, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 40_000));
    asked.resolve();
    void released.promise.then(() => response.end(bytes.subarray(40_000)));
  });
  return { asked: asked.promise, release: () => released.resolve() };
}

/** A command that runs on; `said` waits until it has said so. */
function start(...args: readonly string[]) {
  const child = spawn(process.execPath, [CLI, ...args, ...place], { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let text = '';
  const waiting = new Set<() => void>();
  const hear = (chunk: string): void => {
    text += chunk;
    waiting.forEach((look) => look());
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, text }));
  const said = (part: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const look = (): void => {
        if (text.includes(part)) resolve();
      };
      waiting.add(look);
      look();
      void ended.then((end) => reject(new Error(`it ended (${end.code}) without ${part}: ${end.text}`)));
    });
  return { child, ended, said };
}

const FOLLOWING = 'another command syncs it already';

test('a second command follows the first: Ctrl-C leaves it running, and both tell its result', async () => {
  const held = holdPackage();
  const first = start('repo', 'sync', 'cloudstack');
  await held.asked;
  const leaver = start('repo', 'sync');
  const follower = start('repo', 'sync', 'cloudstack', '--quiet');
  await Promise.all([leaver.said(FOLLOWING), follower.said(FOLLOWING)]);
  leaver.child.kill('SIGINT');
  expect(await leaver.ended).toMatchObject({
    code: 1,
    text: expect.stringContaining('still being synced by another process'),
  });
  held.release();
  for (const { ended } of [first, follower])
    expect(await ended).toMatchObject({ code: 0, text: expect.stringMatching(/published \S+: 2 packages/) });
  const history = JSON.parse((await kickstand(['repo', 'history', 'cloudstack', '--json', ...place])).out) as unknown;
  expect(history).toMatchObject([{ cause: 'command', outcome: 'published', counts: { packages: 2 } }]);
});

test('cancel ends a sync of another process without harm; the next one goes on from there', async () => {
  expect((await kickstand(['repo', 'cancel', 'cloudstack', ...place])).code).toBe(1);
  const held = holdPackage();
  const syncing = start('repo', 'sync', 'cloudstack');
  await held.asked;
  const cancelled = await kickstand(['repo', 'cancel', 'cloudstack', ...place]);
  expect([cancelled.code, cancelled.out]).toEqual([0, expect.stringContaining('it ended: cancelled')]);
  expect(await syncing.ended).toMatchObject({ code: 1, text: expect.stringContaining('it was cancelled') });
  upstream.heal();
  upstream.clearLog();
  const next = await kickstand(['repo', 'sync', 'cloudstack', '--json', ...place]);
  expect([next.code, JSON.parse(next.out)]).toEqual([
    0,
    [expect.objectContaining({ kind: 'published', how: 'own', repo: 'cloudstack' })],
  ]);
  expect(upstream.log.map(({ path }) => path)).not.toContain('Packages/small-1.0-1.noarch.rpm');
});

test('a process that was killed is seen as broken off, and the next sync goes on', async () => {
  const held = holdPackage();
  const killed = start('repo', 'sync', 'cloudstack');
  await held.asked;
  killed.child.kill('SIGKILL');
  await killed.ended;
  upstream.heal();
  expect((await kickstand(['repo', 'sync', ...place])).code).toBe(0);
  const history = JSON.parse((await kickstand(['repo', 'history', 'cloudstack', '--json', ...place])).out) as unknown;
  expect(history).toMatchObject([{ outcome: 'published' }, { outcome: 'broken-off' }]);
});

/** As if the site had had its schedule for a week, and the appliance had been off. */
function scheduledForAWeek(): void {
  mkdirSync(data());
  const log = openSyncLog(join(data(), 'syncs.db'), quietLog);
  log.scheduledSince('cloudstack', '0 3 * * * Asia/Shanghai', Date.now() - 7 * 86_400_000);
  log.close();
}

async function withAppliance(work: (running: Running, origin: string) => Promise<void>): Promise<void> {
  const running = await serve(onLoopback(directory), quietLog);
  token = running.appliance.operatorToken();
  try {
    await work(running, `http://127.0.0.1:${running.httpPort}`);
  } finally {
    await running.close();
  }
}

let token = '';

function ask(url: string): Promise<Response> {
  return fetch(url, { headers: { authorization: `Bearer ${token}` } });
}

async function json(url: string): Promise<unknown> {
  return (await ask(url)).json();
}

/** Listens to the stream; `ended` is all that came up to the event that ends a sync. */
async function listen(origin: string): Promise<{ readonly ended: Promise<string> }> {
  const response = await ask(`${origin}/api/v1/events`);
  const read = async (): Promise<string> => {
    let text = '';
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString();
      if (text.includes('event: sync-ended')) break;
    }
    return text;
  };
  return { ended: read() };
}

test('what was missed while the appliance was off is caught up once it listens; all of it can be followed', async () => {
  scheduledForAWeek();
  const held = holdPackage();
  await withAppliance(async (_running, origin) => {
    await held.asked;
    const { ended } = await listen(origin);
    expect(await json(`${origin}/api/v1/repos/cloudstack`)).toMatchObject({
      name: 'cloudstack',
      runningSync: { cause: 'catch-up' },
    });
    const follower = start('repo', 'sync', 'cloudstack');
    await follower.said('the appliance (catch-up) syncs it already');
    held.release();
    expect(await ended).toContain('"outcome":"published"');
    expect((await follower.ended).code).toBe(0);
    expect(await json(`${origin}/api/v1/repos/cloudstack/syncs`)).toMatchObject([
      { cause: 'catch-up', outcome: 'published' },
    ]);
    const repo = (await json(`${origin}/api/v1/repos/cloudstack`)) as { nextSync: number };
    const untilNextMs = repo.nextSync - Date.now();
    expect(untilNextMs).toBeGreaterThan(0);
    expect(untilNextMs).toBeLessThan(86_400_000 + 600_000);
    expect((await ask(`${origin}/api/v1/repos/nothing`)).status).toBe(404);
    expect((await ask(`${origin}/api/v1/repos/nothing/syncs`)).status).toBe(404);
    expect((await ask(`${origin}/api/v1/repos/cloudstack/syncs?limit=0`)).status).toBe(400);
  });
});

test('an appliance that is stopped ends its sync at once, and goes on with it when it runs again', async () => {
  scheduledForAWeek();
  const held = holdPackage();
  await withAppliance(async () => held.asked);
  const read = openSyncLog(join(data(), 'syncs.db'), quietLog);
  expect(read.history('cloudstack', 10)).toMatchObject([{ cause: 'catch-up', outcome: 'stopped' }]);
  upstream.heal();
  const heldAgain = holdPackage();
  await withAppliance(async (_running, origin) => {
    await heldAgain.asked;
    const { ended } = await listen(origin);
    heldAgain.release();
    await ended;
  });
  expect(read.history('cloudstack', 10)).toMatchObject([{ outcome: 'published' }, { outcome: 'stopped' }]);
  read.close();
});

test('a failed sync is alarmed by the API and in the health, until one succeeds; a run of several goes on', async () => {
  const other = `  - name: other\n    upstream: ${upstream.url}\n`;
  writeFileSync(
    siteFile(),
    exampleText
      .replace('http://cloudstack.apt-get.eu/rhel/4.0/', `${upstream.url}gone/`)
      .replace('\ntrees:', `${other}\ntrees:`),
  );
  await withAppliance(async (_running, origin) => {
    upstream.always('gone/repodata/repomd.xml', status(404));
    const failed = await kickstand(['repo', 'sync', ...place]);
    expect([failed.code, failed.out, failed.err]).toEqual([
      1,
      expect.stringContaining('other: published'),
      expect.stringContaining('cloudstack: not synced'),
    ]);
    const health = (await json(`${origin}/healthz`)) as { ok: boolean; missing: unknown[] };
    expect(health.ok).toBe(true);
    expect(health.missing).toContainEqual(
      expect.objectContaining({ what: 'repo cloudstack', reason: expect.stringMatching(/^last sync failed: /) }),
    );
    // The console shows what the API tells.
    expect(await json(`${origin}/api/v1/repos/cloudstack`)).toMatchObject({
      alarm: expect.stringMatching(/^last sync failed: /),
    });
  });
});
