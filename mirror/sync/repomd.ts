// repomd.xml and what signs it, as upstream has them: read, judged, and put into the pool byte for byte.

import type { SnapshotFile } from '../content/layout.ts';
import { parseHref, type RelativePath } from '../rpm/href.ts';
import { REPOMD_LIMIT_BYTES } from '../rpm/repomd.ts';
import type { FoundRepomd, RoundEdges } from './edges.ts';
import { fetchSmall } from './small.ts';
import { SyncFault, type Condition, type Upstream } from './upstream.ts';

const REPOMD = parseHref('repodata/repomd.xml', 'repomd.xml');
const SIGNATURE = parseHref('repodata/repomd.xml.asc', 'repomd.xml.asc');
/** Some publish the key beside the signature. */
const KEY = parseHref('repodata/repomd.xml.key', 'repomd.xml.key');
const SIGNATURE_LIMIT_BYTES = 1024 * 1024;

/** Reads upstream's repomd.xml. Throws `SyncFault` where there is none. */
export async function readRepomd(upstream: Upstream, signal: AbortSignal): Promise<FoundRepomd> {
  const found = await readIfChanged(upstream, { signal, condition: undefined });
  if (found === 'unchanged') throw new SyncFault(REPOMD, 'the upstream answered a condition that was not set');
  return found;
}

/** Reads upstream's repomd.xml, or hears that it is the one `condition` tells of. Throws `SyncFault`. */
export async function readIfChanged(
  upstream: Upstream,
  { signal, condition }: { readonly signal: AbortSignal; readonly condition: Condition | undefined },
): Promise<FoundRepomd | 'unchanged'> {
  const request = { path: REPOMD, limitBytes: REPOMD_LIMIT_BYTES, redirects: 'anywhere', condition, signal } as const;
  const answer = await fetchSmall(upstream, request);
  if (answer.kind === 'unchanged') return 'unchanged';
  if (answer.kind !== 'bytes') {
    const remedy = 'give the URL of the directory that holds repodata/; where upstream has none, rescue: true may help';
    throw new SyncFault(REPOMD, 'the upstream has no such file: is it an RPM repository?', { remedy });
  }
  const { bytes, etag, lastModified } = answer;
  return { bytes, etag, lastModified };
}

/** What upstream's repomd.xml is now where it is another than `before`; undefined where it is the same. */
export async function readChange(
  before: FoundRepomd,
  { upstream, signal }: Pick<RoundEdges, 'upstream' | 'signal'>,
): Promise<FoundRepomd | undefined> {
  const now = await readRepomd(upstream, signal);
  return Buffer.compare(before.bytes, now.bytes) === 0 ? undefined : now;
}

/** How a signature was judged: `changed` where upstream was found publishing, so that the pair did not belong together. */
export type Signed =
  | { readonly kind: 'good'; readonly signature: Uint8Array }
  | { readonly kind: 'changed'; readonly repomd: FoundRepomd };

/**
 * Has repomd.xml proved by its signature. Two files cannot be replaced at once: a bad pair is read once more before it is
 * called bad. Throws `SyncFault` with reason and remedy.
 */
export async function proveRepomd(repomd: FoundRepomd, edges: RoundEdges): Promise<Signed> {
  const signature = await fetchSignature(SIGNATURE, edges);
  const reason = await judge(repomd, signature, edges);
  if (signature !== undefined && reason === undefined) return { kind: 'good', signature };
  await edges.upstream.pause(edges.upstream.retryDelaysMs[0] ?? 0, edges.signal);
  const changed = await readChange(repomd, edges);
  if (changed !== undefined) return { kind: 'changed', repomd: changed };
  const again = await fetchSignature(SIGNATURE, edges);
  const still = await judge(repomd, again, edges);
  if (again !== undefined && still === undefined) return { kind: 'good', signature: again };
  throw new SyncFault(SIGNATURE, still ?? 'it is missing', {
    remedy: "if upstream has a new key, prove it and add it to the repo's keys; nothing is published until then",
  });
}

/** Why the signature does not count, or undefined where it does. */
async function judge(
  repomd: FoundRepomd,
  signature: Uint8Array | undefined,
  edges: RoundEdges,
): Promise<string | undefined> {
  if (edges.trust === undefined) return 'there is no key to prove it with';
  const verdict = edges.trust.checkMetadata(repomd.bytes, signature);
  if (verdict.kind === 'bad') return verdict.reason;
  edges.notes.add(verdict.notes);
  return undefined;
}

/**
 * repomd.xml byte for byte, and what signs it. Where `signature` was not read before, it is now: last, so that it is as old
 * as the repomd.xml read after it.
 */
export async function bringRepomd(
  repomd: FoundRepomd,
  signature: Uint8Array | undefined,
  edges: RoundEdges,
): Promise<readonly SnapshotFile[]> {
  const own: SnapshotFile[] = [await save(REPOMD, repomd.bytes, edges)];
  const signed = signature ?? (await fetchSignature(SIGNATURE, edges));
  if (signed !== undefined) own.push(await save(SIGNATURE, signed, edges));
  const key = await fetchSignature(KEY, edges);
  if (key !== undefined) own.push(await save(KEY, key, edges));
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

async function save(path: RelativePath, bytes: Uint8Array, { pool }: RoundEdges): Promise<SnapshotFile> {
  return { path, sha256: await pool.save(bytes), sizeBytes: bytes.length, checksum: undefined };
}
