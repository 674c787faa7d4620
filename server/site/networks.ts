// Networks and their ranges: all addresses inside the subnet, ranges in order and apart, nobody's address given away. Pure.

import type { Ipv4, Subnet } from '../address.ts';
import { broadcastOf, contains, formatSubnet, fromNumber, parseIpv4, toNumber } from '../address.ts';
import type { Finding } from './finding.ts';
import { finding } from './finding.ts';
import type { FixedAddress, KnownNetwork, KnownRange, WholeRange } from './known.ts';
import { checkInside, fixedAddresses, isWhole, meantAddress } from './known.ts';
import type { Draft } from './shape.ts';
import { checkIpv4 } from './values.ts';

/** Everything wrong with networks by themselves; hosts are placed elsewhere. */
export function checkNetworks(draft: Draft, networks: readonly KnownNetwork[]): readonly Finding[] {
  const fixed = inOrder([...fixedAddresses(draft, networks), ...timeServers(draft)]);
  const spans = networks.map(({ subnet }) =>
    subnet === undefined ? undefined : spanOf(subnet.network, broadcastOf(subnet)),
  );
  return [
    ...checkAppliance(draft.site?.appliance, networks),
    ...networks.flatMap((network, index) => [
      ...checkSubnet(index, { networks, spans }),
      ...checkServices(network),
      ...network.ranges.flatMap((range) => checkEnds(range, network.subnet)),
      ...checkOverlaps(network.ranges.filter(isWhole)),
      ...network.ranges.filter(isWhole).flatMap((range) => checkGivenAway(range, fixed)),
    ]),
  ];
}

/** A host of the site may be one, so they are not `fixedAddresses`; but nobody else is to be given their addresses. */
function timeServers(draft: Draft): readonly FixedAddress[] {
  const servers = (draft.site?.ntp ?? []).filter((text) => text !== undefined && checkIpv4(text) === undefined);
  return servers.map((text) => ({ address: parseIpv4(text ?? ''), owner: 'a time server' }));
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

type Subnets = { readonly networks: readonly KnownNetwork[]; readonly spans: readonly (Span | undefined)[] };

function checkSubnet(index: number, { networks, spans }: Subnets): readonly Finding[] {
  const { subnet, path } = networks[index] ?? {};
  const span = spans[index];
  if (subnet === undefined || path === undefined || span === undefined) return [];
  const at = [...path, 'subnet'];
  if (!isUnicast(subnet.network)) return [finding(at, `${formatSubnet(subnet)} holds no machine's address`)];
  return networks.slice(0, index).flatMap((other, earlier) => {
    if (other.subnet === undefined || !meet(span, spans[earlier])) return [];
    const name = other.name ?? 'an earlier network';
    return [
      finding(at, `${formatSubnet(subnet)} overlaps ${formatSubnet(other.subnet)} of ${name}`, 'keep subnets apart'),
    ];
  });
}

/** First and last address as numbers: compared often, so read once. */
type Span = { readonly low: number; readonly high: number };

function spanOf(from: Ipv4, to: Ipv4): Span {
  return { low: toNumber(from), high: toNumber(to) };
}

function meet(one: Span, other: Span | undefined): boolean {
  return other !== undefined && one.low <= other.high && other.low <= one.high;
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
  const spans = ranges.map((range) => ({ range, ...spanOf(range.from, range.to) }));
  return spans.flatMap((span, index) =>
    spans
      .slice(0, index)
      .filter((other) => meet(span, other))
      .slice(0, MOST)
      .map((other) => {
        const first = fromNumber(Math.max(span.low, other.low));
        const message = `${span.range.name} overlaps ${other.range.name} from ${first} on`;
        return finding(span.range.path, message, 'keep ranges apart');
      }),
  );
}

/** One range, however wide, is one mistake: so many of its collisions tell it well enough. */
const MOST = 10;

/** Ranges that somebody else hands out must not hold an address that is taken. `fixed` is in order. */
function checkGivenAway(range: WholeRange, fixed: readonly Fixed[]): readonly Finding[] {
  if (range.use === undefined || range.use === 'hosts' || range.use === 'reserved') return [];
  const { low, high } = spanOf(range.from, range.to);
  const found: Finding[] = [];
  for (let index = firstFrom(fixed, low); found.length < MOST; index += 1) {
    const one = fixed[index];
    if (one === undefined || one.value > high) break;
    const message = `${range.name} would give away ${one.address}, which is ${one.owner}`;
    found.push(finding(range.path, message, 'leave it out of the range'));
  }
  return found;
}

type Fixed = FixedAddress & { readonly value: number };

/** By address, each once: a gateway is often the name server too, and one address is one problem. */
function inOrder(fixed: readonly FixedAddress[]): readonly Fixed[] {
  const first = new Map(fixed.toReversed().map((one) => [one.address, { ...one, value: toNumber(one.address) }]));
  return [...first.values()].toSorted((one, other) => one.value - other.value);
}

/** The index of the first that is not below `value`. */
function firstFrom(fixed: readonly Fixed[], value: number): number {
  let [low, high] = [0, fixed.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((fixed[middle]?.value ?? Infinity) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
