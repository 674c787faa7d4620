// A package that no metadata vouches for, into the pool: from upstream's own server, and only where it agrees with itself.

import { Malformed, no } from '../../server/malformed.ts';
import { refuseForRoom } from '../content/room.ts';
import type { Part } from '../content/pool/store.ts';
import type { Candidate } from '../metadata/select.ts';
import { checksumKey, sha256Of, startHasher, type Checksum, type Hasher, type Sha256 } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import { readPackageName } from '../rpm/name.ts';
import type { RoundEdges } from '../sync/edges.ts';
import { Refused } from '../sync/outcome.ts';
import { planRetry } from '../sync/retry.ts';
import { discard, Interrupted, SyncFault, type Body, type FetchRequest } from '../sync/upstream.ts';
import type { Flaw, Unlisted } from './evidence.ts';
import { proveIntact } from './intact.ts';

export type UnlistedEdges = Pick<RoundEdges, 'upstream' | 'staging' | 'pool' | 'progress' | 'signal'> & {
  /** What an earlier run of this sync brought, by `checksumKey`. */
  readonly claims: ReadonlyMap<string, Sha256>;
  readonly redirects: FetchRequest['redirects'];
};

export type Brought = {
  readonly kind: 'package';
  readonly path: RelativePath;
  readonly sizeBytes: number;
  readonly named: Candidate;
  readonly seen: Unlisted;
  /** As in `IntactPackage`; `yes` for one that was brought before. */
  readonly proved: 'yes' | 'no';
};
export type BroughtOrNot = Brought | { readonly kind: 'left'; readonly what: Flaw['what']; readonly reason: string };

/** rpm's own sizes go beyond 4 GiB; no package does by much. */
const LIMIT_BYTES = 16 * 1024 * 1024 * 1024;
const LIMIT_TRIES = 100;
/** A package that does not agree with itself is fetched once more: the way to here may have spoilt it. */
const LIMIT_BROKEN = 2;

/**
 * Brings the package at `path`. `before` is what an earlier snapshot has of it: where its server says it has not changed, that is
 * it. Throws `SyncFault` where upstream does not answer, and `Refused` where the disk has no room.
 */
export async function bringUnlisted(
  path: RelativePath,
  before: Unlisted | undefined,
  edges: UnlistedEdges,
): Promise<BroughtOrNot> {
  const state: Fetching = {
    path,
    before: await stillHere(before, edges),
    edges,
    failures: 0,
    broken: 0,
    part: undefined,
  };
  try {
    for (let tries = 0; tries < LIMIT_TRIES; tries += 1) {
      const end = await attempt(state);
      if (end.kind !== 'again') return end;
      state.failures = end.moved === 'yes' ? 1 : state.failures + 1;
      const retry = planRetry(edges.upstream, { failures: state.failures, retryAfterMs: end.retryAfterMs });
      if (retry.kind === 'give-up') throw new SyncFault(path, `${end.reason}${retry.why}`);
      await edges.upstream.pause(retry.delayMs, edges.signal);
    }
    throw new SyncFault(path, `given up after ${LIMIT_TRIES} tries`);
  } finally {
    await state.part?.part.close();
  }
}

type Fetching = {
  readonly path: RelativePath;
  readonly before: Unlisted | undefined;
  readonly edges: UnlistedEdges;
  failures: number;
  broken: number;
  /** What has come so far, and of which answer. */
  part: { readonly part: Part; readonly of: Body; readonly name: Checksum; hasher: Hasher } | undefined;
};
type End =
  | BroughtOrNot
  /** `moved`: something came, so that it is no failure like the one before. */
  | {
      readonly kind: 'again';
      readonly reason: string;
      readonly moved: 'yes' | 'no';
      readonly retryAfterMs?: number | undefined;
    };

async function stillHere(before: Unlisted | undefined, { pool }: UnlistedEdges): Promise<Unlisted | undefined> {
  if (before === undefined || typeof (await pool.sizeOf(before.sha256)) !== 'number') return undefined;
  return before.etag === undefined && before.lastModified === undefined ? undefined : before;
}

async function attempt(state: Fetching): Promise<End> {
  const { path, before, edges, part } = state;
  const offset = part?.part.sizeBytes() ?? 0;
  // Only what the same server says is the same file is gone on with.
  const resumes = part !== undefined && offset > 0 && part.of.validator !== undefined;
  const opened = await edges.upstream.open({
    path,
    resume: resumes ? { offset, validator: part.of.validator, source: part.of.source } : undefined,
    limitBytes: LIMIT_BYTES,
    cache: state.broken === 0 ? 'any' : 'fresh',
    redirects: edges.redirects,
    condition: before === undefined || part !== undefined || state.broken > 0 ? undefined : before,
    signal: edges.signal,
  });
  switch (opened.kind) {
    case 'absent':
      return { kind: 'left', what: 'gone', reason: opened.reason };
    case 'elsewhere':
      return { kind: 'left', what: 'refused', reason: `${opened.reason}: nothing vouches for what that one has` };
    case 'refused':
      return { kind: 'left', what: 'refused', reason: opened.reason };
    case 'unchanged':
      return unchanged(state);
    case 'unavailable':
      return { kind: 'again', reason: opened.reason, moved: 'no', retryAfterMs: opened.retryAfterMs };
    case 'restart':
      await empty(state);
      return { kind: 'again', reason: opened.reason, moved: 'no' };
    case 'body':
      return takeBody(opened, state);
  }
}

async function unchanged({ path, before, edges }: Fetching): Promise<End> {
  if (before === undefined) throw new SyncFault(path, 'the upstream answered a condition that was not set');
  return here(path, before, edges);
}

/** What is in the pool already, and was proved when it came there. */
async function here(path: RelativePath, seen: Unlisted, { pool }: UnlistedEdges): Promise<BroughtOrNot> {
  const sizeBytes = await pool.sizeOf(seen.sha256);
  if (typeof sizeBytes !== 'number') throw new SyncFault(path, sizeBytes.reason);
  const named = await readPackageName(pool.read(seen.sha256), path);
  return { kind: 'package', path, sizeBytes, named, seen, proved: 'yes' };
}

async function takeBody(body: Body, state: Fetching): Promise<End> {
  const { path, edges } = state;
  const refusal = await refuse(body, edges);
  if (refusal !== undefined) {
    await discard(body);
    return refusal;
  }
  const claimed = state.broken === 0 ? claimOf(path, body, edges) : undefined;
  if (claimed !== undefined) {
    await discard(body);
    return here(path, { path, sha256: claimed, ...saidOf(body) }, edges);
  }
  const part = await partFor(body, state);
  const startedAt = part.part.sizeBytes();
  try {
    for await (const chunk of body.chunks) {
      if (part.part.sizeBytes() + chunk.length > LIMIT_BYTES)
        return { kind: 'left', what: 'refused', reason: TOO_LONG };
      part.hasher.update(chunk);
      await part.part.append(chunk);
      edges.progress.received(chunk.length);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
    const moved = part.part.sizeBytes() > startedAt ? 'yes' : 'no';
    return { kind: 'again', reason: `${error.message} after ${part.part.sizeBytes()} bytes`, moved };
  }
  return finish(state, part);
}

const TOO_LONG = `it is longer than the ${LIMIT_BYTES} bytes that are taken of one`;

async function refuse(body: Body, { pool }: UnlistedEdges): Promise<BroughtOrNot | undefined> {
  const { totalBytes = 0, offset } = body;
  if (totalBytes > LIMIT_BYTES) return { kind: 'left', what: 'refused', reason: TOO_LONG };
  const refusal = refuseForRoom({
    neededBytes: totalBytes - offset,
    freeBytes: await pool.freeBytes(),
    prunableBytes: undefined,
  });
  if (refusal === undefined) return undefined;
  await discard(body);
  throw new Refused(no(refusal.reason, refusal.remedy));
}

/** The part that `body` goes on with, or a new one. */
async function partFor(body: Body, state: Fetching): Promise<NonNullable<Fetching['part']>> {
  const { path, edges } = state;
  if (state.part !== undefined && body.offset === state.part.part.sizeBytes()) return state.part;
  await empty(state);
  await state.part?.part.close();
  const name = nameOf(path, body);
  const part = await edges.staging.openPart(name);
  // What another run left of it may be of another file: nothing would tell.
  if (part.sizeBytes() > 0) await part.restart();
  if (state.part === undefined) edges.progress.expect(1, body.totalBytes ?? 0);
  state.part = { part, of: body, name, hasher: startHasher('sha256') };
  return state.part;
}

async function finish(state: Fetching, { part, of, hasher }: NonNullable<Fetching['part']>): Promise<End> {
  const { path, edges } = state;
  const sizeBytes = part.sizeBytes();
  if (of.totalBytes !== undefined && sizeBytes < of.totalBytes) {
    return { kind: 'again', reason: `ended after ${sizeBytes} of ${of.totalBytes} bytes`, moved: 'no' };
  }
  try {
    const { named, proved } = await proveIntact(part.read(), path);
    const { sha256 } = hasher.digests();
    await part.keep(sha256);
    edges.progress.fileDone();
    return { kind: 'package', path, sizeBytes, named, proved, seen: { path, sha256, ...saidOf(of) } };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    state.broken += 1;
    await empty(state);
    if (state.broken >= LIMIT_BROKEN) return { kind: 'left', what: 'broken', reason: error.message };
    return { kind: 'again', reason: error.message, moved: 'yes' };
  }
}

async function empty({ part, edges }: Fetching): Promise<void> {
  if (part === undefined || part.part.sizeBytes() === 0) return;
  edges.progress.resumed(-part.part.sizeBytes());
  await part.part.restart();
  part.hasher = startHasher('sha256');
}

/** What a killed run brought of this very file, as far as its server tells files apart. */
function claimOf(path: RelativePath, body: Body, { claims }: UnlistedEdges): Sha256 | undefined {
  const { etag, lastModified } = saidOf(body);
  return etag === undefined && lastModified === undefined ? undefined : claims.get(checksumKey(nameOf(path, body)));
}

/** No checksum is known: in the staging area the file goes by what its server says of it. */
function nameOf(path: RelativePath, body: Body): Checksum {
  const { etag, lastModified } = saidOf(body);
  return { type: 'sha256', digest: sha256Of(JSON.stringify(['unlisted', path, etag, lastModified, body.totalBytes])) };
}

function saidOf({ etag, lastModified }: Body): Pick<Unlisted, 'etag' | 'lastModified'> {
  return { etag, lastModified };
}
