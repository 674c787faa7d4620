// A machine that asked and is in no site → the host it is to be: its network and its address found, or why they are not told. Pure.

import type { Ipv4, MacAddress } from '../address.ts';
import { contains, parseIpv4, toNumber } from '../address.ts';
import type { AddressRange, Network, Site } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { HostEntry } from './edit.ts';
import { nextFree } from './plan.ts';
import { suggest } from './suggest.ts';
import { checkIpv4 } from './values.ts';

/** What an operator says of a machine to enrol. Texts are as typed: the site's own checks judge them. */
export type Enrolment = {
  readonly mac: MacAddress;
  readonly name: string;
  readonly profile: string;
  readonly network: string | undefined;
  readonly place: EnrolmentPlace;
  /** Where the machine was when it asked, where that is known. */
  readonly seenAt: string | undefined;
};

/** `any`: the range is found by itself. */
export type EnrolmentPlace =
  | { readonly kind: 'address'; readonly address: string }
  | { readonly kind: 'range'; readonly range: string }
  | { readonly kind: 'any' };

/** The place that is said in one of two ways, or in neither. */
export function placeOf(said: {
  readonly address: string | undefined;
  readonly range: string | undefined;
}): EnrolmentPlace | No {
  const { address, range } = said;
  if (address !== undefined && range !== undefined) return no('it has both an address and a range', 'keep one of them');
  if (address !== undefined) return { kind: 'address', address };
  return range === undefined ? { kind: 'any' } : { kind: 'range', range };
}

/**
 * The entry to add. Its address is written out even where a range gave it: nothing that is done to the hosts above it moves
 * it any more. `No` where the machine is a host already, or where network or address would be a guess.
 */
export function planEnrolment(site: Site, enrolment: Enrolment): HostEntry | No {
  const { mac, name, profile } = enrolment;
  const owner = site.hosts.find(({ macs }) => macs.includes(mac));
  if (owner !== undefined) return no(`${mac} is the host ${owner.name} already`, `kickstand host show ${owner.name}`);
  const network = networkFor(site, enrolment);
  if (isNo(network)) return network;
  const address = addressFor(site, network, enrolment);
  if (isNo(address)) return address;
  return { name, profile, network: network.name, address: address.text, macs: [mac] };
}

/** The network named, the only one, that of the address, the one with such a range, or the one the machine was seen in. */
function networkFor(site: Site, { network: name, place, seenAt }: Enrolment): Network | No {
  const { networks } = site;
  const names = networks.map((network) => network.name);
  if (name !== undefined) {
    const named = networks.find((network) => network.name === name);
    return named ?? no(`there is no network called ${JSON.stringify(name.slice(0, 63))}`, suggest(name, names));
  }
  const [first, ...others] = networks;
  if (first === undefined) return no('the site has no network', 'add one to the site file');
  if (others.length === 0) return first;
  const told =
    place.kind === 'range'
      ? networks.filter(({ ranges }) => ranges.some((range) => range.name === place.range))
      : networks.filter(({ subnet }) => isIn(subnet, place.kind === 'address' ? place.address : seenAt));
  const [only, ...rest] = told;
  if (only !== undefined && rest.length === 0) return only;
  return no(`nothing tells which network it is to be in`, `name one: ${names.join(', ')}`);
}

function isIn(subnet: Network['subnet'], address: string | undefined): boolean {
  return address !== undefined && checkIpv4(address) === undefined && contains(subnet, parseIpv4(address));
}

type Address = { readonly kind: 'address'; readonly text: string };

function addressFor(site: Site, network: Network, { place, profile }: Enrolment): Address | No {
  switch (place.kind) {
    case 'address':
      return writtenAddress(site, place.address);
    case 'range':
      return inRange(site, network, place.range);
    case 'any':
      return anywhere(site, network, profile);
  }
}

/** A written address goes before one that a range gave: the host that has it would be moved, its machine would not. */
function writtenAddress(site: Site, address: string): Address | No {
  const owner = site.hosts.find((host) => host.address === address);
  return owner === undefined
    ? { kind: 'address', text: address }
    : no(`${address} is already that of ${owner.name}`, 'choose a free one: kickstand site plan');
}

function inRange(site: Site, network: Network, name: string): Address | No {
  const range = network.ranges.find((known) => known.name === name);
  const known = hostRanges(network).map((one) => one.name);
  if (range === undefined)
    return no(
      `the network ${network.name} has no range called ${JSON.stringify(name.slice(0, 63))}`,
      suggest(name, known),
    );
  if (range.use !== 'hosts')
    return no(`${range.name} is for ${range.use}, not for hosts`, `for hosts: ${known.join(', ') || 'none'}`);
  const free = nextFree(site, range);
  return free === undefined
    ? no(`${range.name} is full: every address is taken`, 'widen it, or name another range')
    : { kind: 'address', text: free };
}

/** The only range for hosts with room; of several, the only one that hosts of the same profile are in. */
function anywhere(site: Site, network: Network, profile: string): Address | No {
  const open = hostRanges(network).flatMap((range) => {
    const free = nextFree(site, range);
    return free === undefined ? [] : [{ range, free }];
  });
  const alike = site.hosts.filter((host) => host.profile === profile && host.network === network.name);
  const usual = open.filter(({ range }) => alike.some((host) => isWithin(range, host.address)));
  const choice = open.length === 1 ? open : usual;
  const [only, ...rest] = choice;
  if (only !== undefined && rest.length === 0) return { kind: 'address', text: only.free };
  return open.length === 0
    ? no(`no range for hosts of ${network.name} has a free address`, 'give an address, or widen a range')
    : no(
        `nothing tells which range of ${network.name} it is to be in`,
        `give an address, or name a range: ${open.map(({ range }) => range.name).join(', ')}`,
      );
}

function hostRanges(network: Network): readonly AddressRange[] {
  return network.ranges.filter(({ use }) => use === 'hosts');
}

function isWithin({ from, to }: AddressRange, address: Ipv4): boolean {
  const value = toNumber(address);
  return toNumber(from) <= value && value <= toNumber(to);
}
