// A file of a local tree or ISO into the pool instead of over the network: believed no more than any mirror.

import { messageOf } from '../../server/malformed.ts';
import type { SnapshotFile } from '../content/layout.ts';
import type { Part } from '../content/pool/store.ts';
import { startHasher, type Hasher } from '../rpm/checksum.ts';
import type { RoundEdges } from './edges.ts';
import type { WantedFile } from './plan.ts';

type ReuseEdges = Pick<RoundEdges, 'local' | 'staging' | 'progress' | 'log' | 'signal'>;

/** Puts a local copy of `wanted` into the pool; undefined where none has that very content, and upstream is to be asked. */
export async function takeLocal(wanted: WantedFile, edges: ReuseEdges): Promise<SnapshotFile | undefined> {
  const found = await edges.local?.(wanted);
  if (found === undefined) return undefined;
  const part = await edges.staging.openPart(wanted.checksum);
  try {
    if (part.sizeBytes() > 0) await part.restart();
    const hasher = startHasher(wanted.checksum.type);
    const isRead = await copy({ wanted, chunks: found.chunks(), part, hasher, edges });
    const sizeBytes = part.sizeBytes();
    const { declared, sha256 } = hasher.digests();
    if (!isRead || declared !== wanted.checksum.digest || sizeBytes !== (wanted.sizeBytes ?? sizeBytes)) {
      await part.restart();
      return undefined;
    }
    await part.keep(sha256);
    edges.progress.reused(sizeBytes);
    return { path: wanted.path, sha256, sizeBytes, checksum: wanted.checksum };
  } finally {
    await part.close();
  }
}

type Copy = {
  readonly wanted: WantedFile;
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly part: Part;
  readonly hasher: Hasher;
  readonly edges: ReuseEdges;
};

/** Copies what the tree has; false where it cannot be read or is longer than it may be. A fault of our own disk is thrown. */
async function copy({ wanted, chunks, part, hasher, edges }: Copy): Promise<boolean> {
  const fault: { error?: unknown } = {};
  for await (const chunk of untilFault(chunks, fault)) {
    edges.signal.throwIfAborted();
    if (part.sizeBytes() + chunk.length > (wanted.sizeBytes ?? Number.POSITIVE_INFINITY)) return false;
    hasher.update(chunk);
    await part.append(chunk);
  }
  if (fault.error === undefined) return true;
  edges.log.warn('a file of a local tree could not be read', { file: wanted.path, reason: messageOf(fault.error) });
  return false;
}

/** A medium that fails costs the local copy alone: what it says is noted, and the chunks end. */
async function* untilFault(chunks: AsyncIterable<Uint8Array>, fault: { error?: unknown }): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const step = await iterator.next().catch((error: unknown) => {
        fault.error = error;
        return { done: true, value: undefined } as const;
      });
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    await iterator.return?.();
  }
}
