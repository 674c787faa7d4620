// What hosts, syncs, jobs and the site file have kept of themselves, as happenings: one or two of each. Pure.

import { oneLine } from '../printable.ts';
import type { Happening, HappeningAbout } from './happening.ts';

/** The letter of each place where happenings are kept. Of the same time, what began comes below what ended. */
export const LETTERS = {
  host: 'h',
  syncBegun: 'b',
  syncEnded: 'e',
  jobBegun: 'j',
  jobEnded: 'k',
  site: 'v',
  notice: 'n',
} as const;

/** A line of a host's history; `times` tells how often it was written. */
export type HostLine = {
  readonly id: number;
  readonly host: string;
  readonly at: number;
  readonly what: string;
  readonly detail: string;
  readonly times: number;
};

/** Somebody should look after it: an install ended badly, or an installer was not given what it asked for. */
const WRONG_OF_HOSTS = new Set(['stopped', 'reported failed', 'instructions refused', 'file refused', 'refused']);

export function hostHappening({ id, host, at, what, detail, times }: HostLine): Happening {
  const said = oneLine(detail);
  return {
    id: `${LETTERS.host}${id}`,
    at,
    kind: 'host',
    about: { host },
    what: oneLine(what),
    detail: times === 1 ? said : `${said} (${times} times)`,
    outcome: WRONG_OF_HOSTS.has(what) ? 'wrong' : 'fine',
  };
}

/** A sync as the log has it, of what `about` names. */
export type SyncLine = {
  readonly id: number;
  readonly about: HappeningAbout;
  readonly cause: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly outcome: string | null;
  readonly snapshot: string | null;
  readonly reason: string | null;
  readonly remedy: string | null;
};

export function syncBegun({ id, about, cause, startedAt: at }: SyncLine): Happening {
  const told = { what: 'sync began', detail: `by ${CAUSES.get(cause) ?? cause}`, outcome: 'fine' } as const;
  return { id: `${LETTERS.syncBegun}${id}`, at, kind: 'sync', about, ...told };
}

const CAUSES: ReadonlyMap<string, string> = new Map([
  ['schedule', 'schedule'],
  ['catch-up', 'schedule, late: the appliance did not run then'],
  ['retry', 'itself: the last one failed'],
  ['command', 'a command'],
  ['api', 'an operator'],
]);

const SYNC_ENDS: ReadonlyMap<string, string> = new Map([
  ['published', 'sync published'],
  ['unchanged', 'sync found nothing new'],
  ['failed', 'sync failed'],
  ['cancelled', 'sync cancelled'],
  ['stopped', 'sync stopped with the appliance'],
  ['broken-off', 'sync broke off'],
]);
const WRONG_OF_SYNCS = new Set(['failed', 'broken-off']);

/** Of one that has ended. */
export function syncEnded(sync: SyncLine): Happening {
  const { id, about, startedAt, snapshot, reason, remedy } = sync;
  const outcome = sync.outcome ?? 'ended';
  return {
    id: `${LETTERS.syncEnded}${id}`,
    at: sync.endedAt ?? startedAt,
    kind: 'sync',
    about,
    what: SYNC_ENDS.get(outcome) ?? `sync ${outcome}`,
    detail: joined([reason ?? snapshot, remedy]),
    outcome: WRONG_OF_SYNCS.has(outcome) ? 'wrong' : 'fine',
  };
}

/** A job as the desk has it. */
export type JobLine = {
  readonly id: string;
  readonly kind: string;
  readonly repo?: string;
  readonly tree?: string;
  readonly by: string;
  readonly startedAt: number;
  readonly endedAt?: number;
  readonly outcome?: string | undefined;
  readonly damaged?: readonly unknown[] | undefined;
  readonly damagedMore?: number;
  readonly reason?: string | undefined;
  readonly remedy?: string | undefined;
};

const WRONG_OF_JOBS = new Set(['damaged', 'failed']);

/** Its beginning, and its end once it has ended. */
export function jobHappenings(job: JobLine): readonly Happening[] {
  const { id, repo, tree, by, startedAt, endedAt, outcome } = job;
  const about = repo === undefined ? { tree } : { repo };
  const name = job.kind === 'repair' ? 'repair' : 'verification';
  const of = { kind: 'job', about } as const;
  const begun: Happening = {
    ...of,
    id: `${LETTERS.jobBegun}${id}`,
    at: startedAt,
    what: `${name} began`,
    detail: `by ${by}`,
    outcome: 'fine',
  };
  if (endedAt === undefined || outcome === undefined) return [begun];
  const damaged = (job.damaged?.length ?? 0) + (job.damagedMore ?? 0);
  const found = damaged === 0 ? undefined : `${damaged} damaged`;
  const ended: Happening = {
    ...of,
    id: `${LETTERS.jobEnded}${id}`,
    at: endedAt,
    what: `${name}: ${outcome}`,
    detail: joined([found, job.reason, job.remedy]),
    outcome: WRONG_OF_JOBS.has(outcome) ? 'wrong' : 'fine',
  };
  return [begun, ended];
}

/** A version of the site file, told as `words` have it. Whose it is, the audit log and the file's history tell. */
export function siteChanged({ id, at }: { readonly id: number; readonly at: number }, words: string): Happening {
  const told = { what: 'site changed', detail: `version ${words}`, outcome: 'fine' } as const;
  return { id: `${LETTERS.site}${id}`, at, kind: 'site', about: {}, ...told };
}

function joined(parts: readonly (string | null | undefined)[]): string {
  return parts
    .flatMap((part) => (part === undefined || part === null || part === '' ? [] : [oneLine(part)]))
    .join('; ');
}
