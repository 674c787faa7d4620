// Reads a whole snapshot again and holds every file against the content it was published with. Edges are arguments.

import { messageOf } from '../../server/malformed.ts';
import { startHasher } from '../rpm/checksum.ts';
import type { SnapshotFile } from './layout.ts';

export type DamagedFile = { readonly path: string; readonly reason: string };

export type VerifyEdges = {
  /** The bytes of a snapshot's file; throws where it cannot be read. */
  readonly read: (path: string) => AsyncIterable<Uint8Array>;
  readonly onFile: (file: SnapshotFile) => void;
  readonly signal: AbortSignal;
};

/** Every file that is missing, unreadable or not what it was; none for a sound snapshot. Rejects when `signal` aborts. */
export async function verifySnapshot(
  files: readonly SnapshotFile[],
  edges: VerifyEdges,
): Promise<readonly DamagedFile[]> {
  const damaged: DamagedFile[] = [];
  for (const file of files) {
    edges.signal.throwIfAborted();
    const reason = await damageOf(file, edges);
    if (reason !== undefined) damaged.push({ path: file.path, reason });
    edges.onFile(file);
  }
  return damaged;
}

async function damageOf(file: SnapshotFile, edges: VerifyEdges): Promise<string | undefined> {
  const hasher = startHasher('sha256');
  let size = 0;
  try {
    for await (const chunk of edges.read(file.path)) {
      hasher.update(chunk);
      size += chunk.length;
    }
  } catch (error) {
    return `cannot be read: ${messageOf(error)}`;
  }
  if (size !== file.sizeBytes) return `has ${size} bytes instead of ${file.sizeBytes}`;
  return hasher.digests().sha256 === file.sha256 ? undefined : 'has another content than it was published with';
}
