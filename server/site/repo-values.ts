// Checks of the texts that only repos have: lists of mirrors, logins, rates, patterns of packages. Pure.

import type { Fault } from './finding.ts';
import { quoted } from './finding.ts';
import { checkUrl } from './values.ts';

/** The URL of a mirrorlist or metalink, which most often has a query. */
export function checkListUrl(text: string): Fault | undefined {
  return checkUrl(text.replace(/\?[^#]*$/, ''));
}

/** The user of a login at upstream: RFC 7617 forbids the colon. */
export function checkUser(text: string): Fault | undefined {
  const fits = text !== '' && text.length <= 256 && !/[:\u0000-\u001f\u007f]/.test(text);
  return fits ? undefined : { message: `${quoted(text)} is no user`, remedy: 'a name without a colon' };
}

const RATE_UNITS = { K: 1000, M: 1_000_000, G: 1_000_000_000 } as const;

/** Bytes per second of `500K`, `10M` or a bare number; undefined for anything else, and below 1 KB/s. */
export function readRate(text: string): number | undefined {
  const [, count, unit] = /^(\d{1,12})([KMG])?$/.exec(text) ?? [];
  const rate = Number(count ?? 0) * (unit === undefined ? 1 : RATE_UNITS[unit as keyof typeof RATE_UNITS]);
  return rate >= 1000 ? rate : undefined;
}

/** A limit of speed: `10M`. */
export function checkRate(text: string): Fault | undefined {
  if (readRate(text) !== undefined) return undefined;
  return { message: `${quoted(text)} is no rate`, remedy: 'bytes per second, such as 500K or 10M' };
}

/** A pattern of packages as createrepo_c and dnf take them. */
export function checkPackagePattern(text: string): Fault | undefined {
  if (/^[A-Za-z0-9._+~^*?:[\]!-]{1,200}$/.test(text)) return undefined;
  return { message: `${quoted(text)} is no pattern of packages`, remedy: 'such as kernel* or *-debuginfo' };
}
