// How a sync ended, as a value; what upstream, the disk or another process did becomes a reason here.

import { codeOf, Malformed, messageOf, type No } from '../../server/malformed.ts';
import { isDiskFull } from '../content/layout.ts';
import type { SyncTotals } from './progress.ts';
import { SyncFault } from './upstream.ts';

export type SyncResult =
  | (SyncTotals & {
      readonly kind: 'published';
      readonly snapshot: string;
      readonly packages: number;
      readonly files: number;
      readonly bytes: number;
      /** What an operator should know of it: a weak key accepted, a signature that no longer applies, new holes. */
      readonly notes: readonly string[];
      readonly pruned: readonly string[];
    })
  /** Upstream is what `newest` holds already. `snapshot` is published: another one after a roll-back, which stays. */
  | { readonly kind: 'unchanged'; readonly snapshot: string; readonly newest: string }
  | SyncFailure;

export type SyncFailure = {
  readonly kind: 'failed';
  readonly reason: string;
  readonly file: string | undefined;
  readonly remedy: string | undefined;
  /** New holes of a strict repo, one line each, bounded. */
  readonly holes?: readonly string[];
};

/** Why a sync is not gone on with, where that is no file's fault. */
export class Refused extends Error {
  readonly remedy: string | undefined;

  constructor({ reason, remedy }: No) {
    super(reason);
    this.remedy = remedy;
  }
}

/** A failure with its reason, and what an operator can do about it. */
export function failed(
  reason: string,
  about: { readonly file?: string | undefined; readonly remedy?: string | undefined } = {},
): SyncFailure {
  return { kind: 'failed', reason, file: about.file, remedy: about.remedy };
}

/** The failure that `error` stands for; a bug is thrown on. */
export function failureOf(error: unknown, signal: AbortSignal): SyncFailure {
  if (signal.aborted) return failed('the sync was stopped', { remedy: 'the next one goes on where this one ended' });
  if (isDiskFull(codeOf(error))) return failed(`the disk is full: ${messageOf(error)}`, { remedy: 'make room on it' });
  if (error instanceof Refused) return failed(error.message, { remedy: error.remedy });
  if (error instanceof SyncFault) return failed(error.message, { file: error.file, remedy: error.remedy });
  if (error instanceof Malformed) return failed(error.message, { file: error.where });
  if (error instanceof TypeError || error instanceof RangeError) throw error;
  return failed(messageOf(error));
}
