// What a job tells of its end, however much was found and whatever a disk calls its files.

import { expect, test } from 'vitest';
import type { JobFindings } from '../../../server/jobs/job.ts';
import { brief, ended } from '../../../server/jobs/job.ts';

const job = { id: 'x', kind: 'verify', repo: 'base', by: 'alice', startedAt: 1 } as const;
const many = (count: number) => Array.from({ length: count }, (_, at) => ({ path: `p${at}`, reason: 'is missing' }));
const told = (findings: JobFindings) => ended(job, findings, 2);

test('a thousand damaged files are counted, and the first hundred listed', () => {
  const { damaged, damagedMore } = told({ outcome: 'damaged', damaged: many(1000) });
  expect([damaged?.length, damagedMore]).toEqual([100, 900]);
  expect(told({ outcome: 'damaged', damaged: many(100) })).not.toHaveProperty('damagedMore');
});

test('where many are told of, ten are listed of each, and nothing is counted less', () => {
  const { damaged, damagedMore, notes } = brief(
    told({ outcome: 'damaged', damaged: many(1000), notes: Array.from({ length: 60 }, (_, at) => `note ${at}`) }),
  );
  expect([damaged?.length, damagedMore, notes?.length]).toEqual([10, 990, 10]);
  const small = told({ outcome: 'damaged', damaged: many(10) });
  expect(brief(small)).toBe(small);
});

test('notes are cut, and say how many are left out', () => {
  const { notes } = told({ outcome: 'sound', notes: Array.from({ length: 60 }, (_, at) => `note ${at}`) });
  expect([notes?.length, notes?.at(-1)]).toEqual([51, 'and 10 more']);
});

test('no name of a file moves a cursor, turns a line round, or is without end', () => {
  const { damaged, reason } = told({
    outcome: 'failed',
    damaged: [{ path: `a\u001b[2J\u202eb${'c'.repeat(9000)}`, reason: 'x'.repeat(900) }],
    reason: 'line\nfeed',
  });
  expect(damaged?.[0]?.path).toMatch(/^a \[2J bc+$/);
  expect([damaged?.[0]?.path.length, damaged?.[0]?.reason.length, reason]).toEqual([1024, 500, 'line feed']);
});
