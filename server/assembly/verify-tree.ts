// Trees proved again: a medium by the checksums that it names itself, one from a URL by all that its sync wrote down.

import { contentNameOfTree } from '../../mirror/content/layout.ts';
import { wholeRepo } from '../../mirror/tree/remote/repositories.ts';
import type { Verified } from '../../mirror/tree/verify.ts';
import { verifyTree } from '../../mirror/tree/verify.ts';
import type { Tree } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import type { House } from './house.ts';
import type { Inspecting, Inspection } from './inspection.ts';
import { inspectRepo } from './inspection.ts';
import type { RepoVerdict, VerifyWatch } from './verify.ts';

/** What was found of a tree; `problem` is why it could not be looked at, or not be mended. */
export type VerifiedTree = { readonly checks: readonly Verified[]; readonly problem: string | undefined };

/** Proves `tree`. With `repair`, what is damaged of one from a URL is brought anew; a medium is only looked at. */
export async function verifyOneTree(
  house: House,
  tree: Tree,
  { repair, ...watch }: Omit<Inspecting, 'which' | 'onProgress'> & Pick<VerifyWatch, 'onProgress'>,
): Promise<VerifiedTree> {
  const { source } = tree;
  if (source.kind === 'upstream')
    return judged(await inspectTree(house, { name: tree.name, url: source.url }, { repair, ...watch }));
  const checks = await verifyMedium(house, tree, watch);
  return isNo(checks) ? { checks: [], problem: checks.reason } : { checks, problem: undefined };
}

/** Holds the medium of `tree` against the checksums of its .treeinfo, and an image against the one implanted in it. */
export async function verifyMedium(
  house: House,
  tree: Tree,
  { onProgress, signal }: VerifyWatch,
): Promise<readonly Verified[] | No> {
  const files = await house.shelf.files(tree);
  if (isNo(files)) return files;
  const image = await house.shelf.image(tree);
  return verifyTree(files, {
    ...(isNo(image) ? {} : { image }),
    progress: (bytesDone, bytesTotal) => onProgress({ filesDone: 0, filesTotal: 0, bytesDone, bytesTotal }),
    signal,
  });
}

/** Looks at every file that is published of a tree from a URL, packages and metadata too; with `repair`, brings anew what is damaged. */
export function inspectTree(
  house: House,
  { name, url }: { readonly name: string; readonly url: string },
  how: Omit<Inspecting, 'which'>,
): Promise<Inspection> {
  return inspectRepo(house, wholeRepo(contentNameOfTree(name), url), { which: 'published', ...how });
}

function judged({ verdict, repair }: Inspection): VerifiedTree {
  if (verdict.snapshot === undefined) return { checks: [], problem: 'it was not fetched from its upstream yet' };
  if (repair === undefined) return judgedVerdict(verdict);
  if (isNo(repair)) return { ...judgedVerdict(verdict), problem: repair.reason };
  const lost = repair.lost.map(({ path, reason }): Verified => ({ path, verdict: 'bad', detail: reason }));
  const { checks, problem } = judgedVerdict(repair.verdict);
  return { checks: [...lost, ...checks], problem };
}

function judgedVerdict(verdict: RepoVerdict): VerifiedTree {
  const damaged = verdict.snapshots.flatMap((one) => one.damaged);
  const bad = damaged.map(({ path, reason }): Verified => ({ path, verdict: 'bad', detail: reason }));
  const detail = `${verdict.files} files of ${verdict.snapshot ?? ''}${damaged.length === 0 ? '' : `, ${damaged.length} of them damaged`}`;
  const whole: Verified = { path: 'the whole tree', verdict: damaged.length === 0 ? 'good' : 'bad', detail };
  return { checks: [...bad, whole], problem: verdict.snapshots.find(({ problem }) => problem !== undefined)?.problem };
}
