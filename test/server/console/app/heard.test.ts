// What the console hears of trees and jobs, put where its lists show it.

import { describe, expect, test } from 'vitest';
import type { Job, Sync, Tree } from '../../../../server/console/app/api/content-types.ts';
import { withJob, withSync } from '../../../../server/console/app/live/heard.ts';

describe('a sync of a tree that is heard of', () => {
  const upstream = { kind: 'upstream', url: 'http://127.0.0.1/' } as const;
  const tree: Tree = { name: 'rhel6', source: upstream, ready: false, what: 'it was not fetched' };
  const sync: Sync = { id: 1, tree: 'rhel6', cause: 'api', startedAt: 1 };

  test('is shown with the tree while it runs, and is the last once it has ended', () => {
    const running = withSync({ items: [tree] }, sync);
    expect(running.items).toEqual([{ ...tree, runningSync: sync }]);
    const ended = { ...sync, endedAt: 2, outcome: 'published' };
    expect(withSync(running, ended).items).toEqual([{ ...tree, lastSync: ended }]);
  });

  test('is none of a repo of another name', () => {
    expect(withSync({ items: [tree] }, { ...sync, tree: 'other' }).items).toEqual([tree]);
  });
});

describe('a job that is heard of', () => {
  const older: Job = { id: 'a', kind: 'verify', tree: 'rhel6', by: 'anna', startedAt: 1 };
  const job: Job = { ...older, id: 'b', startedAt: 2 };

  test('for the first time comes first', () => {
    expect(withJob({ items: [older] }, job).items).toEqual([job, older]);
  });

  test('again is as it is now', () => {
    const ended = { ...older, endedAt: 5, outcome: 'sound' } as const;
    expect(withJob({ items: [job, older] }, ended).items).toEqual([job, ended]);
  });
});
