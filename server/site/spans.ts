// Spans of addresses as numbers: what lies in which, and what is free between them, found without walking through them. Pure.

import type { Ipv4, Subnet } from '../address.ts';
import { broadcastOf, toNumber } from '../address.ts';

/** First and last address, both inside. */
export type Span = { readonly low: number; readonly high: number };

/** The span of a range. */
export function spanOf({ from, to }: { readonly from: Ipv4; readonly to: Ipv4 }): Span {
  return { low: toNumber(from), high: toNumber(to) };
}

/** The addresses that machines of `subnet` can have: not its own, not the broadcast address. */
export function usableSpan(subnet: Subnet): Span {
  return { low: toNumber(subnet.network) + 1, high: toNumber(broadcastOf(subnet)) - 1 };
}

/** Sorted, for `spanAround`. */
export function orderedSpans<T extends Span>(spans: readonly T[]): readonly T[] {
  return spans.toSorted((one, other) => one.low - other.low);
}

/** The span that holds `at`. `spans` are ordered and apart, as a checked site's are. */
export function spanAround<T extends Span>(spans: readonly T[], at: number): T | undefined {
  const found = spans[countBelow(spans.length, (index) => (spans[index]?.low ?? Infinity) <= at) - 1];
  return found !== undefined && at <= found.high ? found : undefined;
}

/** The index of the first item that is not below `at`. `items` are ordered. */
export function firstIn(items: readonly { readonly at: number }[], at: number): number {
  return countBelow(items.length, (index) => (items[index]?.at ?? Infinity) < at);
}

/** How many of the first indices pass `isBelow`, which none does behind one that does not. */
function countBelow(length: number, isBelow: (index: number) => boolean): number {
  let [low, high] = [0, length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBelow(middle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many addresses of `whole` lie in none of `taken`, and the first of them. `taken` may overlap, and reach outside. */
export function freeIn(
  whole: Span,
  taken: readonly Span[],
): { readonly free: number; readonly first: number | undefined } {
  let at = whole.low;
  let free = 0;
  let first: number | undefined;
  for (const { low, high } of [...orderedSpans(taken), { low: whole.high + 1, high: whole.high + 1 }]) {
    const end = Math.min(low, whole.high + 1);
    if (end > at) {
      first ??= at;
      free += end - at;
    }
    at = Math.max(at, high + 1);
  }
  return { free, first };
}
