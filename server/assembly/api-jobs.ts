// The API's operations on long work over the open house: syncs of trees, verifications, repairs.

import { contentNameOfTree } from '../../mirror/content/layout.ts';
import type { Operation } from '../api/operation.ts';
import { jobOperations } from '../api/resources/jobs.ts';
import { treeSyncOperations } from '../api/resources/tree-syncs.ts';
import type { Notices } from '../happenings/notices.ts';
import { brief } from '../jobs/job.ts';
import type { No } from '../malformed.ts';
import type { House } from './house.ts';
import type { Jobs } from './jobs.ts';
import { cancelSync } from './sync-jobs.ts';
import type { SyncStarter } from './sync-start.ts';
import { syncHistory } from './sync-views.ts';
import { noRepo, noTree, treeDetail } from './views.ts';

/** What begins work that goes on after the answer. */
export type Starters = {
  readonly starter: SyncStarter;
  readonly jobs: Jobs;
  /** What a running appliance noticed. */
  readonly notices?: Notices;
};

export function longWorkOperations(house: House, { starter, jobs }: Starters): readonly Operation[] {
  const unknownRepo = (name: string): No | undefined =>
    house.site().repos.some((repo) => repo.name === name) ? undefined : noRepo(house);
  const unknownTree = (name: string): No | undefined =>
    house.site().trees.some((tree) => tree.name === name) ? undefined : noTree(house);
  return [
    ...treeSyncOperations({
      tree: (name) => treeDetail(house, name),
      unknownTree,
      syncs: async (name, limit) => unknownTree(name) ?? syncHistory(house, contentNameOfTree(name), limit),
      beginSync: (name) => starter.beginTree(name),
      cancelSync: (name) => cancelSync(house, contentNameOfTree(name)),
    }),
    ...jobOperations({
      unknownRepo,
      unknownTree,
      verifyRepo: (name, order) => jobs.verifyRepo(name, order),
      verifyTree: (name, order) => jobs.verifyTree(name, order),
      jobs: () => jobs.list().map(brief),
      job: (id) => jobs.find(id),
      cancel: (id) => jobs.cancel(id),
    }),
  ];
}
