// What of the API is no operation on a resource: the document that describes it, the site file's schema, health.

import { Router } from 'express';
import { openApiDocument } from './openapi.ts';
import type { Operation } from './operation.ts';

/** What these routes are given. */
export type ApiParts = {
  readonly operations: readonly Operation[];
  readonly version: string;
  readonly health: (query: Readonly<Record<string, unknown>>) => Promise<{ readonly ok: boolean }>;
  readonly siteSchema: () => unknown;
};

/** `/healthz`, `/api/v1/openapi.json`, `/api/v1/site.schema.json`: anyone may read them. */
export function apiRoutes({ operations, version, health, siteSchema }: ApiParts): Router {
  const router = Router();
  const described = openApiDocument(operations, version);
  router.get('/healthz', async (request, response) => {
    const state = await health(request.query);
    response
      .status(state.ok ? 200 : 503)
      .set('Cache-Control', 'no-store')
      .json(state);
  });
  router.get('/api/v1/openapi.json', (_request, response) => void response.json(described));
  router.get('/api/v1/site.schema.json', (_request, response) => void response.json(siteSchema()));
  return router;
}
