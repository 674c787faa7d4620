// An upload desk over a directory of a test's own, and senders whose connections break where the test says.

import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { quietLog } from '../../server/log.ts';
import type { Announced, UploadDesk } from '../../server/uploads/desk.ts';
import { openDesk } from '../../server/uploads/desk.ts';
import type { UploadLimits } from '../../server/uploads/limits.ts';
import { openPartStore } from '../../server/uploads/parts/store.ts';
import type { Source } from '../../server/uploads/receive.ts';
import type { StagedStore } from '../../server/uploads/store.ts';
import { openStagedStore } from '../../server/uploads/store.ts';

export const SMALL_LIMITS: UploadLimits = {
  fileBytes: 64 * 1024 * 1024,
  receiving: 2,
  unfinished: 3,
  expireMs: 1000,
  reserveBytes: 0,
};

export type DeskHere = { readonly desk: UploadDesk; readonly staged: StagedStore };

/** A desk as a process that has just begun opens it. */
export function deskIn(directory: string, limits: Partial<UploadLimits> = {}, now = () => 1_000_000): DeskHere {
  const staged = openStagedStore(directory);
  const desk = openDesk({
    parts: openPartStore(join(directory, '.uploads')),
    staged,
    limits: { ...SMALL_LIMITS, ...limits },
    now,
    newId: () => randomBytes(12).toString('hex'),
    log: quietLog,
  });
  return { desk, staged };
}

export function announced(name: string, sizeBytes: number, sha256?: string): Announced {
  return { name, sizeBytes, sha256, by: 'tester', how: 'resumable', metadata: '' };
}

/** Pieces of these sizes, then the end; or a broken connection. */
export async function* sending(bytes: Buffer, sizes: readonly number[], end: 'whole' | 'broken' = 'whole'): Source {
  let at = 0;
  for (const size of sizes) {
    if (at >= bytes.length) break;
    yield bytes.subarray(at, at + size);
    at += size;
  }
  if (end === 'broken') throw new Error('aborted');
}

export const piece = (offset: number, source: Source) => ({
  ...{ offset, source, checksum: undefined, cut: () => undefined },
});

/** A source that gives one piece, then nothing until it is cut. */
export function hanging(bytes: Buffer): {
  readonly source: Source;
  readonly cut: () => void;
  readonly begun: Promise<void>;
} {
  const cutting = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const source = async function* (): Source {
    yield bytes;
    begun.resolve();
    await cutting.promise;
    throw new Error('aborted');
  };
  return { source: source(), cut: () => cutting.resolve(), begun: begun.promise };
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
