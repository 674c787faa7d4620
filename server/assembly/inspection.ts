// What is kept of a repo, or of a tree from a URL, hashed again, and what is damaged of it brought anew where that is asked for.

import type { Repo } from '../repo.ts';
import type { No } from '../malformed.ts';
import type { House } from './house.ts';
import type { Repair } from './repair.ts';
import { repairRepo } from './repair.ts';
import type { RepoVerdict, VerifyProgress } from './verify.ts';
import { verifyRepo } from './verify.ts';

export type InspectProgress = VerifyProgress & {
  readonly phase: 'verifying' | 'repairing';
  readonly bytesPerSecond?: number | undefined;
  readonly etaSeconds?: number | undefined;
};

export type Inspecting = {
  readonly which: 'published' | 'all';
  readonly repair: 'repair' | 'look';
  readonly onProgress: (progress: InspectProgress) => void;
  readonly signal: AbortSignal;
};

/** `verdict` is what was found first; `repair` is undefined where nothing was to be repaired. */
export type Inspection = { readonly verdict: RepoVerdict; readonly repair: Repair | No | undefined };

/** Looks at every file of `repo`'s snapshots. Rejects when `signal` aborts. */
export async function inspectRepo(
  house: House,
  repo: Repo,
  { which, repair, onProgress, signal }: Inspecting,
): Promise<Inspection> {
  const looking = (progress: VerifyProgress): void => onProgress({ ...progress, phase: 'verifying' });
  const verdict = await verifyRepo(house, repo.name, { which, onProgress: looking, signal });
  const isDamaged = verdict.snapshots.some(({ damaged }) => damaged.length > 0);
  if (repair === 'look' || !isDamaged) return { verdict, repair: undefined };
  const repairing: Parameters<typeof repairRepo>[2]['watch']['onProgress'] = (progress) =>
    onProgress({ ...progress, phase: 'repairing' });
  return { verdict, repair: await repairRepo(house, repo, { verdict, watch: { onProgress: repairing, signal } }) };
}
