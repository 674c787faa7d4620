// Is upstream what it was when it was looked at? Each thing that no checksum covers is asked for anew, with its own condition. Running.

import { Malformed } from '../../server/malformed.ts';
import { sha256Of } from '../rpm/checksum.ts';
import { directoryAt, parseHref, ROOT_DIRECTORY, type DirectoryPath, type RelativePath } from '../rpm/href.ts';
import { inParallel } from '../sync/parallel.ts';
import { fetchSmall } from '../sync/small.ts';
import { discard, type FetchRequest } from '../sync/upstream.ts';
import { REPOMD } from './documents.ts';
import type { Flaw, Looked } from './evidence.ts';
import { listDirectory, type ListingEdges } from './listing.ts';

const LIMIT_BYTES = 64 * 1024 * 1024;
/** So many files that were gone are asked for again before upstream is said to have nothing new. */
const LIMIT_PROBES = 64;

/** Is all of it there, byte for byte? One request for each. Throws `SyncFault` where upstream does not answer. */
export async function isAsLooked(looked: readonly Looked[], edges: ListingEdges): Promise<boolean> {
  const { upstream, signal } = edges;
  const same = await inParallel(looked, { atOnce: upstream.connections, signal }, async (one, stop) =>
    isSame(one, { ...edges, signal: stop }),
  );
  return !same.includes(false);
}

async function isSame(one: Looked, edges: ListingEdges): Promise<boolean> {
  const { path, sha256, etag, lastModified } = one;
  const condition = { etag, lastModified, checksum: { type: 'sha256', digest: sha256 } } as const;
  try {
    const directory = directoryOf(path);
    if (directory !== undefined) {
      const answer = await listDirectory(directory, edges, condition);
      return answer.kind === 'unchanged' || (answer.kind === 'listing' && answer.looked.sha256 === sha256);
    }
    const file = pathAgain(path);
    if (file === undefined) return false;
    const redirects: FetchRequest['redirects'] = file === REPOMD ? 'anywhere' : 'own-server';
    const request = { path: file, limitBytes: LIMIT_BYTES, redirects, condition, signal: edges.signal };
    const answer = await fetchSmall(edges.upstream, request);
    return answer.kind === 'unchanged' || (answer.kind === 'bytes' && sha256Of(answer.bytes) === sha256);
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return false;
  }
}

function directoryOf(path: string): DirectoryPath | undefined {
  if (path === '') return ROOT_DIRECTORY;
  const again = path.endsWith('/') ? pathAgain(path.slice(0, -1)) : undefined;
  return again === undefined ? undefined : directoryAt(again);
}

/** A path that was asked for before, and is kept decoded; undefined where it was cut to be told. */
function pathAgain(text: string): RelativePath | undefined {
  try {
    return parseHref(text.split('/').map(encodeURIComponent).join('/'), 'evidence');
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return undefined;
  }
}

/** Are the files that upstream had not still not there? A mirror caught in the middle has them by now. */
export async function areStillGone(flaws: readonly Flaw[], { upstream, signal }: ListingEdges): Promise<boolean> {
  const gone = flaws.filter(({ what }) => what === 'gone').slice(0, LIMIT_PROBES);
  const found = await inParallel(gone, { atOnce: upstream.connections, signal }, async ({ where }, stop) => {
    const path = pathAgain(where);
    if (path === undefined) return false;
    const opened = await upstream.open({
      path,
      resume: undefined,
      limitBytes: LIMIT_BYTES,
      cache: 'fresh',
      redirects: 'anywhere',
      signal: stop,
    });
    if (opened.kind !== 'body') return false;
    await discard(opened);
    return true;
  });
  return !found.includes(true);
}
