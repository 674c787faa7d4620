// The list of what happened: merged in order, and its pages joined are the whole, whatever is asked for and whatever is added.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Happening, HappeningKind, Place } from '../../../server/happenings/happening.ts';
import {
  comparePlaces,
  formatPlace,
  isWanted,
  numberedPlace,
  parsePlace,
} from '../../../server/happenings/happening.ts';
import type { HappeningQuery, Source } from '../../../server/happenings/page.ts';
import { readPage, sourceOf } from '../../../server/happenings/page.ts';

function happening(id: string, at: number, of: Partial<Happening> = {}): Happening {
  const kind = KINDS.get(id.charAt(0)) ?? 'host';
  return { id, at, kind, about: { host: 'cs40' }, what: 'booted', detail: '', outcome: 'fine', ...of };
}
const KINDS: ReadonlyMap<string, HappeningKind> = new Map([
  ['h', 'host'],
  ['b', 'sync'],
  ['e', 'sync'],
  ['j', 'job'],
]);
const breathe = () => Promise.resolve();
const ids = (items: readonly Happening[]): string => items.map(({ id }) => id).join(' ');

/** Sources of what `all` has of each letter, as numbered stores answer. */
function sourcesOf(all: () => readonly Happening[]): readonly Source[] {
  return [...KINDS].map(([letter, kind]) => {
    const own = (): readonly Happening[] => all().filter(({ id }) => id.startsWith(letter));
    if (kind === 'job') return sourceOf(kind, own);
    const read = (from: Place | undefined, most: number): readonly Happening[] => {
      const { at, number } = numberedPlace(letter, from);
      const numberOf = ({ id }: Happening): number => Number(id.slice(1));
      return own()
        .filter((one) => one.at < at || (one.at === at && numberOf(one) < number))
        .toSorted((one, other) => other.at - one.at || numberOf(other) - numberOf(one))
        .slice(0, most);
    };
    return { kind, read };
  });
}

/** Every page of what is asked for, one after the other; `between` happens after each. */
async function pagesOf(all: () => readonly Happening[], query: HappeningQuery, between: () => void = () => undefined) {
  const pages: (readonly Happening[])[] = [];
  let from: Place | undefined;
  do {
    const page = await readPage(sourcesOf(all), { ...query, from }, { breathe, slice: 3, most: 20 });
    pages.push(page.items);
    from = page.next === undefined ? undefined : parsePlace(page.next);
    between();
  } while (from !== undefined);
  return pages;
}

const ALL = [
  happening('h1', 10),
  happening('b1', 20, { about: { repo: 'base' } }),
  happening('h2', 20, { outcome: 'wrong', about: { host: 'xs-01' } }),
  happening('e1', 20, { outcome: 'wrong', about: { repo: 'base' } }),
  happening('jA', 25, { about: { tree: 'rhel6' } }),
  happening('h10', 30),
  happening('h9', 30, { about: { host: 'XS-02' } }),
];

describe('the list', () => {
  test.each<[string, Partial<HappeningQuery>, string]>([
    ['newest first; of one time by where it is kept and its number', {}, 'h10 h9 jA h2 e1 b1 h1'],
    ['of one kind', { kind: 'sync' }, 'e1 b1'],
    ['about part of a name, in capitals or not', { about: 'xs-' }, 'h9 h2'],
    ['about a repo', { about: 'bas' }, 'e1 b1'],
    ['what is wrong', { outcome: 'wrong' }, 'h2 e1'],
    ['what is wrong with one', { outcome: 'wrong', about: 'base' }, 'e1'],
    ['nothing of that kind', { kind: 'site' }, ''],
    ['an empty name is any', { about: '' }, 'h10 h9 jA h2 e1 b1 h1'],
    ['behind a place', { from: { at: 20, id: 'e1' } }, 'b1 h1'],
    ['behind a place of a source that comes first', { from: { at: 30, id: 'n5' } }, 'h10 h9 jA h2 e1 b1 h1'],
    ['behind a place of a source that comes last', { from: { at: 30, id: 'e5' } }, 'jA h2 e1 b1 h1'],
    ['behind all', { from: { at: 1, id: 'b1' } }, ''],
  ])('%s', async (_, query, expected) => {
    const page = await readPage(
      sourcesOf(() => ALL),
      { limit: 100, ...query },
      { breathe },
    );
    expect([ids(page.items), page.next]).toEqual([expected, undefined]);
  });

  test('ends with the last one, and not with an empty page', async () => {
    const { next } = await readPage(
      sourcesOf(() => ALL),
      { limit: ALL.length },
      { breathe },
    );
    expect(next).toBeUndefined();
    expect((await pagesOf(() => ALL, { limit: 2 })).map(ids)).toEqual(['h10 h9', 'jA h2', 'e1 b1', 'h1']);
  });

  test('of what is rare is looked through so far, and goes on there', async () => {
    const many = Array.from({ length: 100 }, (_, index) =>
      happening(`h${index + 1}`, index, { outcome: index === 4 ? 'wrong' : 'fine' }),
    );
    const pages = await pagesOf(() => many, { limit: 5, outcome: 'wrong' });
    expect(pages.flat().map(({ id }) => id)).toEqual(['h5']);
    expect(pages.length).toBeGreaterThan(3);
    expect(pages[0]).toEqual([]);
  });

  test('lets others have their turn between what it reads', async () => {
    const many = Array.from({ length: 100 }, (_, index) => happening(`h${index + 1}`, index));
    let turns = 0;
    const count = async (): Promise<void> => void (turns += 1);
    await readPage(
      sourcesOf(() => many),
      { limit: 5, about: 'nobody' },
      { breathe: count, slice: 10 },
    );
    expect(turns).toBeGreaterThanOrEqual(10);
  });

  test('reads no further than a page needs', async () => {
    const asked: number[] = [];
    const source: Source = {
      kind: 'host',
      read: (_, most) => {
        asked.push(most);
        return ALL.filter(({ id }) => id.startsWith('h'))
          .toSorted(comparePlaces)
          .slice(0, most);
      },
    };
    await readPage([source], { limit: 2 }, { breathe });
    expect(asked).toEqual([3]);
  });
});

const places = fc.record({
  id: fc.oneof(
    fc
      .tuple(fc.constantFrom('h', 'b', 'e'), fc.integer({ min: 1, max: 300 }))
      .map(([letter, number]) => letter + number),
    fc.stringMatching(/^j[A-Za-z0-9_-]{3}$/),
  ),
  at: fc.integer({ min: 0, max: 12 }),
});
const several = fc.uniqueArray(
  fc
    .tuple(places, fc.constantFrom('cs40', 'xs-01'), fc.constantFrom('wrong' as const, 'fine' as const))
    .map(([{ id, at }, host, outcome]) => happening(id, at, { about: { host }, outcome })),
  { selector: ({ id }) => id, maxLength: 60 },
);
const queries = fc.record(
  {
    limit: fc.integer({ min: 1, max: 7 }),
    about: fc.constantFrom('cs', 'XS-01', 'nobody', ''),
    kind: fc.constantFrom('host' as const, 'sync' as const, 'job' as const),
    outcome: fc.constantFrom('wrong' as const, 'fine' as const),
  },
  { requiredKeys: ['limit'] },
);

describe('pages joined', () => {
  test('are the whole, each no longer than asked for', async () => {
    await fc.assert(
      fc.asyncProperty(several, queries, async (all, query) => {
        const pages = await pagesOf(() => all, query);
        const whole = all.filter((one) => isWanted(one, query)).toSorted(comparePlaces);
        expect(ids(pages.flat())).toBe(ids(whole));
        expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(query.limit);
      }),
    );
  });

  test('have everything there was once, while new things happen', async () => {
    await fc.assert(
      fc.asyncProperty(several, queries, async (all, query) => {
        let [now, count] = [all, 0];
        const add = (): void => {
          count += 1;
          now = [...now, happening(`h${1000 + count}`, 12 + count), happening(`e${1000 + count}`, 13 + count)];
        };
        const pages = await pagesOf(() => now, query, add);
        const whole = all.filter((one) => isWanted(one, query)).toSorted(comparePlaces);
        expect(ids(pages.flat())).toBe(ids(whole));
      }),
    );
  });

  test('a place is read back from its text', () => {
    fc.assert(
      fc.property(places, (place) => {
        expect(parsePlace(formatPlace(place))).toEqual(place);
      }),
    );
  });

  test('places have one order', () => {
    fc.assert(
      fc.property(places, places, places, (one, two, three) => {
        expect(Math.sign(comparePlaces(one, two)) + Math.sign(comparePlaces(two, one))).toBe(0);
        expect(comparePlaces(one, two) === 0).toBe(one.id === two.id && one.at === two.at);
        if (comparePlaces(one, two) <= 0 && comparePlaces(two, three) <= 0)
          expect(comparePlaces(one, three)).toBeLessThanOrEqual(0);
      }),
    );
  });
});
