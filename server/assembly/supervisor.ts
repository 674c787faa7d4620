// What a supervisor is told over sd_notify(3): ready, alive, stopping. Node has no datagram sockets of AF_UNIX, so systemd-notify(1) sends.

import { execFile } from 'node:child_process';
import type { Log } from '../log.ts';
import { messageOf } from '../malformed.ts';

export type Supervisor = {
  /** Everything listens. From here on the watchdog is fed, where there is one. */
  ready(status: string): Promise<void>;
  /** No more is taken up; what runs is finished. */
  stopping(status: string): Promise<void>;
  /** Feeds no watchdog any more. */
  close(): void;
};

/** What systemd sets in the environment of a service of `Type=notify` (sd_notify(3), sd_watchdog_enabled(3)). */
export type SupervisorEnvironment = Readonly<
  Record<'NOTIFY_SOCKET' | 'WATCHDOG_USEC' | 'WATCHDOG_PID', string | undefined>
>;

export type SupervisorParts = {
  readonly environment: SupervisorEnvironment;
  readonly pid: number;
  readonly log: Log;
};

/** Of this process. What it starts is no service of its own. */
export function supervisorEnvironment(): SupervisorEnvironment {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = process.env;
  return { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID };
}

/** It waits until systemd has read what it sent, and would wait for ever where nobody reads. */
const TELL_WITHIN_MS = 5000;
/** One that is lost or late is no reason to be killed. */
const BEATS_PER_TIMEOUT = 3;

const NOBODY: Supervisor = { ready: async () => {}, stopping: async () => {}, close: () => {} };

/** Whoever supervises this process; nobody where the environment names no socket. */
export function openSupervisor({ environment, pid, log }: SupervisorParts): Supervisor {
  const { NOTIFY_SOCKET: socket } = environment;
  if (socket === undefined || socket === '') return NOBODY;
  let beat: NodeJS.Timeout | undefined;
  const tell = async (...words: readonly string[]): Promise<void> => {
    const fault = await notify(socket, words);
    if (fault !== undefined) log.warn('the supervisor was not told', { what: words[0], error: messageOf(fault) });
  };
  return {
    ready: async (status) => {
      await tell('READY=1', `STATUS=${status}`);
      const everyMs = beatMs(environment, pid);
      if (everyMs === undefined || beat !== undefined) return;
      // A timer of the event loop: a loop that stands still feeds nobody, and is killed and started anew.
      beat = setInterval(() => void tell('WATCHDOG=1'), everyMs).unref();
    },
    // Fed to the end: what is finished after this may take as long as the unit allows.
    stopping: (status) => tell('STOPPING=1', `STATUS=${status}`),
    close: () => clearInterval(beat),
  };
}

/** How often the watchdog of this process is to be fed, in milliseconds; undefined: it has none. */
export function beatMs({ WATCHDOG_USEC, WATCHDOG_PID }: SupervisorEnvironment, pid: number): number | undefined {
  if (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(pid)) return undefined;
  if (WATCHDOG_USEC === undefined || !/^[1-9]\d{0,15}$/.test(WATCHDOG_USEC)) return undefined;
  return Math.max(1, Math.floor(Number(WATCHDOG_USEC) / 1000 / BEATS_PER_TIMEOUT));
}

/** Resolves with what went wrong, if anything did. */
async function notify(socket: string, words: readonly string[]): Promise<Error | undefined> {
  const { promise, resolve } = Promise.withResolvers<Error | undefined>();
  const environment = { PATH: process.env['PATH'], NOTIFY_SOCKET: socket };
  execFile('systemd-notify', words, { env: environment, timeout: TELL_WITHIN_MS }, (error) =>
    resolve(error ?? undefined),
  );
  return promise;
}
