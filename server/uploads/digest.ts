// The sums of a file that is still being written: fed as its bytes come, read back from disk where they came before. Running.

import type { Hash } from 'node:crypto';
import { createHash } from 'node:crypto';

export type Sums = { readonly sha256: string; readonly md5: string };

/** Reads bytes that were written already; answers how many, fewer than asked for only at the end of the file. */
export type ReadAt = (target: Uint8Array, position: number) => Promise<number>;

export type Follower = {
  /** Bytes that now lie in the file at `position`; they may be reused once this returns. */
  feed(bytes: Uint8Array, position: number): void;
  /** Resolves once the first `offset` bytes of the file are reckoned in. Rejects where they cannot be read. */
  reach(offset: number): Promise<void>;
  /** Takes what comes from now on back, when called. Only where all that was fed is reached. */
  checkpoint(): () => void;
  /** The sums of what is reckoned in. Further bytes may be fed. */
  sums(): Sums;
};

const READ_BYTES = 1024 * 1024;

/** Nothing is reckoned in yet. Node cannot write a hash's state down, so that after a restart all of a file is read again. */
export function openFollower(readAt: ReadAt): Follower {
  let hashes = [createHash('sha256'), createHash('md5')] as const;
  /** Bytes reckoned in, and bytes that lie in the file. */
  const at = { hashed: 0, known: 0 };
  let reading: Promise<void> | undefined;
  const update = (bytes: Uint8Array): void => {
    for (const hash of hashes) hash.update(bytes);
    at.hashed += bytes.byteLength;
  };
  const read = async (): Promise<void> => {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    while (at.hashed < at.known) {
      const size = await readAt(buffer.subarray(0, Math.min(READ_BYTES, at.known - at.hashed)), at.hashed);
      if (size === 0)
        throw new Error(`a part of an upload is shorter than was written: ${at.hashed} of ${at.known} bytes`);
      update(buffer.subarray(0, size));
    }
  };
  const follow = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = undefined;
    });
    return reading;
  };
  return {
    feed: (bytes, position) => {
      const end = position + bytes.byteLength;
      if (reading === undefined && position === at.hashed) update(bytes);
      at.known = Math.max(at.known, end);
      // Whoever asks for the sums is told of its failure.
      if (at.hashed < at.known) follow().catch(() => undefined);
    },
    reach: async (offset) => {
      at.known = Math.max(at.known, offset);
      while (at.hashed < at.known) await follow();
    },
    checkpoint: () => {
      const before = { hashes: [hashes[0].copy(), hashes[1].copy()] as const, ...at };
      return () => {
        hashes = before.hashes;
        Object.assign(at, { hashed: before.hashed, known: before.hashed });
      };
    },
    sums: () => ({ sha256: digestOf(hashes[0]), md5: digestOf(hashes[1]) }),
  };
}

function digestOf(hash: Hash): string {
  return hash.copy().digest('hex');
}
