// Which lines of a host's log a request asks for: `after` and `limit`, from its query. Pure.

import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';

/** `after`: the id behind which to read on (0: from the beginning); undefined: the newest lines. */
export type LogPage = { readonly after: number | undefined; readonly limit: number };

const LINES_TOLD = 200;
const LINES_LIMIT = 5000;

/** Reads a query, or tells what is wrong with it. */
export function parseLogPage(query: Readonly<Record<string, unknown>>): LogPage | No {
  const after = wholeNumber(query['after']);
  const limit = wholeNumber(query['limit']) ?? LINES_TOLD;
  if (Number.isNaN(after)) return no('after is the number that a page before gave as next, or 0');
  if (!(limit >= 1 && limit <= LINES_LIMIT)) return no(`limit is a whole number from 1 to ${LINES_LIMIT}`);
  return { after, limit };
}

/** Not given: undefined. Given and no number: NaN. */
function wholeNumber(text: unknown): number | undefined {
  if (text === undefined) return undefined;
  return typeof text === 'string' && /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
}
