// A name and a profile for a machine that is to be enrolled: what an operator most likely means, to be changed. Pure.

import type { Discovered, Host } from './api/types.ts';

export type Suggestion = { readonly name: string; readonly profile: string };

/**
 * Its own name where that is a free label (RFC 1123 §2.1); else the next of the numbered hosts (`xs-02` → `xs-03`); else
 * one made of its MAC. The profile is that of the host whose number went before, else of the host listed last.
 */
export function suggestEnrolment(
  { mac, hostname }: Pick<Discovered, 'mac' | 'hostname'>,
  hosts: readonly Host[],
  profiles: readonly string[],
): Suggestion {
  const taken = new Set(hosts.map(({ name }) => name));
  const last = hosts.findLast(({ name }) => /\d$/.test(name)) ?? hosts.at(-1);
  const profile = last?.profile ?? profiles[0] ?? '';
  const own = hostname?.toLowerCase().split('.')[0] ?? '';
  if (/^[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(own) && !/^localhost/.test(own) && !taken.has(own))
    return { name: own, profile };
  const next = last === undefined ? undefined : nextName(last.name, taken);
  return { name: next ?? `m-${mac.replaceAll(':', '').slice(-6)}`, profile };
}

function nextName(name: string, taken: ReadonlySet<string>): string | undefined {
  const [, stem, digits] = /^(.*?)(\d{1,9})$/.exec(name) ?? [];
  if (stem === undefined || digits === undefined) return undefined;
  for (let number = Number(digits) + 1; number < Number(digits) + 10_000; number += 1) {
    const next = `${stem}${String(number).padStart(digits.length, '0')}`;
    if (!taken.has(next)) return next;
  }
  return undefined;
}

/** What a machine says of itself, in one line. */
export function claimsOf({ firmware, hostname, vendorClass, userClass }: Discovered): string {
  return [firmware, hostname, vendorClass, userClass].filter((text) => text !== undefined && text !== '').join(', ');
}
