// A job: long work that somebody asked for, as it is told while it runs and once it has ended. Pure.

import { withoutControls } from '../printable.ts';

export type JobKind = 'verify' | 'repair';

/** What the work is done on, by its name in the site. */
export type JobTarget = { readonly kind: 'repo' | 'tree'; readonly name: string };

/**
 * `sound` and `damaged` are what was found. `failed`: it could not be found out. `cancelled`: somebody asked for it. `stopped`: the
 * appliance was stopped.
 */
export type JobOutcome = 'sound' | 'damaged' | 'failed' | 'cancelled' | 'stopped';

export type JobProgress = {
  readonly phase?: string | undefined;
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
};

/** `path` is empty for what is no file of its own: the record of a snapshot, an image as a whole. */
export type Damaged = { readonly snapshot?: string | undefined; readonly path: string; readonly reason: string };

/** What a job has to say of its end. */
export type JobFindings = {
  readonly outcome: JobOutcome;
  readonly damaged?: readonly Damaged[] | undefined;
  readonly notes?: readonly string[] | undefined;
  readonly reason?: string | undefined;
  readonly remedy?: string | undefined;
};

/** One job. Times are ms since 1970. */
export type Job = {
  readonly id: string;
  readonly kind: JobKind;
  /** One of the two. */
  readonly repo?: string;
  readonly tree?: string;
  /** The operator who asked for it. */
  readonly by: string;
  readonly startedAt: number;
  readonly cancelAsked?: boolean;
  readonly progress?: JobProgress;
  /** Undefined: it runs. */
  readonly endedAt?: number;
  /** How many more are damaged than are listed. */
  readonly damagedMore?: number;
} & Partial<JobFindings>;

// Two hundred jobs are remembered: together they stay below what a small machine can spare.
const DAMAGED_LIMIT = 100;
const NOTES_LIMIT = 50;
const TEXT_LIMIT = 500;
const PATH_LIMIT = 1024;
/** Of what is damaged, and of notes, where jobs are listed or told as events: a listener may leave 256 KiB unread. */
const BRIEF_LIMIT = 10;

/** The job, ended so: lists are cut and counted, and texts that a disk or an upstream has a hand in are made plain. */
export function ended(job: Job, findings: JobFindings, endedAt: number): Job {
  const { outcome, damaged = [], notes = [], reason, remedy } = findings;
  const more = Math.max(0, damaged.length - DAMAGED_LIMIT);
  return {
    ...job,
    endedAt,
    outcome,
    damaged: damaged.slice(0, DAMAGED_LIMIT).map(shownDamage),
    ...(more === 0 ? {} : { damagedMore: more }),
    notes: cutNotes(notes),
    reason: reason === undefined ? undefined : plain(reason, TEXT_LIMIT),
    remedy: remedy === undefined ? undefined : plain(remedy, TEXT_LIMIT),
  };
}

/** The job where many are told of at once: the first of what is damaged, and how many more there are. */
export function brief(job: Job): Job {
  const { damaged = [], damagedMore = 0, notes = [] } = job;
  if (damaged.length <= BRIEF_LIMIT && notes.length <= BRIEF_LIMIT) return job;
  const more = damagedMore + Math.max(0, damaged.length - BRIEF_LIMIT);
  return {
    ...job,
    damaged: damaged.slice(0, BRIEF_LIMIT),
    ...(more === 0 ? {} : { damagedMore: more }),
    notes: notes.slice(0, BRIEF_LIMIT),
  };
}

function shownDamage({ snapshot, path, reason }: Damaged): Damaged {
  return { snapshot, path: plain(path, PATH_LIMIT), reason: plain(reason, TEXT_LIMIT) };
}

function cutNotes(notes: readonly string[]): readonly string[] {
  const shown = notes.slice(0, NOTES_LIMIT).map((note) => plain(note, TEXT_LIMIT));
  return notes.length > NOTES_LIMIT ? [...shown, `and ${notes.length - NOTES_LIMIT} more`] : shown;
}

function plain(text: string, limit: number): string {
  return withoutControls(text.slice(0, limit));
}
