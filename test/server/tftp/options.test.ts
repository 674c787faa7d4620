// Checks which options are granted, and at which value: RFC 2347, 2348, 2349, 7440.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { DEFAULT_TFTP_LIMITS } from '../../../server/tftp/listener.ts';
import { formatOptions, negotiate } from '../../../server/tftp/options.ts';

const SIZE = 5_000_000_000;

function granted(asked: string): string {
  const options = asked === '' ? [] : asked.split(' ').map((option) => option.split('='));
  const list = options.map(([name = '', value = '']) => ({ name, value }));
  return formatOptions(negotiate(list, { sizeBytes: SIZE, limits: DEFAULT_TFTP_LIMITS }).granted);
}

const GRANTED: readonly (readonly [string, string, string])[] = [
  ['nothing asked, nothing granted', '', ''],
  ['pxelinux', 'tsize=0 blksize=1408', `tsize=${SIZE} blksize=1408`],
  ['EDK2', 'tsize=0 blksize=1468 windowsize=4', `tsize=${SIZE} blksize=1468 windowsize=4`],
  ['U-Boot', 'timeout=5 blksize=1468', 'timeout=5 blksize=1468'],
  ['the smallest blksize', 'blksize=8', 'blksize=8'],
  ['a blksize too small is not granted', 'blksize=7', ''],
  ['a blksize above the cap is lowered', 'blksize=65464', 'blksize=1468'],
  ['a blksize that is no number', 'blksize=big', ''],
  ['a negative blksize', 'blksize=-1', ''],
  ['an empty value', 'blksize=', ''],
  ['a number beyond all reason', `blksize=${'9'.repeat(200)}`, ''],
  ['a windowsize above the cap is lowered', 'windowsize=65535', 'windowsize=64'],
  ['windowsize 0', 'windowsize=0', ''],
  ['windowsize beyond its RFC', 'windowsize=65536', ''],
  ['timeout 0', 'timeout=0', ''],
  ['a timeout as long as the cap', 'timeout=30', 'timeout=30'],
  ['a timeout is never changed: too long, not granted', 'timeout=31', ''],
  ['a timeout beyond its RFC', 'timeout=256', ''],
  ['tsize answers the size, whatever number was asked', 'tsize=77', `tsize=${SIZE}`],
  ['tsize that is no number', 'tsize=?', ''],
  ['rollover 0', 'rollover=0', 'rollover=0'],
  ['rollover 1', 'rollover=1', 'rollover=1'],
  ['rollover 2', 'rollover=2', ''],
  ['options nobody knows', 'multicast= blksize2=512 msftwindow=31416 constructor=1', ''],
  ['the first of two counts', 'blksize=1000 blksize=600', 'blksize=1000'],
];

describe('negotiate', () => {
  test.each(GRANTED)('%s: %s', (_rule, asked, expected) => {
    expect(granted(asked)).toBe(expected);
  });

  test('the terms are what was granted, else what RFC 1350 says', () => {
    const limits = { ...DEFAULT_TFTP_LIMITS, blksize: 1024 };
    const plain = negotiate([], { sizeBytes: 1, limits });
    expect(plain).toEqual({ blksize: 512, windowsize: 1, rollover: 0, timeoutMs: undefined, granted: [] });
    const asked = { blksize: '1468', windowsize: '16', rollover: '1', timeout: '3' };
    const options = Object.entries(asked).map(([name, value]) => ({ name, value }));
    const terms = negotiate(options, { sizeBytes: 1, limits });
    expect(terms).toMatchObject({ blksize: 1024, windowsize: 16, rollover: 1, timeoutMs: 3000 });
  });

  test('an empty file has tsize 0', () => {
    const terms = negotiate([{ name: 'tsize', value: '0' }], { sizeBytes: 0, limits: DEFAULT_TFTP_LIMITS });
    expect(formatOptions(terms.granted)).toBe('tsize=0');
  });

  test('never grants what was not asked, nor anything twice, nor beyond the limits', () => {
    const name = fc.constantFrom('blksize', 'tsize', 'timeout', 'windowsize', 'rollover', 'other');
    const value = fc.oneof(fc.nat({ max: 70_000 }).map(String), fc.string({ maxLength: 6 }));
    fc.assert(
      fc.property(fc.array(fc.record({ name, value }), { maxLength: 16 }), (asked) => {
        const terms = negotiate(asked, { sizeBytes: 10, limits: DEFAULT_TFTP_LIMITS });
        const names = terms.granted.map((option) => option.name);
        expect(new Set(names).size).toBe(names.length);
        for (const name of names) expect(asked.map((option) => option.name)).toContain(name);
        expect(terms.blksize).toBeGreaterThanOrEqual(8);
        expect(terms.blksize).toBeLessThanOrEqual(DEFAULT_TFTP_LIMITS.blksize);
        expect(terms.windowsize).toBeGreaterThanOrEqual(1);
        expect(terms.windowsize).toBeLessThanOrEqual(DEFAULT_TFTP_LIMITS.windowsize);
      }),
    );
  });
});
