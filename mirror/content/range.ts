// Reads a Range header against the size of what is asked for (RFC 9110 §14). Pure.

/** Consecutive bytes of the content; `length` is at least 1. */
export type ByteRange = { readonly start: number; readonly length: number };

export type RangeRequest =
  /** No range that counts: send everything. */
  | { readonly kind: 'whole' }
  | { readonly kind: 'ranges'; readonly ranges: readonly [ByteRange, ...ByteRange[]] }
  /** Well-formed, and no byte of it exists. */
  | { readonly kind: 'unsatisfiable' };

/** librepo asks for up to 256 ranges of a zchunk file at once; a request for more than this is answered whole (RFC 9110 §14.2). */
const RANGES_LIMIT = 1024;

const WHOLE = { kind: 'whole' } as const;
const LIST_ITEM = /^(\d*)-(\d*)$/;

/**
 * What `header` asks of content with `sizeBytes` bytes. A header that is malformed, has another unit or too many ranges counts as
 * none (§14.2). Overlapping ranges are joined, so no byte is ever sent twice; the others stay as and in the order they were asked
 * for (§15.3.7.2). An empty file is always whole: some clients send a range with everything, and 416 would stop them.
 */
export function parseRange(header: string, sizeBytes: number): RangeRequest {
  const specs = /^bytes=(.*)$/i.exec(header.trim())?.[1]?.split(',');
  if (specs === undefined || sizeBytes === 0) return WHOLE;
  // §5.6.1.2: empty list elements are to be ignored.
  const items = specs.map((spec) => spec.trim()).filter((spec) => spec !== '');
  if (items.length === 0 || items.length > RANGES_LIMIT) return WHOLE;
  const ranges: ByteRange[] = [];
  for (const item of items) {
    const range = parseItem(item, sizeBytes);
    if (range === 'malformed') return WHOLE;
    if (range !== 'outside') ranges.push(range);
  }
  const [first, ...rest] = joined(ranges);
  return first === undefined ? { kind: 'unsatisfiable' } : { kind: 'ranges', ranges: [first, ...rest] };
}

/** One int-range or suffix-range (§14.1.2). */
function parseItem(item: string, sizeBytes: number): ByteRange | 'malformed' | 'outside' {
  const [, first, last] = LIST_ITEM.exec(item) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'malformed';
  if (first === '') {
    const length = Math.min(Number(last), sizeBytes);
    return length === 0 ? 'outside' : { start: sizeBytes - length, length };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return 'malformed';
  if (start >= sizeBytes) return 'outside';
  const end = last === '' ? sizeBytes - 1 : Math.min(Number(last), sizeBytes - 1);
  return { start, length: end - start + 1 };
}

type Numbered = { readonly start: number; readonly end: number; readonly order: number };

/** Ranges that overlap become one, in the place of the first of them; ranges that only touch stay apart. */
function joined(ranges: readonly ByteRange[]): readonly ByteRange[] {
  const sorted: Numbered[] = ranges
    .map(({ start, length }, order) => ({ start, end: start + length, order }))
    .toSorted((a, b) => a.start - b.start);
  const groups: Numbered[] = [];
  for (const range of sorted) {
    const last = groups.at(-1);
    if (last === undefined || range.start >= last.end) groups.push(range);
    else groups[groups.length - 1] = merged(last, range);
  }
  return groups.toSorted((a, b) => a.order - b.order).map(({ start, end }) => ({ start, length: end - start }));
}

function merged(a: Numbered, b: Numbered): Numbered {
  return { start: a.start, end: Math.max(a.end, b.end), order: Math.min(a.order, b.order) };
}
