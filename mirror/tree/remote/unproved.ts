// One file that no checksum covers, into the pool: from the upstream's own server, and whole by the size that server says.

import type { SnapshotFile } from '../../content/layout.ts';
import type { Part } from '../../content/pool/store.ts';
import { sha256Of, startHasher, type Hasher } from '../../rpm/checksum.ts';
import type { RelativePath } from '../../rpm/href.ts';
import type { DownloadEdges } from '../../sync/download.ts';
import { planRetry } from '../../sync/retry.ts';
import { discard, Interrupted, SyncFault, type Body } from '../../sync/upstream.ts';

/** `left`: it is not there, or nothing vouches for it at all. */
export type Unproved =
  { readonly kind: 'file'; readonly file: SnapshotFile } | { readonly kind: 'left'; readonly reason: string };

type UnprovedEdges = DownloadEdges & { readonly limitBytes: number };
const LIMIT_TRIES = 100;

/** Fetches the file at `path`. Throws `SyncFault` where upstream has it and cannot give it. */
export async function downloadUnproved(path: RelativePath, edges: UnprovedEdges): Promise<Unproved> {
  const { staging, upstream, signal } = edges;
  const part = await staging.openPart({ type: 'sha256', digest: sha256Of(`a file without a checksum: ${path}`) });
  try {
    // What another run left may be of another file: nothing would tell.
    if (part.sizeBytes() > 0) await part.restart();
    const state: Progressing = { path, part, edges, hasher: startHasher('sha256'), body: undefined };
    let failures = 0;
    for (let tries = 0; tries < LIMIT_TRIES; tries += 1) {
      const before = part.sizeBytes();
      const end = await receive(state);
      if (end.kind !== 'again') return end;
      failures = part.sizeBytes() > before ? 1 : failures + 1;
      const retry = planRetry(upstream, { failures, retryAfterMs: end.retryAfterMs });
      if (retry.kind === 'give-up') throw new SyncFault(path, `${end.reason}${retry.why}`);
      await upstream.pause(retry.delayMs, signal);
    }
    throw new SyncFault(path, `given up after ${LIMIT_TRIES} tries`);
  } finally {
    await part.close();
  }
}

type Progressing = {
  readonly path: RelativePath;
  readonly part: Part;
  readonly edges: UnprovedEdges;
  hasher: Hasher;
  /** What the last answer said of the file. */
  body: Pick<Body, 'validator' | 'source' | 'totalBytes'> | undefined;
};
type End = Unproved | { readonly kind: 'again'; readonly reason: string; readonly retryAfterMs?: number | undefined };

async function receive(state: Progressing): Promise<End> {
  const { path, part, edges } = state;
  const opened = await edges.upstream.open({
    path,
    resume: await resumeOf(state),
    limitBytes: edges.limitBytes,
    cache: 'any',
    redirects: 'own-server',
    signal: edges.signal,
  });
  switch (opened.kind) {
    case 'absent':
    case 'elsewhere':
    case 'unchanged':
      return { kind: 'left', reason: opened.reason };
    case 'refused':
      throw new SyncFault(path, opened.reason);
    case 'unavailable':
      return { kind: 'again', reason: opened.reason, retryAfterMs: opened.retryAfterMs };
    case 'restart':
      await startOver(state);
      return { kind: 'again', reason: opened.reason };
    case 'body':
      if (opened.offset !== part.sizeBytes()) await startOver(state);
      return takeBody(opened, state);
  }
}

/** Only what the same server says is the same file is gone on with. */
async function resumeOf(state: Progressing) {
  const offset = state.part.sizeBytes();
  if (offset === 0) return undefined;
  if (state.body?.validator !== undefined) return { offset, ...state.body };
  await startOver(state);
  return undefined;
}

async function takeBody(body: Body, state: Progressing): Promise<End> {
  const { path, part, edges } = state;
  if (body.totalBytes === undefined || body.totalBytes > edges.limitBytes) {
    await discard(body);
    if (body.totalBytes === undefined) return { kind: 'left', reason: 'neither a checksum nor its size is told' };
    throw new SyncFault(path, `upstream has ${body.totalBytes} bytes, at most ${edges.limitBytes} are taken`);
  }
  state.body = body;
  try {
    for await (const chunk of body.chunks) {
      if (part.sizeBytes() + chunk.length > body.totalBytes) throw new Interrupted('longer than upstream said');
      state.hasher.update(chunk);
      await part.append(chunk);
      edges.progress.received(chunk.length);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    return { kind: 'again', reason: `${error.message} after ${part.sizeBytes()} of ${body.totalBytes} bytes` };
  }
  const sizeBytes = part.sizeBytes();
  if (sizeBytes !== body.totalBytes) {
    return { kind: 'again', reason: `ended after ${sizeBytes} of ${body.totalBytes} bytes` };
  }
  const { sha256 } = state.hasher.digests();
  await part.keep(sha256);
  edges.progress.fileDone();
  return { kind: 'file', file: { path, sha256, sizeBytes, checksum: undefined } };
}

async function startOver(state: Progressing): Promise<void> {
  const { part, edges } = state;
  edges.progress.resumed(-part.sizeBytes());
  await part.restart();
  state.hasher = startHasher('sha256');
  state.body = undefined;
}
