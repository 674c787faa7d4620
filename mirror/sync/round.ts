// One pass over an upstream: repomd.xml → metadata → packages, all in the pool, and repomd.xml read again at the end.

import type { Log } from '../../server/log.ts';
import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import type { Pool, Staging } from '../content/pool/store.ts';
import { checksumKey, startHasher, type Sha256 } from '../rpm/checksum.ts';
import { decompress } from '../rpm/decompress.ts';
import { parseHref, type RelativePath } from '../rpm/href.ts';
import { parsePrimary } from '../rpm/primary.ts';
import { parseRepomd, REPOMD_LIMIT_BYTES, type Repomd, type RepomdEntry } from '../rpm/repomd.ts';
import { downloadFile } from './download.ts';
import { inParallel } from './parallel.ts';
import { assembleSnapshot, planSync, type Have, type WantedFile } from './plan.ts';
import type { ProgressCounter } from './progress.ts';
import { fetchSmall } from './small.ts';
import { SyncFault, type Upstream } from './upstream.ts';

export type RoundEdges = {
  readonly upstream: Upstream;
  readonly pool: Pool;
  readonly staging: Staging;
  /** Declared checksum's key → pool name, of the snapshot that is current. */
  readonly known: ReadonlyMap<string, Sha256>;
  readonly progress: ProgressCounter;
  readonly log: Log;
  readonly signal: AbortSignal;
};

/** Everything a snapshot needs. `packages` counts what primary lists. */
export type RoundContent = {
  readonly files: readonly SnapshotFile[];
  readonly revision: string | undefined;
  readonly packages: number;
};
export type Round = { readonly kind: 'content'; readonly content: RoundContent } | { readonly kind: 'changed' };

const REPOMD = parseHref('repodata/repomd.xml', 'repomd.xml');
/** What signs repomd.xml, where upstream signs it: the detached signature, and the key some publish beside it. */
const SIGNATURES = ['repodata/repomd.xml.asc', 'repodata/repomd.xml.key'].map((path) => parseHref(path, path));
const SIGNATURE_LIMIT_BYTES = 1024 * 1024;
const AT_ONCE = 6;
/** Uncompressed primary.xml of the largest distributions is below 200 MB. */
const PRIMARY_LIMIT_BYTES = 2 * 1024 * 1024 * 1024;
const PACKAGES_LIMIT = 500_000;

/**
 * Brings the pool up to what upstream's repomd.xml names. `changed`: upstream published something else meanwhile, go round
 * again. Throws `SyncFault` or `Malformed` with the reason.
 */
export async function syncRound(edges: RoundEdges): Promise<Round> {
  const repomd = await readRepomd(edges);
  try {
    const content = await bringContent(repomd, edges);
    return (await isUnchanged(repomd, edges)) ? { kind: 'content', content } : { kind: 'changed' };
  } catch (error) {
    const stale = error instanceof Malformed || (error instanceof SyncFault && error.stale);
    // Where upstream does not even answer now, the first fault is the one worth telling.
    const unchanged = stale ? await isUnchanged(repomd, edges).catch(() => true) : true;
    if (unchanged) throw error;
    return { kind: 'changed' };
  }
}

async function bringContent(bytes: Uint8Array, edges: RoundEdges): Promise<RoundContent> {
  const repomd = parseRepomd(bytes);
  const metadata = await bringFiles(repomd.data.map(wantedEntry), edges);
  const listed = await listPackages(repomd, metadata, edges);
  const packages = await bringFiles(listed, edges);
  const own = await bringOwn(bytes, edges);
  await edges.staging.settle();
  return {
    files: assembleSnapshot([...own, ...metadata, ...packages]),
    revision: repomd.revision,
    packages: listed.length,
  };
}

/** Fetches what the pool lacks; answers every wanted path with its content. */
async function bringFiles(wanted: readonly WantedFile[], edges: RoundEdges): Promise<readonly SnapshotFile[]> {
  const plan = planSync(wanted, await findHave(wanted, edges));
  await requireSpace(plan.fetchBytes, edges);
  edges.progress.expect(plan.fetch.length, plan.fetchBytes);
  edges.log.debug('sync planned', { fetch: plan.fetch.length, bytes: plan.fetchBytes, present: plan.present.length });
  const fetched = await inParallel(plan.fetch, { atOnce: AT_ONCE, signal: edges.signal }, (file, signal) =>
    downloadFile(file, { ...edges, signal }),
  );
  const byKey = new Map(fetched.map((file, index) => [keyOf(plan.fetch[index]), file] as const));
  const rest = wanted.flatMap((file) => {
    const found = byKey.get(checksumKey(file.checksum));
    return found === undefined ? [] : [{ ...found, path: file.path }];
  });
  return [...plan.present, ...rest];
}

async function findHave(wanted: readonly WantedFile[], edges: RoundEdges): Promise<Have> {
  const claims = await edges.staging.claims();
  const found = await inParallel(wanted, { atOnce: 32, signal: edges.signal }, async ({ checksum }) => {
    const key = checksumKey(checksum);
    const sha256 = checksum.type === 'sha256' ? (checksum.digest as Sha256) : (claims.get(key) ?? edges.known.get(key));
    if (sha256 === undefined) return undefined;
    const sizeBytes = await edges.pool.sizeOf(sha256);
    return typeof sizeBytes === 'number' ? ([key, { sha256, sizeBytes }] as const) : undefined;
  });
  return new Map(found.filter((entry) => entry !== undefined));
}

async function requireSpace(fetchBytes: number, edges: RoundEdges): Promise<void> {
  const needed = fetchBytes - (await edges.staging.partBytes());
  const free = await edges.pool.freeBytes();
  if (needed > free) throw new Error(`the disk is full: ${needed} bytes are to be fetched and ${free} are free`);
}

async function listPackages(
  repomd: Repomd,
  metadata: readonly SnapshotFile[],
  edges: RoundEdges,
): Promise<readonly WantedFile[]> {
  const entry = repomd.data.find(({ type }) => type === 'primary');
  const file = metadata.find(({ path }) => path === entry?.path);
  if (entry === undefined || file === undefined) throw new Malformed('no primary', 'repomd.xml');
  const limitBytes = Math.min(entry.openSizeBytes ?? PRIMARY_LIMIT_BYTES, PRIMARY_LIMIT_BYTES);
  const breathe = (): Promise<void> => edges.upstream.pause(0, edges.signal);
  const open = decompress(edges.pool.read(file.sha256), { limitBytes, breathe }, entry.path);
  const packages: WantedFile[] = [];
  for await (const { path, checksum, sizeBytes } of parsePrimary(checkOpen(open, entry))) {
    edges.signal.throwIfAborted();
    if (packages.length >= PACKAGES_LIMIT) throw new Malformed('too many packages', entry.path);
    packages.push({ path, checksum, sizeBytes });
  }
  return packages;
}

/** Passes the uncompressed content through and, at its end, holds it against open-checksum and open-size. */
async function* checkOpen(chunks: AsyncIterable<Uint8Array>, entry: RepomdEntry): AsyncGenerator<Uint8Array> {
  const hasher = startHasher(entry.openChecksum?.type ?? 'sha256');
  let size = 0;
  for await (const chunk of chunks) {
    hasher.update(chunk);
    size += chunk.length;
    yield chunk;
  }
  const { declared } = hasher.digests();
  if (entry.openChecksum !== undefined && declared !== entry.openChecksum.digest) {
    throw new Malformed('the uncompressed content has another open-checksum', entry.path);
  }
  if (entry.openSizeBytes !== undefined && size !== entry.openSizeBytes) {
    throw new Malformed(`unpacks to ${size} bytes instead of ${entry.openSizeBytes}`, entry.path);
  }
}

/** repomd.xml byte for byte, and its signature: fetched last, so that it is as old as the repomd.xml read after it. */
async function bringOwn(repomd: Uint8Array, edges: RoundEdges): Promise<readonly SnapshotFile[]> {
  const own: SnapshotFile[] = [await save(REPOMD, repomd, edges)];
  for (const path of SIGNATURES) {
    const bytes = await fetchSignature(path, edges);
    if (bytes !== undefined) own.push(await save(path, bytes, edges));
  }
  return own;
}

/** No checksum covers these: only the upstream's own server is believed, and only what looks like OpenPGP is published. */
async function fetchSignature(
  path: RelativePath,
  { upstream, signal, log }: RoundEdges,
): Promise<Uint8Array | undefined> {
  const limitBytes = SIGNATURE_LIMIT_BYTES;
  const answer = await fetchSmall(upstream, { path, limitBytes, redirects: 'own-server', signal });
  if (answer.kind === 'absent') return undefined;
  if (answer.kind === 'bytes' && isArmored(answer.bytes)) return answer.bytes;
  const reason = answer.kind === 'bytes' ? 'it is no OpenPGP text' : answer.reason;
  log.warn('a signature of upstream is left out', { file: path, reason });
  return undefined;
}

/** RFC 9580 §6.2. */
function isArmored(bytes: Uint8Array): boolean {
  return /^\s*-----BEGIN PGP/.test(Buffer.from(bytes).toString('latin1'));
}

async function save(path: RelativePath, bytes: Uint8Array, edges: RoundEdges): Promise<SnapshotFile> {
  return { path, sha256: await edges.pool.save(bytes), sizeBytes: bytes.length, checksum: undefined };
}

async function readRepomd({ upstream, signal }: RoundEdges): Promise<Uint8Array> {
  const request = { path: REPOMD, limitBytes: REPOMD_LIMIT_BYTES, redirects: 'anywhere', signal } as const;
  const answer = await fetchSmall(upstream, request);
  if (answer.kind === 'bytes') return answer.bytes;
  throw new SyncFault(REPOMD, 'the upstream has no such file: is it an RPM repository?');
}

async function isUnchanged(repomd: Uint8Array, edges: RoundEdges): Promise<boolean> {
  return Buffer.compare(repomd, await readRepomd(edges)) === 0;
}

function wantedEntry({ path, checksum, sizeBytes }: RepomdEntry): WantedFile {
  return { path, checksum, sizeBytes };
}

function keyOf(file: WantedFile | undefined): string {
  return file === undefined ? '' : checksumKey(file.checksum);
}
