// Express put together: every router in its order, then the answers for what nobody took and for what went wrong.

import type { ErrorRequestHandler, Express, Router } from 'express';
import express from 'express';
import type { Log } from './log.ts';
import { messageOf, no } from './malformed.ts';
import { sendProblem } from './problem.ts';

/** The application over `routers`. */
export function createApp(routers: readonly Router[], log: Log): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  for (const router of routers) app.use(router);
  app.use((request, response) => sendProblem(response, 404, no(`there is nothing at ${request.path.slice(0, 200)}`)));
  app.use(errorAnswer(log));
  return app;
}

/** Body parsers and the router throw errors that carry a 4xx status; anything else is a fault of ours. */
function errorAnswer(log: Log): ErrorRequestHandler {
  // oxlint-disable-next-line max-params -- Express knows an error handler by its four parameters
  return (error: unknown, request, response, next) => {
    if (response.headersSent) return next(error);
    const status = statusOf(error);
    if (status < 500) return sendProblem(response, status, no('the request cannot be read'));
    log.error('request failed', { path: request.path.slice(0, 200), error: messageOf(error) });
    sendProblem(response, 500, no('the appliance failed to answer; its log tells why'));
  };
}

function statusOf(error: unknown): number {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}
