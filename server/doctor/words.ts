// Sizes, times and machines as a person says them. Pure.

import type { Firmware } from '../domain.ts';

/** `0.4 s`, `25 s`, `12 min`, `3 h 20 min`, `4 days`. */
export function lengthWords(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 48 * 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.round(minutes / (24 * 60))} days`;
}

/** `2026-11-22 14:30:05 UTC` of ms since 1970. */
export function timeWords(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;
}

/** `UEFI x86_64 over HTTP, by iPXE`. */
export function firmwareWords({ platform, arch, transport, isIpxe }: Firmware): string {
  const over = transport === 'http' ? ' over HTTP' : '';
  return `${platform.toUpperCase()}${arch === 'other' ? '' : ` ${arch}`}${over}${isIpxe ? ', by iPXE' : ''}`;
}

/** `once`, `3 times`. */
export function timesWords(count: number): string {
  return count === 1 ? 'once' : `${count} times`;
}

/** A name as it was asked, shortened where a stranger made it long. */
export function nameWords(name: string): string {
  return name.length <= 80 ? name : `${name.slice(0, 77)}...`;
}

/** `1,204` */
export function countWords(count: number): string {
  return String(count).replaceAll(/\B(?=(?:\d{3})+$)/g, ',');
}
