// One file from upstream into the pool: continued where it stopped, tried again a few times, checked while it streams.

import type { SnapshotFile } from '../content/layout.ts';
import type { Part, Staging } from '../content/pool/store.ts';
import { startHasher, type Hasher } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import type { WantedFile } from './plan.ts';
import type { ProgressCounter } from './progress.ts';
import { Interrupted, SyncFault, type Body, type Opened, type Upstream } from './upstream.ts';

export type DownloadEdges = {
  readonly upstream: Upstream;
  readonly staging: Staging;
  readonly progress: ProgressCounter;
  readonly signal: AbortSignal;
};

/** The most that is read of a file whose metadata names no size. */
const LIMIT_UNSIZED = 1024 * 1024 * 1024;
/** However much each try brings, so many are enough. */
const LIMIT_TRIES = 100;

/** Fetches `wanted` and puts it into the pool. Throws `SyncFault` naming the file; what was received stays for the next time. */
export async function downloadFile(wanted: WantedFile, edges: DownloadEdges): Promise<SnapshotFile> {
  const part = await edges.staging.openPart(wanted.checksum);
  try {
    edges.progress.resumed(part.sizeBytes());
    const file = await completePart(wanted, part, edges);
    edges.progress.fileDone();
    return file;
  } finally {
    await part.close();
  }
}

/** How the tries went so far. `damaged` counts complete files with the wrong content. */
type Tries = { failures: number; damaged: number; total: number; validator: string | undefined };

async function completePart(wanted: WantedFile, part: Part, edges: DownloadEdges): Promise<SnapshotFile> {
  const tries: Tries = { failures: 0, damaged: 0, total: 0, validator: undefined };
  for (;;) {
    const before = part.sizeBytes();
    const hasher = startHasher(wanted.checksum.type);
    for await (const chunk of part.read()) hasher.update(chunk);
    const end = await receive({ wanted, part, edges, hasher, tries });
    if (end.kind === 'file') return end.file;
    tries.total += 1;
    if (tries.total >= LIMIT_TRIES) throw new SyncFault(wanted.path, `given up after ${LIMIT_TRIES} tries`);
    if (end.kind === 'restart') continue;
    tries.failures = part.sizeBytes() > before ? 1 : tries.failures + 1;
    const delayMs = edges.upstream.retryDelaysMs[tries.failures - 1];
    if (delayMs === undefined) throw new SyncFault(wanted.path, end.reason, { stale: end.stale });
    await edges.upstream.pause(delayMs, edges.signal);
  }
}

type Attempt = {
  readonly wanted: WantedFile;
  readonly part: Part;
  readonly edges: DownloadEdges;
  readonly hasher: Hasher;
  readonly tries: Tries;
};
type AttemptEnd =
  | { readonly kind: 'file'; readonly file: SnapshotFile }
  /** `stale` as in SyncFault. */
  | { readonly kind: 'again'; readonly reason: string; readonly stale: boolean }
  /** Asked for once more at once, from the first byte. */
  | { readonly kind: 'restart' };

async function receive(attempt: Attempt): Promise<AttemptEnd> {
  const { wanted, part, edges, tries } = attempt;
  const offset = part.sizeBytes();
  if (wanted.sizeBytes !== undefined && offset >= wanted.sizeBytes && offset > 0) return finish(attempt, offset);
  const opened = await edges.upstream.open({
    path: wanted.path,
    resume: offset === 0 ? undefined : { offset, validator: tries.validator },
    limitBytes: wanted.sizeBytes ?? LIMIT_UNSIZED,
    cache: tries.damaged === 0 ? 'any' : 'fresh',
    redirects: 'anywhere',
    signal: edges.signal,
  });
  if (opened.kind === 'unavailable') return { kind: 'again', reason: opened.reason, stale: false };
  if (opened.kind === 'restart') return startOver(attempt, opened);
  if (opened.kind !== 'body') throw refusal(wanted.path, opened);
  tries.validator = opened.validator;
  if (opened.offset !== offset) await empty(attempt);
  const hasher = opened.offset === offset ? attempt.hasher : startHasher(wanted.checksum.type);
  try {
    await pour(opened, { ...attempt, hasher });
  } catch (error) {
    if (error instanceof Interrupted) return { kind: 'again', reason: reasonOf(error, attempt), stale: false };
    throw error;
  }
  return finish({ ...attempt, hasher }, opened.offset);
}

async function pour(body: Body, attempt: Attempt): Promise<void> {
  const { wanted, part, edges, hasher } = attempt;
  const limit = wanted.sizeBytes ?? LIMIT_UNSIZED;
  for await (const chunk of body.chunks) {
    if (body.totalBytes !== undefined && wanted.sizeBytes !== undefined && body.totalBytes !== wanted.sizeBytes) {
      throw wrong(wanted, `upstream has ${body.totalBytes} bytes, metadata says ${limit}`, body);
    }
    if (part.sizeBytes() + chunk.length > limit) {
      await empty(attempt);
      throw wrong(wanted, `longer than the ${limit} bytes metadata allows`, body);
    }
    hasher.update(chunk);
    await part.append(chunk);
    edges.progress.received(chunk.length);
  }
}

/** `startedAt`: where the bytes of this try began; a part continued with bytes of a changed file deserves a fresh start. */
async function finish(attempt: Attempt, startedAt: number): Promise<AttemptEnd> {
  const { wanted, part, hasher, tries } = attempt;
  const sizeBytes = part.sizeBytes();
  if (wanted.sizeBytes !== undefined && sizeBytes < wanted.sizeBytes) {
    return { kind: 'again', reason: `ended after ${sizeBytes} of ${wanted.sizeBytes} bytes`, stale: true };
  }
  const { declared, sha256 } = hasher.digests();
  if (declared === wanted.checksum.digest && (wanted.sizeBytes ?? sizeBytes) === sizeBytes) {
    await part.keep(sha256);
    return { kind: 'file', file: { path: wanted.path, sha256, sizeBytes, checksum: wanted.checksum } };
  }
  await empty(attempt);
  tries.damaged += 1;
  if (startedAt > 0 || tries.damaged === 1) return { kind: 'restart' };
  throw new SyncFault(wanted.path, `${wanted.checksum.type} is ${declared}, metadata says ${wanted.checksum.digest}`, {
    stale: true,
  });
}

async function startOver(attempt: Attempt, opened: { readonly reason: string }): Promise<AttemptEnd> {
  if (attempt.part.sizeBytes() === 0) return { kind: 'again', reason: opened.reason, stale: false };
  await empty(attempt);
  return { kind: 'restart' };
}

async function empty({ part, edges }: Attempt): Promise<void> {
  edges.progress.resumed(-part.sizeBytes());
  await part.restart();
}

function reasonOf(error: Interrupted, { wanted, part }: Attempt): string {
  const total = wanted.sizeBytes === undefined ? '' : ` of ${wanted.sizeBytes}`;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `the upstream broke off after ${part.sizeBytes()}${total} bytes${cause}`;
}

function wrong(wanted: WantedFile, reason: string, body: Body): SyncFault {
  const encoded = body.encoding === undefined ? '' : `; it was sent with Content-Encoding: ${body.encoding}`;
  return new SyncFault(wanted.path, `${reason}${encoded}`, { stale: true });
}

/** The fault for an answer that no other try will better. */
export function refusal(path: RelativePath, opened: Exclude<Opened, Body>): SyncFault {
  return new SyncFault(path, opened.reason, { stale: opened.kind === 'absent' });
}
