// The list of hosts: filtered, counted, and which of them want to be looked at. Pure.

import type { Host, Phase } from './api/types.ts';

export type HostFilter = { readonly text: string; readonly phase: string };

/** Hosts whose name, address, profile, MAC or reason holds every word of the text, in the phase that is named. */
export function filterHosts(hosts: readonly Host[], { text, phase }: HostFilter): readonly Host[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return hosts.filter((host) => {
    if (phase !== '' && host.phase !== phase) return false;
    const all = [host.name, host.address, host.profile, host.phase, host.reason, ...host.macs].join('\n').toLowerCase();
    return words.every((word) => all.includes(word));
  });
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
