// The desk of jobs: begun, followed, cancelled, remembered for a while; in memory, for they end with the appliance. Running: the work is handed in.

import type { Log } from '../log.ts';
import type { No } from '../malformed.ts';
import { messageOf, no } from '../malformed.ts';
import type { Job, JobFindings, JobKind, JobProgress, JobTarget } from './job.ts';
import { ended } from './job.ts';

/** Long work: rejects where `signal` ends it, and for faults. */
export type Work = (watch: {
  readonly onProgress: (progress: JobProgress) => void;
  readonly signal: AbortSignal;
}) => Promise<JobFindings>;

export type JobOrder = {
  readonly kind: JobKind;
  readonly target: JobTarget;
  readonly by: string;
  readonly work: Work;
};

export type JobDesk = {
  /** Begins the work, which goes on after the answer. A `No` while the target has one already, or too many run. */
  begin(order: JobOrder): Job | No;
  /** Newest first. */
  list(): readonly Job[];
  /** Undefined: there is none of that id, or it was too long ago. */
  find(id: string): Job | undefined;
  /** Asks a job to end: it does within moments. A `No` for one that has ended. */
  cancel(id: string): Job | No;
  /** What changed after `revision`, oldest change first, and the newest revision there is. */
  changedSince(revision: number): { readonly newest: number; readonly jobs: readonly Job[] };
  /** Ends all that runs, and waits for it. */
  close(): Promise<void>;
};

export type DeskParts = { readonly now: () => number; readonly newId: () => string; readonly log: Log };

/** They read whole disks. */
const AT_ONCE = 2;
const KEPT = 200;

type Known = { readonly revision: number; readonly job: Job };
type Running = { readonly target: JobTarget; readonly cancel: AbortController; readonly end: Promise<void> };

/** A desk with no jobs yet. */
export function openJobDesk({ now, newId, log }: DeskParts): JobDesk {
  const stop = new AbortController();
  /** Oldest first. */
  const known = new Map<string, Known>();
  const running = new Map<string, Running>();
  let revision = 0;
  const keep = (job: Job): void => {
    revision += 1;
    known.set(job.id, { revision, job });
  };
  const change = (id: string, changed: (job: Job) => Job): void => {
    const entry = known.get(id);
    if (entry !== undefined) keep(changed(entry.job));
  };
  const run = async (id: string, work: Work, cancel: AbortController): Promise<void> => {
    const signal = AbortSignal.any([stop.signal, cancel.signal]);
    const onProgress = (progress: JobProgress): void => change(id, (job) => ({ ...job, progress }));
    const findings = await work({ onProgress, signal }).catch((error: unknown) => {
      if (cancel.signal.aborted) return { outcome: 'cancelled' } as const;
      if (stop.signal.aborted) return { outcome: 'stopped' } as const;
      log.error('job failed', { job: id, error: messageOf(error) });
      return { outcome: 'failed', reason: messageOf(error) } as const;
    });
    running.delete(id);
    change(id, (job) => ended(job, findings, now()));
    log.info('job ended', { job: id, outcome: findings.outcome });
  };
  return {
    begin: ({ kind, target, by, work }) => {
      if (stop.signal.aborted) return no('the appliance stops', 'ask again when it runs');
      const refused = refusal(target, running);
      if (refused !== undefined) return refused;
      const job: Job = { id: newId(), kind, [target.kind]: target.name, by, startedAt: now() };
      keep(job);
      forgetOldest(known, running);
      log.info('job begins', { job: job.id, kind, [target.kind]: target.name, by });
      const cancel = new AbortController();
      running.set(job.id, { target, cancel, end: run(job.id, work, cancel) });
      return job;
    },
    list: () => [...known.values()].map(({ job }) => job).toReversed(),
    find: (id) => known.get(id)?.job,
    cancel: (id) => {
      const job = running.get(id);
      if (job === undefined) return no(known.has(id) ? 'the job has ended' : 'there is no such job');
      job.cancel.abort(new Error('cancelled'));
      change(id, (one) => ({ ...one, cancelAsked: true }));
      return known.get(id)?.job ?? no('there is no such job');
    },
    changedSince: (seen) => {
      const changed = [...known.values()].filter((entry) => entry.revision > seen);
      return { newest: revision, jobs: changed.toSorted((a, b) => a.revision - b.revision).map(({ job }) => job) };
    },
    close: async () => {
      stop.abort(new Error('the appliance stops'));
      await Promise.all([...running.values()].map(({ end }) => end));
    },
  };
}

function refusal(target: JobTarget, running: ReadonlyMap<string, Running>): No | undefined {
  for (const [id, { target: other }] of running) {
    if (other.kind === target.kind && other.name === target.name)
      return no(`a job of the ${target.kind} ${target.name} runs already`, `follow the job ${id}, or end it first`);
  }
  return running.size < AT_ONCE
    ? undefined
    : no(`${running.size} jobs run already`, 'wait for one of them, or end one');
}

/** Those that run are never among them: fewer run than are kept. */
function forgetOldest(known: Map<string, Known>, running: ReadonlyMap<string, Running>): void {
  for (const id of known.keys()) {
    if (known.size <= KEPT) return;
    if (!running.has(id)) known.delete(id);
  }
}
