// One install tree over the API, and its syncs: those there were, one begun, the one that runs ended.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo } from '../../malformed.ts';
import { count, treeParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, rejected, reply, replyOr } from '../operation.ts';
import * as shapes from '../shapes.ts';

export type TreeSyncParts = {
  readonly tree: (name: string) => Promise<unknown>;
  /** Why there is no such tree; undefined where there is. */
  readonly unknownTree: (name: string) => No | undefined;
  /** The newest syncs of a tree, newest first. */
  readonly syncs: (tree: string, limit: number) => Promise<unknown>;
  /** Begins a sync, which goes on after the answer. */
  readonly beginSync: (tree: string) => Promise<No | { readonly kind: 'begun' }>;
  readonly cancelSync: (tree: string) => Promise<No | { readonly kind: 'asked' }>;
};

/** The operations on one tree and its syncs. */
export function treeSyncOperations(parts: TreeSyncParts): readonly Operation[] {
  return [...looks(parts), beginTreeSync(parts), cancelTreeSync(parts)];
}

function looks(parts: TreeSyncParts): readonly Operation[] {
  return [
    operation({
      id: 'getTree',
      method: 'get',
      path: '/trees/{tree}',
      summary: 'One install tree, or what is missing for it.',
      right: 'viewer',
      params: treeParam,
      description: 'The tree.',
      schema: shapes.tree,
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.tree(params.tree)),
    }),
    operation({
      id: 'listTreeSyncs',
      method: 'get',
      path: '/trees/{tree}/syncs',
      summary: 'Its newest syncs, newest first; none of a tree that is not from a URL.',
      right: 'viewer',
      params: treeParam,
      query: z.strictObject({ limit: count(1, 200, 50) }),
      description: 'The syncs.',
      schema: z.array(shapes.syncRecord),
      refusals: [404],
      run: async ({ params, query }) => replyOr(404, await parts.syncs(params.tree, query.limit)),
    }),
  ];
}

function beginTreeSync(parts: TreeSyncParts): Operation {
  return operation({
    id: 'beginTreeSync',
    method: 'post',
    path: '/trees/{tree}/syncs',
    summary:
      'Begins a sync of a tree from a URL. It goes on after the answer: follow it by /events or runningSync of the tree.',
    right: 'operator',
    params: treeParam,
    status: 202,
    description: 'It has begun.',
    schema: z.looseObject({ kind: z.literal('begun'), tree: z.string() }),
    refusals: [404, 409],
    run: async ({ params }) => {
      const unknown = parts.unknownTree(params.tree);
      if (unknown !== undefined) return rejected(404, unknown);
      const begun = await parts.beginSync(params.tree);
      if (isNo(begun)) return rejected(409, begun);
      return reply(begun, { location: `/api/v1/trees/${params.tree}` });
    },
  });
}

function cancelTreeSync(parts: TreeSyncParts): Operation {
  return operation({
    id: 'cancelTreeSync',
    method: 'delete',
    path: '/trees/{tree}/syncs/running',
    summary: 'Ends the sync that runs. What it fetched is used the next time.',
    right: 'operator',
    params: treeParam,
    status: 202,
    description: 'It was asked to end.',
    schema: z.looseObject({ kind: z.literal('asked') }),
    refusals: [404, 409],
    run: async ({ params }) => {
      const unknown = parts.unknownTree(params.tree);
      return unknown === undefined ? replyOr(409, await parts.cancelSync(params.tree)) : rejected(404, unknown);
    },
  });
}
