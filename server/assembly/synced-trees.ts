// Trees from a URL hashed again: everything in them, against what their sync wrote down, and mended where that is asked for.

import { contentNameOfTree } from '../../mirror/content/layout.ts';
import { wholeRepo } from '../../mirror/tree/remote/repositories.ts';
import type { Verified } from '../../mirror/tree/verify.ts';
import type { Tree } from '../domain.ts';
import { isNo } from '../malformed.ts';
import type { House } from './house.ts';
import { repairRepo } from './repair.ts';
import { verifyRepo, type RepoVerdict, type VerifyWatch } from './verify.ts';

export type VerifiedSync = { readonly checks: readonly Verified[]; readonly problem: string | undefined };

/** Looks at every file that is published of `tree`, packages and metadata too; with `repair`, brings anew what is damaged. */
export async function verifySyncedTree(
  house: House,
  tree: Tree,
  { repair, ...watch }: VerifyWatch & { readonly repair: 'repair' | 'look' },
): Promise<VerifiedSync> {
  const name = contentNameOfTree(tree.name);
  const verdict = await verifyRepo(house, name, { which: 'published', ...watch });
  if (verdict.snapshot === undefined) return { checks: [], problem: 'it was not fetched from its upstream yet' };
  if (repair === 'look' || damagedIn(verdict).length === 0 || tree.source.kind !== 'upstream') return judged(verdict);
  const repo = wholeRepo(name, tree.source.url);
  const repaired = await repairRepo(house, repo, { verdict, watch });
  if (isNo(repaired)) return { ...judged(verdict), problem: repaired.reason };
  const lost = repaired.lost.map(({ path, reason }): Verified => ({ path, verdict: 'bad', detail: reason }));
  const { checks, problem } = judged(repaired.verdict);
  return { checks: [...lost, ...checks], problem };
}

function damagedIn({ snapshots }: RepoVerdict): RepoVerdict['snapshots'][number]['damaged'] {
  return snapshots.flatMap(({ damaged }) => damaged);
}

function judged(verdict: RepoVerdict): VerifiedSync {
  const damaged = damagedIn(verdict);
  const bad = damaged.map(({ path, reason }): Verified => ({ path, verdict: 'bad', detail: reason }));
  const detail = `${verdict.files} files of ${verdict.snapshot ?? ''}${damaged.length === 0 ? '' : `, ${damaged.length} of them damaged`}`;
  const whole: Verified = { path: 'the whole tree', verdict: damaged.length === 0 ? 'good' : 'bad', detail };
  return { checks: [...bad, whole], problem: verdict.snapshots.find(({ problem }) => problem !== undefined)?.problem };
}
