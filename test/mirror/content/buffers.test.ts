// The buffers of all bodies: how many there are, who gets which, and that none is two bodies' at once.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBufferPool, type Lease } from '../../../mirror/content/buffers.ts';

const limits = { largeBytes: 512, smallBytes: 64, large: 3, spare: 1 };

describe('a buffer pool', () => {
  test.each([
    ['a long body: a large buffer', 10_000, 512],
    ['a body just beyond small: a large one, to be filled in part', 65, 512],
    ['a short body: one of its own length', 64, 64],
    ['one byte', 1, 1],
  ])('lends for %s', (_, wanted, bytes) => {
    expect(createBufferPool(limits).lend(wanted).bytes).toHaveLength(bytes);
  });

  test('gives small ones once all large ones are out, and large ones again after', () => {
    const pool = createBufferPool(limits);
    const large = [1, 2, 3].map(() => pool.lend(10_000));
    expect([pool.lent, pool.lend(10_000).bytes.byteLength]).toEqual([3, 64]);
    large[0]?.release();
    expect([pool.lent, pool.lend(10_000).bytes]).toEqual([2, large[0]?.bytes]);
    expect(pool.lent).toBe(3);
  });

  test('gives nobody a buffer that was abandoned', () => {
    const pool = createBufferPool(limits);
    const gone = pool.lend(10_000);
    gone.abandon();
    gone.release(); // too late
    expect(pool.lent).toBe(0);
    expect(pool.lend(10_000).bytes).not.toBe(gone.bytes);
  });

  test('given back twice counts once', () => {
    const pool = createBufferPool(limits);
    const [one, other] = [pool.lend(10_000), pool.lend(10_000)];
    one.release();
    one.release();
    expect(pool.lent).toBe(1);
    const [a, b] = [pool.lend(10_000), pool.lend(10_000)];
    expect(new Set([a.bytes, b.bytes, other.bytes]).size).toBe(3);
  });

  test('in any order of use never lends one buffer twice, nor more than it may', () => {
    const step = fc.tuple(fc.constantFrom('lend', 'release', 'abandon'), fc.nat(9));
    fc.assert(
      fc.property(fc.array(step), (steps) => {
        const pool = createBufferPool(limits);
        const out: Lease[] = [];
        for (const [what, which] of steps) {
          if (what === 'lend') out.push(pool.lend(which % 2 === 0 ? 10_000 : 10));
          else out.splice(which % Math.max(1, out.length), 1)[0]?.[what]();
          expect(new Set(out.map(({ bytes }) => bytes)).size).toBe(out.length);
          const large = out.filter(({ bytes }) => bytes.byteLength === limits.largeBytes).length;
          expect([pool.lent, large <= limits.large]).toEqual([large, true]);
        }
      }),
    );
  });
});
