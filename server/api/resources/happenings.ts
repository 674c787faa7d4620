// What happened by itself, over the API: hosts, syncs, jobs and the appliance's own, one list in pages, filtered.

import { z } from 'zod';
import { count } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, reply } from '../operation.ts';
import { page } from '../shapes.ts';

const kind = z.enum(['host', 'sync', 'job', 'site', 'dhcp']);
const outcome = z.enum(['wrong', 'fine']);

/** What is asked for; the cursor is the `next` of an earlier answer. */
export type HappeningQuery = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly about?: string | undefined;
  readonly kind?: z.output<typeof kind> | undefined;
  readonly outcome?: z.output<typeof outcome> | undefined;
};

const happening = z.object({
  id: z.string(),
  at: z.number().describe('Milliseconds since 1970.'),
  kind,
  about: z
    .object({ host: z.string().optional(), repo: z.string().optional(), tree: z.string().optional() })
    .describe('One of them; none where it is about the whole appliance.'),
  what: z.string(),
  detail: z.string(),
  outcome: outcome.describe('wrong: somebody should look after it.'),
});

/** The operation on the list; `list` answers what is asked for. */
export function happeningOperation(list: (query: HappeningQuery) => Promise<unknown>): Operation {
  return operation({
    id: 'listHappenings',
    method: 'get',
    path: '/happenings',
    summary:
      'What happened by itself, newest first: to hosts, in syncs and jobs, to the site file, and which other DHCP servers were heard; as far back as each is kept. What people changed, /activity tells.',
    right: 'viewer',
    query: z.strictObject({
      limit: count(1, 1000, 100),
      cursor: z
        .string()
        .regex(/^\d{1,15}\.[a-z][A-Za-z0-9_-]{1,40}$/, 'is the next of a page')
        .optional()
        .describe(
          'The next of the page before. It stays right while things happen. A page of what is rare may be short or empty and have a next all the same: so far was looked.',
        ),
      about: z.string().max(100).optional().describe('Part of the name of a host, repo or tree, in capitals or not.'),
      kind: kind.optional(),
      outcome: outcome.optional(),
    }),
    description: 'A page of happenings.',
    schema: page(happening),
    run: async ({ query }) => reply(await list(query)),
  });
}
