// The operator's pages at / and /hosts/NAME, and their static files.

import type { Response } from 'express';
import { Router } from 'express';
import serveStatic from 'serve-static';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import { sendProblem } from '../problem.ts';
import type { HostPageModel } from './host-page.ts';
import { renderHostPage } from './host-page.ts';
import type { PageModel } from './page.ts';
import { renderPage } from './page.ts';

/** What the pages show. */
export type ConsoleParts = {
  readonly main: () => Promise<PageModel>;
  readonly host: (name: string) => Promise<HostPageModel | No>;
};

/** `/`, `/hosts/NAME` and `/assets/…`. `assets` is the directory of the pages' own files. */
export function consoleRoutes(parts: ConsoleParts, assets: string): Router {
  const router = Router();
  router.use('/assets', serveStatic(assets, { index: false, dotfiles: 'ignore', maxAge: '1h' }));
  router.get('/', async (_request, response) => sendPage(response, renderPage(await parts.main())));
  router.get('/hosts/:host', async (request, response) => {
    const model = await parts.host(request.params.host);
    if (isNo(model)) return sendProblem(response, 404, model);
    sendPage(response, renderHostPage(model));
  });
  return router;
}

function sendPage(response: Response, page: string): void {
  response.set(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  response.set('Cache-Control', 'no-store').set('X-Content-Type-Options', 'nosniff').type('html').send(page);
}
