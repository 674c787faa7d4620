// Plain requests on loopback: answered one after the other without a parser, and handed over, unharmed, with the first other one.

import { afterEach, expect, test, vi } from 'vitest';
import type { HttpLimits, HttpListener } from '../../../server/http/listener.ts';
import { closeListeners, closing, converse, echo, say, SERIAL, start, type Handler } from './rig.ts';

afterEach(closeListeners);

const asking = (target: string, extra = ''): string => `GET ${target} HTTP/1.1\r\nHost: h\r\n${extra}\r\n`;

/** More than the system takes of an answer that nobody reads. */
const LARGE = 16 * 1024 * 1024;
const READY = new Map([
  ['/repos/small', { status: 200, headers: ['Content-Length', '5'], body: 'ready' }],
  ['/repos/large', { status: 200, headers: ['Content-Length', `${LARGE}`], body: Buffer.alloc(LARGE, 'l') }],
  ['/api/small', { status: 200, headers: ['Content-Length', '5'], body: 'never' }],
]);

/** A port that has some answers ready. */
function startReady(limits: Partial<HttpLimits> = {}, handle: Handler = echo): Promise<HttpListener> {
  return start(handle, limits, { answerPlain: ({ target }) => READY.get(target) });
}

test('are answered one after the other on a connection, as node:http writes an answer', async () => {
  const { port } = await startReady();
  const { socket, received } = converse(port);
  for (const count of [1, 2, 3]) {
    socket.write(asking('/repos/small'));
    await vi.waitFor(() => expect(received().match(/ready/g)).toHaveLength(count));
  }
  expect(received().split('ready')[1]).toMatch(
    /^HTTP\/1\.1 200 OK\r\nContent-Length: 5\r\nDate: \w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT\r\nConnection: keep-alive\r\nKeep-Alive: timeout=75\r\n\r\n$/,
  );
  socket.destroy();
});

test('are followed by any other on the same connection, which a parser then has to its end', async () => {
  const { port } = await startReady();
  const { socket, received, closed } = converse(port);
  socket.write(asking('/repos/small'));
  await vi.waitFor(() => expect(received()).toContain('ready'));
  socket.write(asking('/repos/small', SERIAL));
  await vi.waitFor(() => expect(received()).toContain('installer /repos/small VMware-56 4d'));
  socket.write(closing('/repos/small'));
  expect(await closed).toContain('installer /repos/small undefined');
});

test('sent without waiting go to a parser all, in their order', async () => {
  const { port } = await startReady();
  const answer = await say(port, asking('/repos/small') + asking('/repos/x') + closing('/repos/y'));
  expect(answer).toMatch(/installer \/repos\/small [^]*installer \/repos\/x [^]*installer \/repos\/y /);
});

test('for what is not ready, and for an operator, go to a parser', async () => {
  const { port } = await startReady();
  for (const [target, seen] of [
    ['/repos/x', 'installer /repos/x'],
    ['/api/small', 'operator /api/small'],
  ] as const) {
    const { socket, received } = converse(port);
    socket.write(asking(target));
    await vi.waitFor(() => expect(received()).toContain(seen));
    socket.destroy();
  }
});

test('a client that closes its side after asking has its answer', async () => {
  const { port } = await startReady();
  const { socket, closed } = converse(port);
  socket.end(asking('/repos/small'));
  expect(await closed).toMatch(/ready$/);
});

test('a client that takes its time has all of the answer, and only then the next', async () => {
  const { port } = await startReady();
  const { socket, received } = converse(port);
  socket.pause();
  socket.write(asking('/repos/large'));
  await vi.waitFor(() => expect(socket.readableLength + socket.bytesRead).toBeGreaterThan(0));
  socket.write(asking('/repos/small'));
  socket.resume();
  await vi.waitFor(() => expect(received().endsWith('ready')).toBe(true), { timeout: 10_000 });
  const second = received().lastIndexOf('HTTP/1.1 200 OK');
  expect(second - received().indexOf('\r\n\r\n')).toBe(LARGE + 4);
  socket.destroy();
});

test('a client that takes nothing is cut off', async () => {
  const listener = await startReady({ idleMs: 50, closeMs: 60_000 });
  const { socket, closed } = converse(listener.port);
  socket.once('data', () => socket.pause());
  socket.write(asking('/repos/large'));
  await vi.waitFor(() => expect(socket.isPaused()).toBe(true));
  // It waits for the answer to be taken, or given up.
  await listener.close();
  socket.resume();
  expect((await closed).length).toBeLessThan(LARGE);
});

test('an idle connection ends; one that begins a request has the time of a first line', async () => {
  const { port } = await startReady({ keepAliveMs: 50, firstLineMs: 200 });
  const idle = converse(port);
  idle.socket.write(asking('/repos/small'));
  expect(await idle.closed).toMatch(/ready$/);
  const halting = converse(port);
  halting.socket.write(asking('/repos/small'));
  await vi.waitFor(() => expect(halting.received()).toContain('ready'));
  halting.socket.write('GET /rep');
  expect(await halting.closed).toMatch(/ready(?:HTTP\/1\.1 408 [^]*)?$/);
});

test('a connection between two of them is idle: it gives way, and is ended by close', async () => {
  const listener = await startReady({ connectionsPerAddress: 1, closeMs: 10_000 });
  const first = converse(listener.port);
  first.socket.write(asking('/repos/small'));
  await vi.waitFor(() => expect(first.received()).toContain('ready'));
  const second = converse(listener.port);
  second.socket.write(asking('/repos/small'));
  await vi.waitFor(() => expect(second.received()).toContain('ready'));
  expect(await first.closed).toMatch(/ready$/);
  await listener.close();
  expect(await second.closed).toMatch(/ready$/);
});

test('a request that has begun behind one is not idle: its answer is waited for', async () => {
  let finish = (): void => {};
  const listener = await startReady({ closeMs: 10_000 }, (_, response) => {
    finish = () => response.end('finished');
  });
  const { socket, received, closed } = converse(listener.port);
  socket.write(asking('/repos/small'));
  await vi.waitFor(() => expect(received()).toContain('ready'));
  socket.write('GET /repos/x HTTP/1.1\r\nHost: h\r\n');
  await vi.waitFor(() => expect(socket.bytesWritten).toBeGreaterThan(60));
  const ended = listener.close();
  socket.write('\r\n');
  await vi.waitFor(() => finish());
  expect(await closed).toContain('ready');
  await ended;
});
