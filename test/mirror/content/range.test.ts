// What a Range header asks for, as a table of rules and as a property against a naive reading.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { extentsOf } from '../../../mirror/content/body.ts';
import { parseRange } from '../../../mirror/content/range.ts';

function summary(header: string, sizeBytes: number): string {
  const asked = parseRange(header, sizeBytes);
  if (asked.kind !== 'ranges') return asked.kind;
  return asked.ranges.map(({ start, length }) => `${start}+${length}`).join(' ');
}

describe('parseRange of 100 bytes', () => {
  test.each([
    ['bytes=0-0', '0+1'],
    ['bytes=0-99', '0+100'],
    ['bytes=0-', '0+100'],
    ['bytes=99-', '99+1'],
    ['bytes=90-200', '90+10'],
    ['bytes=90-99999999999999999999999', '90+10'],
    ['bytes=-1', '99+1'],
    ['bytes=-100', '0+100'],
    ['bytes=-1000', '0+100'],
    ['Bytes=1-2', '1+2'],
    ['bytes=1-2,5-6', '1+2 5+2'],
    ['bytes= 1-2 ,\t5-6 ', '1+2 5+2'],
    ['bytes=,1-2,,', '1+2'],
    // order is kept, neighbours stay apart: zchunk clients count on both
    ['bytes=50-59,0-9', '50+10 0+10'],
    ['bytes=0-9,10-19', '0+10 10+10'],
    // overlaps become one, in the place of the first
    ['bytes=0-9,5-14', '0+15'],
    ['bytes=80-89,0-9,5-14', '80+10 0+15'],
    ['bytes=5-14,80-89,0-9', '0+15 80+10'],
    ['bytes=0-,0-,0-,-1,5-6', '0+100'],
    ['bytes=1-1,1-1', '1+1'],
    // what does not exist is left out
    ['bytes=0-0,100-', '0+1'],
    ['bytes=100-', 'unsatisfiable'],
    ['bytes=100-200,300-', 'unsatisfiable'],
    ['bytes=-0', 'unsatisfiable'],
    // malformed counts as no Range
    ['bytes=5-4', 'whole'],
    ['bytes=0-1,5-4', 'whole'],
    ['bytes=-', 'whole'],
    ['bytes=', 'whole'],
    ['bytes=,', 'whole'],
    ['bytes=a-b', 'whole'],
    ['bytes=0x1-2', 'whole'],
    ['bytes=1-2;3-4', 'whole'],
    ['bytes=1 -2', 'whole'],
    ['bytes 1-2', 'whole'],
    ['items=0-1', 'whole'],
    ['0-1', 'whole'],
    ['', 'whole'],
  ])('%s is %s', (header, expected) => {
    expect(summary(header, 100)).toBe(expected);
  });

  test('256 ranges of a zchunk client are all answered; thousands are not', () => {
    const list = (count: number): string =>
      `bytes=${Array.from({ length: count }, (_, i) => `${i * 10}-${i * 10 + 4}`).join(',')}`;
    const asked = parseRange(list(256), 100_000);
    expect(asked.kind === 'ranges' && asked.ranges.length).toBe(256);
    expect(parseRange(list(1024), 100_000).kind).toBe('ranges');
    expect(parseRange(list(1025), 100_000).kind).toBe('whole');
  });

  test('a range of nothing is nothing: an empty file is always whole', () => {
    expect(['bytes=0-', 'bytes=-5', 'bytes=7-9'].map((header) => summary(header, 0))).toEqual([
      'whole',
      'whole',
      'whole',
    ]);
  });
});

/** The set of bytes that a list asks for, read one byte at a time. */
function naive(
  specs: readonly (readonly [number | undefined, number | undefined])[],
  size: number,
): ReadonlySet<number> {
  const wanted = new Set<number>();
  for (const [first, last] of specs) {
    for (let at = 0; at < size; at += 1) {
      if (first === undefined ? at >= size - (last ?? 0) : at >= first && (last === undefined || at <= last))
        wanted.add(at);
    }
  }
  return wanted;
}

describe('properties', () => {
  const spec = fc.oneof(
    fc.tuple(fc.nat(60), fc.nat(60)).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const),
    fc.nat(60).map((first) => [first, undefined] as const),
    fc.nat(60).map((last) => [undefined, last] as const),
  );

  test('the ranges cover exactly the bytes asked for, none twice, all inside', () => {
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 8 }), fc.integer({ min: 1, max: 50 }), (specs, size) => {
        const asked = parseRange(`bytes=${specs.map(([a, b]) => `${a ?? ''}-${b ?? ''}`).join(', ')}`, size);
        const wanted = naive(specs, size);
        if (wanted.size === 0) return asked.kind === 'unsatisfiable';
        if (asked.kind !== 'ranges') return false;
        const given = asked.ranges.flatMap(({ start, length }) => Array.from({ length }, (_, i) => start + i));
        return given.length === wanted.size && given.every((at) => wanted.has(at));
      }),
    );
  });

  test('no header at all makes it throw or ask for bytes that are not there', () => {
    const noise = fc.string({ unit: fc.constantFrom(...Array.from('bytes=0123456789-, \t')) });
    fc.assert(
      fc.property(
        fc.oneof(
          noise,
          noise.map((text) => `bytes=${text}`),
        ),
        fc.nat(1000),
        (header, size) => {
          const asked = parseRange(header, size);
          return asked.kind !== 'ranges' || asked.ranges.every((r) => r.length > 0 && r.start + r.length <= size);
        },
      ),
    );
  });

  test('a slice through scattered extents is the naive slice', () => {
    const extent = fc.record({ offset: fc.nat(200), length: fc.nat(20) });
    fc.assert(
      fc.property(fc.array(extent, { maxLength: 6 }), fc.nat(), fc.nat(), (extents, a, b) => {
        const bytes = extents.flatMap(({ offset, length }) => Array.from({ length }, (_, i) => offset + i));
        const offset = a % (bytes.length + 1);
        const length = b % (bytes.length - offset + 1);
        const found = extentsOf(extents, { offset, length });
        expect(found.flatMap((one) => Array.from({ length: one.length }, (_, i) => one.offset + i))).toEqual(
          bytes.slice(offset, offset + length),
        );
      }),
    );
  });

  test('extents that end too soon are a fault', () => {
    expect(() => extentsOf([{ offset: 0, length: 5 }], { offset: 3, length: 4 })).toThrow('shorter than its size');
  });
});
