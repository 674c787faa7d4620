// Something that happened by itself, its place in the list of all that did, and which ones are asked for. Pure.

export const HAPPENING_KINDS = ['host', 'sync', 'job', 'site', 'dhcp'] as const;
export type HappeningKind = (typeof HAPPENING_KINDS)[number];

/** One of the three at most; none of what is about the whole appliance. */
export type HappeningAbout = {
  readonly host?: string | undefined;
  readonly repo?: string | undefined;
  readonly tree?: string | undefined;
};

export type Happening = {
  /** A letter for where it is kept, and what it is called there. */
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: HappeningKind;
  readonly about: HappeningAbout;
  readonly what: string;
  readonly detail: string;
  readonly outcome: 'wrong' | 'fine';
};

/** Where something stands in the list. No two stand at the same place. */
export type Place = Pick<Happening, 'at' | 'id'>;

/** Below zero where `one` comes first: the newer one, and of two of the same time one that is always the same. */
export function comparePlaces(one: Place, other: Place): number {
  if (one.at !== other.at) return other.at - one.at;
  const [letter, otherLetter] = [one.id.charAt(0), other.id.charAt(0)];
  if (letter !== otherLetter) return letter > otherLetter ? -1 : 1;
  // Numbers without leading zeros: the longer one is the greater one.
  if (one.id.length !== other.id.length) return other.id.length - one.id.length;
  return one.id === other.id ? 0 : one.id > other.id ? -1 : 1;
}

/** The text of a place: what is sent as a cursor. */
export function formatPlace({ at, id }: Place): string {
  return `${at}.${id}`;
}

/** Back again; the API has looked at its form. */
export function parsePlace(text: string): Place {
  const dot = text.indexOf('.');
  return { at: Number(text.slice(0, dot)), id: text.slice(dot + 1) };
}

/** Behind what a numbered kind of entries goes on: those of an earlier time, and of the same time those of a lower number. */
export type NumberedPlace = { readonly at: number; readonly number: number };

/** `place` as those see it whose ids are `letter` and a number; undefined: the top of the list. */
export function numberedPlace(letter: string, place: Place | undefined): NumberedPlace {
  const all = Number.MAX_SAFE_INTEGER;
  if (place === undefined) return { at: all, number: all };
  const { at, id } = place;
  if (id.startsWith(letter)) return { at, number: Number(id.slice(letter.length)) };
  // Of the same time, all of one letter come before all of another.
  return { at, number: id.charAt(0) > letter ? all : 0 };
}

/** What is asked for; undefined: all. */
export type HappeningFilter = {
  /** Part of a name, in capitals or not. */
  readonly about?: string | undefined;
  readonly kind?: HappeningKind | undefined;
  readonly outcome?: Happening['outcome'] | undefined;
};

/** Is `one` among what `filter` asks for? */
export function isWanted(one: Happening, filter: HappeningFilter): boolean {
  if (filter.kind !== undefined && one.kind !== filter.kind) return false;
  if (filter.outcome !== undefined && one.outcome !== filter.outcome) return false;
  if (filter.about === undefined || filter.about === '') return true;
  return nameOf(one.about).toLowerCase().includes(filter.about.toLowerCase());
}

/** The name of what it is about; empty where it is about the whole appliance. */
export function nameOf({ host, repo, tree }: HappeningAbout): string {
  return host ?? repo ?? tree ?? '';
}
