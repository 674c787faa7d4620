// Times, sizes and states as words a person reads. Pure.

import type { SyncProgress } from './api/content-types.ts';
import type { Progress } from './api/types.ts';

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A length of time (ms) in the largest unit of which there are two: `119 min`, `2 h`. */
export function lengthWords(ms: number): string {
  const [name, length] = UNITS.find(([, length]) => ms >= 2 * length) ?? (['s', 1000] as const);
  return `${Math.max(0, Math.floor(ms / length))} ${name}`;
}

/** How long before `now`; nothing for 0, which stands for never. */
export function agoWords(at: number | undefined, now: number): string {
  if (at === undefined || at === 0) return 'never';
  const ms = now - at;
  return ms < 2000 ? 'just now' : `${lengthWords(ms)} ago`;
}

/** How long after `now`. */
export function inWords(at: number | undefined, now: number): string {
  if (at === undefined) return '';
  return at <= now ? 'due' : `in ${lengthWords(at - now)}`;
}

/** `2026-11-23 04:05:06 UTC`. */
export function timeWords(at: number): string {
  return at === 0 ? '' : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** The time of day: `04:05:06`. */
export function clockWords(at: number): string {
  return new Date(at).toISOString().slice(11, 19);
}

/** `1.5 GB`: decimal, as disks and links are sold. */
export function byteWords(bytes: number): string {
  const [name, size] = BYTES.find(([, size]) => bytes >= size) ?? (['B', 1] as const);
  return `${size === 1 ? bytes : (bytes / size).toFixed(1)} ${name}`;
}

const BYTES = [
  ['TB', 1e12],
  ['GB', 1e9],
  ['MB', 1e6],
  ['kB', 1e3],
] as const;

/** A whole percent from 0 to 100. */
export function percentOf(done: number, total: number): number {
  return total <= 0 ? 0 : Math.max(0, Math.min(100, Math.floor((done / total) * 100)));
}

/** What is left of an install: `about 6 min left`. */
export function leftWords({ etaMs }: Progress): string {
  return etaMs === undefined ? 'time left unknown' : `about ${lengthWords(etaMs)} left`;
}

/** `packages: 12 of 24 files, 3.1 MB of 6.0 MB, 1.2 MB/s, 2 min left`. */
export function syncWords(at: SyncProgress): string {
  const parts = [
    `${at.filesDone} of ${at.filesTotal} files`,
    `${byteWords(at.bytesDone)} of ${byteWords(at.bytesTotal)}`,
    ...(at.bytesPerSecond === undefined || at.bytesPerSecond === 0 ? [] : [`${byteWords(at.bytesPerSecond)}/s`]),
    ...(at.etaSeconds === undefined ? [] : [`${lengthWords(at.etaSeconds * 1000)} left`]),
  ];
  return `${at.phase === undefined ? '' : `${at.phase}: `}${parts.join(', ')}`;
}

/** `1 host`, `2 hosts`. */
export function countWords(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
