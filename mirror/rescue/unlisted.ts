// A package that no metadata vouches for, into the pool: from upstream's own server, and only where it agrees with itself.

import { Malformed, no } from '../../server/malformed.ts';
import { refuseForRoom } from '../content/room.ts';
import type { Candidate } from '../metadata/select.ts';
import { checksumKey, sha256Of, type Checksum, type Sha256 } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import { readPackageName } from '../rpm/name.ts';
import type { RoundEdges } from '../sync/edges.ts';
import { Refused } from '../sync/outcome.ts';
import { persist, startGrowing, type Again, type Growing } from '../sync/unchecked.ts';
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
  const state: Fetching = { path, before: await stillHere(before, edges), edges, broken: 0, got: undefined };
  const sizeBytes = (): number => state.got?.growing.part.sizeBytes() ?? 0;
  try {
    return await persist({ path, ...edges, sizeBytes }, () => attempt(state));
  } finally {
    await state.got?.growing.part.close();
  }
}

type Fetching = {
  readonly path: RelativePath;
  readonly before: Unlisted | undefined;
  readonly edges: UnlistedEdges;
  broken: number;
  got: Got | undefined;
};
/** What has come so far, and of which answer. */
type Got = { readonly growing: Growing; readonly of: Body };
type End = BroughtOrNot | Again;

async function stillHere(before: Unlisted | undefined, { pool }: UnlistedEdges): Promise<Unlisted | undefined> {
  if (before === undefined || typeof (await pool.sizeOf(before.sha256)) !== 'number') return undefined;
  return before.etag === undefined && before.lastModified === undefined ? undefined : before;
}

async function attempt(state: Fetching): Promise<End> {
  const { path, before, edges, got } = state;
  const offset = got?.growing.part.sizeBytes() ?? 0;
  // Only what the same server says is the same file is gone on with.
  const resumes = got !== undefined && offset > 0 && got.of.validator !== undefined;
  const opened = await edges.upstream.open({
    path,
    resume: resumes ? { offset, validator: got.of.validator, source: got.of.source } : undefined,
    limitBytes: LIMIT_BYTES,
    cache: state.broken === 0 ? 'any' : 'fresh',
    redirects: edges.redirects,
    condition: before === undefined || got !== undefined || state.broken > 0 ? undefined : before,
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
      return { kind: 'again', reason: opened.reason, retryAfterMs: opened.retryAfterMs };
    case 'restart':
      await got?.growing.empty();
      return { kind: 'again', reason: opened.reason };
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
  const got = await gotFor(body, state);
  const end = await got.growing.grow(body, LIMIT_BYTES);
  if (end === 'too-long') return { kind: 'left', what: 'refused', reason: TOO_LONG };
  const sizeBytes = got.growing.part.sizeBytes();
  if (end instanceof Interrupted) return { kind: 'again', reason: `${end.message} after ${sizeBytes} bytes` };
  return finish(state, got);
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

/** What `body` goes on with, or a new beginning: one that starts over may be of another file than the one before. */
async function gotFor(body: Body, state: Fetching): Promise<Got> {
  const { path, edges, got } = state;
  if (got !== undefined && body.offset > 0 && body.offset === got.growing.part.sizeBytes()) return got;
  await got?.growing.empty();
  await got?.growing.part.close();
  const growing = await startGrowing(await edges.staging.openPart(nameOf(path, body)), edges.progress);
  if (got === undefined) edges.progress.expect(1, body.totalBytes ?? 0);
  state.got = { growing, of: body };
  return state.got;
}

async function finish(state: Fetching, { growing, of }: Got): Promise<End> {
  const { path } = state;
  const sizeBytes = growing.part.sizeBytes();
  if (of.totalBytes !== undefined && sizeBytes < of.totalBytes) {
    return { kind: 'again', reason: `ended after ${sizeBytes} of ${of.totalBytes} bytes` };
  }
  try {
    const { named, proved } = await proveIntact(growing.part.read(), path);
    const sha256 = await growing.keep();
    return { kind: 'package', path, sizeBytes, named, proved, seen: { path, sha256, ...saidOf(of) } };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    state.broken += 1;
    await growing.empty();
    if (state.broken >= LIMIT_BROKEN) return { kind: 'left', what: 'broken', reason: error.message };
    return { kind: 'again', reason: error.message, came: 'whole' };
  }
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
