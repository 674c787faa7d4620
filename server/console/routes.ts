// The operator's console for who is logged in, the pages to log in by, and their static files.

import type { Request, Response } from 'express';
import { Router } from 'express';
import serveStatic from 'serve-static';
import { renderApp } from './app-page.ts';
import { renderLogin, renderSetup } from './login-page.ts';

/** What the pages need, and who may see them. */
export type ConsoleParts = {
  /** Is whoever asks logged in? */
  readonly mayLook: (request: Request) => boolean;
  /** The name of the site, which anyone may know. */
  readonly site: () => string;
  /** Where the request has to be made again, over TLS; undefined: it may be answered. */
  readonly elsewhere: (request: Request) => string | undefined;
};

/** The addresses of the console's views: the script shows which (server/console/app/route.ts), and each survives a reload. */
const VIEWS = ['/', '/hosts', '/hosts/:host', '/network', '/content', '/site', '/activity', '/account'];

/** The views, `/login`, `/setup` and `/assets/…`. `assets` is the directory of the pages' own files, the built script among them. */
export function consoleRoutes(parts: ConsoleParts, assets: string): Router {
  const router = Router();
  // Asked about each time, by its tag: after an upgrade no browser goes on with the script of the version before.
  router.use('/assets', serveStatic(assets, { index: false, dotfiles: 'ignore', cacheControl: false, setHeaders }));
  router.get([...VIEWS, '/login', '/setup'], (request, response, next) => {
    const origin = parts.elsewhere(request);
    if (origin === undefined) return next();
    response.set('Cache-Control', 'no-store').redirect(307, `${origin}${request.path}`);
  });
  router.get('/login', (_request, response) => sendPage(response, renderLogin(parts.site())));
  router.get('/setup', (_request, response) => sendPage(response, renderSetup(parts.site())));
  router.get(VIEWS, (request, response) => {
    if (!parts.mayLook(request)) return toLogin(request, response);
    sendPage(response, renderApp(parts.site()));
  });
  return router;
}

function setHeaders(response: { setHeader: (name: string, value: string) => unknown }): void {
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('X-Content-Type-Options', 'nosniff');
}

/** The page that was wanted is named, so that the login leads to it: a path of ours, never a whole URL. */
function toLogin(request: Request, response: Response): void {
  response
    .set('Cache-Control', 'no-store')
    .redirect(303, `/login?to=${encodeURIComponent(request.originalUrl.slice(0, 1000))}`);
}

function sendPage(response: Response, page: string): void {
  response.set(
    'Content-Security-Policy',
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  response
    .set('Cache-Control', 'no-store')
    .set('X-Content-Type-Options', 'nosniff')
    .set('Referrer-Policy', 'no-referrer');
  response.type('html').send(page);
}
