// A capacity beside a site: how many such hosts it has, where the missing ones can stand, whether guests have addresses. Pure.

import { toNumber } from '../address.ts';
import { MOST_IN_CLUSTER } from '../cloudstack.ts';
import type { Profile, Site } from '../domain.ts';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import type { Capacity } from './capacity.ts';
import type { Step } from './capacity-text.ts';
import type { PlanRow } from './plan.ts';
import { planAddresses } from './plan.ts';
import { firstIn, spanOf } from './spans.ts';
import { suggest } from './suggest.ts';

/** A range for hosts, and how many of its addresses are free. */
type Room = Pick<Extract<PlanRow, { kind: 'range' }>, 'network' | 'name' | 'from' | 'to' | 'free'>;

export type Supply = {
  /** The profiles whose hosts count. */
  readonly profiles: readonly string[];
  readonly hosts: number;
  readonly missing: number;
  /** The ranges that these hosts stand in, with what is free there; every range for hosts where there are none yet. */
  readonly ranges: readonly Room[];
  /** Addresses for guests, where the site keeps some. */
  readonly guests: number | undefined;
  /** Has the site a CloudStack, whose own VMs need room as well? */
  readonly isCloud: boolean;
  /** How many clusters it takes, where CloudStack's limit on one is known. */
  readonly clusters: { readonly count: number; readonly most: number; readonly what: string } | undefined;
};

/** Roles whose hosts carry virtual machines. */
const HYPERVISORS: ReadonlySet<string> = new Set(['xenserver', 'kvm-agent']);

/** What `site` has of what `capacity` needs: hosts of `profile`, or of every hypervisor's role where none is named. */
export function supplyOf(site: Site, capacity: Capacity, profile: string | undefined): Supply | No {
  const chosen = profilesOf(site, profile);
  if ('kind' in chosen) return chosen;
  const names = chosen.map(({ name }) => name);
  const hosts = site.hosts.filter((host) => names.includes(host.profile));
  const ranges = planAddresses(site).filter((row) => row.kind === 'range');
  const rooms = ranges.filter(({ use }) => use === 'hosts');
  const used = rooms.filter(holdsAny(hosts.map(({ address }) => toNumber(address))));
  const guests = ranges.filter(({ use }) => use === 'cloudstack-guest');
  return {
    profiles: names,
    hosts: hosts.length,
    missing: Math.max(0, capacity.hosts - hosts.length),
    ranges: used.length > 0 ? used : rooms,
    guests: guests.length === 0 ? undefined : guests.reduce((sum, { total }) => sum + total, 0),
    isCloud: site.profiles.some(({ cloudstack }) => cloudstack !== undefined),
    clusters: clustersFor(site, capacity.hosts),
  };
}

function profilesOf(site: Site, name: string | undefined): readonly Profile[] | No {
  if (name === undefined) return site.profiles.filter(({ role }) => HYPERVISORS.has(role));
  const found = site.profiles.filter((profile) => profile.name === name);
  const known = site.profiles.map((profile) => profile.name);
  return found.length > 0
    ? found
    : no(`the site has no profile called ${JSON.stringify(name.slice(0, 63))}`, suggest(name, known));
}

const KINDS = { xenserver: 'XenServers', kvm: 'KVM hosts' } as const;

function clustersFor(site: Site, hosts: number): Supply['clusters'] {
  const clouds = site.profiles.flatMap(({ cloudstack }) => (cloudstack === undefined ? [] : [cloudstack]));
  const cloud = clouds.find(({ version }) => /^4\.0(?:\.|$)/.test(version));
  if (cloud === undefined || cloud.hypervisor === 'vmware') return undefined;
  const most = MOST_IN_CLUSTER[cloud.hypervisor];
  return { count: Math.ceil(hosts / most), most, what: KINDS[cloud.hypervisor] };
}

/** The comparison as steps behind those of the reckoning. */
export function supplySteps(supply: Supply, capacity: Capacity): readonly Step[] {
  const { profiles, hosts, missing } = supply;
  const names = profiles.length === 0 ? 'no profile with a hypervisor' : listed(profiles);
  const verdict = missing === 0 ? `enough for ${capacity.hosts}` : `${missing} of ${capacity.hosts} missing`;
  return [
    { part: 'site', about: 'hosts', text: `${hosts} of ${names}: ${verdict}` },
    ...roomSteps(supply),
    ...guestSteps(supply, capacity),
    ...clusterSteps(supply),
    ...systemSteps(supply, capacity),
  ];
}

/** Where the missing ones can stand. */
function roomSteps({ missing, ranges }: Supply): readonly Step[] {
  if (missing === 0) return [];
  const free = ranges.reduce((sum, range) => sum + range.free, 0);
  const where = listed(ranges.map((range) => `${range.free} in ${range.network}/${range.name}`));
  const verdict = free >= missing ? `enough for ${missing} more` : `too few for ${missing} more: widen a range`;
  return [
    { part: 'site', about: 'addresses', text: `${ranges.length === 0 ? 'no range for hosts' : where}; ${verdict}` },
  ];
}

function guestSteps({ guests }: Supply, { vms }: Capacity): readonly Step[] {
  if (guests === undefined) return [];
  const verdict = guests >= vms ? 'enough' : 'too few';
  const text = `${guests} addresses in ranges for guests, ${vms} VMs: ${verdict} where each VM takes one, as in a basic zone`;
  return [{ part: 'site', about: 'guests', text }];
}

function clusterSteps({ clusters }: Supply): readonly Step[] {
  if (clusters === undefined || clusters.count < 2) return [];
  const { count, most, what } = clusters;
  const text = `CloudStack 4.0 takes ${most} ${what} in one: it takes ${count}, each of which needs spares of its own`;
  return [{ part: 'site', about: 'clusters', text }];
}

/** Virtual routers, console proxies and secondary storage VMs: how many depends on the zone, so they are only told of. */
function systemSteps({ isCloud }: Supply, { room }: Capacity): readonly Step[] {
  if (!isCloud) return [];
  const text = `CloudStack's own VMs (routers, console proxy, secondary storage) need a place too: the room left is ${room}`;
  return [{ part: 'site', about: 'beware', text }];
}

/** A few names; of many, how many more there are. */
function listed(names: readonly string[]): string {
  const rest = names.length - SHOWN;
  return `${names.slice(0, SHOWN).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

const SHOWN = 6;

/** Does a range hold one of `addresses` at least? */
function holdsAny(addresses: readonly number[]): (range: Room) => boolean {
  const inOrder = addresses.map((at) => ({ at })).toSorted((one, other) => one.at - other.at);
  return (range) => {
    const { low, high } = spanOf(range);
    return firstIn(inOrder, low) < firstIn(inOrder, high + 1);
  };
}
