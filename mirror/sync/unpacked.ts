// What metadata files unpack to, held against what repomd.xml declares of it: open-checksum and open-size.

import { Malformed } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import { startHasher } from '../rpm/checksum.ts';
import { decompress } from '../rpm/decompress.ts';
import type { RepomdEntry } from '../rpm/repomd.ts';
import type { RoundEdges } from './edges.ts';

/** Uncompressed primary.xml of the largest distributions is below 200 MB, their filelists below 1 GB. */
const LIMIT_BYTES = 4 * 1024 * 1024 * 1024;

type UnpackEdges = Pick<RoundEdges, 'pool' | 'breathe' | 'signal'>;

/**
 * The uncompressed content of a metadata file in the pool. Throws `Malformed`, at its end where the whole is another than
 * `entry` declares.
 */
export async function* unpackMetadata(
  entry: RepomdEntry,
  file: SnapshotFile,
  { pool, breathe, signal }: UnpackEdges,
): AsyncGenerator<Uint8Array> {
  const limitBytes = Math.min(entry.openSizeBytes ?? LIMIT_BYTES, LIMIT_BYTES);
  const hasher = startHasher(entry.openChecksum?.type ?? 'sha256');
  let size = 0;
  for await (const chunk of decompress(pool.read(file.sha256), { limitBytes, breathe }, entry.path)) {
    signal.throwIfAborted();
    hasher.update(chunk);
    size += chunk.length;
    yield chunk;
  }
  if (entry.openChecksum !== undefined && hasher.digests().declared !== entry.openChecksum.digest) {
    throw new Malformed('the uncompressed content has another open-checksum', entry.path);
  }
  if (entry.openSizeBytes !== undefined && size !== entry.openSizeBytes) {
    throw new Malformed(`unpacks to ${size} bytes instead of ${entry.openSizeBytes}`, entry.path);
  }
}

/** Proves every file whose uncompressed content is declared, but primary, which is proved as it is read. Throws `Malformed`. */
export async function proveUnpacked(
  data: readonly RepomdEntry[],
  metadata: ReadonlyMap<string, SnapshotFile>,
  edges: UnpackEdges,
): Promise<void> {
  for (const entry of data) {
    const file = metadata.get(entry.path);
    const isDeclared = entry.openChecksum !== undefined || entry.openSizeBytes !== undefined;
    if (file === undefined || !isDeclared || entry.type === 'primary') continue;
    for await (const chunk of unpackMetadata(entry, file, edges)) void chunk;
  }
}
