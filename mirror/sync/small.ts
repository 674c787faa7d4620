// A small file that no metadata vouches for (repomd.xml, its signature and key), read whole into memory, bounded.

import { Malformed } from '../../server/malformed.ts';
import { Interrupted, SyncFault, type Body, type FetchRequest, type Opened, type Upstream } from './upstream.ts';

export type SmallRequest = Pick<FetchRequest, 'path' | 'limitBytes' | 'redirects' | 'signal'>;
export type Small =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  /** As in `Opened`. */
  | { readonly kind: 'absent' | 'elsewhere'; readonly reason: string };

/** The file's bytes, or why the upstream has none. Throws `SyncFault`. */
export async function fetchSmall(upstream: Upstream, request: SmallRequest): Promise<Small> {
  for (let failures = 0; ; failures += 1) {
    const answer = await read(upstream, request);
    if (answer.kind === 'bytes' || answer.kind === 'absent' || answer.kind === 'elsewhere') return answer;
    const delayMs = upstream.retryDelaysMs[failures];
    if (answer.kind === 'refused' || delayMs === undefined) throw new SyncFault(request.path, answer.reason);
    await upstream.pause(delayMs, request.signal);
  }
}

type Answer = Small | Exclude<Opened, Body>;

async function read(upstream: Upstream, request: SmallRequest): Promise<Answer> {
  const opened = await upstream.open({ ...request, resume: undefined, cache: 'fresh' });
  if (opened.kind !== 'body') return opened;
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of opened.chunks) {
      size += chunk.length;
      if (size > request.limitBytes) throw new Malformed(`larger than ${request.limitBytes} bytes`, request.path);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof Interrupted) return { kind: 'unavailable', reason: error.message };
    throw error;
  }
  if (opened.totalBytes !== undefined && opened.totalBytes !== size) {
    return { kind: 'unavailable', reason: `ended after ${size} of ${opened.totalBytes} bytes` };
  }
  return { kind: 'bytes', bytes: Buffer.concat(chunks) };
}
