// Other DHCP and boot servers as they are noticed: each is reported at most once an hour, and none can fill the memory. Pure.

import type { Ipv4 } from '../address.ts';

/** Another server on this wire. `dhcp`: it gives addresses beside a server that should be alone. `boot`: it gives boot files. */
export type Rogue = {
  readonly server: Ipv4;
  readonly kind: 'dhcp' | 'boot';
  /** What was seen of it, for a person. */
  readonly evidence: string;
  /** Ms since 1970. */
  readonly firstSeen: number;
};

const REPORT_EVERY_MS = 3_600_000;
/** Server identifiers are strangers' words: so many are remembered, the rest go unreported until the first are an hour old. */
const REMEMBERED = 256;

/** Answers what to report of a server seen at `now`; undefined where it was reported within the hour. */
export function rogueWatch(): (seen: Omit<Rogue, 'firstSeen'>, now: number) => Rogue | undefined {
  const known = new Map<string, Known>();
  return (seen, now) => {
    const key = `${seen.kind} ${seen.server}`;
    const before = known.get(key);
    if (before === undefined) {
      if (known.size >= REMEMBERED) forgetOld(known, now);
      if (known.size >= REMEMBERED) return undefined;
      known.set(key, { firstSeen: now, reportedAt: now });
      return { ...seen, firstSeen: now };
    }
    if (now - before.reportedAt < REPORT_EVERY_MS) return undefined;
    before.reportedAt = now;
    return { ...seen, firstSeen: before.firstSeen };
  };
}

type Known = { readonly firstSeen: number; reportedAt: number };

function forgetOld(known: Map<string, Known>, now: number): void {
  for (const [key, { reportedAt }] of known) if (now - reportedAt >= REPORT_EVERY_MS) known.delete(key);
}
