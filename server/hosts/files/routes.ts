// GET /hosts/HOST/files/NAME: the operator's files that a host's first-boot job installs, for the token of its arming alone.

import type { Request, Response } from 'express';
import { Router } from 'express';
import type { HostState } from '../../domain.ts';
import type { Log } from '../../log.ts';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import { sendProblem } from '../../problem.ts';
import { sameSecret } from '../../secret.ts';
import { admitsReport } from '../lifecycle.ts';

/** A file on disk, by its absolute path. */
export type HostFile = { readonly kind: 'host-file'; readonly path: string };

export type HostFileParts = {
  readonly state: (host: string, now: number) => HostState;
  readonly note: (host: string, what: string, detail: string) => void;
  readonly isHost: (host: string) => boolean;
  /** The file that the host's profile names for `name`, or why there is none. */
  readonly find: (host: string, name: string) => Promise<HostFile | No>;
  readonly now: () => number;
  readonly log: Log;
};

const REFUSED = no(
  'this token does not open this host',
  'arm the host; its first-boot job carries the token of that arming',
);

/** The route over `parts`. The same answer for a wrong token and for a host that is not there. */
export function hostFileRoutes(parts: HostFileParts): Router {
  const router = Router();
  router.get('/hosts/:host/files/:name', async (request, response) => {
    const { host, name } = request.params;
    response.set('Cache-Control', 'no-store');
    const isKnown = parts.isHost(host);
    if (!isKnown || !admitsReport(parts.state(host, parts.now()), tokenCheck(request))) {
      if (isKnown) parts.note(host, 'refused', `${request.path}: asked without the token of its arming`);
      return sendProblem(response, 403, REFUSED);
    }
    const file = await parts.find(host, name);
    if (isNo(file)) {
      parts.note(host, 'file refused', file.reason);
      return sendProblem(response, 404, file);
    }
    await send(response, file);
    parts.log.info('host file given', { host, name: name.slice(0, 64) });
  });
  return router;
}

/** Rejects for what goes wrong before the first byte; a host that hangs up is no fault. */
function send(response: Response, { path }: HostFile): Promise<void> {
  return new Promise((done, failed) => {
    const options = { dotfiles: 'allow', cacheControl: false, etag: false } as const;
    response.type('application/octet-stream');
    response.sendFile(path, options, (error) => {
      if (error === undefined || error === null || response.headersSent) return done();
      failed(new Error('a host file could not be sent', { cause: error }));
    });
  });
}

function tokenCheck({ query }: Request): (token: string) => boolean {
  const given = query['token'];
  return (token) => typeof given === 'string' && given !== '' && sameSecret(given, token);
}
