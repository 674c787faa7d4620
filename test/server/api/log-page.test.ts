// Which part of a log a query asks for.

import { describe, expect, test } from 'vitest';
import { parseLogPage } from '../../../server/api/log-page.ts';
import { isNo } from '../../../server/malformed.ts';

describe('a page of a log', () => {
  test.each([
    ['the newest 200 lines', {}, { after: undefined, limit: 200 }],
    ['from the beginning', { after: '0', limit: '5000' }, { after: 0, limit: 5000 }],
    ['from where another ended', { after: '123456789012' }, { after: 123_456_789_012, limit: 200 }],
  ])('%s', (_name, query, page) => {
    expect(parseLogPage(query)).toEqual(page);
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
  ])('refused: %j', (query) => {
    expect(isNo(parseLogPage(query))).toBe(true);
  });
});
