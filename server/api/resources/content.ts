// Repos and trees over the API: what there is, syncs begun and ended, snapshots published.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo } from '../../malformed.ts';
import { count, repoParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, rejected, reply, replyOr } from '../operation.ts';
import * as shapes from '../shapes.ts';

export type ContentParts = {
  readonly repos: () => Promise<unknown>;
  readonly repo: (name: string) => Promise<unknown>;
  /** Why there is no such repo; undefined where there is. */
  readonly unknownRepo: (name: string) => No | undefined;
  /** The newest syncs of a repo, newest first. */
  readonly syncs: (repo: string, limit: number) => Promise<unknown>;
  /** Begins a sync, which goes on after the answer. */
  readonly beginSync: (repo: string) => Promise<No | { readonly kind: 'begun' }>;
  readonly cancelSync: (repo: string) => Promise<No | { readonly kind: 'asked' }>;
  readonly publish: (repo: string, snapshot: string) => Promise<unknown>;
  readonly trees: () => Promise<unknown>;
};

const SNAPSHOT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/;

/** The operations on repos and trees. */
export function contentOperations(parts: ContentParts): readonly Operation[] {
  return [...repoLooks(parts), ...repoChanges(parts), treeList(parts)];
}

function treeList(parts: ContentParts): Operation {
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

function repoLooks(parts: ContentParts): readonly Operation[] {
  return [
    operation({
      id: 'listRepos',
      method: 'get',
      path: '/repos',
      summary: 'The repos of the site with their snapshots and syncs.',
      right: 'viewer',
      description: 'The repos.',
      schema: shapes.page(shapes.repo),
      run: async () => reply({ items: await parts.repos() }),
    }),
    operation({
      id: 'getRepo',
      method: 'get',
      path: '/repos/{repo}',
      summary: 'One repo.',
      right: 'viewer',
      params: repoParam,
      description: 'The repo.',
      schema: shapes.repo,
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.repo(params.repo)),
    }),
    operation({
      id: 'listSyncs',
      method: 'get',
      path: '/repos/{repo}/syncs',
      summary: 'Its newest syncs, newest first.',
      right: 'viewer',
      params: repoParam,
      query: z.strictObject({ limit: count(1, 200, 50) }),
      description: 'The syncs.',
      schema: z.array(shapes.syncRecord),
      refusals: [404],
      run: async ({ params, query }) => replyOr(404, await parts.syncs(params.repo, query.limit)),
    }),
  ];
}

function repoChanges(parts: ContentParts): readonly Operation[] {
  return [
    operation({
      id: 'beginSync',
      method: 'post',
      path: '/repos/{repo}/syncs',
      summary: 'Begins a sync. It goes on after the answer: follow it by /events or runningSync of the repo.',
      right: 'operator',
      params: repoParam,
      status: 202,
      description: 'It has begun.',
      schema: z.looseObject({ kind: z.literal('begun') }),
      refusals: [404, 409],
      run: async ({ params }) => {
        const unknown = parts.unknownRepo(params.repo);
        if (unknown !== undefined) return rejected(404, unknown);
        const begun = await parts.beginSync(params.repo);
        if (isNo(begun)) return rejected(409, begun);
        return reply(begun, { location: `/api/v1/repos/${params.repo}` });
      },
    }),
    operation({
      id: 'cancelSync',
      method: 'delete',
      path: '/repos/{repo}/syncs/running',
      summary: 'Ends the sync that runs. What it fetched is used the next time.',
      right: 'operator',
      params: repoParam,
      status: 202,
      description: 'It was asked to end.',
      schema: z.looseObject({ kind: z.literal('asked') }),
      refusals: [409],
      run: async ({ params }) => replyOr(409, await parts.cancelSync(params.repo)),
    }),
    operation({
      id: 'publishSnapshot',
      method: 'put',
      path: '/repos/{repo}/current',
      summary: 'Publishes another snapshot, an older one too: a roll-back.',
      right: 'operator',
      params: repoParam,
      body: z.strictObject({ snapshot: z.string().regex(SNAPSHOT, 'is no name of a snapshot') }),
      description: 'It is published.',
      schema: shapes.publication,
      refusals: [409],
      run: async ({ params, body }) => replyOr(409, await parts.publish(params.repo, body.snapshot)),
    }),
  ];
}
