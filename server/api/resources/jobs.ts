// Verifications and repairs over the API: begun, followed, and ended as jobs.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import { count, jobParam, repoParam, treeParam } from '../names.ts';
import type { Operation, Outcome } from '../operation.ts';
import { operation, principalOf, rejected, reply } from '../operation.ts';
import { page } from '../shapes.ts';

/** A job as far as its address is made of it. */
type Begun = { readonly id: string };
type Asked = { readonly repair: 'repair' | 'look'; readonly by: string };

export type JobParts = {
  /** Why there is no such repo, no such tree; undefined where there is. */
  readonly unknownRepo: (name: string) => No | undefined;
  readonly unknownTree: (name: string) => No | undefined;
  /** Each begins a job, which goes on after the answer. */
  readonly verifyRepo: (name: string, how: Asked & { readonly which: 'published' | 'all' }) => Begun | No;
  readonly verifyTree: (name: string, how: Asked) => Begun | No;
  /** Newest first. */
  readonly jobs: () => readonly Begun[];
  readonly job: (id: string) => Begun | undefined;
  readonly cancel: (id: string) => Begun | No;
};

const time = z.number().describe('Milliseconds since 1970.');
const repair = z
  .enum(['repair', 'look'])
  .default('look')
  .describe('repair: what is damaged is brought anew, from a copy on this disk or from upstream.');
const snapshots = z.enum(['published', 'all']).default('published').describe('Which snapshots are looked at.');

const bytes = z.number().nonnegative();
const job = z.object({
  id: z.string(),
  kind: z.enum(['verify', 'repair']),
  repo: z.string().optional(),
  tree: z.string().optional(),
  by: z.string().describe('The operator who asked for it.'),
  startedAt: time,
  cancelAsked: z.boolean().optional(),
  progress: z
    .object({
      phase: z.string().optional(),
      filesDone: z.int().nonnegative(),
      filesTotal: z.int().nonnegative(),
      bytesDone: bytes,
      bytesTotal: bytes,
    })
    .optional(),
  endedAt: time.optional().describe('Absent: it runs.'),
  outcome: z
    .enum(['sound', 'damaged', 'failed', 'cancelled', 'stopped'])
    .optional()
    .describe(
      'sound and damaged are how it is now; failed: it could not be found out; stopped: the appliance was stopped.',
    ),
  damaged: z
    .array(
      z.object({
        snapshot: z.string().optional(),
        path: z.string().describe('Empty: the record of the snapshot, or the image as a whole.'),
        reason: z.string(),
      }),
    )
    .optional(),
  damagedMore: z.int().optional().describe('How many more are damaged than are listed.'),
  notes: z.array(z.string()).optional(),
  reason: z.string().optional(),
  remedy: z.string().optional(),
});

/** The operations on jobs. */
export function jobOperations(parts: JobParts): readonly Operation[] {
  return [...begins(parts), ...looks(parts), cancelJob(parts)];
}

function begins(parts: JobParts): readonly Operation[] {
  const begun = { status: 202, description: 'It has begun: the job.', schema: job, refusals: [404, 409] } as const;
  return [
    operation({
      id: 'verifyRepo',
      method: 'post',
      path: '/repos/{repo}/verifications',
      summary: 'Hashes every file of a repo again. It goes on after the answer: follow the job, or /events.',
      right: 'operator',
      params: repoParam,
      body: z.strictObject({ snapshots, repair }),
      ...begun,
      run: ({ params, body }, caller) =>
        begunOr(parts.unknownRepo(params.repo), () =>
          parts.verifyRepo(params.repo, { which: body.snapshots, repair: body.repair, by: principalOf(caller).name }),
        ),
    }),
    operation({
      id: 'verifyTree',
      method: 'post',
      path: '/trees/{tree}/verifications',
      summary:
        'Holds a tree against the checksums that it names itself, one from a URL against all that its sync wrote down. It goes on after the answer.',
      right: 'operator',
      params: treeParam,
      body: z.strictObject({ repair }),
      ...begun,
      run: ({ params, body }, caller) =>
        begunOr(parts.unknownTree(params.tree), () =>
          parts.verifyTree(params.tree, { repair: body.repair, by: principalOf(caller).name }),
        ),
    }),
  ];
}

function begunOr(unknown: No | undefined, begin: () => Begun | No): Outcome {
  if (unknown !== undefined) return rejected(404, unknown);
  const begun = begin();
  if (isNo(begun)) return rejected(409, begun);
  return reply(begun, { location: `/api/v1/jobs/${begun.id}`, change: { after: `job ${begun.id}` } });
}

function looks(parts: JobParts): readonly Operation[] {
  return [
    operation({
      id: 'listJobs',
      method: 'get',
      path: '/jobs',
      summary: 'The newest verifications and repairs since the appliance was started, newest first.',
      right: 'viewer',
      query: z.strictObject({ limit: count(1, 200, 50) }),
      description: 'The jobs.',
      schema: page(job),
      run: ({ query }) => reply({ items: parts.jobs().slice(0, query.limit) }),
    }),
    operation({
      id: 'getJob',
      method: 'get',
      path: '/jobs/{job}',
      summary: 'One job.',
      right: 'viewer',
      params: jobParam,
      description: 'The job.',
      schema: job,
      refusals: [404],
      run: ({ params }) => {
        const found = parts.job(params.job);
        return found === undefined ? rejected(404, NO_JOB) : reply(found);
      },
    }),
  ];
}

const NO_JOB = no('there is no such job', 'the newest 200 are kept until the appliance is started again');

function cancelJob(parts: JobParts): Operation {
  return operation({
    id: 'cancelJob',
    method: 'delete',
    path: '/jobs/{job}',
    summary: 'Ends a job that runs. What it has repaired so far stays repaired.',
    right: 'operator',
    params: jobParam,
    status: 202,
    description: 'It was asked to end.',
    schema: job,
    refusals: [404, 409],
    run: ({ params }) => {
      if (parts.job(params.job) === undefined) return rejected(404, NO_JOB);
      const asked = parts.cancel(params.job);
      return isNo(asked) ? rejected(409, asked) : reply(asked);
    },
  });
}
