// Repos over the API: what there is, syncs begun and ended, snapshots published.

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
  /** The published snapshot, undefined before the first sync. */
  readonly published: (
    repo: string,
  ) => Promise<No | { readonly kind: 'current'; readonly snapshot: string | undefined }>;
  readonly publish: (
    repo: string,
    wanted: { readonly id: string; readonly times: 'as they are' | 'anew' },
  ) => Promise<No | { readonly snapshot: string; readonly before: string | undefined }>;
};

const SNAPSHOT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$/;

/** The operations on repos. */
export function contentOperations(parts: ContentParts): readonly Operation[] {
  return [...repoLooks(parts), ...repoChanges(parts)];
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
      id: 'getPublished',
      method: 'get',
      path: '/repos/{repo}/current',
      summary: 'Its published snapshot. The ETag is for If-Match of what publishes another one.',
      right: 'viewer',
      params: repoParam,
      description: 'The snapshot; none before the first sync.',
      schema: z.object({ kind: z.literal('current'), snapshot: z.string().optional() }),
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.published(params.repo)),
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
      body: z.strictObject({
        snapshot: z.string().regex(SNAPSHOT, 'is no name of a snapshot'),
        times: z
          .enum(['as they are', 'anew'])
          .default('as they are')
          .describe('anew: its metadata gets the times of now, for clients that refuse metadata older than theirs.'),
      }),
      ifMatch: { need: 'optional', state: ({ repo }) => parts.published(repo) },
      description: 'It is published.',
      schema: shapes.publication,
      refusals: [409],
      run: async ({ params, body }) => {
        const published = await parts.publish(params.repo, { id: body.snapshot, times: body.times });
        if (isNo(published)) return rejected(409, published);
        return reply(published, { change: { before: published.before ?? 'none', after: published.snapshot } });
      },
    }),
  ];
}
