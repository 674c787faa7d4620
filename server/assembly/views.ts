// The open house as plain values for people and machines: pages, JSON, health. No secret and no token is in any of them.

import { networkInterfaces } from 'node:os';
import type { Host, HostState, Tree, TreeSource, TreeStatus } from '../domain.ts';
import type { Progress } from '../hosts/progress.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import { formatOs } from '../os.ts';
import type { Repo } from '../repo.ts';
import type { Verdict } from '../stages.ts';
import type { Diagnosis } from './doctor.ts';
import { diagnosisOf, recordsOf, verdictOn } from './doctor.ts';
import { progressFor } from './progress.ts';
import type { House } from './house.ts';
import { hostNamed, readCatalog } from './house.ts';
import { loaderStock } from './loaders.ts';
import { repoSyncs, treeSyncs } from './sync-views.ts';
import { treeSynced } from './trees.ts';

type Known = { readonly progress: Progress | undefined; readonly verdict: Verdict | undefined };

export type HostView = ReturnType<typeof hostView>;

/** A host and where it stands. */
export function hostView(host: Host, state: HostState, { progress, verdict }: Known) {
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
    /** Of an install that runs. */
    progress,
    /** On the last boot, of hosts heard of lately. */
    verdict,
  };
}

/** One host of the site; undefined where it has none of that name. */
export function hostViewOf(house: House, name: string): HostView | undefined {
  const found = hostNamed(house.site(), name);
  if (isNo(found)) return undefined;
  const state = house.hosts.state(name, house.now());
  const { host } = found;
  const records = recordsOf(house, host);
  const progress = progressFor(house, { host, state, records });
  return hostView(host, state, { progress, verdict: verdictOn(house, host, records) });
}

/** A host with what became of its last boot, the stages that show it (newest last), and its history (newest first). */
export type HostDetail = HostView & Diagnosis & { readonly history: ReturnType<House['hosts']['history']> };

/** One host with all that is known of it. */
export function hostDetail(house: House, name: string): HostDetail | No {
  const found = hostNamed(house.site(), name);
  if (isNo(found)) return found;
  const state = house.hosts.state(name, house.now());
  const { host } = found;
  const records = recordsOf(house, host);
  const diagnosis = diagnosisOf(house, host, records);
  const progress = progressFor(house, { host, state, records });
  return {
    ...hostView(host, state, { progress, verdict: diagnosis.verdict }),
    ...diagnosis,
    history: house.hosts.history(name, 100),
  };
}

/** A repo with its snapshots and its syncs. */
export type RepoView = Awaited<ReturnType<typeof repoView>>;

/** Every repo of the site with its snapshots and its syncs: the last, the one that runs, the next, and what is alarming. */
export async function repoViews(house: House) {
  const syncs = await repoSyncs(house);
  return Promise.all(house.site().repos.map((repo) => repoView(house, repo, syncs)));
}

/** One repo of the site. */
export async function repoDetail(house: House, name: string) {
  const repo = house.site().repos.find((one) => one.name === name);
  return repo === undefined ? noRepo(house) : repoView(house, repo, await repoSyncs(house));
}

async function repoView(house: House, repo: Repo, syncs: Awaited<ReturnType<typeof repoSyncs>>) {
  return {
    name: repo.name,
    upstream: withoutCredentials(repo.upstream),
    publish: repo.publish,
    schedule: repo.schedule,
    keep: repo.keep,
    ...(await house.content.repoStatus(repo.name)),
    ...syncs(repo.name),
  };
}

/** Why there is no such repo. */
export function noRepo(house: House): No {
  const names = house.site().repos.map((repo) => repo.name);
  return no('the site has no such repo', names.length === 0 ? undefined : `its repos are ${names.join(', ')}`);
}

/** Every tree of the site: what it is, or what is missing. */
export async function treeViews(house: House) {
  const syncs = await treeSyncs(house);
  return Promise.all(house.site().trees.map((tree) => treeView(house, tree, syncs)));
}

/** One tree of the site. */
export async function treeDetail(house: House, name: string) {
  const tree = house.site().trees.find((one) => one.name === name);
  return tree === undefined ? noTree(house) : treeView(house, tree, await treeSyncs(house));
}

/** Why there is no such tree. */
export function noTree(house: House): No {
  const names = house.site().trees.map((tree) => tree.name);
  return no('the site has no such tree', names.length === 0 ? undefined : `its trees are ${names.join(', ')}`);
}

/** A tree: what it is, or what is missing, and its syncs. */
export type TreeView = Awaited<ReturnType<typeof treeView>>;

async function treeView(house: House, tree: Tree, syncs: Awaited<ReturnType<typeof treeSyncs>>) {
  return {
    name: tree.name,
    source: shownSource(tree.source),
    synced: await treeSynced(house, tree),
    ...treeState(await house.shelf.status(tree)),
    ...(tree.source.kind === 'upstream' ? syncs(tree.name) : {}),
  };
}

function shownSource(source: TreeSource): TreeSource {
  return source.kind === 'upstream' ? { kind: 'upstream', url: withoutCredentials(source.url) } : source;
}

function treeState(status: TreeStatus) {
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
export type Lack = {
  /** Never changes its meaning: for monitoring, and for metrics. */
  readonly code: LackCode;
  readonly what: string;
  readonly reason: string;
  readonly remedy: string | undefined;
};

/** Every kind of lack there is (docs/operations.md tells what each means). */
export const LACK_CODES = [
  'address-not-own',
  'loader-missing',
  'tree-missing',
  'repo-never-synced',
  'repo-sync-alarm',
  'host-stopped',
  'dhcp-rogue',
  'boot-rogue',
] as const;
/** What a refused site file is told by. */
export const SITE_REFUSED = 'site-refused';
export type LackCode = (typeof LACK_CODES)[number];

/** What stands in the way of serving all that the site names. */
export async function lacks(house: House): Promise<readonly Lack[]> {
  const catalog = await readCatalog(house);
  const trees = [...catalog.trees].flatMap(([name, status]) =>
    status.kind === 'ready' ? [] : [lackOf('tree-missing', `tree ${name}`, status)],
  );
  const repos = [...catalog.repos].flatMap(([name, status]) =>
    status.current !== undefined
      ? []
      : [
          lackOf('repo-never-synced', `repo ${name}`, {
            reason: 'it was never synced',
            remedy: `kickstand repo sync ${name}`,
          }),
        ],
  );
  const loaders = (await loaderStock(house)).has('pxelinux.0');
  const address = advertisedLack(house, ownAddresses());
  const boot = loaders === undefined ? [] : [lackOf('loader-missing', 'network boot', loaders)];
  return [...address, ...boot, ...trees, ...repos];
}

/** Hosts that came back for an install too often: nothing happens to them until somebody looks. */
export function stoppedHosts(house: House): readonly Lack[] {
  const stalled = house.hosts.stalled();
  if (stalled.size === 0) return [];
  const now = house.now();
  return house
    .site()
    .hosts.filter(({ name }) => stalled.has(name))
    .map(({ name }) => ({
      code: 'host-stopped',
      what: `host ${name}`,
      reason: `its install was stopped: ${house.hosts.state(name, now).reason}`,
      remedy: `kickstand host show ${name} tells why`,
    }));
}

/** Hosts are told an address; a machine that does not have it is asked in vain, unless somebody forwards. */
function advertisedLack(house: House, own: readonly string[]): readonly Lack[] {
  const { hostname } = new URL(house.origin());
  if (own.includes(hostname)) return [];
  const remedy =
    'give this machine that address, correct appliance in the site file, or tell hosts another with --advertise';
  const reason = `hosts are told ${hostname}, which this machine does not have`;
  return [lackOf('address-not-own', 'address', { reason, remedy })];
}

function lackOf(
  code: LackCode,
  what: string,
  { reason, remedy }: { readonly reason: string; readonly remedy?: string | undefined },
): Lack {
  return { code, what, reason, remedy };
}

function ownAddresses(): readonly string[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map((one) => one.address));
}

/** An upstream's URL may carry a login (RFC 3986 §3.2.1), and its query a key of a subscription: neither is for a page that anyone reads. */
export function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/?#]*@/i, '$1').replace(/\?.*$/s, '?…');
}
