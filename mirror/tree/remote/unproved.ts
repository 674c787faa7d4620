// One file that no checksum covers, into the pool: from the upstream's own server, and whole by the size that server says.

import type { SnapshotFile } from '../../content/layout.ts';
import { sha256Of } from '../../rpm/checksum.ts';
import type { RelativePath } from '../../rpm/href.ts';
import type { DownloadEdges } from '../../sync/download.ts';
import { persist, startGrowing, type Again, type Growing } from '../../sync/unchecked.ts';
import { discard, Interrupted, SyncFault, type Body } from '../../sync/upstream.ts';

/** `left`: it is not there, or nothing vouches for it at all. */
export type Unproved =
  { readonly kind: 'file'; readonly file: SnapshotFile } | { readonly kind: 'left'; readonly reason: string };

type UnprovedEdges = DownloadEdges & { readonly limitBytes: number };

/** Fetches the file at `path`. Throws `SyncFault` where upstream has it and cannot give it. */
export async function downloadUnproved(path: RelativePath, edges: UnprovedEdges): Promise<Unproved> {
  const { staging, progress } = edges;
  const part = await staging.openPart({ type: 'sha256', digest: sha256Of(`a file without a checksum: ${path}`) });
  try {
    const state: Progressing = { path, edges, growing: await startGrowing(part, progress), body: undefined };
    return await persist({ path, ...edges, sizeBytes: () => part.sizeBytes() }, () => receive(state));
  } finally {
    await part.close();
  }
}

type Progressing = {
  readonly path: RelativePath;
  readonly edges: UnprovedEdges;
  readonly growing: Growing;
  /** What the last answer said of the file. */
  body: Pick<Body, 'validator' | 'source' | 'totalBytes'> | undefined;
};

async function receive(state: Progressing): Promise<Unproved | Again> {
  const { path, growing, edges } = state;
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
      if (opened.offset !== growing.part.sizeBytes()) await startOver(state);
      return takeBody(opened, state);
  }
}

/** Only what the same server says is the same file is gone on with. */
async function resumeOf(state: Progressing) {
  const offset = state.growing.part.sizeBytes();
  if (offset === 0) return undefined;
  if (state.body?.validator !== undefined) return { offset, ...state.body };
  await startOver(state);
  return undefined;
}

async function takeBody(body: Body, state: Progressing): Promise<Unproved | Again> {
  const { path, growing, edges } = state;
  if (body.totalBytes === undefined || body.totalBytes > edges.limitBytes) {
    await discard(body);
    if (body.totalBytes === undefined) return { kind: 'left', reason: 'neither a checksum nor its size is told' };
    throw new SyncFault(path, `upstream has ${body.totalBytes} bytes, at most ${edges.limitBytes} are taken`);
  }
  state.body = body;
  const end = await growing.grow(body, body.totalBytes);
  const sizeBytes = growing.part.sizeBytes();
  const upTo = `after ${sizeBytes} of ${body.totalBytes} bytes`;
  if (end === 'too-long') return { kind: 'again', reason: `longer than upstream said ${upTo}` };
  if (end instanceof Interrupted) return { kind: 'again', reason: `${end.message} ${upTo}` };
  if (sizeBytes !== body.totalBytes) return { kind: 'again', reason: `ended ${upTo}` };
  const sha256 = await growing.keep();
  return { kind: 'file', file: { path, sha256, sizeBytes, checksum: undefined } };
}

async function startOver(state: Progressing): Promise<void> {
  await state.growing.empty();
  state.body = undefined;
}
