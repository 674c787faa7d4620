// The open house as plain values for people and machines: pages, JSON, health. No secret and no token is in any of them.

import { networkInterfaces } from 'node:os';
import type { PageModel } from '../console/page.ts';
import type { Host, HostState, TreeStatus } from '../domain.ts';
import type { No } from '../malformed.ts';
import { isNo } from '../malformed.ts';
import { formatOs } from '../os.ts';
import { readLoaders } from './boot.ts';
import type { House } from './house.ts';
import { hostNamed, readCatalog } from './house.ts';

/** A page is for people: the machines that asked last. The API tells more. */
const SHOWN_DISCOVERED = 50;

/** A host and where it stands. */
export type HostView = ReturnType<typeof hostView>;

function hostView(host: Host, state: HostState) {
  const { phase, reason, changedAt, attempts } = state;
  const arming =
    state.arming === undefined
      ? undefined
      : { armedAt: state.arming.armedAt, expiresAt: state.arming.expiresAt, pins: state.arming.pins };
  return {
    name: host.name,
    profile: host.profile,
    network: host.network,
    address: host.address,
    macs: host.macs,
    phase,
    reason,
    changedAt,
    attempts,
    arming,
  };
}

/** Every host of the site. */
export function hostViews(house: House): readonly HostView[] {
  const now = house.now();
  return house.site().hosts.map((host) => hostView(host, house.hosts.state(host.name, now)));
}

/** One host with its newest history. */
export function hostDetail(house: House, name: string): (HostView & { readonly history: readonly unknown[] }) | No {
  const found = hostNamed(house.site(), name);
  if (isNo(found)) return found;
  return { ...hostView(found.host, house.hosts.state(name, house.now())), history: house.hosts.history(name, 100) };
}

/** Every repo of the site with its snapshots. */
export async function repoViews(house: House) {
  const views = house.site().repos.map(async (repo) => ({
    name: repo.name,
    upstream: withoutCredentials(repo.upstream),
    publish: repo.publish,
    schedule: repo.schedule,
    keep: repo.keep,
    ...(await house.content.repoStatus(repo.name)),
  }));
  return Promise.all(views);
}

/** Every tree of the site: what it is, or what is missing. */
export async function treeViews(house: House) {
  const views = house
    .site()
    .trees.map(async (tree) => ({ name: tree.name, source: tree.source, ...treeView(await house.shelf.status(tree)) }));
  return Promise.all(views);
}

function treeView(status: TreeStatus) {
  if (status.kind === 'absent') return { ready: false, what: status.reason, remedy: status.remedy };
  const { facts } = status;
  return {
    ready: true,
    what: formatOs(facts.os),
    remedy: undefined,
    stage2: facts.stage2,
    repositories: facts.repositories,
  };
}

/** A lack: what is missing and what to do. */
export type Lack = { readonly what: string; readonly reason: string; readonly remedy: string | undefined };

/** What stands in the way of serving all that the site names. */
export async function lacks(house: House): Promise<readonly Lack[]> {
  const catalog = await readCatalog(house);
  const trees = [...catalog.trees].flatMap(([name, status]) =>
    status.kind === 'ready' ? [] : [{ what: `tree ${name}`, reason: status.reason, remedy: status.remedy }],
  );
  const repos = [...catalog.repos].flatMap(([name, status]) =>
    status.current !== undefined
      ? []
      : [{ what: `repo ${name}`, reason: 'it was never synced', remedy: `kickstand repo sync ${name}` }],
  );
  const loaders = await readLoaders(house);
  const address = advertisedLack(house, ownAddresses());
  const boot = isNo(loaders) ? [{ what: 'network boot', reason: loaders.reason, remedy: loaders.remedy }] : [];
  return [...address, ...boot, ...trees, ...repos];
}

/** Hosts are told an address; a machine that does not have it is asked in vain, unless somebody forwards. */
function advertisedLack(house: House, own: readonly string[]): readonly Lack[] {
  const { hostname } = new URL(house.origin());
  if (own.includes(hostname)) return [];
  const remedy =
    'give this machine that address, correct appliance in the site file, or tell hosts another with --advertise';
  return [{ what: 'address', reason: `hosts are told ${hostname}, which this machine does not have`, remedy }];
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((one) => one.address));
}

/** What the page at / shows; `warnings` stand above all. */
export async function pageModel(house: House, warnings: readonly string[]): Promise<PageModel> {
  const repos = await repoViews(house);
  return {
    site: house.site().name,
    warnings,
    hosts: hostViews(house),
    repos: repos.map((repo) => ({
      name: repo.name,
      current: repo.current,
      snapshots: repo.snapshots.length,
      upstream: repo.upstream,
    })),
    trees: await treeViews(house),
    discovered: house.hosts.discovered(SHOWN_DISCOVERED),
  };
}

/** An upstream's URL may carry a login (RFC 3986 §3.2.1): it is not for a page that anyone reads. */
function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#]*@/, '$1');
}
