// What is kept in many places as one list, newest first, in pages: each place read no further than a page needs. Running.

import type { Happening, HappeningFilter, HappeningKind, Place } from './happening.ts';
import { comparePlaces, formatPlace, isWanted } from './happening.ts';

/** One place where happenings are kept. */
export type Source = {
  readonly kind: HappeningKind;
  /** Those behind `from` (undefined: all), newest first, `most` at most. Fewer: there are no others. */
  readonly read: (from: Place | undefined, most: number) => readonly Happening[] | Promise<readonly Happening[]>;
};

export type HappeningQuery = HappeningFilter & {
  readonly limit: number;
  /** Only what comes behind it. */
  readonly from?: Place | undefined;
};

/** `next` is where older ones go on. A page of what is rare may be short, or empty, and still have one: so far was looked. */
export type HappeningPage = { readonly items: readonly Happening[]; readonly next?: string };

export type Looking = {
  /** Lets others of this process have their turn. */
  readonly breathe: () => Promise<unknown>;
  /** How many entries are read at a time where not all of them are wanted, and how many for one page. */
  readonly slice?: number;
  readonly most?: number;
};

/** Read in some 3 ms: boots wait for no longer. */
const SLICE = 2000;
/** Read in some 0.3 s, in turns with others. */
const MOST = 200_000;

/** A source and how far it was read. */
type Reader = { readonly source: Source; end: Place | undefined; isDone: boolean };

/**
 * The page of what is asked for. As pages go by the place of their last one, what is added meanwhile is in no later page, and what
 * was there is in exactly one; an entry that is counted anew (`HostStore.note`) moves to the top with its new time.
 */
export async function readPage(
  sources: readonly Source[],
  query: HappeningQuery,
  how: Looking,
): Promise<HappeningPage> {
  const { limit, from, ...filter } = query;
  const { breathe, slice = SLICE, most = MOST } = how;
  const takesAll = filter.outcome === undefined && (filter.about ?? '') === '';
  const asked = sources.filter(({ kind }) => filter.kind === undefined || kind === filter.kind);
  const readers = asked.map((source): Reader => ({ source, end: from, isDone: false }));
  const found: Happening[] = [];
  for (let looked = 0; ;) {
    const last = newestEnd(readers);
    const sure = found.filter((one) => last === undefined || isRead(one, last));
    if (last === undefined || sure.length > limit || looked >= most) return pageOf(sure, limit, last?.end);
    if (looked > 0) await breathe();
    const read = await readOn(last, takesAll ? limit + 1 : slice);
    looked += read.length;
    found.push(...read.filter((one) => isWanted(one, filter)));
  }
}

/** The reader that was read the least far: of it, more may come before all that others have. */
function newestEnd(readers: readonly Reader[]): Reader | undefined {
  const [first] = readers
    .filter(({ isDone }) => !isDone)
    .toSorted(({ end: one }, { end: other }) => {
      if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? -1 : 1;
      return comparePlaces(one, other);
    });
  return first;
}

/** Can nothing that `reader` has still to read come before `one`? */
function isRead(one: Happening, { end }: Reader): boolean {
  return end !== undefined && comparePlaces(one, end) <= 0;
}

async function readOn(reader: Reader, most: number): Promise<readonly Happening[]> {
  const read = await reader.source.read(reader.end, most);
  reader.isDone = read.length < most;
  reader.end = read.at(-1) ?? reader.end;
  return read;
}

/** `end`: how far all were read; undefined where they were read whole. */
function pageOf(sure: readonly Happening[], limit: number, end: Place | undefined): HappeningPage {
  const items = sure.toSorted(comparePlaces).slice(0, limit);
  const last = sure.length > limit ? items.at(-1) : end;
  return last === undefined ? { items } : { items, next: formatPlace(last) };
}

/** A source of what is in memory, in any order. */
export function sourceOf(kind: HappeningKind, all: () => readonly Happening[] | Promise<readonly Happening[]>): Source {
  return {
    kind,
    read: async (from, most) => {
      const behind = (await all()).filter((one) => from === undefined || comparePlaces(from, one) < 0);
      return behind.toSorted(comparePlaces).slice(0, most);
    },
  };
}
