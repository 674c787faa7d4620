// One file from upstream into the pool: continued where it stopped, tried again a few times, checked while it streams.

import { printable } from '../../server/printable.ts';
import type { SnapshotFile } from '../content/layout.ts';
import type { Part, Staging } from '../content/pool/store.ts';
import { startHasher, type Hasher } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import type { WantedFile } from './plan.ts';
import type { ProgressCounter } from './progress.ts';
import { planRetry } from './retry.ts';
import { discard, Interrupted, SyncFault, type Body, type Opened, type Upstream } from './upstream.ts';

export type DownloadEdges = {
  readonly upstream: Upstream;
  readonly staging: Staging;
  readonly progress: Pick<ProgressCounter, 'resumed' | 'received' | 'fileDone'>;
  readonly signal: AbortSignal;
  /** The most that is read of a file whose metadata names no size; 1 GiB where nothing is said. */
  readonly limitUnsizedBytes?: number | undefined;
};

/** The most that is read of a file whose metadata names no size. */
const LIMIT_UNSIZED = 1024 * 1024 * 1024;
/** However much each try brings, so many are enough. */
const LIMIT_TRIES = 100;
/** Of so many mirrors one file is wrong before it is called so. */
const LIMIT_WRONG = 4;

/** Fetches `wanted` and puts it into the pool. Throws `SyncFault` naming the file; what was received stays for the next time. */
export async function downloadFile(wanted: WantedFile, edges: DownloadEdges): Promise<SnapshotFile> {
  const part = await edges.staging.openPart(wanted.checksum);
  try {
    if (part.sizeBytes() > 0) edges.progress.resumed(part.sizeBytes());
    const file = await completePart(wanted, part, edges);
    edges.progress.fileDone();
    return file;
  } finally {
    await part.close();
  }
}

/** How the tries went so far. `avoid` names who sent wrong content, once for each time. */
type Tries = {
  failures: number;
  total: number;
  validator: string | undefined;
  source: string | undefined;
  /** A Content-Encoding that nobody asked for, of the last answer: likely why its bytes are wrong. */
  encoding: string | undefined;
  readonly avoid: string[];
};

async function completePart(wanted: WantedFile, part: Part, edges: DownloadEdges): Promise<SnapshotFile> {
  const none = { validator: undefined, source: undefined, encoding: undefined };
  const tries: Tries = { failures: 0, total: 0, ...none, avoid: [] };
  for (;;) {
    const before = part.sizeBytes();
    const hasher = startHasher(wanted.checksum.type);
    if (before > 0) for await (const chunk of part.read()) hasher.update(chunk);
    const end = await receive({ wanted, part, edges, hasher, tries });
    if (end.kind === 'file') return end.file;
    tries.total += 1;
    if (tries.total >= LIMIT_TRIES) throw new SyncFault(wanted.path, `given up after ${LIMIT_TRIES} tries`);
    if (end.kind === 'restart') continue;
    tries.failures = part.sizeBytes() > before ? 1 : tries.failures + 1;
    const retry = planRetry(edges.upstream, { failures: tries.failures, retryAfterMs: end.retryAfterMs });
    if (retry.kind === 'give-up') throw new SyncFault(wanted.path, `${end.reason}${retry.why}`, { stale: end.stale });
    await edges.upstream.pause(retry.delayMs, edges.signal);
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
  | {
      readonly kind: 'again';
      readonly reason: string;
      readonly stale: boolean;
      readonly retryAfterMs?: number | undefined;
    }
  /** Asked for once more at once, from the first byte. */
  | { readonly kind: 'restart' };

async function receive(attempt: Attempt): Promise<AttemptEnd> {
  const { wanted, part, edges, tries } = attempt;
  const offset = part.sizeBytes();
  if (wanted.sizeBytes !== undefined && offset >= wanted.sizeBytes && offset > 0) return finish(attempt, offset);
  const opened = await edges.upstream.open({
    path: wanted.path,
    resume: offset === 0 ? undefined : { offset, validator: tries.validator, source: tries.source },
    limitBytes: limitOf(attempt),
    cache: tries.avoid.length === 0 ? 'any' : 'fresh',
    redirects: 'anywhere',
    avoid: tries.avoid,
    signal: edges.signal,
  });
  if (opened.kind === 'unavailable') return { ...opened, kind: 'again', stale: false };
  if (opened.kind === 'restart') return startOver(attempt, opened);
  if (opened.kind !== 'body') throw refusal(wanted.path, opened);
  tries.validator = opened.validator;
  tries.source = opened.source;
  tries.encoding = opened.encoding;
  return takeBody(opened, attempt);
}

async function takeBody(body: Body, attempt: Attempt): Promise<AttemptEnd> {
  const { wanted, part } = attempt;
  const fits = body.totalBytes === undefined || body.totalBytes === (wanted.sizeBytes ?? body.totalBytes);
  if (!fits || (body.totalBytes ?? 0) > limitOf(attempt)) {
    await discard(body);
    return wrong(attempt, `upstream has ${body.totalBytes} bytes, metadata says ${limitOf(attempt)}`);
  }
  const continued = body.offset === part.sizeBytes();
  if (!continued) await empty(attempt);
  const hasher = continued ? attempt.hasher : startHasher(wanted.checksum.type);
  try {
    const end = await pour(body, { ...attempt, hasher });
    if (end === 'too-long') return wrong(attempt, `longer than the ${limitOf(attempt)} bytes metadata allows`);
  } catch (error) {
    if (error instanceof Interrupted) return { kind: 'again', reason: reasonOf(error, attempt), stale: false };
    throw error;
  }
  return finish({ ...attempt, hasher }, body.offset);
}

async function pour(body: Body, attempt: Attempt): Promise<'whole' | 'too-long'> {
  const { part, edges, hasher } = attempt;
  const limit = limitOf(attempt);
  for await (const chunk of body.chunks) {
    if (part.sizeBytes() + chunk.length > limit) return 'too-long';
    hasher.update(chunk);
    await part.append(chunk);
    edges.progress.received(chunk.length);
  }
  return 'whole';
}

/** `startedAt`: where the bytes of this try began; a part continued with bytes of a changed file deserves a fresh start. */
async function finish(attempt: Attempt, startedAt: number): Promise<AttemptEnd> {
  const { wanted, part, hasher, tries } = attempt;
  const sizeBytes = part.sizeBytes();
  if (wanted.sizeBytes !== undefined && sizeBytes < wanted.sizeBytes) {
    const reason = `ended after ${sizeBytes} of ${wanted.sizeBytes} bytes${encodedText(attempt)}`;
    return { kind: 'again', reason, stale: true };
  }
  const { declared, sha256 } = hasher.digests();
  if (declared === wanted.checksum.digest && (wanted.sizeBytes ?? sizeBytes) === sizeBytes) {
    await part.keep(sha256);
    return { kind: 'file', file: { path: wanted.path, sha256, sizeBytes, checksum: wanted.checksum } };
  }
  await empty(attempt);
  if (startedAt > 0) return { kind: 'restart' };
  blame(attempt);
  if (tries.avoid.length <= othersOf(attempt) + 1) return { kind: 'restart' };
  const reason = `${wanted.checksum.type} is ${declared}, metadata says ${wanted.checksum.digest}${encodedText(attempt)}`;
  throw new SyncFault(wanted.path, reason, { stale: true });
}

/** Content that is wrong by its length is wrong the next time too, unless another mirror has it. */
async function wrong(attempt: Attempt, reason: string): Promise<AttemptEnd> {
  await empty(attempt);
  blame(attempt);
  if (attempt.tries.avoid.length <= othersOf(attempt)) return { kind: 'restart' };
  throw new SyncFault(attempt.wanted.path, `${reason}${encodedText(attempt)}`, { stale: true });
}

function encodedText({ tries }: Attempt): string {
  return tries.encoding === undefined ? '' : `; it was sent with Content-Encoding: ${printable(tries.encoding, 40)}`;
}

function blame({ tries }: Attempt): void {
  tries.avoid.push(tries.source ?? '');
}

/** How many other mirrors may be asked for content that one sent wrong. */
function othersOf({ edges }: Attempt): number {
  return Math.min(edges.upstream.sources(), LIMIT_WRONG) - 1;
}

async function startOver(attempt: Attempt, opened: { readonly reason: string }): Promise<AttemptEnd> {
  if (attempt.part.sizeBytes() === 0) return { kind: 'again', reason: opened.reason, stale: false };
  await empty(attempt);
  return { kind: 'restart' };
}

async function empty({ part, edges }: Attempt): Promise<void> {
  if (part.sizeBytes() === 0) return;
  edges.progress.resumed(-part.sizeBytes());
  await part.restart();
}

function limitOf({ wanted, edges }: Pick<Attempt, 'wanted' | 'edges'>): number {
  return wanted.sizeBytes ?? edges.limitUnsizedBytes ?? LIMIT_UNSIZED;
}

function reasonOf(error: Interrupted, { wanted, part }: Attempt): string {
  const total = wanted.sizeBytes === undefined ? '' : ` of ${wanted.sizeBytes}`;
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : '';
  return `${error.message} after ${part.sizeBytes()}${total} bytes${cause}`;
}

/** The fault for an answer that no other try will better. */
function refusal(path: RelativePath, opened: Exclude<Opened, Body>): SyncFault {
  return new SyncFault(path, opened.reason, { stale: opened.kind === 'absent' });
}
