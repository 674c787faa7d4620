// Packages proved by their own signatures, each file of the pool once for each set of keys.

import type { SnapshotFile } from '../content/layout.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import type { Prove } from './bring.ts';
import type { RoundEdges } from './edges.ts';
import { inSlices } from './parallel.ts';
import { isSameTrust } from './settings.ts';
import { SyncFault } from './upstream.ts';

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

/** The contents of the newest snapshot, where it was made with the very same keys and checks: none of it was published unproved. */
async function provedBefore({ repo, store, settings, breathe }: RoundEdges): Promise<Set<Sha256>> {
  const proved = new Set<Sha256>();
  const newest = await store.newestSnapshot(repo.name);
  if (!('digest' in newest) || newest.origin === undefined) return proved;
  if (!isSameTrust(newest.origin.settings, settings)) return proved;
  const files = await store.snapshotFiles(repo.name, newest.id);
  if ('kind' in files) return proved;
  await inSlices(files, breathe, ({ sha256 }) => void proved.add(sha256));
  return proved;
}
