// What a supervisor is told, read from a real socket: readiness, a watchdog's food while the event loop turns, and the stop.

import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { beatMs, openSupervisor } from '../../../server/assembly/supervisor.ts';
import { quietLog } from '../../../server/log.ts';
import { needs } from '../../support/lab-needs.ts';
import { openNotifySocket } from '../../support/notify-socket.ts';

const NONE = { NOTIFY_SOCKET: undefined, WATCHDOG_USEC: undefined, WATCHDOG_PID: undefined };

test.each([
  ['none', {}, undefined],
  ['a third of its time', { WATCHDOG_USEC: '60000000' }, 20_000],
  ['for this process', { WATCHDOG_USEC: '3000000', WATCHDOG_PID: '7' }, 1000],
  ['for another process', { WATCHDOG_USEC: '3000000', WATCHDOG_PID: '8' }, undefined],
  ['no number', { WATCHDOG_USEC: '-1' }, undefined],
  ['nothing at all', { WATCHDOG_USEC: '' }, undefined],
])('the watchdog is fed: %s', (_rule, environment, expected) => {
  expect(beatMs({ ...NONE, ...environment }, 7)).toBe(expected);
});

const { skip, note } = needs(['python3', 'systemd-notify'], 'none');

describe.skipIf(skip)(`a supervisor${note}`, () => {
  test('hears of readiness, of life while there is life, and of the stop', async () => {
    const socket = await openNotifySocket();
    onTestFinished(() => socket.close());
    const told = (words: string) => socket.told().filter((one) => one.words.startsWith(words));
    const environment = { NOTIFY_SOCKET: socket.path, WATCHDOG_USEC: '300000', WATCHDOG_PID: String(process.pid) };
    const supervisor = openSupervisor({ environment, pid: process.pid, log: quietLog });
    await supervisor.ready('serves');
    await vi.waitFor(() => expect(told('READY=1 STATUS=serves')).toHaveLength(1));
    await vi.waitFor(() => expect(told('WATCHDOG=1').length).toBeGreaterThan(1), { timeout: 10_000 });
    const stands = Date.now();
    // The event loop stands still; what was on its way arrives within a moment.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
    const turns = Date.now();
    await vi.waitFor(() => expect(told('WATCHDOG=1').some(({ at }) => at >= turns)).toBe(true), { timeout: 10_000 });
    expect(told('WATCHDOG=1').filter(({ at }) => at > stands + 800 && at < turns)).toEqual([]);
    await supervisor.stopping('ends');
    await vi.waitFor(() => expect(told('STOPPING=1 STATUS=ends')).toHaveLength(1));
    supervisor.close();
  });

  test('that is not there holds nobody up', async () => {
    await openSupervisor({ environment: NONE, pid: 1, log: quietLog }).ready('serves');
    const warned: string[] = [];
    const log = { ...quietLog, warn: (message: string) => void warned.push(message) };
    const gone = { ...NONE, NOTIFY_SOCKET: '/nonexistent/notify' };
    await openSupervisor({ environment: gone, pid: 1, log }).ready('serves');
    expect(warned).toEqual(['the supervisor was not told']);
  });
});
