// The versions of the site file over the API: which there were, what they said, and one of them put back.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import type { Refusal } from '../../problem.ts';
import type { SiteVersion } from '../../site/history/version.ts';
import { versionWords } from '../../site/history/version.ts';
import { hasTag } from '../entity-tag.ts';
import { count, versionParam } from '../names.ts';
import type { Caller, Operation, Outcome } from '../operation.ts';
import { operation, rejected, reply, replyOr, whoOf } from '../operation.ts';
import * as shapes from '../shapes.ts';

/** Who changes the file, and is it (by its entity tag) what they have seen? */
export type Changer = { readonly who: ReturnType<typeof whoOf>; readonly expects: (etag: string) => boolean };

export type Saved = {
  readonly kind: 'saved';
  readonly etag: string;
  /** The versions it was and is. */
  readonly before: SiteVersion | undefined;
  readonly after: SiteVersion;
};

export type VersionParts = {
  /** Newest first. */
  readonly versions: () => Promise<readonly { readonly id: number }[]>;
  readonly version: (id: number) => Promise<No | { readonly kind: 'version' }>;
  /** Puts a version back: without an id the one before what the file says now. */
  readonly undo: (id: number | undefined, changer: Changer) => Promise<Saved | { readonly kind: 'changed' } | Refusal>;
};

/** The operations on versions. They are as secret as the file: upstreams' logins may be in it. */
export function versionOperations(parts: VersionParts): readonly Operation[] {
  return [...looks(parts), undoSite(parts)];
}

function looks(parts: VersionParts): readonly Operation[] {
  return [
    operation({
      id: 'listSiteVersions',
      method: 'get',
      path: '/site/versions',
      summary: 'What the site file said, newest first, whoever changed it and with whatever.',
      right: 'operator',
      query: z.strictObject({
        limit: count(1, 200, 50),
        cursor: z
          .string()
          .regex(/^\d{1,9}$/, 'is a version')
          .optional()
          .describe('The next of the page before.'),
      }),
      description: 'A page of versions.',
      schema: shapes.page(shapes.siteVersion),
      run: async ({ query }) => reply(pageOf(await parts.versions(), query)),
    }),
    operation({
      id: 'getSiteVersion',
      method: 'get',
      path: '/site/versions/{version}',
      summary: 'A version with its text.',
      right: 'operator',
      params: versionParam,
      description: 'The version.',
      schema: shapes.siteVersionText,
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.version(Number(params.version))),
    }),
  ];
}

function undoSite(parts: VersionParts): Operation {
  return operation({
    id: 'undoSite',
    method: 'post',
    path: '/site/undo',
    summary:
      'Puts the version before the last change back, or the one that is named: a change like any other, which can be undone too. ' +
      'Needs If-Match with the ETag of GET /site/text.',
    right: 'operator',
    body: z.strictObject({ version: z.int().min(1).optional() }),
    ifMatch: { need: 'required' },
    description: 'It is saved, and read a moment later.',
    schema: savedShape,
    refusals: [409, 422],
    run: async ({ body }, caller) => savedReply(await parts.undo(body.version, changerOf(caller))),
  });
}

export const savedShape = z.object({ kind: z.literal('saved'), version: z.int().describe('What it is kept as.') });

/** `operation` has seen to it that there is a condition. */
export function changerOf(caller: Caller): Changer {
  return { who: whoOf(caller), expects: (etag) => caller.ifMatch !== undefined && hasTag(caller.ifMatch, etag) };
}

/** 409 where it cannot be, 412 where somebody was faster, 422 with all that would be wrong. */
export function savedReply(saved: Saved | { readonly kind: 'changed' } | Refusal): Outcome {
  if (isNo(saved)) return rejected(saved.problems === undefined ? 409 : 422, saved);
  if (saved.kind === 'changed') return rejected(412, no('the site file was changed meanwhile', 'read it again'));
  const { etag, before, after } = saved;
  const change = { before: before === undefined ? undefined : String(before.id), after: versionWords(after) };
  return reply({ kind: 'saved', version: after.id }, { etag, change });
}

type Asked = { readonly limit: number; readonly cursor?: string | undefined };

/** The cursor is the last version told. Versions come before it only: it stays right while they do. */
function pageOf<T extends { readonly id: number }>(all: readonly T[], { limit, cursor }: Asked) {
  const older = cursor === undefined ? all : all.filter(({ id }) => id < Number(cursor));
  const items = older.slice(0, limit);
  const last = items.at(-1);
  return older.length > items.length && last !== undefined ? { items, next: String(last.id) } : { items };
}
