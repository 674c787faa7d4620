// Which part of a host's log a query asks for.

import { describe, expect, test } from 'vitest';
import type { Outcome } from '../../../server/api/operation.ts';
import type { LogPage } from '../../../server/api/resources/hosts.ts';
import { hostOperations } from '../../../server/api/resources/hosts.ts';

const unasked = (): Promise<never> => Promise.reject(new Error('nobody asks for this'));
const caller = { principal: undefined, address: '127.0.0.1', isSecure: false, ifMatch: undefined };

/** What the log is asked for by this query; undefined where it is refused. */
async function pageOf(query: unknown): Promise<{ readonly page: LogPage | undefined; readonly outcome: Outcome }> {
  let page: LogPage | undefined;
  const log = (_host: string, asked: LogPage): Promise<object> => {
    page = asked;
    return Promise.resolve({});
  };
  const others = { render: unasked, rehearse: unasked, receipts: unasked, receipt: unasked, arm: unasked };
  const operations = hostOperations({ hosts: unasked, host: unasked, ...others, disarm: unasked, log });
  const getHostLog = operations.find(({ id }) => id === 'getHostLog');
  if (getHostLog === undefined) throw new Error('there is no such operation');
  const outcome = await getHostLog.run({ params: { host: 'cs40' }, query, body: undefined }, caller);
  return { page, outcome };
}

describe("a page of a host's log", () => {
  test.each([
    ['the newest 200 lines', {}, { after: undefined, limit: 200 }],
    ['from the beginning', { after: '0', limit: '5000' }, { after: 0, limit: 5000 }],
    ['from where another ended', { after: '123456789012' }, { after: 123_456_789_012, limit: 200 }],
  ])('%s', async (_name, query, page) => {
    expect((await pageOf(query)).page).toEqual(page);
  });

  test.each([
    [{ after: '-1' }],
    [{ after: '1e3' }],
    [{ after: '' }],
    [{ after: ['1', '2'] }],
    [{ limit: '0' }],
    [{ limit: '5001' }],
    [{ limit: 'all' }],
    [{ limit: { a: '1' } }],
  ])('refused: %j', async (query) => {
    expect(await pageOf(query)).toMatchObject({ page: undefined, outcome: { kind: 'rejection', status: 400 } });
  });
});
