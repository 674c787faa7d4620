// Shares of one address: who is let in, who gives way, and how often a refusal is told.

import { describe, expect, test } from 'vitest';
import { createCrowd } from '../../../server/http/crowd.ts';

/** Two connections for each address; those in `idle` could be ended. */
function crowd(idle: readonly string[] = []) {
  const ended: string[] = [];
  const rules = {
    limit: 2,
    isIdle: (name: string): boolean => idle.includes(name),
    end: (name: string): void => void ended.push(name),
  };
  return { ended, ...createCrowd<string>(rules) };
}

describe('a crowd', () => {
  test('refuses an address what is above its share, and no other address', () => {
    const { admit, ended } = crowd();
    expect(['a', 'b', 'c'].map((name) => admit('x', name))).toEqual([true, true, false]);
    expect(admit('y', 'd')).toBe(true);
    expect(ended).toEqual([]);
  });

  test('has room again when one leaves', () => {
    const { admit, leave } = crowd();
    expect([admit('x', 'a'), admit('x', 'b')]).toEqual([true, true]);
    leave('x', 'a');
    expect([admit('x', 'c'), admit('x', 'd')]).toEqual([true, false]);
  });

  test('ends an idle one of the same address instead, each once', () => {
    const { admit, ended, leave } = crowd(['b']);
    expect(['a', 'b', 'c', 'd'].map((name) => admit('x', name))).toEqual([true, true, true, false]);
    expect(ended).toEqual(['b']);
    leave('x', 'b'); // its close comes later
    expect(admit('x', 'e')).toBe(false);
  });

  test('tells of refusals once a minute for each address, with their number', () => {
    const { complain } = crowd();
    expect([complain('x', 0), complain('x', 1), complain('y', 2), complain('x', 59_999)]).toEqual([
      1,
      undefined,
      1,
      undefined,
    ]);
    expect([complain('x', 60_000), complain('y', 60_001), complain('y', 60_002)]).toEqual([3, undefined, 2]);
    expect([complain('x', 3_660_000), complain('y', 3_720_000)]).toEqual([1, 1]);
  });
});
