// Files that no checksum covers, on their way into the pool: asked for until they are there, and hashed as they grow.

import type { Part } from '../content/pool/store.ts';
import { startHasher, type Sha256 } from '../rpm/checksum.ts';
import type { RelativePath } from '../rpm/href.ts';
import type { ProgressCounter } from './progress.ts';
import { planRetry } from './retry.ts';
import { Interrupted, SyncFault, type Body, type Upstream } from './upstream.ts';

/** However much each try brings, so many are enough. */
const LIMIT_TRIES = 100;

/** It is not there yet, and may be asked for again. */
export type Again = {
  readonly kind: 'again';
  readonly reason: string;
  readonly retryAfterMs?: number | undefined;
  /** All of it came, so that it is no failure like those before, however little of it is left. */
  readonly came?: 'whole';
};

export type Persisting = {
  readonly path: RelativePath;
  readonly upstream: Pick<Upstream, 'retryDelaysMs' | 'random' | 'pause'>;
  readonly signal: AbortSignal;
  /** How many bytes are there. */
  readonly sizeBytes: () => number;
};

/** Tries until it ends otherwise than in `again`. Throws `SyncFault` where upstream fails too often in a row. */
export async function persist<End extends { readonly kind: string }>(
  { path, upstream, signal, sizeBytes }: Persisting,
  attempt: () => Promise<End | Again>,
): Promise<End> {
  let failures = 0;
  for (let tries = 0; tries < LIMIT_TRIES; tries += 1) {
    const before = sizeBytes();
    const end = await attempt();
    if (!isAgain(end)) return end;
    failures = end.came === 'whole' || sizeBytes() > before ? 1 : failures + 1;
    const retry = planRetry(upstream, { failures, retryAfterMs: end.retryAfterMs });
    if (retry.kind === 'give-up') throw new SyncFault(path, `${end.reason}${retry.why}`);
    await upstream.pause(retry.delayMs, signal);
  }
  throw new SyncFault(path, `given up after ${LIMIT_TRIES} tries`);
}

function isAgain(end: { readonly kind: string }): end is Again {
  return end.kind === 'again';
}

/** A part and the digest of what is in it. */
export type Growing = {
  readonly part: Part;
  /** Takes what `body` brings: up to its end, to where it broke off, or to where more than `limitBytes` would be there. */
  readonly grow: (body: Body, limitBytes: number) => Promise<'ended' | 'too-long' | Interrupted>;
  readonly empty: () => Promise<void>;
  /** Puts it into the pool. */
  readonly keep: () => Promise<Sha256>;
};

/** `part`, which is emptied: what another run left of it may be of another file, and nothing would tell. */
export async function startGrowing(
  part: Part,
  progress: Pick<ProgressCounter, 'resumed' | 'received' | 'fileDone'>,
): Promise<Growing> {
  if (part.sizeBytes() > 0) await part.restart();
  let hasher = startHasher('sha256');
  return {
    part,
    grow: async (body, limitBytes) => {
      try {
        for await (const chunk of body.chunks) {
          if (part.sizeBytes() + chunk.length > limitBytes) return 'too-long';
          hasher.update(chunk);
          await part.append(chunk);
          progress.received(chunk.length);
        }
        return 'ended';
      } catch (error) {
        if (error instanceof Interrupted) return error;
        throw error;
      }
    },
    empty: async () => {
      if (part.sizeBytes() === 0) return;
      progress.resumed(-part.sizeBytes());
      await part.restart();
      hasher = startHasher('sha256');
    },
    keep: async () => {
      const { sha256 } = hasher.digests();
      await part.keep(sha256);
      progress.fileDone();
      return sha256;
    },
  };
}
