// The desk of jobs: what it refuses to begin, how jobs end, what is remembered of them, and who is told of a change.

import { expect, test } from 'vitest';
import type { JobDesk, JobOrder, Work } from '../../../server/jobs/desk.ts';
import { openJobDesk } from '../../../server/jobs/desk.ts';
import type { Job } from '../../../server/jobs/job.ts';
import { quietLog } from '../../../server/log.ts';
import { isNo, type No } from '../../../server/malformed.ts';

function desk(): JobDesk {
  let [ids, clock] = [0, 1000];
  return openJobDesk({ now: () => (clock += 1), newId: () => `job-${(ids += 1)}`, log: quietLog });
}

const order = (name: string, work: Work, more: Partial<JobOrder> = {}): JobOrder => ({
  kind: 'verify',
  target: { kind: 'repo', name },
  by: 'alice',
  work,
  ...more,
});

/** Runs until it is ended from outside. */
const endless: Work = ({ signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });
const sound: Work = async () => ({ outcome: 'sound', notes: ['3 files'] });

const begun = (answer: Job | No): Job => (isNo(answer) ? expect.fail(answer.reason) : answer);
async function ended(jobs: JobDesk, { id }: Job): Promise<void> {
  await expect.poll(() => jobs.find(id)).toHaveProperty('endedAt');
}

test('a job is told from its begin to its end', async () => {
  const jobs = desk();
  const report = Promise.withResolvers<void>();
  const progress = { filesDone: 1, filesTotal: 3, bytesDone: 10, bytesTotal: 30 };
  const job = begun(
    jobs.begin(
      order('base', async ({ onProgress }) => {
        onProgress(progress);
        await report.promise;
        return { outcome: 'damaged', damaged: [{ snapshot: 's', path: 'a.rpm', reason: 'is missing' }] };
      }),
    ),
  );
  expect(job).toEqual({ id: 'job-1', kind: 'verify', repo: 'base', by: 'alice', startedAt: 1001 });
  expect(jobs.find('job-1')).toEqual({ ...job, progress });
  report.resolve();
  await ended(jobs, job);
  expect(jobs.find('job-1')).toMatchObject({
    outcome: 'damaged',
    endedAt: 1002,
    damaged: [{ path: 'a.rpm', reason: 'is missing' }],
  });
  expect(jobs.find('job-1')).not.toHaveProperty('tree');
});

test.each<[string, readonly JobOrder[], JobOrder, string | undefined]>([
  ['one of the same target', [order('base', endless)], order('base', sound), 'of the repo base runs already'],
  [
    'a repair of the same target',
    [order('base', endless)],
    order('base', sound, { kind: 'repair' }),
    'of the repo base runs already',
  ],
  [
    'a tree of the same name',
    [order('base', endless)],
    order('x', sound, { target: { kind: 'tree', name: 'base' } }),
    undefined,
  ],
  ['a third', [order('a', endless), order('b', endless)], order('c', sound), '2 jobs run already'],
])('while a job runs, %s', async (_rule, running, next, refusal) => {
  const jobs = desk();
  running.forEach((one) => begun(jobs.begin(one)));
  const answer = jobs.begin(next);
  expect(isNo(answer) ? answer.reason : undefined).toEqual(
    refusal === undefined ? undefined : expect.stringContaining(refusal),
  );
  await jobs.close();
  expect(jobs.begin(order('later', sound))).toMatchObject({ kind: 'no', reason: 'the appliance stops' });
});

test.each<[string, Work, (jobs: JobDesk, id: string) => unknown, object]>([
  ['finds nothing wrong', sound, () => undefined, { outcome: 'sound', notes: ['3 files'] }],
  [
    'meets a fault',
    async () => {
      throw new Error('the disk is gone', { cause: new Error('EIO') });
    },
    () => undefined,
    { outcome: 'failed', reason: 'the disk is gone: EIO' },
  ],
  ['is cancelled', endless, (jobs, id) => jobs.cancel(id), { outcome: 'cancelled', cancelAsked: true }],
  ['runs when the appliance stops', endless, (jobs) => jobs.close(), { outcome: 'stopped' }],
  [
    'is done before it hears that it is cancelled',
    () => new Promise((resolve) => setImmediate(() => resolve({ outcome: 'sound' }))),
    (jobs, id) => jobs.cancel(id),
    { outcome: 'sound', cancelAsked: true },
  ],
])('a job that %s', async (_rule, work, meddle, expected) => {
  const jobs = desk();
  const job = begun(jobs.begin(order('base', work)));
  await meddle(jobs, job.id);
  await ended(jobs, job);
  expect(jobs.find(job.id)).toMatchObject(expected);
  expect(jobs.cancel(job.id)).toMatchObject({ kind: 'no', reason: 'the job has ended' });
  await jobs.close();
});

test('its target is free again once it has ended', async () => {
  const jobs = desk();
  await ended(jobs, begun(jobs.begin(order('base', sound))));
  await ended(jobs, begun(jobs.begin(order('base', sound))));
  expect(jobs.list().map(({ id }) => id)).toEqual(['job-2', 'job-1']);
});

test('the newest two hundred are remembered, and one that runs is never forgotten', async () => {
  const jobs = desk();
  const first = begun(jobs.begin(order('slow', endless)));
  for (let count = 0; count < 205; count += 1) await ended(jobs, begun(jobs.begin(order('base', sound))));
  expect(jobs.list()).toHaveLength(200);
  expect(jobs.find(first.id)).toBeDefined();
  expect(jobs.find('job-2')).toBeUndefined();
  await jobs.close();
  expect(jobs.find(first.id)).toMatchObject({ outcome: 'stopped' });
});

test('who asks again is told what changed since, the oldest change first', async () => {
  const jobs = desk();
  const slow = begun(jobs.begin(order('slow', endless)));
  const quick = begun(jobs.begin(order('quick', sound)));
  await ended(jobs, quick);
  const first = jobs.changedSince(0);
  expect(first.jobs.map(({ id, outcome }) => [id, outcome])).toEqual([
    [slow.id, undefined],
    [quick.id, 'sound'],
  ]);
  expect(jobs.changedSince(first.newest).jobs).toEqual([]);
  jobs.cancel(slow.id);
  expect(jobs.changedSince(first.newest).jobs.map(({ id, cancelAsked }) => [id, cancelAsked])).toEqual([
    [slow.id, true],
  ]);
  await jobs.close();
});
