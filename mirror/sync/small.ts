// A small file that no metadata vouches for (repomd.xml, its signature and key), read whole into memory, bounded.

import { Malformed } from '../../server/malformed.ts';
import { planRetry } from './retry.ts';
import {
  discard,
  Interrupted,
  SyncFault,
  type Body,
  type FetchRequest,
  type Opened,
  type Upstream,
} from './upstream.ts';

export type SmallRequest = Pick<FetchRequest, 'path' | 'limitBytes' | 'redirects' | 'condition' | 'signal'>;
export type Small =
  /** `etag` and `lastModified` are for the `condition` of a later request. */
  | {
      readonly kind: 'bytes';
      readonly bytes: Uint8Array;
      readonly etag: string | undefined;
      readonly lastModified: string | undefined;
    }
  /** As in `Opened`; `unchanged` only where a condition was given. */
  | { readonly kind: 'absent' | 'elsewhere' | 'unchanged'; readonly reason: string };

/** The file's bytes, or why the upstream has none. Throws `SyncFault`, and `Malformed` for a file beyond its limit. */
export async function fetchSmall(upstream: Upstream, request: SmallRequest): Promise<Small> {
  for (let failures = 1; ; failures += 1) {
    const answer = await readWhole(upstream, { ...request, resume: undefined, cache: 'fresh' });
    if (answer.kind === 'refused' || answer.kind === 'restart') throw new SyncFault(request.path, answer.reason);
    if (answer.kind !== 'unavailable') return answer;
    const retry = planRetry(upstream, { failures, retryAfterMs: answer.retryAfterMs });
    if (retry.kind === 'give-up') throw new SyncFault(request.path, `${answer.reason}${retry.why}`);
    await upstream.pause(retry.delayMs, request.signal);
  }
}

export type Whole = Extract<Small, { kind: 'bytes' }> & { readonly source: string };

/** One try: the whole file in memory. A file beyond `limitBytes` throws `Malformed`. */
export async function readWhole(
  upstream: Pick<Upstream, 'open'>,
  request: FetchRequest,
): Promise<Whole | Exclude<Opened, Body>> {
  const opened = await upstream.open(request);
  if (opened.kind !== 'body') return opened;
  if ((opened.totalBytes ?? 0) > request.limitBytes) {
    await discard(opened);
    throw tooLarge(request);
  }
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of opened.chunks) {
      size += chunk.length;
      if (size > request.limitBytes) throw tooLarge(request);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Interrupted) return { kind: 'unavailable', reason: error.message };
    throw error;
  }
  if (opened.totalBytes !== undefined && opened.totalBytes !== size) {
    return { kind: 'unavailable', reason: `ended after ${size} of ${opened.totalBytes} bytes` };
  }
  const { etag, lastModified, source } = opened;
  return { kind: 'bytes', bytes: Buffer.concat(chunks), etag, lastModified, source };
}

function tooLarge({ limitBytes, path }: FetchRequest): Malformed {
  return new Malformed(`larger than ${limitBytes} bytes`, path);
}
