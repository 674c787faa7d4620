// Networks and their ranges: all addresses inside the subnet, ranges in order and apart, nobody's address given away. Pure.

import type { Ipv4, Subnet } from '../address.ts';
import { contains, formatSubnet, toNumber } from '../address.ts';
import type { Finding } from './finding.ts';
import { finding } from './finding.ts';
import type { FixedAddress, KnownNetwork, KnownRange, WholeRange } from './known.ts';
import { checkInside, fixedAddresses, isWhole, meantAddress, within } from './known.ts';
import type { Draft } from './shape.ts';

/** Everything wrong with networks by themselves; hosts are placed elsewhere. */
export function checkNetworks(draft: Draft, networks: readonly KnownNetwork[]): readonly Finding[] {
  const fixed = fixedAddresses(draft, networks);
  return [
    ...checkAppliance(draft.site?.appliance, networks),
    ...networks.flatMap((network, index) => [
      ...checkSubnet(network, networks.slice(0, index)),
      ...checkServices(network),
      ...network.ranges.flatMap((range) => checkEnds(range, network.subnet)),
      ...checkOverlaps(network.ranges.filter(isWhole)),
      ...network.ranges.filter(isWhole).flatMap((range) => checkGivenAway(range, fixed)),
    ]),
  ];
}

/** The appliance may stand behind a router, in no network of the site; but not at an address no machine can have. */
function checkAppliance(appliance: Ipv4 | undefined, networks: readonly KnownNetwork[]): readonly Finding[] {
  const path = ['site', 'appliance'];
  if (appliance === undefined) return [];
  if (!isUnicast(appliance)) return [finding(path, `${appliance} is no machine's address`)];
  const around = networks.find(({ subnet }) => subnet !== undefined && contains(subnet, appliance));
  if (around?.subnet !== undefined) return checkInside(appliance, around.subnet, path);
  const meant = networks.flatMap(({ subnet }) => (subnet === undefined ? [] : [lostDigits(appliance, subnet)]));
  const first = meant.find((address) => address !== undefined);
  return first === undefined
    ? []
    : [finding(path, `${appliance} lies in no network of this site`, `did you mean ${first}?`)];
}

/** A public address that becomes one of ours when the digits it lost are put back: 92.168.168.26. */
function lostDigits(address: Ipv4, subnet: Subnet): Ipv4 | undefined {
  const meant = meantAddress(address, subnet);
  if (meant === undefined || !meant.endsWith(address)) return undefined;
  return isPrivate(meant) && !isPrivate(address) ? meant : undefined;
}

/** RFC 1918. */
function isPrivate(address: Ipv4): boolean {
  return /^(?:10|192\.168|172\.(?:1[6-9]|2\d|3[01]))\./.test(address);
}

function isUnicast(address: Ipv4): boolean {
  const value = toNumber(address);
  return value >= 2 ** 24 && value < 224 * 2 ** 24;
}

function checkSubnet(network: KnownNetwork, earlier: readonly KnownNetwork[]): readonly Finding[] {
  const { subnet, path } = network;
  if (subnet === undefined) return [];
  const at = [...path, 'subnet'];
  if (!isUnicast(subnet.network)) return [finding(at, `${formatSubnet(subnet)} holds no machine's address`)];
  return earlier.flatMap((other) => {
    if (other.subnet === undefined) return [];
    if (!contains(other.subnet, subnet.network) && !contains(subnet, other.subnet.network)) return [];
    const name = other.name ?? 'an earlier network';
    return [
      finding(at, `${formatSubnet(subnet)} overlaps ${formatSubnet(other.subnet)} of ${name}`, 'keep subnets apart'),
    ];
  });
}

/** Gateways stand in their network; name servers may stand anywhere, but not at an address no machine has. */
function checkServices({ path, subnet, gateway, dns }: KnownNetwork): readonly Finding[] {
  if (subnet === undefined) return [];
  const way = gateway === undefined ? [] : checkInside(gateway, subnet, [...path, 'gateway']);
  const names = dns.flatMap((address, index) => {
    if (address === undefined) return [];
    const at = [...path, 'dns', index];
    if (contains(subnet, address)) return checkInside(address, subnet, at);
    if (!isUnicast(address)) return [finding(at, `${address} is no machine's address`)];
    const meant = lostDigits(address, subnet);
    return meant === undefined
      ? []
      : [finding(at, `${address} lies outside ${formatSubnet(subnet)}`, `did you mean ${meant}?`)];
  });
  return [...way, ...names];
}

function checkEnds(range: KnownRange, subnet: Subnet | undefined): readonly Finding[] {
  const { path, from, to } = range;
  const ends =
    subnet === undefined
      ? []
      : (['from', 'to'] as const).flatMap((end) => {
          const address = range[end];
          return address === undefined ? [] : checkInside(address, subnet, [...path, end]);
        });
  const order =
    from !== undefined && to !== undefined && toNumber(from) > toNumber(to)
      ? [finding(path, `${range.name} begins at ${from}, behind its end ${to}`, 'swap from and to')]
      : [];
  return [...ends, ...order];
}

function checkOverlaps(ranges: readonly WholeRange[]): readonly Finding[] {
  return ranges.flatMap((range, index) =>
    ranges.slice(0, index).flatMap((other) => {
      if (!within(other, range.from) && !within(range, other.from)) return [];
      const first = within(other, range.from) ? range.from : other.from;
      return [finding(range.path, `${range.name} overlaps ${other.name} from ${first} on`, 'keep ranges apart')];
    }),
  );
}

/** Ranges that somebody else hands out must not hold an address that is taken. */
function checkGivenAway(range: WholeRange, fixed: readonly FixedAddress[]): readonly Finding[] {
  if (range.use === undefined || range.use === 'hosts' || range.use === 'reserved') return [];
  const inside = fixed.filter(({ address }) => within(range, address));
  // A gateway is often the name server too: one address, one problem.
  const first = inside.filter(({ address }, index) => inside.findIndex((other) => other.address === address) === index);
  return first.map(({ address, owner }) =>
    finding(range.path, `${range.name} would give away ${address}, which is ${owner}`, 'leave it out of the range'),
  );
}
