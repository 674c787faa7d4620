// Shares of one address: who is let in, who gives way, and how often a refusal is told.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createCrowd } from '../../../server/http/crowd.ts';

/** Two connections for each address; those in `idle` could be ended. */
function crowd(idle: readonly string[] = [], { total = 100, silent = [] as readonly string[] } = {}) {
  const ended: string[] = [];
  const rules = {
    limit: 2,
    total,
    isSilent: (name: string): boolean => silent.includes(name),
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

  test.each<[string, { idle?: string[]; silent?: string[] }, boolean, string[]]>([
    ['an idle one of who holds most', { idle: ['b', 'z'] }, true, ['b']],
    ['one of theirs that never said a word', { silent: ['a', 'z'] }, true, ['a']],
    ['nobody where all are at work', {}, false, []],
  ])('that is full gives the room of %s', (_who, { idle = [], silent = [] }, taken, ended) => {
    const full = crowd(idle, { total: 3, silent });
    expect([full.admit('x', 'a'), full.admit('x', 'b'), full.admit('y', 'z')]).toEqual([true, true, true]);
    expect([full.admit('new', 'n'), full.ended]).toEqual([taken, ended]);
  });

  test('that is full gives nobody more than others have', () => {
    const { admit, ended } = crowd([], { total: 2, silent: ['a', 'b', 'c'] });
    expect([admit('x', 'a'), admit('y', 'b'), admit('x', 'c'), admit('y', 'c')]).toEqual([true, true, false, false]);
    expect(ended).toEqual([]);
  });

  test('counts right, whoever comes and goes', () => {
    const moves = fc.array(fc.tuple(fc.constantFrom('x', 'y', 'z'), fc.integer({ min: 0, max: 9 }), fc.boolean()));
    fc.assert(
      fc.property(moves, (all) => {
        const held = new Map<string, string>();
        const { admit, leave } = createCrowd<string>({
          limit: 3,
          total: 5,
          isIdle: () => false,
          isSilent: (name) => name.endsWith('0'),
          end: (name) => held.delete(name),
        });
        for (const [address, number, isComing] of all) {
          const name = `${address}${number}`;
          if (!isComing) leave(address, name);
          if (!isComing) held.delete(name);
          else if (!held.has(name) && admit(address, name)) held.set(name, address);
          const counts = ['x', 'y', 'z'].map((one) => [...held.values()].filter((of) => of === one).length);
          expect(Math.max(...counts)).toBeLessThanOrEqual(3);
          expect(held.size).toBeLessThanOrEqual(5);
        }
        // Whoever left made room.
        for (const [name, address] of held) leave(address, name);
        expect(['x', 'y', 'z'].map((one) => admit(one, `${one}-new`))).toEqual([true, true, true]);
      }),
    );
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
