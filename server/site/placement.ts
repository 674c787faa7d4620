// Every host gets its one address: the one written, or the next free one of its range; and all that speaks against it. Pure.

import type { Ipv4 } from '../address.ts';
import { toNumber } from '../address.ts';
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

/** Places all hosts of a draft. */
export function placeHosts({ draft, value }: Reading, networks: readonly KnownNetwork[]): Placement {
  const hosts = draft.hosts ?? [];
  const fixed = fixedAddresses(draft, networks);
  const named = new Map(networks.toReversed().map((network) => [network.name, network]));
  const wishes = hosts.map((host) => wishOf(host, named));
  const addresses = allocateAddresses(wishes, new Set(fixed.map(({ address }) => address)));
  const taken: Taken = {
    owners: new Map(),
    fixed: new Map(fixed.toReversed().map(({ address, owner }) => [address, owner])),
    foreign: new Map(networks.map((network) => [network, foreignRanges(network)])),
  };
  const findings = hosts.flatMap((host, index) => {
    if (host === undefined) return [];
    const network = networkOf(host, named);
    const own = checkOwnAddress({ host, index, network }, taken);
    return [
      ...checkName(host, index, draft.site?.domain),
      ...checkWish(valueAt(value, ['hosts', index]), index),
      ...own,
      ...checkRange({ host, index, network }, { wish: wishes[index], address: addresses[index] }),
    ];
  });
  return { addresses, findings };
}

type Placed = { readonly host: DraftHost; readonly index: number; readonly network: KnownNetwork | undefined };

/** By name; the first of its name, as everywhere. */
type Networks = ReadonlyMap<string | undefined, KnownNetwork>;

function networkOf(host: DraftHost | undefined, networks: Networks): KnownNetwork | undefined {
  return host?.network === undefined ? undefined : networks.get(host.network);
}

function rangeOf(host: DraftHost, network: KnownNetwork | undefined): KnownRange | undefined {
  return network?.ranges.find(({ name }) => name === host.range);
}

function wishOf(host: DraftHost | undefined, networks: Networks): AddressWish {
  if (host?.address !== undefined) return { kind: 'fixed', address: host.address };
  const range = host?.range === undefined ? undefined : rangeOf(host, networkOf(host, networks));
  return range === undefined || !isWhole(range) || range.use !== 'hosts' ? { kind: 'none' } : { kind: 'next', range };
}

function checkName(host: DraftHost, index: number, domain: string | undefined): readonly Finding[] {
  if (host.name === undefined || domain === undefined) return [];
  const length = host.name.length + 1 + domain.length;
  if (length <= LONGEST_NAME) return [];
  const message = `${host.name}.${domain} has ${length} characters; Linux takes ${LONGEST_NAME}`;
  return [finding(['hosts', index, 'name'], message, 'shorten the name')];
}

/** Looks at the host as written: an address that cannot be read is one problem, not a missing one too. */
function checkWish(written: unknown, index: number): readonly Finding[] {
  const [address, range] = [valueAt(written, ['address']), valueAt(written, ['range'])];
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
  readonly foreign: ReadonlyMap<KnownNetwork, readonly Span[]>;
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
function checkOwnAddress({ host, index, network }: Placed, { fixed, owners, foreign }: Taken): readonly Finding[] {
  const { address } = host;
  if (address === undefined) return [];
  const path = ['hosts', index, 'address'];
  const inside = network?.subnet === undefined ? [] : checkInside(address, network.subnet, path);
  const other = owners.get(address);
  if (other === undefined) owners.set(address, host.name ?? `hosts[${index}]`);
  const owner = other ?? fixed.get(address);
  const twice =
    owner === undefined ? [] : [finding(path, `${address} is already that of ${owner}`, 'choose a free one')];
  const spans = network === undefined ? [] : (foreign.get(network) ?? []);
  return [...inside, ...twice, ...checkForeign(address, spans, path)];
}

/** One range is told: two that hold the same address have a problem of their own. */
function checkForeign(address: Ipv4, spans: readonly Span[], path: Path): readonly Finding[] {
  const value = toNumber(address);
  const range = spans.find(({ low, high }) => value >= low && value <= high)?.range;
  if (range === undefined) return [];
  const message = `${address} lies in ${range.name}, which is for ${range.use ?? ''}`;
  return [finding(path, message, 'choose one outside that range')];
}

type Given = { readonly wish: AddressWish | undefined; readonly address: Ipv4 | undefined };

/** A range that was named: one for hosts, with an address left. */
function checkRange({ host, index, network }: Placed, { wish, address }: Given): readonly Finding[] {
  const range = host.range === undefined ? undefined : rangeOf(host, network);
  if (range === undefined || host.address !== undefined) return [];
  const path = ['hosts', index, 'range'];
  if (range.use !== undefined && range.use !== 'hosts') {
    const others = (network?.ranges ?? []).filter(({ use }) => use === 'hosts').map(({ name }) => name);
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
