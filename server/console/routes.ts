// The operator's page at / and its static files.

import { Router } from 'express';
import serveStatic from 'serve-static';
import type { PageModel } from './page.ts';
import { renderPage } from './page.ts';

/** `/` and `/assets/…`. `assets` is the directory of the page's own files. */
export function consoleRoutes(model: () => Promise<PageModel>, assets: string): Router {
  const router = Router();
  router.use('/assets', serveStatic(assets, { index: false, dotfiles: 'ignore', maxAge: '1h' }));
  router.get('/', async (_request, response) => {
    const page = renderPage(await model());
    response.set(
      'Content-Security-Policy',
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    response.set('Cache-Control', 'no-store').set('X-Content-Type-Options', 'nosniff').type('html').send(page);
  });
  return router;
}
