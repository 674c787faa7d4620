// Repos added to the site and taken off it over the API; what they are and hold is in content.ts.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo } from '../../malformed.ts';
import type { Refusal } from '../../problem.ts';
import { NAME } from '../../site/values.ts';
import { repoParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, rejected, reply, whoOf } from '../operation.ts';

/** `unknown`: there is no such repo. */
export type RepoRefusal = Refusal & { readonly about?: 'unknown' };

type Who = ReturnType<typeof whoOf>;

export type RepoParts = {
  readonly repo: (name: string) => Promise<unknown>;
  readonly add: (wanted: {
    readonly entry: z.output<typeof addBody>;
    readonly who: Who;
  }) => Promise<RepoRefusal | { readonly kind: 'added'; readonly upstream: string }>;
  readonly remove: (unwanted: {
    readonly name: string;
    readonly who: Who;
  }) => Promise<RepoRefusal | { readonly kind: 'removed'; readonly upstream: string }>;
};

/** As long as the site file takes one, and more: it says itself what is wrong. */
const MOST_CHARACTERS = 1024;
const words = z.string().min(1).max(MOST_CHARACTERS);

/** What each must look like, the check of the site file tells with all its problems. */
const addBody = z.strictObject({
  name: z.string().regex(new RegExp(NAME), 'is the name of a repo').describe('What the repo is to be called.'),
  upstream: words.describe('An http or https URL without a login, or an absolute directory on the appliance.'),
  publish: words.describe('A second path to serve it at, such as /4.0/.').optional(),
  schedule: words
    .describe("When to sync: five cron fields in the site's time zone, or @daily. By hand where absent.")
    .optional(),
  keep: z.int().min(1).max(1000).describe('How many snapshots to keep; 3 where absent.').optional(),
});

const added = z.object({
  kind: z.literal('added'),
  repo: z.string(),
  upstream: z.string(),
});

const removed = z.object({
  kind: z.literal('removed'),
  repo: z.string(),
  upstream: z.string(),
  snapshots: z.array(z.string()).describe('That are gone.'),
  freedBytes: z.int().optional().describe('What that set free on the disk, as far as it is known.'),
  left: z.string().optional().describe('Why what was mirrored is still on the disk, where it is.'),
});

/** The operations that change which repos there are. */
export function repoOperations(parts: RepoParts): readonly Operation[] {
  return [addRepo(parts), removeRepo(parts)];
}

function addRepo(parts: RepoParts): Operation {
  return operation({
    id: 'addRepo',
    method: 'post',
    path: '/repos',
    summary: 'Adds a repo to the site file. A sync fetches it (POST /repos/{repo}/syncs).',
    right: 'operator',
    body: addBody,
    status: 201,
    description: 'The site names it, and it may be synced.',
    schema: added,
    refusals: [409, 422],
    run: async ({ body }, caller) => {
      const made = await parts.add({ entry: body, who: whoOf(caller) });
      if (isNo(made)) return refusedAs(made);
      return reply(made, {
        location: `/api/v1/repos/${body.name}`,
        change: { after: `${body.name} from ${made.upstream}` },
      });
    },
  });
}

function removeRepo(parts: RepoParts): Operation {
  return operation({
    id: 'removeRepo',
    method: 'delete',
    path: '/repos/{repo}',
    summary: 'Takes a repo off the site file, with all that was mirrored of it.',
    right: 'operator',
    params: repoParam,
    ifMatch: { need: 'optional', state: ({ repo }) => parts.repo(repo) },
    description: 'It is taken off.',
    schema: removed,
    refusals: [404, 409, 422],
    run: async ({ params: { repo: name } }, caller) => {
      const gone = await parts.remove({ name, who: whoOf(caller) });
      return isNo(gone) ? refusedAs(gone) : reply(gone, { change: { before: `${name} from ${gone.upstream}` } });
    },
  });
}

function refusedAs({ about, ...said }: RepoRefusal & No) {
  return rejected(about === 'unknown' ? 404 : said.problems === undefined ? 409 : 422, said);
}
