// GET /repo-files/NAME.repo: a ready file for /etc/yum.repos.d, of a repo or of a tree's repositories.

import type { Router } from 'express';
import express from 'express';
import type { No } from '../../server/malformed.ts';
import { isNo, no } from '../../server/malformed.ts';
import { sendProblem } from '../../server/problem.ts';

/** The text for `name`, pinned to `snapshot` where one is asked for; a `No` where there is no such repo, tree or snapshot. */
export type RepoFileFor = (name: string, snapshot: string | undefined) => Promise<string | No>;

/** The route over `repoFileFor`. */
export function repoFileRoutes(repoFileFor: RepoFileFor): Router {
  const router = express.Router();
  router.get('/repo-files/:file', async (request, response) => {
    const name = /^([A-Za-z0-9][A-Za-z0-9._-]{0,62})\.repo$/.exec(request.params.file)?.[1];
    const { snapshot } = request.query;
    if (snapshot !== undefined && typeof snapshot !== 'string')
      return sendProblem(response, 400, no('one snapshot at a time'));
    const text = name === undefined ? no('repo files are called NAME.repo') : await repoFileFor(name, snapshot);
    if (isNo(text)) return sendProblem(response, 404, text);
    response.type('text/plain').send(text);
  });
  return router;
}
