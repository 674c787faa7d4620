// A small file that no metadata vouches for (repomd.xml, its signature and key), read whole into memory, bounded.

import { Malformed } from '../../server/malformed.ts';
import type { RelativePath } from '../rpm/href.ts';
import { Interrupted, SyncFault, type Body, type Opened, type Upstream } from './upstream.ts';

export type SmallRequest = { readonly path: RelativePath; readonly limitBytes: number; readonly signal: AbortSignal };

/** The file's bytes, or undefined where the upstream has none. Throws `SyncFault`. */
export async function fetchSmall(upstream: Upstream, request: SmallRequest): Promise<Uint8Array | undefined> {
  for (let failures = 0; ; failures += 1) {
    const answer = await read(upstream, request);
    if (answer.kind === 'bytes') return answer.bytes;
    if (answer.kind === 'absent') return undefined;
    const delayMs = upstream.retryDelaysMs[failures];
    if (answer.kind === 'refused' || delayMs === undefined) throw new SyncFault(request.path, answer.reason);
    await upstream.pause(delayMs, request.signal);
  }
}

type Answer = { readonly kind: 'bytes'; readonly bytes: Uint8Array } | Exclude<Opened, Body>;

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
