// The next free address for a new host, of the range or network that an operator names. Pure.

import type { Ipv4 } from '../address.ts';
import type { Site } from '../domain.ts';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import type { PlanRow } from './plan.ts';
import { planAddresses } from './plan.ts';
import { suggest } from './suggest.ts';

/** `range` undefined: the address lies in no range, so a host has to write it. `free` counts this one too. */
export type NextAddress = {
  readonly network: string;
  readonly range: string | undefined;
  readonly address: Ipv4;
  readonly free: number;
};

type RangeRow = Extract<PlanRow, { kind: 'range' }>;

/**
 * What `name` has free: a range for hosts (`hypervisors`; `lab/hypervisors` where several networks have one so called), or
 * a network, whose addresses outside all ranges are meant. It is what `site check` gives a host that is added with that range.
 */
export function nextAddress(site: Site, name: string): NextAddress | No {
  const rows = planAddresses(site);
  const ranges = rows.filter((row) => row.kind === 'range');
  const named = ranges.filter((row) => row.name === name || `${row.network}/${row.name}` === name);
  const [only, ...others] = named;
  if (only !== undefined && others.length > 0) {
    const full = named.map((row) => `${row.network}/${row.name}`);
    return no(`${named.length} networks have a range called ${name}`, `name one: ${full.slice(0, 12).join(', ')}`);
  }
  if (only !== undefined) return nextInRange(only, ranges);
  const network = rows.filter((row) => row.kind === 'network').find((row) => row.name === name);
  if (network === undefined) {
    const known = [...ranges.filter(({ use }) => use === 'hosts'), ...site.networks].map((one) => one.name);
    return no(`there is no range or network called ${JSON.stringify(name.slice(0, 127))}`, suggest(name, known));
  }
  const { firstFree: address, free } = network;
  return address === undefined
    ? no(`${name} has no free address outside its ranges`, `name a range: ${hostRanges(ranges, name)}`)
    : { network: name, range: undefined, address, free };
}

function nextInRange({ network, name, use, firstFree, free }: RangeRow, ranges: readonly RangeRow[]): NextAddress | No {
  if (use !== 'hosts') return no(`${name} is for ${use}, not for hosts`, `for hosts: ${hostRanges(ranges, network)}`);
  return firstFree === undefined
    ? no(`${name} is full: every address is taken`, 'widen the range, or name another')
    : { network, range: name, address: firstFree, free };
}

function hostRanges(ranges: readonly RangeRow[], network: string): string {
  const names = ranges.filter((row) => row.use === 'hosts' && row.network === network).map(({ name }) => name);
  return names.length === 0 ? 'none' : names.join(', ');
}
