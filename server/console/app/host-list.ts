// The list of hosts: filtered, counted, and which of them want to be looked at. Pure.

import type { Host, Phase } from './api/types.ts';

export type HostFilter = { readonly text: string; readonly phase: string };

/** Hosts whose name, address, profile, MAC or reason holds every word of the text, in the phase that is named. */
export function filterHosts(hosts: readonly Host[], { text, phase }: HostFilter): readonly Host[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return hosts.filter((host) => {
    if (phase !== '' && host.phase !== phase) return false;
    if (words.length === 0) return true;
    const all = [host.name, host.address, host.profile, host.phase, host.reason, ...host.macs].join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  });
}

/** A page of a list: `first` and `last` count from 1; `page` is one that there is, whatever was asked for. */
export type Paged<T> = {
  readonly shown: readonly T[];
  readonly page: number;
  readonly pages: number;
  readonly first: number;
  readonly last: number;
};

/** The part of `all` that page `asked` (from 1, as text: it stands in the address) shows, of pages of `size`. */
export function pageOf<T>(all: readonly T[], asked: string, size: number): Paged<T> {
  const pages = Math.max(1, Math.ceil(all.length / size));
  const wanted = /^\d{1,6}$/.test(asked) ? Number(asked) : 1;
  const page = Math.min(Math.max(1, wanted), pages);
  const shown = all.slice((page - 1) * size, page * size);
  const first = shown.length === 0 ? 0 : (page - 1) * size + 1;
  return { shown, page, pages, first, last: first === 0 ? 0 : first + shown.length - 1 };
}

/** What is chosen once the box of all that are shown was ticked, or cleared: nothing is changed of what other pages show. */
export function chooseShown(chosen: ReadonlySet<string>, shown: readonly string[]): ReadonlySet<string> {
  const areAll = shown.every((name) => chosen.has(name));
  return new Set(areAll ? [...chosen].filter((name) => !shown.includes(name)) : [...chosen, ...shown]);
}

/** How many hosts are in each phase. */
export function countPhases(hosts: readonly Host[]): ReadonlyMap<Phase, number> {
  const counts = new Map<Phase, number>();
  for (const { phase } of hosts) counts.set(phase, (counts.get(phase) ?? 0) + 1);
  return counts;
}

const STUCK = new Set<Phase>(['stalled', 'failed']);
/** What was wrong with the last boot of another host is its past. */
const AWAITED = new Set<Phase>(['armed', 'booting', 'installing']);
const RUNNING = new Set<Phase>(['booting', 'installing']);

/** Nothing happens to them until somebody looks: failed, silent, or armed and not booting as they should. The newest first. */
export function stuckHosts(hosts: readonly Host[]): readonly Host[] {
  return hosts.filter(isStuck).toSorted((one, other) => other.changedAt - one.changedAt);
}

function isStuck({ phase, progress, verdict }: Host): boolean {
  return STUCK.has(phase) || progress?.silent !== undefined || (AWAITED.has(phase) && verdict?.health === 'wrong');
}

/** Those that boot or install. The furthest first. */
export function runningHosts(hosts: readonly Host[]): readonly Host[] {
  return hosts
    .filter(({ phase }) => RUNNING.has(phase))
    .toSorted((one, other) => (other.progress?.percent ?? -1) - (one.progress?.percent ?? -1));
}

/** May it be armed as it stands? The appliance judges what it would take; this only spares a look at what runs. */
export function isIdle({ phase }: Host): boolean {
  return !RUNNING.has(phase) && phase !== 'armed';
}
