// How often a file that no checksum covers is asked for: until it is there, upstream has failed too often in a row, or there was enough.

import { expect, test } from 'vitest';
import { parseHref } from '../../../mirror/rpm/href.ts';
import { persist, type Again } from '../../../mirror/sync/unchecked.ts';
import { SyncFault } from '../../../mirror/sync/upstream.ts';

const path = parseHref('images/install.img', 'a test');
const LIMIT_TRIES = 100;

/** How many bytes a try leaves; `more` than before; or none, as all came and was wrong. */
type Try = number | 'more' | 'whole' | 'done';

/** What becomes of these tries, of which the last goes on for ever, and how many it took. */
async function outcome(tries: readonly Try[]): Promise<readonly [string, number]> {
  let sizeBytes = 0;
  let tried = 0;
  const upstream = { retryDelaysMs: [1, 1], random: () => 0, pause: () => Promise.resolve() };
  const { signal } = new AbortController();
  const attempt = (): Promise<Again | { readonly kind: 'done' }> => {
    const one = tries[Math.min(tried, tries.length - 1)] ?? 0;
    tried += 1;
    if (one === 'done') return Promise.resolve({ kind: 'done' });
    sizeBytes = one === 'whole' ? 0 : one === 'more' ? sizeBytes + 1 : one;
    const again = { kind: 'again', reason: 'broke off' } as const;
    return Promise.resolve(one === 'whole' ? { ...again, came: 'whole' } : again);
  };
  try {
    const end = await persist({ path, upstream, signal, sizeBytes: () => sizeBytes }, attempt);
    return [end.kind, tried];
  } catch (error) {
    if (!(error instanceof SyncFault)) throw error;
    return [error.message, tried];
  }
}

test.each<[string, readonly Try[], string, number]>([
  ['there at once', ['done'], 'done', 1],
  ['there at the third', [0, 0, 'done'], 'done', 3],
  ['nothing comes, three times in a row', [0], 'images/install.img: broke off', 3],
  ['something came between', [0, 5, 5, 'done'], 'done', 4],
  ['the same few bytes again and again are no progress', [5], 'images/install.img: broke off', 3],
  ['all came and was wrong between', [0, 0, 'whole', 0, 'done'], 'done', 5],
  ['a little more each time', ['more'], `images/install.img: given up after ${LIMIT_TRIES} tries`, LIMIT_TRIES],
])('%s', async (_, tries, end, tried) => {
  expect(await outcome(tries)).toEqual([end, tried]);
});
