// Wall-clock time in a time zone as instants, over the days when clocks change. Pure: the zones come with the runtime.

import { generations } from '../../../server/generations.ts';
import { Malformed } from '../../../server/malformed.ts';

/** A time as a calendar and a wall clock show it, as if they were UTC's: `Date.UTC` of its parts. */
export type WallTime = number;

/** A time zone, asked by instant and by wall time. Instants are ms since 1970. */
export type Zone = {
  readonly wallTime: (instant: number) => WallTime;
  /** What a wall time near `around` can mean; see `Meaning`. Asking once for a whole day is cheap, for each minute it is not. */
  readonly meaningNear: (around: WallTime) => (wall: WallTime) => Meaning;
};

/**
 * `once` on nearly all days. `twice` where clocks go back over it. `never` where they go forward over it: `earliest` is then
 * what it means by the offset before the change (RFC 5545 §3.3.5), so 02:30 becomes 03:30.
 */
export type Meaning = { readonly kind: 'once' | 'twice' | 'never'; readonly earliest: number; readonly latest: number };

const DAY_MS = 86_400_000;
const DAYS_REMEMBERED = 8;

/** The zone of an IANA name. Throws `Malformed` for a name that is none. */
export function openZone(timezone: string): Zone {
  const format = formatOf(timezone);
  const offset = (instant: number): number => wallTimeOf(format, instant) - Math.floor(instant / 1000) * 1000;
  // The same days are asked for again and again, and a zone's offset is slow to find.
  const lately = generations<(wall: WallTime) => Meaning>(DAYS_REMEMBERED);
  const meaningNear = (around: WallTime): ((wall: WallTime) => Meaning) => {
    // No zone changes its clock twice within four days: one change, or none, lies between these.
    const [from, to] = [around - 2 * DAY_MS, around + 2 * DAY_MS];
    const before = offset(from);
    const after = offset(to);
    if (before === after) return (wall) => ({ kind: 'once', earliest: wall - before, latest: wall - before });
    const change = changeBetween(from, to, offset);
    return (wall) => meaningOf([wall - before, wall - after], change);
  };
  return {
    wallTime: (instant) => instant + offset(instant),
    meaningNear: (around) => {
      const known = lately.get(String(around)) ?? meaningNear(around);
      lately.set(String(around), known);
      return known;
    },
  };
}

function meaningOf([byOld, byNew]: readonly [number, number], change: number): Meaning {
  const isOld = byOld < change;
  const isNew = byNew >= change;
  if (isOld && isNew) return { kind: 'twice', earliest: byOld, latest: byNew };
  if (isOld || !isNew) return { kind: isOld ? 'once' : 'never', earliest: byOld, latest: byOld };
  return { kind: 'once', earliest: byNew, latest: byNew };
}

/** The instant of the change, to the second. */
function changeBetween(from: number, to: number, offset: (instant: number) => number): number {
  const before = offset(from);
  let [low, high] = [Math.floor(from / 1000), Math.floor(to / 1000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offset(middle * 1000) === before) low = middle;
    else high = middle;
  }
  return high * 1000;
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Malformed(`no time zone: ${JSON.stringify(timeZone.slice(0, 60))}`, 'timezone');
  }
}

function wallTimeOf(format: Intl.DateTimeFormat, instant: number): WallTime {
  const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, Number(value)] as const));
  const part = (type: Intl.DateTimeFormatPartTypes): number => parts.get(type) ?? 0;
  return Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'));
}
