// The syslog port on loopback: util-linux's logger in all its forms, strangers, floods, and connections without end.

import { execFile, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { quietLog } from '../../../server/log.ts';
import type { HeardMessage, SyslogPort } from '../../../server/syslog/listener.ts';
import { startSyslogListener } from '../../../server/syslog/listener.ts';

let port: SyslogPort;
let heard: HeardMessage[] = [];
let host: string | undefined;
beforeEach(async () => {
  heard = [];
  host = 'cs40';
  port = await startSyslogListener({
    address: '127.0.0.1',
    port: 0,
    hostAt: (address) => (address === '127.0.0.1' ? host : undefined),
    take: (message) => void heard.push(message),
    log: quietLog,
  });
});
afterEach(() => port.close());

const said = (): readonly string[] =>
  heard.map(({ message: { severity, source, text } }) => `${severity} ${source}: ${text}`);

describe('logger', () => {
  const missing = spawnSync('logger', ['--version']).status !== 0;
  const forms = ['--rfc3164', '--rfc5424', '--rfc5424=notime', '--rfc5424=notq,nohost'];
  const ways = [['-d'], ['-T'], ['-T', '--octet-count']];
  const cases = ways.flatMap((way) =>
    forms.map((form): [string, readonly string[]] => [`${way.join(' ')} ${form}`, [...way, form]]),
  );
  test.skipIf(missing && process.env['CI'] === undefined).each(cases)('%s', async (_name, flags) => {
    const to = ['-n', '127.0.0.1', '-P', String(port.port)];
    await promisify(execFile)('logger', [
      ...to,
      ...flags,
      '-p',
      'local1.err',
      '-t',
      'anaconda',
      'no space left: größer',
    ]);
    await vi.waitFor(() => expect(said()).toEqual(['3 anaconda: no space left: größer']));
    expect(heard[0]?.host).toBe('cs40');
  });
});

/** Sends `text` over TCP, and ends. */
async function overTcp(text: string): Promise<void> {
  const socket = connect(port.port, '127.0.0.1');
  socket.end(text);
  socket.resume();
  await once(socket, 'close');
}

async function overUdp(count: number, text: string): Promise<void> {
  const socket = createSocket('udp4');
  for (let at = 0; at < count; at += 1) {
    await new Promise((done) => socket.send(text, port.port, '127.0.0.1', done));
  }
  socket.close();
}

test('a stranger is counted, and cut off', async () => {
  host = undefined;
  const socket = connect(port.port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write('<13>a: b\n');
  await once(socket, 'close');
  await overUdp(3, '<13>a: b');
  await vi.waitFor(() => expect(port.counts()).toEqual({ strangers: 4, beyond: 0 }));
  expect(heard).toEqual([]);
});

test('a host that is no more expected is not heard over an open connection either', async () => {
  const socket = connect(port.port, '127.0.0.1');
  socket.write('<13>a: one\n');
  await vi.waitFor(() => expect(heard).toHaveLength(1));
  host = undefined;
  socket.end('<13>a: two\n');
  socket.resume();
  await once(socket, 'close');
  expect(port.counts().strangers).toBe(1);
  expect(said()).toEqual(['5 a: one']);
});

test('a flood is bounded: what is beyond is counted, and the rest of it told with the next that is taken', async () => {
  await overTcp('<13>a: flood\n'.repeat(60_000));
  expect(heard.length + port.counts().beyond).toBe(60_000);
  expect(port.counts().beyond).toBeGreaterThan(0);
  // Another second may begin within the flood.
  await vi.waitFor(
    async () => {
      await overTcp('<13>a: after\n');
      expect(heard.at(-1)?.message.text).toBe('after');
    },
    { timeout: 5000, interval: 100 },
  );
  const told = heard.reduce((sum, { missed }) => sum + missed, 0);
  expect(told).toBe(port.counts().beyond);
});

test('a line without an end is cut, and the connection goes on', async () => {
  await overTcp(`<13>a: ${'x'.repeat(3_000_000)}\n<13>a: next\n`);
  expect(heard.map(({ message }) => message.text.length < 8192)).toEqual([true, true]);
  expect(said().at(-1)).toBe('5 a: next');
});

test("a machine's oldest connection makes room for its ninth", async () => {
  const sockets = Array.from({ length: 8 }, () => connect(port.port, '127.0.0.1'));
  for (const [index, socket] of sockets.entries()) {
    socket.on('error', () => {});
    socket.write(`<13>a: ${index}\n`);
    await vi.waitFor(() => expect(heard).toHaveLength(index + 1));
  }
  const closed = once(sockets[0] ?? expect.fail('no socket'), 'close');
  const ninth = connect(port.port, '127.0.0.1');
  ninth.write('<13>a: ninth\n');
  await closed;
  await vi.waitFor(() => expect(said().at(-1)).toBe('5 a: ninth'));
  for (const socket of [...sockets, ninth]) socket.destroy();
});

test('a port that another program has is refused with its code', async () => {
  const again = startSyslogListener({
    address: '127.0.0.1',
    port: port.port,
    hostAt: () => undefined,
    take: () => {},
    log: quietLog,
  });
  await expect(again).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('closes while connections are open', async () => {
  const socket = connect(port.port, '127.0.0.1');
  socket.on('error', () => {});
  await once(socket, 'connect');
  const closed = once(socket, 'close');
  await port.close();
  await closed;
  port = await startSyslogListener({
    address: '127.0.0.1',
    port: 0,
    hostAt: () => host,
    take: () => {},
    log: quietLog,
  });
});
