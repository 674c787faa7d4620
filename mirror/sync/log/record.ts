// A sync as it is remembered: why it began, how far it is, how it ended; and how that is kept as text. Pure.

import { z } from 'zod';
import { withoutControls } from '../../../server/printable.ts';

export type SyncCause = 'schedule' | 'catch-up' | 'retry' | 'command' | 'api';
/**
 * `cancelled`: somebody asked for it. `stopped`: the appliance that synced was stopped and goes on when it runs again.
 * `broken-off`: the process that synced died.
 */
export type SyncOutcome = 'published' | 'unchanged' | 'failed' | 'cancelled' | 'stopped' | 'broken-off';

/** What is published now is what upstream had then. */
export const GOOD_OUTCOMES: readonly SyncOutcome[] = ['published', 'unchanged'];

/** Did a sync with this outcome find upstream well? One that has none yet did not. */
export function isGoodOutcome(outcome: SyncOutcome | undefined): boolean {
  return outcome !== undefined && GOOD_OUTCOMES.includes(outcome);
}

/** How far a sync is, as last written down. */
export type LoggedProgress = {
  readonly phase?: string | undefined;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
  readonly reused?: number | undefined;
  readonly bytesPerSecond?: number | undefined;
  readonly etaSeconds?: number | undefined;
};

/** What a sync brought. */
export type SyncCounts = {
  readonly packages: number;
  readonly files: number;
  readonly bytes: number;
  readonly filesFetched: number;
  readonly bytesFetched: number;
  /** What local trees gave instead of the network. */
  readonly bytesReused: number;
};

/** One sync of one repo or tree. Times are ms since 1970. */
export type SyncRecord = SyncBeginning & {
  readonly id: number;
  /** When the process that syncs was last heard of. */
  readonly seenAt: number;
  /** Undefined: it runs, as far as anybody knows. */
  readonly endedAt: number | undefined;
  readonly outcome: SyncOutcome | undefined;
  readonly cancelAsked: boolean;
  readonly progress: LoggedProgress | undefined;
} & SyncFindings;

/** `repo` is the name that the content is kept under: a repo's own, or that of a tree from a URL (`contentNameOfTree`). */
export type SyncBeginning = { readonly repo: string; readonly cause: SyncCause; readonly startedAt: number };

/** What is known of a sync once it has ended. */
export type SyncFindings = {
  readonly snapshot: string | undefined;
  readonly reason: string | undefined;
  readonly remedy: string | undefined;
  readonly file: string | undefined;
  readonly counts: SyncCounts | undefined;
  readonly notes: readonly string[];
};

export type SyncEnding = { readonly endedAt: number; readonly outcome: SyncOutcome } & SyncFindings;

/** A process that syncs says that it lives this often at least. */
export const LIFE_SIGN_MS = 5000;

/** Is this record that of a process that died? Its lock tells; while the process is heard of, nobody need ask. */
export function isBrokenOff(
  record: Pick<SyncRecord, 'endedAt' | 'seenAt'>,
  seen: { readonly now: number; readonly isLocked: () => boolean },
): boolean {
  if (record.endedAt !== undefined) return false;
  // A clock that was set back makes life signs come from the future.
  const silentMs = Math.abs(seen.now - record.seenAt);
  return silentMs > 2 * LIFE_SIGN_MS && !seen.isLocked();
}

/** How the log says that a process died. */
export const brokenOff: Omit<SyncEnding, 'endedAt'> = {
  outcome: 'broken-off',
  snapshot: undefined,
  reason: 'the process that synced ended before the sync did; what was published stays',
  remedy: 'the next sync goes on from here',
  file: undefined,
  counts: undefined,
  notes: [],
};

const count = z.number().nonnegative();
const findings = z.object({
  snapshot: z.string().optional(),
  reason: z.string().optional(),
  remedy: z.string().optional(),
  file: z.string().optional(),
  counts: z
    .object({
      packages: count,
      files: count,
      bytes: count,
      filesFetched: count,
      bytesFetched: count,
      bytesReused: count,
    })
    .optional(),
  notes: z.array(z.string()).default([]),
});
const progress = z.object({
  phase: z.string().optional(),
  filesDone: count,
  filesTotal: count,
  bytesDone: z.number(),
  bytesTotal: count,
  reused: count.optional(),
  bytesPerSecond: count.optional(),
  etaSeconds: count.optional(),
});

const TEXT_LIMIT = 500;
const NOTES_LIMIT = 50;

/** An ending fit to be shown: texts that an upstream may have a hand in are cut, and cannot move a terminal's cursor. */
export function tellable<T extends SyncFindings>(findings: T): T {
  const cut = (text: string): string => withoutControls(text.slice(0, TEXT_LIMIT));
  const { reason, remedy, file, notes } = findings;
  const texts = { reason: reason && cut(reason), remedy: remedy && cut(remedy), file: file && cut(file) };
  return { ...findings, ...texts, notes: notes.slice(0, NOTES_LIMIT).map(cut) };
}

/** Findings as one line of JSON, as `tellable` leaves them. */
export function encodeFindings(findings: SyncFindings): string {
  const { snapshot, reason, remedy, file, counts, notes } = tellable(findings);
  return JSON.stringify({ snapshot, reason, remedy, file, counts, notes });
}

/** Nothing is known. */
export const noFindings: SyncFindings = {
  snapshot: undefined,
  reason: undefined,
  remedy: undefined,
  file: undefined,
  counts: undefined,
  notes: [],
};

/** Back again. What another version wrote and this one cannot read is left out. */
export function decodeFindings(text: string): SyncFindings {
  const read = findings.safeParse(parseJson(text));
  return read.success ? { ...noFindings, ...read.data } : noFindings;
}

export function encodeProgress(at: LoggedProgress): string {
  return JSON.stringify(at);
}

export function decodeProgress(text: string): LoggedProgress | undefined {
  return progress.safeParse(parseJson(text)).data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
