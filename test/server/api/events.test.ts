// The event stream over real HTTP: what a listener is sent, what who comes back is sent, and that nobody can slow it down.

import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage, Server } from 'node:http';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { noFindings } from '../../../mirror/sync/log/record.ts';
import type { SyncLog } from '../../../mirror/sync/log/store.ts';
import { openSyncLog } from '../../../mirror/sync/log/store.ts';
import type { EventParts } from '../../../server/api/events/routes.ts';
import { eventRoutes } from '../../../server/api/events/routes.ts';
import { createApp } from '../../../server/app.ts';
import type { SyncEvents } from '../../../server/assembly/sync-events.ts';
import { openSyncEvents } from '../../../server/assembly/sync-events.ts';
import { quietLog } from '../../../server/log.ts';

let directory = '';
let log: SyncLog;
let events: SyncEvents;
const servers: Server[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-events-'));
  log = openSyncLog(join(directory, 'syncs.db'), quietLog);
  events = openSyncEvents({ syncs: log, now: Date.now, settings: { dataDirectory: directory }, log: quietLog });
});
afterEach(() => {
  events.close();
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
  log.close();
  rmSync(directory, { recursive: true });
});

async function serve(given: Omit<EventParts, 'mayListen'> = events): Promise<number> {
  const mayListen = ({ headers }: { headers: { authorization?: string | undefined } }) =>
    headers.authorization !== 'Bearer wrong';
  const server = createServer(createApp([eventRoutes({ ...given, mayListen })], quietLog));
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

type Listener = {
  readonly status: number;
  readonly type: string | undefined;
  until(text: string): Promise<string>;
  ended: Promise<unknown>;
  leave(): void;
};

/** A client of the stream; `until` answers all that came, once `text` is in it. */
async function listen(port: number, headers: Record<string, string> = {}, method = 'GET'): Promise<Listener> {
  const asked = request({ host: '127.0.0.1', port, path: '/api/v1/events', headers, method });
  asked.end();
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  let seen = '';
  const waiting = new Set<() => void>();
  response.setEncoding('utf8').on('data', (chunk: string) => {
    seen += chunk;
    waiting.forEach((look) => look());
  });
  const ended = new Promise((resolve) => {
    response.once('close', resolve);
  });
  response.on('error', () => undefined);
  return {
    status: response.statusCode ?? 0,
    type: response.headers['content-type'],
    until: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!seen.includes(text)) return;
          waiting.delete(look);
          resolve(seen);
        };
        waiting.add(look);
        look();
      }),
    ended,
    leave: () => void asked.destroy(),
  };
}

const beginning = { repo: 'base', cause: 'command', startedAt: Date.now() } as const;
const AT = { filesDone: 1, filesTotal: 2, bytesDone: 10, bytesTotal: 20 };

/** The events in a stream's text: kind and data. */
function parse(text: string): readonly [string, Record<string, unknown>][] {
  return text
    .split('\n\n')
    .map((block) => [/^event: (.*)$/m.exec(block)?.[1], /^data: (.*)$/m.exec(block)?.[1]])
    .flatMap(([event, data]) => (event === undefined || data === undefined ? [] : [[event, JSON.parse(data)]]));
}

test('a sync of any process is told from its begin to its end, once each, to every listener', async () => {
  const port = await serve();
  const [one, other] = [await listen(port), await listen(port)];
  expect([one.status, one.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
  const writer = openSyncLog(join(directory, 'syncs.db'), quietLog);
  const id = writer.begin(beginning) ?? 0;
  await one.until('event: sync-started');
  writer.sign(id, Date.now(), AT);
  await one.until('event: sync-progress');
  writer.end(id, { ...noFindings, endedAt: Date.now(), outcome: 'published', snapshot: 's1' });
  writer.close();
  for (const listener of [one, other]) {
    const told = parse(await listener.until('event: sync-ended'));
    expect(told).toMatchObject([
      ['sync-started', { id, repo: 'base', cause: 'command' }],
      ['sync-progress', { id, progress: AT }],
      ['sync-ended', { id, outcome: 'published', snapshot: 's1' }],
    ]);
    expect(told[0]?.[1]).not.toHaveProperty('seenAt');
  }
});

test('who comes anew is told what runs; who comes back, what came since', async () => {
  const port = await serve();
  log.end(log.begin({ ...beginning, repo: 'old' }) ?? 0, { ...noFindings, endedAt: 5, outcome: 'unchanged' });
  const id = log.begin(beginning) ?? 0;
  log.sign(id, Date.now(), AT);
  const first = await (await listen(port)).until('still here');
  expect(parse(first)).toMatchObject([['sync-progress', { repo: 'base' }]]);
  const lastId = /^id: (\d+)$/m.exec(first)?.[1] ?? '';
  log.end(id, { ...noFindings, endedAt: 6, outcome: 'failed', reason: 'no\nroute' });
  const back = await (await listen(port, { 'Last-Event-ID': lastId })).until('still here');
  expect(parse(back)).toMatchObject([['sync-ended', { repo: 'base', reason: 'no route' }]]);
});

test.each(['nonsense', '-1', '999999999', '1e3', ''])('a Last-Event-ID of %j is one who comes anew', async (lastId) => {
  log.begin(beginning);
  const listener = await listen(await serve(), { 'Last-Event-ID': lastId });
  expect(parse(await listener.until('still here'))).toMatchObject([['sync-progress', { repo: 'base' }]]);
});

test('the stream stays open by heartbeats, and ends when the appliance does', async () => {
  const port = await serve({ ...events, limits: { heartbeatMs: 5 } });
  const listener = await listen(port);
  await listener.until('still here\n\n: still here\n\n: still here');
  events.close();
  await listener.ended;
  expect((await listen(port)).status).toBe(503);
});

test('HEAD is answered and ended', async () => {
  const listener = await listen(await serve(), {}, 'HEAD');
  await listener.ended;
  expect([listener.status, listener.type]).toEqual([200, 'text/event-stream; charset=utf-8']);
});

test('an address that listens often enough is refused until it leaves', async () => {
  const port = await serve({ ...events, limits: { perAddress: 2 } });
  const open = [await listen(port), await listen(port)];
  const refused = await listen(port);
  expect([refused.status, refused.type]).toEqual([503, 'application/problem+json']);
  open[0]?.leave();
  let status = 503;
  while (status === 503) ({ status } = await listen(port));
  expect(status).toBe(200);
});

test('all listeners together are bounded', async () => {
  const port = await serve({ ...events, limits: { perAddress: 1000 } });
  const statuses: number[] = [];
  for (let count = 0; count < 66; count += 1) statuses.push((await listen(port)).status);
  expect([statuses.filter((status) => status === 200).length, statuses.at(-1)]).toEqual([64, 503]);
});

test('who missed more than may wait unread is told the newest of it, and stays', async () => {
  const hub: Omit<EventParts, 'mayListen'> = {
    subscribe: ({ send }) => {
      for (let id = 1; id <= 200; id += 1) send({ id, event: 'x', data: { id, notes: 'n'.repeat(2000) } });
      return () => undefined;
    },
  };
  const back = await listen(await serve(hub), { 'last-event-id': '0' });
  const told = parse(await back.until('still here')).map(([, { id }]) => id);
  expect(told.at(-1)).toBe(200);
  expect(told.length).toBeGreaterThan(50);
  back.leave();
});

test('a client that reads nothing is cut off, and the others hear on', async () => {
  let tell = (_text: string): void => {};
  const left = Promise.withResolvers<void>();
  const hub: Omit<EventParts, 'mayListen'> = {
    subscribe: (listener) => {
      tell = (text) => listener.send({ id: 1, event: 'x', data: text });
      return () => left.resolve();
    },
    limits: { unreadBytes: 64 * 1024 },
  };
  const socket = connect(await serve(hub), '127.0.0.1').pause();
  socket.write('GET /api/v1/events HTTP/1.1\r\nHost: h\r\n\r\n');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  // The kernel takes some megabytes before anything waits in this process.
  for (let sent = 0; sent < 400; sent += 1) {
    tell('x'.repeat(64 * 1024));
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  await left.promise;
  socket.destroy();
});
