// What was done by whom, over the API: the audit log in pages, filtered.

import { z } from 'zod';
import { count } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, reply } from '../operation.ts';
import * as shapes from '../shapes.ts';

/** What is asked of the audit log; the cursor is the `next` of an earlier answer. */
export type ActivityQuery = {
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly who?: string | undefined;
  readonly operation?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: 'done' | 'refused' | undefined;
};

const part = z.string().max(100).optional().describe('Part of it, in capitals or not.');

/** The operation on the log; `page` answers what is asked for. */
export function activityOperation(page: (query: ActivityQuery) => Promise<unknown>): Operation {
  return operation({
    id: 'listActivity',
    method: 'get',
    path: '/activity',
    summary: 'What was changed, by whom and from where, newest first: all that is kept.',
    right: 'operator',
    query: z.strictObject({
      limit: count(1, 1000, 100),
      cursor: z
        .string()
        .regex(/^[A-Za-z0-9_-]{16}\.\d{1,12}$/, 'is the next of a page')
        .optional()
        .describe('The next of the page before. It stays right while things are done.'),
      who: part,
      operation: part,
      target: part,
      outcome: z.enum(['done', 'refused']).optional(),
    }),
    description: 'A page of entries.',
    schema: shapes.page(shapes.auditEntry),
    run: async ({ query }) => reply(await page(query)),
  });
}
