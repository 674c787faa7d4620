// Cron expressions of a repo's schedule: five fields or a nickname, checked strictly (crontab(5)). Pure.

import type { Fault } from './finding.ts';
import { quoted } from './finding.ts';

const NICKNAMES: ReadonlySet<string> = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

type Field = {
  readonly what: string;
  readonly low: number;
  readonly high: number;
  /** Names for the values from `low` on. */
  readonly names: readonly string[];
};

const FIELDS: readonly Field[] = [
  { what: 'minute', low: 0, high: 59, names: [] },
  { what: 'hour', low: 0, high: 23, names: [] },
  { what: 'day of the month', low: 1, high: 31, names: [] },
  { what: 'month', low: 1, high: 12, names: MONTHS },
  { what: 'day of the week', low: 0, high: 7, names: DAYS },
];

/** The longest each month can be, January first. */
const LONGEST = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** Every minute and every day listed one by one has some 300 characters. */
const LONGEST_TEXT = 500;

const REMEDY = 'five fields (minute, hour, day, month, weekday) such as "0 3 * * *", or @daily';

/** What is wrong with a cron expression, or undefined. A date that never comes (31 February) is wrong too. */
export function checkCron(text: string): Fault | undefined {
  if (text.startsWith('@')) {
    return NICKNAMES.has(text) ? undefined : { message: `unknown schedule ${quoted(text)}`, remedy: REMEDY };
  }
  if (text.length > LONGEST_TEXT) return { message: 'is too long for a schedule', remedy: REMEDY };
  const parts = text.split(' ').filter((part) => part !== '');
  if (parts.length !== FIELDS.length) {
    const count = `${parts.length} ${parts.length === 1 ? 'field' : 'fields'}`;
    return { message: `a schedule has five fields, ${quoted(text)} has ${count}`, remedy: REMEDY };
  }
  const values: (readonly number[])[] = [];
  for (const [index, field] of FIELDS.entries()) {
    const read = readField(parts[index] ?? '', field);
    if (read.length === 0) return { message: `${quoted(parts[index] ?? '')} is no ${field.what}`, remedy: REMEDY };
    values.push(read);
  }
  return checkDates(values[2] ?? [], values[3] ?? []);
}

/** Every value a field names, or an empty list where it cannot be read. */
function readField(text: string, field: Field): readonly number[] {
  const values: number[] = [];
  for (const item of text.split(',')) {
    const read = readItem(item, field);
    if (read.length === 0) return [];
    values.push(...read);
  }
  return values;
}

function readItem(text: string, field: Field): readonly number[] {
  const [span = '', stepText, ...rest] = text.split('/');
  const step = stepText === undefined ? 1 : readNumber(stepText);
  if (rest.length > 0 || step === undefined || step < 1 || step > field.high) return [];
  const [from, to] = readSpan(span, field);
  // A step over a single value (`5/15`) means different things to different crons: refused.
  if (from === undefined || to === undefined || from > to || (stepText !== undefined && from === to)) return [];
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

function readSpan(text: string, field: Field): readonly [number | undefined, number | undefined] {
  if (text === '*') return [field.low, field.high];
  const [first = '', second, ...rest] = text.split('-');
  if (rest.length > 0) return [undefined, undefined];
  return [readValue(first, field), readValue(second ?? first, field)];
}

function readValue(text: string, field: Field): number | undefined {
  const named = field.names.indexOf(text.toLowerCase());
  if (named !== -1) return field.low + named;
  const value = readNumber(text);
  return value !== undefined && value >= field.low && value <= field.high ? value : undefined;
}

function readNumber(text: string): number | undefined {
  return /^\d{1,2}$/.test(text) ? Number(text) : undefined;
}

function checkDates(days: readonly number[], months: readonly number[]): Fault | undefined {
  const possible = months.some((month) => days.some((day) => day <= (LONGEST[month - 1] ?? 0)));
  return possible ? undefined : { message: 'that day never comes in that month', remedy: REMEDY };
}
