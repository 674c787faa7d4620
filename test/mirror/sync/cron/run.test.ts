// The loop of schedules on a clock of the test's own: on time, late ones in turn, never twice at once, and what a reload changes.

import { describe, expect, test } from 'vitest';
import { startSchedules } from '../../../../mirror/sync/cron/listener.ts';
import type { Attempt, OwnCause } from '../../../../mirror/sync/cron/due.ts';
import type { ScheduleEdges } from '../../../../mirror/sync/cron/run.ts';
import { runSchedules } from '../../../../mirror/sync/cron/run.ts';
import type { ScheduledSync } from '../../../../mirror/sync/schedule.ts';
import type { Log } from '../../../../server/log.ts';
import { quietLog } from '../../../../server/log.ts';

const MINUTE = 60_000;
const DAY = 86_400_000;
const NOON = Date.parse('2026-11-22T12:00Z');
const at = (repo: string, cron = '0 3 * * *', timezone = 'UTC'): ScheduledSync => ({
  site: 'lab',
  repo,
  cron,
  timezone,
});

type Sync = {
  readonly repo: string;
  readonly cause: OwnCause;
  readonly at: number;
  end(outcome: Attempt['outcome']): Promise<void>;
};

/** A clock that moves only when told, and syncs that end only when told. */
function startBench(schedules: readonly ScheduledSync[], over: Partial<ScheduleEdges> = {}) {
  const bench = { now: NOON, alarm: undefined as { at: number; wake: () => void } | undefined };
  const begun: Sync[] = [];
  const log: string[] = [];
  const note: Log['error'] = (message, fields) => void log.push(`${message}: ${String(fields?.['reason'])}`);
  const loop = runSchedules(schedules, {
    now: () => bench.now,
    wakeIn: (delayMs, wake) => {
      const alarm = { at: bench.now + delayMs, wake };
      bench.alarm = alarm;
      return () => {
        if (bench.alarm === alarm) bench.alarm = undefined;
      };
    },
    remembered: () => ({ since: NOON, attempts: [] }),
    sync: (repo, cause) => {
      const { promise, resolve } = Promise.withResolvers<Attempt | undefined>();
      const startedAt = bench.now;
      begun.push({
        repo,
        cause,
        at: startedAt,
        end: async (outcome) => {
          resolve({ cause, startedAt, at: bench.now, outcome });
          await settled();
        },
      });
      return promise;
    },
    log: { ...quietLog, error: note },
    ...over,
  });
  /** Lets the clock run; the loop is woken whenever it asked to be. */
  const pass = async (ms: number): Promise<void> => {
    const until = bench.now + ms;
    while (bench.alarm !== undefined && bench.alarm.at <= until) {
      const { at, wake } = bench.alarm;
      bench.now = at;
      wake();
      await settled();
    }
    bench.now = until;
  };
  return { loop, begun, log, pass, bench };
}

/** Everything that waits for nothing but its turn has had it. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('each repo begins within ten minutes of its time, not all at once, and again the next day', async () => {
  const { begun, pass } = startBench([at('a'), at('b'), at('c')]);
  await pass(14 * 60 * MINUTE);
  expect(begun).toEqual([]);
  await pass(80 * MINUTE);
  expect(begun.map(({ repo, cause }) => `${repo} ${cause}`).toSorted()).toEqual([
    'a schedule',
    'b schedule',
    'c schedule',
  ]);
  expect(new Set(begun.map((sync) => sync.at)).size).toBe(3);
  for (const sync of begun) expect((sync.at - NOON) / MINUTE).toBeLessThan(15 * 60 + 10);
  for (const sync of begun) await sync.end('unchanged');
  await pass(DAY);
  expect(begun).toHaveLength(6);
});

test('a repo is never synced twice at once, however long it takes', async () => {
  const { begun, pass } = startBench([at('slow', '* * * * *')]);
  await pass(30 * MINUTE);
  expect(begun).toHaveLength(1);
  await begun[0]?.end('published');
  await pass(2 * MINUTE);
  expect(begun).toHaveLength(2);
});

test('what was missed is caught up at the start, two repos at once; one on time does not wait for them', async () => {
  const remembered = () => ({ since: NOON - 9 * DAY, attempts: [] });
  const repos = [at('a'), at('b'), at('c'), at('d'), at('soon', '10 12 * * *')];
  const { begun, pass } = startBench(repos, { remembered });
  await settled();
  const names = () => begun.map(({ repo, cause }) => `${repo} ${cause}`);
  expect(names()).toEqual(['a catch-up', 'b catch-up']);
  await pass(20 * MINUTE);
  // One that trickles holds up nothing but itself.
  await begun[1]?.end('failed');
  expect(names()).toEqual(['a catch-up', 'b catch-up', 'c catch-up']);
  await begun[2]?.end('published');
  expect(names().slice(3)).toEqual(['d catch-up']);
  await begun[3]?.end('published');
  expect(names().slice(4)).toEqual(['soon catch-up']);
  await begun[4]?.end('published');
  await begun[0]?.end('published');
});

test('one that fails is tried after 15 minutes and an hour, then left to its next time, also where nothing is logged', async () => {
  const { begun, pass } = startBench([at('bad')], { remembered: () => ({ since: NOON - DAY, attempts: [] }) });
  await settled();
  const after: number[] = [];
  for (let tries = 0; tries < 3; tries += 1) {
    after.push((begun.at(-1)?.at ?? 0) - NOON);
    await begun.at(-1)?.end('failed');
    await pass(2 * 60 * MINUTE);
  }
  expect(after.map((ms) => Math.round(ms / MINUTE))).toEqual([0, 15, 180]);
  expect(begun).toHaveLength(3);
});

test('a sync that throws is told, and stops neither itself nor the others', async () => {
  const sync = async (repo: string): Promise<undefined> => {
    throw new Error(`${repo} is broken`);
  };
  const { log, pass } = startBench([at('a'), at('b')], { sync });
  await pass(DAY);
  expect(log.filter((line) => line === 'scheduled sync failed: a is broken')).toHaveLength(3);
  expect(log.filter((line) => line === 'scheduled sync failed: b is broken')).toHaveLength(3);
});

test('a repo that another process syncs is looked at again, not asked for without a pause', async () => {
  let asked = 0;
  const sync = async (): Promise<undefined> => void (asked += 1);
  const { pass } = startBench([at('a')], { sync, remembered: () => ({ since: NOON - DAY, attempts: [] }) });
  await pass(10 * MINUTE);
  expect(asked).toBeGreaterThan(5);
  expect(asked).toBeLessThan(15);
});

test('a reloaded site takes over at once; what runs is left to end', async () => {
  const { loop, begun, pass } = startBench([at('old', '5 12 * * *')]);
  await pass(20 * MINUTE);
  loop.replace([at('new', '30 12 * * *')]);
  await pass(20 * MINUTE);
  expect(begun.map(({ repo }) => repo)).toEqual(['old', 'new']);
});

test('closed, it starts nothing more and waits for what runs', async () => {
  const { loop, begun, pass } = startBench([at('a', '5 12 * * *'), at('b', '30 12 * * *')]);
  await pass(20 * MINUTE);
  let isClosed = false;
  const closed = loop.close().then(() => (isClosed = true));
  await settled();
  expect(isClosed).toBe(false);
  await begun[0]?.end('stopped');
  await closed;
  await pass(DAY);
  expect(begun).toHaveLength(1);
});

describe('a schedule that is none', () => {
  test.each([
    ['not cron', '61 * * * *', 'UTC'],
    ['a path', './evil.js', 'UTC'],
    ['no such zone', '0 3 * * *', 'Mars/Olympus'],
  ])('%s is left out and told, the others go on', async (_what, cron, zone) => {
    const { log, begun, pass } = startBench([at('odd', cron, zone), at('good', '5 12 * * *')]);
    await pass(20 * MINUTE);
    expect(log).toEqual([expect.stringMatching(/^schedule not usable/)]);
    expect(begun.map(({ repo }) => repo)).toEqual(['good']);
  });
});

test('the real timer wakes it', async () => {
  const asked = Promise.withResolvers<string>();
  // Every minute has a time, and since 1970 one was missed.
  const schedules = startSchedules([at('a', '* * * * *')], {
    remembered: () => ({ since: 0, attempts: [] }),
    sync: async (repo) => {
      asked.resolve(repo);
      return undefined;
    },
    log: quietLog,
  });
  expect(await asked.promise).toBe('a');
  await schedules.close();
});
