// GET /metrics: what is counted and measured, for whoever scrapes it. No path, address, MAC, name of a client or secret is in it.

import type { Request } from 'express';
import { Router } from 'express';
import { no } from '../malformed.ts';
import { sendProblem } from '../problem.ts';
import type { Family } from './family.ts';
import { CONTENT_TYPES, formatFor, renderMetrics } from './text.ts';

export type MetricsParts = {
  /** May whoever asks read them? They tell what a site has, and what is installed when. */
  readonly mayRead: (request: Request) => boolean;
  /** Everything as it stands. */
  readonly collect: () => Promise<readonly Family[]>;
};

/** `/metrics`, for who may read it. */
export function metricsRoutes({ mayRead, collect }: MetricsParts): Router {
  const router = Router();
  router.get('/metrics', async (request, response) => {
    if (!mayRead(request))
      return sendProblem(response, 401, no('metrics are for viewers', 'scrape with the token of a viewer'));
    const format = formatFor(request.get('Accept'));
    const text = renderMetrics(await collect(), format);
    // A node buffer, or Express would add a charset of its own to the type.
    response.set({ 'Content-Type': CONTENT_TYPES[format], 'Cache-Control': 'no-store', Vary: 'Accept' });
    response.send(Buffer.from(text));
  });
  return router;
}
