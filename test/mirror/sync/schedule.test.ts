// Which schedules a site means, what a reload changes, and that real timers call, never overlap, and outlive a failure.

import { describe, expect, test } from 'vitest';
import { startSchedules } from '../../../mirror/sync/cron/listener.ts';
import { changeSchedules, planSchedules, type ScheduledSync } from '../../../mirror/sync/schedule.ts';
import { quietLog, type Log } from '../../../server/log.ts';

const at = (repo: string, cron = '0 3 * * *', timezone = 'Asia/Shanghai'): ScheduledSync => ({ repo, cron, timezone });
const EVERY_SECOND = '* * * * * *';

test('only repos with a schedule have one, in the site’s time zone', () => {
  const repos = [
    { name: 'a', schedule: '0 3 * * *' },
    { name: 'b', schedule: undefined },
  ];
  expect(planSchedules({ timezone: 'Asia/Shanghai', repos })).toEqual([at('a')]);
});

test.each<[string, ScheduledSync[], ScheduledSync[], string[], string[]]>([
  ['nothing', [at('a')], [at('a')], [], []],
  ['a new repo', [at('a')], [at('a'), at('b')], [], ['b']],
  ['a repo that went', [at('a'), at('b')], [at('b')], ['a'], []],
  ['another time', [at('a')], [at('a', '0 4 * * *')], ['a'], ['a']],
  ['another zone', [at('a')], [at('a', '0 3 * * *', 'UTC')], ['a'], ['a']],
])('a reload that changes %s', (_what, running, wanted, stop, start) => {
  const change = changeSchedules(running, wanted);
  expect(change.stop).toEqual(stop);
  expect(change.start.map(({ repo }) => repo)).toEqual(start);
});

describe('timers', () => {
  test('call each repo; one that fails is told and stops neither itself nor the others', async () => {
    const { log, lines } = recordingLog();
    const called = new Map<string, number>();
    const twiceEach = Promise.withResolvers<void>();
    const run = async (repo: string): Promise<void> => {
      called.set(repo, (called.get(repo) ?? 0) + 1);
      if ((called.get('good') ?? 0) > 1 && (called.get('bad') ?? 0) > 1) twiceEach.resolve();
      if (repo === 'bad') throw new Error('upstream is down');
    };
    const schedules = await startSchedules([at('bad', EVERY_SECOND), at('good', EVERY_SECOND)], run, log);
    await twiceEach.promise;
    await schedules.close();
    expect(lines).toContain('scheduled sync failed: upstream is down');
  });

  test('never run the same repo twice at once', async () => {
    const { log, lines, onLine } = recordingLog();
    const end = Promise.withResolvers<void>();
    let running = 0;
    let most = 0;
    const run = async (): Promise<void> => {
      running += 1;
      most = Math.max(most, running);
      await end.promise;
      running -= 1;
    };
    const skipped = onLine();
    const schedules = await startSchedules([at('slow', EVERY_SECOND)], run, log);
    await skipped;
    end.resolve();
    await schedules.close();
    expect(most).toBe(1);
    expect(lines[0]).toMatch(/^sync skipped/);
  });

  test('take over a reloaded site', async () => {
    const first = Promise.withResolvers<string>();
    const schedules = await startSchedules([at('old', '0 0 1 1 *')], async (repo) => first.resolve(repo), quietLog);
    await schedules.replace([at('new', EVERY_SECOND)]);
    expect(await first.promise).toBe('new');
    await schedules.close();
  });

  test.each([
    ['not cron', '61 * * * *', 'UTC'],
    ['a path', './evil.js', 'UTC'],
    ['no such zone', '0 3 * * *', 'Mars/Olympus'],
  ])('leave out %s, and say so', async (_what, cron, timezone) => {
    const { log, lines } = recordingLog();
    const schedules = await startSchedules([at('odd', cron, timezone), at('good')], async () => undefined, log);
    await schedules.close();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^schedule not usable/);
  });
});

function recordingLog(): { log: Log; lines: string[]; onLine: () => Promise<void> } {
  const lines: string[] = [];
  const waiting: (() => void)[] = [];
  const note: Log['warn'] = (message, fields) => {
    lines.push(`${message}: ${String(fields?.['reason'])}`);
    for (const wake of waiting) wake();
  };
  const onLine = (): Promise<void> =>
    new Promise((resolve) => {
      waiting.push(resolve);
    });
  return { log: { ...quietLog, warn: note, error: note }, lines, onLine };
}
