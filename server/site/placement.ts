// Every host gets its one address: the one written, or the next free one of its range; and all that speaks against it. Pure.

import type { Ipv4 } from '../address.ts';
import { broadcastOf, toNumber } from '../address.ts';
import type { Finding, Path } from './finding.ts';
import { finding } from './finding.ts';
import type { KnownNetwork, KnownRange, WholeRange } from './known.ts';
import { checkInside, fixedAddresses, isWhole } from './known.ts';
import type { AddressWish } from './plan.ts';
import { allocateAddresses } from './plan.ts';
import type { Loose, Reading } from './shape.ts';
import { valueAt } from './shape.ts';
import type { SiteFile } from './schema.ts';

type DraftHost = Loose<SiteFile['hosts'][number]>;

export type Placement = {
  /** In the file's order; undefined where no address could be given. */
  readonly addresses: readonly (Ipv4 | undefined)[];
  readonly findings: readonly Finding[];
};

/** The longest host name Linux takes, domain included: HOST_NAME_MAX, gethostname(2). */
const LONGEST_NAME = 64;

/** Said of nearly every host of thousands: it costs nothing to make. */
const NOTHING: readonly Finding[] = [];

/** Places all hosts of a draft. */
export function placeHosts({ draft, value }: Reading, networks: readonly KnownNetwork[]): Placement {
  const hosts = draft.hosts ?? [];
  const fixed = fixedAddresses(draft, networks);
  const grounds = groundsOf(networks);
  const wishes = hosts.map((host) => wishOf(host, grounds));
  const addresses = allocateAddresses(wishes, new Set(fixed.map(({ address }) => address)));
  const taken: Taken = {
    owners: new Map(),
    fixed: new Map(fixed.toReversed().map(({ address, owner }) => [address, owner])),
  };
  const written = valueAt(value, ['hosts']);
  const findings = hosts.flatMap((host, index) => {
    if (host === undefined) return NOTHING;
    const placed = { host, index, ground: groundOf(host, grounds) };
    const found = [
      checkName(host, index, draft.site?.domain),
      checkWish(Array.isArray(written) ? written[index] : undefined, index),
      checkOwnAddress(placed, taken),
      checkRange(placed, { wish: wishes[index], address: addresses[index] }),
    ];
    return found.every(({ length }) => length === 0) ? NOTHING : found.flat();
  });
  return { addresses, findings };
}

type Placed = { readonly host: DraftHost; readonly index: number; readonly ground: Ground | undefined };

/** A network as hosts are placed in it: what is asked for each of thousands of them is read once. */
type Ground = {
  readonly network: KnownNetwork;
  readonly subnet: { readonly low: number; readonly high: number } | undefined;
  /** By name, the first of it; with the wish of a host that names it. */
  readonly ranges: ReadonlyMap<string, { readonly range: KnownRange; readonly wish: AddressWish }>;
  /** The ranges that somebody else hands out. */
  readonly foreign: readonly Span[];
};

/** By name; the first of its name, as everywhere. */
type Grounds = ReadonlyMap<string | undefined, Ground>;

function groundsOf(networks: readonly KnownNetwork[]): Grounds {
  return new Map(
    networks.toReversed().map((network) => {
      const { subnet, ranges } = network;
      const ends =
        subnet === undefined ? undefined : { low: toNumber(subnet.network), high: toNumber(broadcastOf(subnet)) };
      const named = ranges.toReversed().map((range) => [range.name, { range, wish: wishFor(range) }] as const);
      return [network.name, { network, subnet: ends, ranges: new Map(named), foreign: foreignRanges(network) }];
    }),
  );
}

function groundOf(host: DraftHost | undefined, grounds: Grounds): Ground | undefined {
  return host?.network === undefined ? undefined : grounds.get(host.network);
}

function wishFor(range: KnownRange): AddressWish {
  return isWhole(range) && range.use === 'hosts' ? { kind: 'next', range } : { kind: 'none' };
}

function wishOf(host: DraftHost | undefined, grounds: Grounds): AddressWish {
  if (host?.address !== undefined) return { kind: 'fixed', address: host.address };
  const wish = host?.range === undefined ? undefined : groundOf(host, grounds)?.ranges.get(host.range)?.wish;
  return wish ?? { kind: 'none' };
}

function checkName(host: DraftHost, index: number, domain: string | undefined): readonly Finding[] {
  if (host.name === undefined || domain === undefined) return [];
  const length = host.name.length + 1 + domain.length;
  if (length <= LONGEST_NAME) return NOTHING;
  const message = `${host.name}.${domain} has ${length} characters; Linux takes ${LONGEST_NAME}`;
  return [finding(['hosts', index, 'name'], message, 'shorten the name')];
}

const ADDRESS = ['address'];
const RANGE = ['range'];

/** Looks at the host as written: an address that cannot be read is one problem, not a missing one too. */
function checkWish(written: unknown, index: number): readonly Finding[] {
  const [address, range] = [valueAt(written, ADDRESS), valueAt(written, RANGE)];
  const path = ['hosts', index];
  if (address !== undefined && range !== undefined) {
    return [finding(path, 'has both an address and a range', 'keep one of them')];
  }
  if (address !== undefined || range !== undefined) return [];
  return [finding(path, 'has neither an address nor a range', 'add an address, or the range to take one of')];
}

type Taken = {
  /** Who has each address that no host may have. */
  readonly fixed: ReadonlyMap<string, string>;
  /** Which host has each address so far. */
  readonly owners: Map<string, string>;
};

/** A range as numbers. */
type Span = { readonly range: WholeRange; readonly low: number; readonly high: number };

/** The ranges of a network that somebody else hands out. */
function foreignRanges(network: KnownNetwork): readonly Span[] {
  return network.ranges
    .filter(isWhole)
    .filter(({ use }) => use !== undefined && use !== 'hosts')
    .map((range) => ({ range, low: toNumber(range.from), high: toNumber(range.to) }));
}

/** An address that was written: in its network, nobody else's, and in no range that somebody else hands out. */
function checkOwnAddress({ host, index, ground }: Placed, { fixed, owners }: Taken): readonly Finding[] {
  const { address } = host;
  if (address === undefined) return [];
  const value = toNumber(address);
  const subnet = ground?.subnet;
  const inside = subnet === undefined || (subnet.low < value && value < subnet.high);
  const other = owners.get(address);
  if (other === undefined) owners.set(address, host.name ?? `hosts[${index}]`);
  const owner = other ?? fixed.get(address);
  const foreign = ground?.foreign.find(({ low, high }) => value >= low && value <= high)?.range;
  if (inside && owner === undefined && foreign === undefined) return [];
  return describeAddress({ address, path: ['hosts', index, 'address'], owner, foreign, network: ground?.network });
}

type AddressFaults = {
  readonly address: Ipv4;
  readonly path: Path;
  readonly network: KnownNetwork | undefined;
  readonly owner: string | undefined;
  /** One range is told: two that hold the same address have a problem of their own. */
  readonly foreign: WholeRange | undefined;
};

function describeAddress({ address, path, network, owner, foreign }: AddressFaults): readonly Finding[] {
  const outside = network?.subnet === undefined ? [] : checkInside(address, network.subnet, path);
  const twice =
    owner === undefined ? [] : [finding(path, `${address} is already that of ${owner}`, 'choose a free one')];
  const given =
    foreign === undefined
      ? []
      : [
          finding(
            path,
            `${address} lies in ${foreign.name}, which is for ${foreign.use ?? ''}`,
            'choose one outside that range',
          ),
        ];
  return [...outside, ...twice, ...given];
}

type Given = { readonly wish: AddressWish | undefined; readonly address: Ipv4 | undefined };

/** A range that was named: one for hosts, with an address left. */
function checkRange({ host, index, ground }: Placed, { wish, address }: Given): readonly Finding[] {
  const range = host.range === undefined ? undefined : ground?.ranges.get(host.range)?.range;
  if (range === undefined || host.address !== undefined) return [];
  const path = ['hosts', index, 'range'];
  if (range.use !== undefined && range.use !== 'hosts') {
    const others = (ground?.network.ranges ?? []).filter(({ use }) => use === 'hosts').map(({ name }) => name);
    return [
      finding(
        path,
        `${range.name} is for ${range.use}, not for hosts`,
        others.length === 0 ? undefined : `for hosts: ${others.join(', ')}`,
      ),
    ];
  }
  if (wish?.kind !== 'next' || address !== undefined) return [];
  return [finding(path, `${range.name} is full: every address is taken`, 'widen the range')];
}
