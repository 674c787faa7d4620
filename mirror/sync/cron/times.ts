// When a cron expression falls due in a time zone: the next time, and the one before. Pure; crontab(5) by the letter.

import { parse } from 'node-cron';
import { Malformed, messageOf } from '../../../server/malformed.ts';
import type { Meaning, Zone } from './zone.ts';
import { openZone } from './zone.ts';

/** The times of one schedule. Instants are ms since 1970. */
export type CronTimes = {
  /** The first time after `instant`; undefined where there is none for forty years. */
  readonly next: (instant: number) => number | undefined;
  /** The last time at or before `instant`. */
  readonly latest: (instant: number) => number | undefined;
};

type Pattern = {
  /** Minutes of the day, rising. */
  readonly minutes: readonly number[];
  readonly isEveryHour: boolean;
  readonly isDay: (date: Date) => boolean;
};

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** 29 February of a year like 2100 that has none is 8 years away; on a Monday, up to 40. */
const DAYS_LOOKED = 40 * 366;

/**
 * The times of a cron expression of five fields (or `@daily` and the like) in an IANA zone. Where clocks change, as in Vixie's
 * cron: a time of day that is left out comes late, by what the clock left out, and one that comes twice counts once; a pattern
 * of every hour goes on by the hour. Throws `Malformed` for what is no expression or no zone.
 */
export function cronTimes(expression: string, timezone: string): CronTimes {
  const pattern = readPattern(expression);
  const zone = openZone(timezone);
  const near = (instant: number, step: 1 | -1): readonly number[] => {
    const today = startOfDay(zone.wallTime(instant));
    // A day earlier than needed: the times of that day may be late ones.
    for (let days = -1; days <= DAYS_LOOKED; days += 1) {
      const day = today + step * days * DAY_MS;
      const wanted = timesOn(day, pattern, zone).filter((time) => (step === 1 ? time > instant : time <= instant));
      if (wanted.length > 0) return [...wanted, ...timesOn(day + step * DAY_MS, pattern, zone)];
    }
    return [];
  };
  return {
    next: (instant) =>
      edge(
        near(instant, 1).filter((time) => time > instant),
        Math.min,
      ),
    latest: (instant) =>
      edge(
        near(instant, -1).filter((time) => time <= instant),
        Math.max,
      ),
  };
}

function edge(times: readonly number[], pick: (...values: number[]) => number): number | undefined {
  return times.length === 0 ? undefined : pick(...times);
}

function startOfDay(wall: number): number {
  return Math.floor(wall / DAY_MS) * DAY_MS;
}

/** The times on the day that begins at this wall time. */
function timesOn(day: number, pattern: Pattern, zone: Zone): readonly number[] {
  if (!pattern.isDay(new Date(day))) return [];
  const meaning = zone.meaningNear(day);
  return pattern.minutes.flatMap((minute) => instantsOf(meaning(day + minute * MINUTE_MS), pattern));
}

function instantsOf(meaning: Meaning, { isEveryHour }: Pattern): readonly number[] {
  if (meaning.kind === 'never' && isEveryHour) return [];
  return meaning.kind === 'twice' && isEveryHour ? [meaning.earliest, meaning.latest] : [meaning.earliest];
}

function readPattern(expression: string): Pattern {
  const fields = readFields(expression);
  const minutes = numbers(fields.hour).flatMap((hour) => numbers(fields.minute).map((minute) => hour * 60 + minute));
  const [dayText = '*', , weekdayText = '*'] = expression.trim().split(/\s+/).slice(2);
  const isEither = !dayText.startsWith('*') && !weekdayText.startsWith('*');
  const [days, months, weekdays] = [fields.dayOfMonth, fields.month, fields.dayOfWeek].map(
    (values) => new Set(numbers(values)),
  );
  return {
    minutes: minutes.toSorted((a, b) => a - b),
    isEveryHour: fields.hour.length === 24,
    isDay: (date) => {
      if (months?.has(date.getUTCMonth() + 1) !== true) return false;
      const isDay = days?.has(date.getUTCDate()) === true;
      const isWeekday = weekdays?.has(date.getUTCDay()) === true;
      // crontab(5): where both fields are restricted, either is enough. node-cron's own tasks want both.
      return isEither ? isDay || isWeekday : isDay && isWeekday;
    },
  };
}

function readFields(expression: string) {
  const isNickname = expression.startsWith('@');
  if (!isNickname && expression.trim().split(/\s+/).length !== 5)
    throw new Malformed('a schedule has five fields', 'schedule');
  try {
    return parse(expression);
  } catch (error) {
    throw new Malformed(`no schedule: ${messageOf(error).slice(0, 200)}`, 'schedule');
  }
}

/** node-cron reads `L` and the like too, which the site file does not know. */
function numbers(values: readonly (number | string)[]): readonly number[] {
  return values.map((value) => {
    if (typeof value === 'number') return value;
    throw new Malformed(`${value} is not read here`, 'schedule');
  });
}
