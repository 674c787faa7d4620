// The jobs of a running appliance: verifications and repairs begun by operators, and told to who listens.

import type { StreamEvent } from '../api/events/format.ts';
import type { Tree } from '../domain.ts';
import { tokenOf } from '../hosts/token.ts';
import type { JobDesk, Work } from '../jobs/desk.ts';
import { openJobDesk } from '../jobs/desk.ts';
import type { Job } from '../jobs/job.ts';
import { brief } from '../jobs/job.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { findingsOfInspection, findingsOfMedium } from './findings.ts';
import type { House } from './house.ts';
import { inspectRepo } from './inspection.ts';
import { inspectTree, verifyMedium } from './verify-tree.ts';

export type Jobs = JobDesk & {
  /** Begins to hash what is kept of a repo of the site. */
  verifyRepo(name: string, order: VerifyOrder & { readonly which: 'published' | 'all' }): Job | No;
  /** The same of a tree; a `No` too where a medium is to be repaired. */
  verifyTree(name: string, order: VerifyOrder): Job | No;
};

/** `by` is the operator who wants it. */
export type VerifyOrder = { readonly repair: 'repair' | 'look'; readonly by: string };

const ID_BYTES = 9;

/** No jobs yet. They end, and are forgotten, with the appliance. */
export function openJobs(house: House): Jobs {
  const { now, log } = house;
  const desk = openJobDesk({ now, newId: () => tokenOf(house.random(ID_BYTES)), log });
  return {
    ...desk,
    verifyRepo: (name, { which, repair, by }) => {
      const repo = house.site().repos.find((known) => known.name === name);
      if (repo === undefined) return no(`the site has no repo ${name}`);
      const work: Work = async (watch) =>
        findingsOfInspection(await inspectRepo(house, repo, { which, repair, ...watch }));
      return desk.begin({ kind: kindOf(repair), target: { kind: 'repo', name }, by, work });
    },
    verifyTree: (name, { repair, by }) => {
      const tree = house.site().trees.find((known) => known.name === name);
      if (tree === undefined) return no(`the site has no tree ${name}`);
      if (repair === 'repair' && tree.source.kind !== 'upstream')
        return no('a medium cannot be repaired', `kickstand tree add ${name} FILE replaces it by a sound one`);
      return desk.begin({
        kind: kindOf(repair),
        target: { kind: 'tree', name },
        by,
        work: treeWork(house, tree, repair),
      });
    },
  };
}

function kindOf(repair: VerifyOrder['repair']): Job['kind'] {
  return repair === 'repair' ? 'repair' : 'verify';
}

function treeWork(house: House, tree: Tree, repair: VerifyOrder['repair']): Work {
  const { name, source } = tree;
  if (source.kind === 'upstream')
    return async (watch) =>
      findingsOfInspection(await inspectTree(house, { name, url: source.url }, { repair, ...watch }));
  return async (watch) => {
    const checks = await verifyMedium(house, tree, watch);
    if (isNo(checks)) return { outcome: 'failed', reason: checks.reason, remedy: checks.remedy };
    return findingsOfMedium(checks);
  };
}

/** Asked again and again: the jobs that changed since it was asked last, as they are now. */
export function watchJobs(desk: Pick<JobDesk, 'changedSince'>): () => readonly Omit<StreamEvent, 'id'>[] {
  let seen = 0;
  return () => {
    const { newest, jobs } = desk.changedSince(seen);
    seen = newest;
    return jobs.map((job) => ({ event: 'job', data: brief(job) }));
  };
}
