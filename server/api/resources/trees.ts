// Install trees over the API: what there is, a medium made a tree of the site, a tree taken off.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo } from '../../malformed.ts';
import type { Refusal } from '../../problem.ts';
import { NAME } from '../../site/values.ts';
import { treeParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, rejected, reply, whoOf } from '../operation.ts';
import * as shapes from '../shapes.ts';

/** Where the medium of a tree is to come from. */
export type TreeOrigin =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'upload'; readonly file: string };

/** `unusable`: what was named is no install medium that can be read. `unknown`: there is no such tree. */
export type TreeRefusal = Refusal & { readonly about?: 'unusable' | 'unknown' };

type Who = ReturnType<typeof whoOf>;

export type TreeParts = {
  readonly trees: () => Promise<unknown>;
  readonly tree: (name: string) => Promise<unknown>;
  readonly add: (wanted: {
    readonly name: string;
    readonly from: TreeOrigin;
    readonly who: Who;
  }) => Promise<TreeRefusal | { readonly kind: 'added'; readonly source: string }>;
  readonly remove: (unwanted: {
    readonly name: string;
    readonly who: Who;
  }) => Promise<TreeRefusal | { readonly kind: 'removed'; readonly source: string }>;
};

/** As long as the site file takes one. */
const MOST_CHARACTERS = 1024;

const origin = z
  .strictObject({
    path: z
      .string()
      .max(MOST_CHARACTERS)
      .regex(/^\/[^\u0000-\u001f\u007f]*$/, 'is an absolute path')
      .describe('An ISO image, or a directory with the files of a medium, on the appliance.')
      .optional(),
    url: z
      .string()
      .max(MOST_CHARACTERS)
      .regex(/^https?:\/\/[^\u0000-\u0020\u007f]+$/i, 'is an http or https URL')
      .describe('Of the directory that holds its .treeinfo. A sync fetches it.')
      .optional(),
    upload: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/, 'is the name of an uploaded ISO')
      .describe('An ISO of GET /templates.')
      .optional(),
  })
  .refine((from) => Object.keys(from).length === 1, 'is one of path, url and upload')
  .describe('One of path, url and upload.');

function originOf({ path, url, upload }: z.output<typeof origin>): TreeOrigin {
  if (path !== undefined) return { kind: 'path', path };
  return url === undefined ? { kind: 'upload', file: upload ?? '' } : { kind: 'url', url };
}

const addBody = z.strictObject({
  name: z.string().regex(new RegExp(NAME), 'is the name of a tree').describe('What the tree is to be called.'),
  from: origin,
});

const added = z.object({
  kind: z.literal('added'),
  tree: z.string(),
  os: z.string().optional().describe('What was found on the medium; absent for a URL, which the sync looks at.'),
  source: z.string().describe('Where it comes from now.'),
  done: z
    .enum(['named', 'linked', 'there'])
    .describe(
      'named: the site file names it now. linked: it did before, and the medium is there now. there: nothing had to be done.',
    ),
  needsSync: z.boolean().describe('Does it have to be synced first (POST /trees/{tree}/syncs)?'),
});

const removed = z.object({
  kind: z.literal('removed'),
  tree: z.string(),
  source: z.string().describe('Where it came from.'),
  done: z
    .enum(['removed', 'unlinked'])
    .describe('removed: the site file does not name it any more. unlinked: it does, and its medium is missing.'),
  freedBytes: z.int().optional().describe('What that set free on the disk, as far as it is known.'),
});

/** The operations on trees. */
export function treeOperations(parts: TreeParts): readonly Operation[] {
  return [listTrees(parts), addTree(parts), removeTree(parts)];
}

function listTrees(parts: TreeParts): Operation {
  return operation({
    id: 'listTrees',
    method: 'get',
    path: '/trees',
    summary: 'The install trees of the site, or what is missing for them.',
    right: 'viewer',
    description: 'The trees.',
    schema: shapes.page(shapes.tree),
    run: async () => reply({ items: await parts.trees() }),
  });
}

function addTree(parts: TreeParts): Operation {
  return operation({
    id: 'addTree',
    method: 'post',
    path: '/trees',
    summary:
      'Makes a medium a tree of the site, or fills one that the site names. It is proved before anything is changed.',
    right: 'operator',
    body: addBody,
    status: 201,
    description: 'The tree is there, or waits for its first sync.',
    schema: added,
    refusals: [409, 422],
    run: async ({ body: { name, from } }, caller) => {
      const made = await parts.add({ name, from: originOf(from), who: whoOf(caller) });
      if (isNo(made)) return refusedAs(made);
      return reply(made, { location: `/api/v1/trees/${name}`, change: { after: `${name} from ${made.source}` } });
    },
  });
}

function removeTree(parts: TreeParts): Operation {
  return operation({
    id: 'removeTree',
    method: 'delete',
    path: '/trees/{tree}',
    summary:
      'Takes a tree off: its medium where the site only names it, else the tree with all that was fetched or uploaded for it.',
    right: 'operator',
    params: treeParam,
    ifMatch: { need: 'optional', state: ({ tree }) => parts.tree(tree) },
    description: 'It is taken off.',
    schema: removed,
    refusals: [404, 409, 422],
    run: async ({ params: { tree: name } }, caller) => {
      const gone = await parts.remove({ name, who: whoOf(caller) });
      return isNo(gone) ? refusedAs(gone) : reply(gone, { change: { before: `${name} from ${gone.source}` } });
    },
  });
}

function refusedAs(refusal: TreeRefusal & No) {
  const { about, ...said } = refusal;
  if (about === 'unknown') return rejected(404, said);
  return rejected(about === 'unusable' || said.problems !== undefined ? 422 : 409, said);
}
