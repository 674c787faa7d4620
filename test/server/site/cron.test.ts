// Schedules: what is accepted, what is not, and that the scheduler accepts all that the site file does.

import fc from 'fast-check';
import { validate } from 'node-cron';
import { describe, expect, test } from 'vitest';
import { checkCron } from '../../../server/site/cron.ts';

const right = [
  '0 3 * * *',
  '*/5 * * * *',
  '0-30/10 1,13 1 jan-mar *',
  '0 0 * * 7',
  '0 0 * * MON-FRI',
  '0 0 29 2 *',
  '0 0 31 1,2 *',
  '@daily',
  '@midnight',
  '@hourly',
  '@weekly',
  '@monthly',
  '@yearly',
  '@annually',
];
const wrong = [
  '',
  '* * * *',
  '0 0 3 * * *',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * 32 * *',
  '* * * 13 *',
  '* * * * 8',
  '*/0 * * * *',
  '*/60 * * * *',
  '5/15 * * * *',
  '30-10 * * * *',
  '1--2 * * * *',
  ',1 * * * *',
  '1, * * * *',
  'a * * * *',
  '* * jan * *',
  '0 0 31 2 *',
  '0 0 31 4,6 *',
  '@reboot',
  '@often',
  '1/2/3 * * * *',
  '-1 * * * *',
  '001 * * * *',
];

describe('a schedule', () => {
  test.each(right)('%s', (text) => {
    expect([checkCron(text), validate(text)]).toEqual([undefined, true]);
  });

  test.each(wrong)('not %j', (text) => {
    expect(checkCron(text)?.message).toBeTypeOf('string');
  });

  test('that is accepted here is accepted by the scheduler', () => {
    const item = fc.oneof(
      fc.constant('*'),
      fc.nat(62).map(String),
      fc.tuple(fc.nat(32), fc.nat(62)).map(([from, to]) => `${from}-${to}`),
      fc.constantFrom('mon', 'dec', '*/7', '1-9/2'),
    );
    const field = fc.array(item, { minLength: 1, maxLength: 3 }).map((items) => items.join(','));
    fc.assert(
      fc.property(fc.array(field, { minLength: 4, maxLength: 6 }), (fields) => {
        const text = fields.join(' ');
        if (checkCron(text) === undefined) expect([text, validate(text)]).toEqual([text, true]);
      }),
      { numRuns: 2000 },
    );
  });
});
