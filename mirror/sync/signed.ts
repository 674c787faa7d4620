// Packages proved by their own signatures, each file of the pool once for each set of keys.

import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import { parseHref } from '../rpm/href.ts';
import { parseRepomd, REPOMD_LIMIT_BYTES } from '../rpm/repomd.ts';
import type { Prove } from './bring.ts';
import type { RoundEdges } from './edges.ts';
import { inSlices } from './parallel.ts';
import { isSameTrust } from './settings.ts';
import { SyncFault } from './upstream.ts';

const REPOMD = parseHref('repodata/repomd.xml', 'repomd.xml');

const unproved: Prove = async () => undefined;

/** How the packages of this repo are proved: not at all, where the site does not ask for it. */
export async function packageProof(edges: RoundEdges): Promise<Prove> {
  if (!edges.repo.trust.checks.includes('packages')) return unproved;
  const proved = await provedBefore(edges);
  return async (file, signal) => {
    if (proved.has(file.sha256)) return;
    const reason = await judge(file, edges, signal);
    if (reason === undefined) {
      proved.add(file.sha256);
      return;
    }
    throw new SyncFault(file.path, reason, {
      remedy:
        'if its key is to be believed, prove that key and add it to the keys of the repo; else leave it out with exclude',
    });
  };
}

async function judge(
  { path, sha256 }: SnapshotFile,
  { trust, pool, notes }: RoundEdges,
  signal: AbortSignal,
): Promise<string | undefined> {
  if (trust === undefined) return 'there is no key to prove it with';
  signal.throwIfAborted();
  const verdict = await trust.checkPackage(path, () => pool.read(sha256));
  if (verdict.kind === 'bad') return verdict.reason;
  notes.add(verdict.notes);
  return undefined;
}

/**
 * The packages of the newest snapshot, where it was made with the very same keys and checks: none of them was published unproved.
 * Its metadata was never judged as packages, whatever it is called.
 */
async function provedBefore({ repo, store, settings, breathe }: RoundEdges): Promise<Set<Sha256>> {
  const proved = new Set<Sha256>();
  const newest = await store.newestSnapshot(repo.name);
  if (!('digest' in newest) || newest.origin === undefined) return proved;
  if (!isSameTrust(newest.origin.settings, settings)) return proved;
  const files = await store.snapshotFiles(repo.name, newest.id);
  if ('kind' in files) return proved;
  const metadata = await metadataOf(store, repo.name, newest.id);
  if (metadata === undefined) return proved;
  await inSlices(files, breathe, ({ path, sha256 }) => {
    if (!metadata.has(path) && !/^(?:upstream-)?repodata\//.test(path)) proved.add(sha256);
  });
  // The same bytes may lie there as a package and as metadata.
  for (const { path, sha256 } of files) if (metadata.has(path)) proved.delete(sha256);
  return proved;
}

/** What a snapshot's repomd.xml names; undefined where it cannot be read. */
async function metadataOf(
  store: RoundEdges['store'],
  name: string,
  id: string,
): Promise<ReadonlySet<string> | undefined> {
  const bytes = await store.snapshotBytes(name, id, { path: REPOMD, limitBytes: REPOMD_LIMIT_BYTES });
  if (!(bytes instanceof Uint8Array)) return undefined;
  try {
    return new Set(parseRepomd(bytes).data.map(({ path }) => path));
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
