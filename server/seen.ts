// Stages read back: those of one kind, with their times, and what became of a file. A leaf, pure.

import type { Stage, StageRecord } from './stages.ts';

/** A stage of one kind, with its time (ms since 1970). */
export type Seen<K extends Stage['kind']> = Extract<Stage, { kind: K }> & { readonly at: number };

/** The stages of one kind among `records`, in their order. */
export function seenOf<K extends Stage['kind']>(records: readonly StageRecord[], kind: K): readonly Seen<K>[] {
  return records.flatMap(({ at, stage }) =>
    stage.kind === kind ? [{ ...(stage as Extract<Stage, { kind: K }>), at }] : [],
  );
}

/**
 * Was all of the file sent? A client may also close when it has the last byte. Over HTTP the rest may come in a second answer;
 * one without a byte, which only says that nothing has changed, brings nothing.
 */
export function isWhole({ outcome, bytes, sizeBytes }: Extract<Stage, { kind: 'file' }>): boolean {
  if (outcome === 'sent') return bytes > 0 || sizeBytes === 0;
  return outcome === 'closed' && bytes > 0 && bytes >= sizeBytes;
}
