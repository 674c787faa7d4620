// The files of a tree that belong to no repository, into the pool: proved by their checksums, or told to have none.

import type { SnapshotFile } from '../../content/layout.ts';
import { checksumKey, type Checksum } from '../../rpm/checksum.ts';
import { downloadFile } from '../../sync/download.ts';
import { findHave } from '../../sync/known.ts';
import { inParallel } from '../../sync/parallel.ts';
import type { Have, WantedFile } from '../../sync/plan.ts';
import { takeLocal } from '../../sync/reuse.ts';
import { SyncFault } from '../../sync/upstream.ts';
import type { TreeEdges } from './edges.ts';
import { roundEdges } from './repositories.ts';
import { downloadUnproved } from './unproved.ts';
import type { TreeFile } from './wanted.ts';
import { watchFiles, type Watched } from './watched.ts';

/** No image of an installer comes near; a DVD that a tree might name does not either. */
const LIMIT_IMAGE_BYTES = 32 * 1024 * 1024 * 1024;

/** What upstream has of `wanted`, in the pool. What is missing, or unproved, is noted. Throws `SyncFault` and `Refused`. */
export async function bringTreeFiles(wanted: readonly TreeFile[], edges: TreeEdges): Promise<readonly SnapshotFile[]> {
  const watched = watchFiles(edges.upstream, edges);
  const have = await findHave(wanted.flatMap(provable), roundEdges('', edges));
  const { connections } = edges.upstream;
  const brought = await inParallel(wanted, { atOnce: connections, signal: edges.signal }, (file, signal) =>
    bringOne(file, { have, watched, edges: { ...edges, upstream: watched.upstream, signal } }),
  );
  return brought.filter((file) => file !== undefined);
}

function provable({ path, checksum, sizeBytes }: TreeFile): readonly WantedFile[] {
  return checksum === undefined ? [] : [{ path, checksum, sizeBytes }];
}

type Bringing = { readonly have: Have; readonly watched: Watched; readonly edges: TreeEdges };

async function bringOne(file: TreeFile, bringing: Bringing): Promise<SnapshotFile | undefined> {
  const { checksum } = file;
  return checksum === undefined ? bringUnproved(file, bringing) : bringProved({ ...file, checksum }, bringing);
}

async function bringProved(
  file: TreeFile & { readonly checksum: Checksum },
  { have, watched, edges }: Bringing,
): Promise<SnapshotFile | undefined> {
  const { path, checksum, sizeBytes } = file;
  const known = have.get(checksumKey(checksum));
  if (known !== undefined && known.sizeBytes === (sizeBytes ?? known.sizeBytes)) return { path, ...known, checksum };
  const wanted = { path, checksum, sizeBytes };
  try {
    const limitUnsizedBytes = LIMIT_IMAGE_BYTES;
    return (await takeLocal(wanted, edges)) ?? (await downloadFile(wanted, { ...edges, limitUnsizedBytes }));
  } catch (error) {
    if (!(error instanceof SyncFault) || !watched.absent.has(path)) throw error;
    return missing(file, edges, 'upstream does not have it');
  }
}

async function bringUnproved(file: TreeFile, { edges }: Bringing): Promise<SnapshotFile | undefined> {
  const { path, need } = file;
  const end = await downloadUnproved(path, { ...edges, limitBytes: LIMIT_IMAGE_BYTES });
  if (end.kind === 'left') return missing(file, edges, end.reason);
  if (need !== 'usual') edges.notes.add([`${path} has no checksum: its size alone was checked`]);
  return end.file;
}

function missing({ path, need }: TreeFile, { notes }: TreeEdges, reason: string): undefined {
  if (need === 'named') notes.add([`${path} is named and left out: ${reason}`]);
  if (need !== 'required') return undefined;
  throw new SyncFault(path, reason, {
    stale: true,
    remedy: 'an install needs it: take another mirror of the tree, or wait until upstream is whole',
  });
}
