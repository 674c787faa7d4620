// An upstream seen from inside a tree: below one of its directories, and with an eye on what it lacks and how large its files are.

import { no } from '../../../server/malformed.ts';
import { refuseForRoom } from '../../content/room.ts';
import type { Pool } from '../../content/pool/store.ts';
import type { RelativePath } from '../../rpm/href.ts';
import { Refused } from '../../sync/outcome.ts';
import type { ProgressCounter } from '../../sync/progress.ts';
import { discard, type Opened, type Upstream } from '../../sync/upstream.ts';
import { joinPath } from './wanted.ts';

/** `upstream`, asked below `directory`. */
export function below(upstream: Upstream, directory: RelativePath | ''): Upstream {
  if (directory === '') return upstream;
  return { ...upstream, open: (request) => upstream.open({ ...request, path: joinPath(directory, request.path) }) };
}

export type Watched = {
  readonly upstream: Upstream;
  /** The paths that upstream said it does not have. */
  readonly absent: ReadonlySet<string>;
};

type WatchEdges = { readonly pool: Pool; readonly progress: Pick<ProgressCounter, 'expect'> };

/**
 * `upstream` for files whose sizes nobody declared: each is told to the progress when its first answer says it, and one
 * that has no room on the disk is not begun (`Refused`).
 */
export function watchFiles(upstream: Upstream, { pool, progress }: WatchEdges): Watched {
  const absent = new Set<string>();
  const expected = new Set<string>();
  const look = async (path: string, opened: Opened): Promise<void> => {
    if (opened.kind === 'absent') absent.add(path);
    if (opened.kind !== 'body' || opened.totalBytes === undefined || expected.has(path)) return;
    expected.add(path);
    const neededBytes = opened.totalBytes - opened.offset;
    const refusal = refuseForRoom({ neededBytes, freeBytes: await pool.freeBytes(), prunableBytes: undefined });
    if (refusal !== undefined) {
      await discard(opened);
      throw new Refused(no(`${path}: ${refusal.reason}`, refusal.remedy));
    }
    progress.expect(1, opened.totalBytes);
  };
  const open: Upstream['open'] = async (request) => {
    const opened = await upstream.open(request);
    await look(request.path, opened);
    return opened;
  };
  return { absent, upstream: { ...upstream, open } };
}
