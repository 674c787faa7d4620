// The appliance's stores, opened and joined: what the appliance and every command work with. Nothing here listens.

import { randomBytes } from 'node:crypto';
import { dirname, isAbsolute, join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { contentNameOfTree } from '../../mirror/content/layout.ts';
import type { TreeFiles } from '../../mirror/content/place.ts';
import { openContentStore } from '../../mirror/content/store.ts';
import type { ContentStore } from '../../mirror/content/store.ts';
import { openSyncLog } from '../../mirror/sync/log/store.ts';
import type { SyncLog } from '../../mirror/sync/log/store.ts';
import { openPool } from '../../mirror/content/pool/store.ts';
import type { Pool } from '../../mirror/content/pool/store.ts';
import { detectTree } from '../../mirror/tree/detect.ts';
import { expectedFacts } from '../../mirror/tree/detect.ts';
import type { MediumPath, Shelf } from '../../mirror/tree/shelf.ts';
import { openShelf } from '../../mirror/tree/shelf.ts';
import { openTree } from '../../mirror/tree/store.ts';
import { machinesOf } from '../boot/query.ts';
import type { Catalog, Host, Install, RepoStatus, Site, Tree, TreeStatus } from '../domain.ts';
import { openStageStore } from '../doctor/store.ts';
import type { StageStore } from '../doctor/store.ts';
import type { HostLogs } from '../hosts/logs/store.ts';
import { openHostLogs } from '../hosts/logs/store.ts';
import { openReceiptStore } from '../hosts/receipts/store.ts';
import type { ReceiptStore } from '../hosts/receipts/store.ts';
import { openHostStore } from '../hosts/store.ts';
import type { HostStore } from '../hosts/store.ts';
import { throttle } from '../hosts/throttle.ts';
import type { Log } from '../log.ts';
import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';
import { NO_TEMPLATES } from '../templates.ts';
import { readTemplates } from '../../kickstart/template/store.ts';
import { openSecretStore } from '../secrets/store.ts';
import type { SecretStore } from '../secrets/store.ts';
import type { Settings } from '../settings.ts';
import { resolveInstall } from '../site/resolve.ts';
import { ensureDirectory } from '../store.ts';
import { attemptOf } from './attempts.ts';

/** Everything that is open. `site` and `origin` are asked anew each time: both change while the appliance runs. */
export type House = {
  readonly settings: Settings;
  readonly log: Log;
  readonly site: () => Site;
  /** Reads the site file again at once; undefined where `site` follows the file by itself. */
  readonly reread?: (() => Promise<void>) | undefined;
  readonly origin: () => string;
  /** Where installers are told to send their own logs; undefined: this appliance does not receive them. */
  readonly syslog: () => string | undefined;
  readonly hosts: HostStore;
  /** What boot clients did, for the boot doctor: evidence, and no state. */
  readonly stages: StageStore;
  /** What hosts' installers and their scripts said: evidence, and no state. */
  readonly logs: HostLogs;
  /** What hosts were installed from, and what is gathered for it while they install. */
  readonly receipts: ReceiptStore;
  readonly secrets: SecretStore;
  readonly content: ContentStore;
  readonly pool: Pool;
  /** The syncs there were and those that run, in whatever process. */
  readonly syncs: SyncLog;
  readonly shelf: Shelf;
  readonly now: () => number;
  /** May one more thing that a stranger asked be written down this second? */
  readonly mayNote: (now: number) => boolean;
  readonly random: (sizeBytes: number) => Uint8Array;
  close(): Promise<void>;
};

/** A site of ten thousand hosts that all power on at once stays below it for each of its hosts' first minutes. */
const NOTES_PER_SECOND = 200;

/**
 * On a machine of many gigabytes V8 lets the heap grow to four times what lives before it collects: the sync of 50,000 packages then
 * takes 690 MB instead of 370, and is no faster.
 */
const HEAP_GROWTH = '--heap-growing-percent=40';

/** The directories below the data directory that other places name. */
export function dataPaths(dataDirectory: string) {
  return {
    media: join(dataDirectory, 'media'),
    /** A link for each repo, and each tree from a URL, to the snapshot that is published. */
    published: join(dataDirectory, 'repos'),
    keys: join(dataDirectory, 'keys'),
    audit: join(dataDirectory, 'audit.log'),
    siteHistory: join(dataDirectory, 'site-history'),
    tls: join(dataDirectory, 'tls'),
    secrets: join(dataDirectory, 'secrets'),
    locks: join(dataDirectory, 'locks'),
    loaders: join(dataDirectory, 'loaders'),
    state: join(dataDirectory, 'state.db'),
    leases: join(dataDirectory, 'leases.db'),
    stages: join(dataDirectory, 'stages.db'),
    logs: join(dataDirectory, 'logs.db'),
    receipts: join(dataDirectory, 'receipts.db'),
    syncs: join(dataDirectory, 'syncs.db'),
    running: join(dataDirectory, 'appliance.json'),
    /** Where commands reach the appliance that runs. */
    socket: join(dataDirectory, 'api.sock'),
  };
}

/** Opens the stores of `settings`' data directory, which is made where it is missing. */
export async function openHouse(
  given: Pick<House, 'settings' | 'log' | 'site' | 'origin'> & Partial<Pick<House, 'syslog' | 'reread'>>,
): Promise<House> {
  setFlagsFromString(HEAP_GROWTH);
  const paths = dataPaths(given.settings.dataDirectory);
  await ensureDirectory(paths.media);
  const hosts = openHostStore(paths.state);
  const syncs = openSyncLog(paths.syncs, given.log);
  const stages = openStageStore(paths.stages, given.log, () => machinesOf(given.site()));
  const receipts: ReceiptStore = openReceiptStore(paths.receipts, given.log, (mac) =>
    attemptOf(mac, { site: given.site(), hosts, receipts, now: Date.now() }),
  );
  const shelf = openShelf({
    open: openTree,
    detect: detectTree,
    expected: expectedFacts,
    candidates: (tree) => mediumPaths(tree, paths.published, [paths.media, dirname(given.settings.siteFile)]),
    mediaDirectory: paths.media,
  });
  const logs = openHostLogs(paths.logs, given.log);
  return {
    syslog: () => undefined,
    ...given,
    hosts,
    stages,
    logs,
    receipts,
    syncs,
    shelf,
    secrets: openSecretStore(paths.secrets),
    content: openContentStore(given.settings.dataDirectory),
    pool: await openPool(given.settings.dataDirectory),
    now: Date.now,
    mayNote: throttle(NOTES_PER_SECOND),
    random: randomBytes,
    close: async () => {
      await shelf.close();
      syncs.close();
      logs.close();
      receipts.close();
      stages.close();
      hosts.close();
    },
  };
}

/** Where a tree's medium may lie: as written when complete, else below each of `directories`; a tree from a URL below `published`. */
function mediumPaths(tree: Tree, published: string, directories: readonly string[]): readonly MediumPath[] {
  if (tree.source.kind === 'upstream') {
    return [{ kind: 'directory', path: join(published, contentNameOfTree(tree.name)) }];
  }
  const { kind, path } = tree.source;
  if (isAbsolute(path)) return [{ kind, path }];
  return directories.map((directory) => ({ kind, path: join(directory, path) }));
}

/** The content of the site's trees and repos as it stands now. */
export async function readCatalog(house: House): Promise<Catalog> {
  const site = house.site();
  const trees = await Promise.all(
    site.trees.map(async (tree): Promise<[string, TreeStatus]> => [tree.name, await house.shelf.status(tree)]),
  );
  const repos = await Promise.all(
    site.repos.map(async (repo): Promise<[string, RepoStatus]> => [
      repo.name,
      await house.content.repoStatus(repo.name),
    ]),
  );
  const templates = site.profiles.some(({ custom }) => custom.template !== undefined)
    ? await readTemplates(templateDirectory(house.settings.siteFile))
    : NO_TEMPLATES;
  return { origin: house.origin(), syslog: house.syslog(), trees: new Map(trees), repos: new Map(repos), templates };
}

/** Where the operator's own kickstarts lie. */
export function templateDirectory(siteFile: string): string {
  return join(dirname(siteFile), 'kickstarts');
}

/** The host of that name, or why there is none. */
export function hostNamed(site: Site, name: string): { readonly kind: 'host'; readonly host: Host } | No {
  const host = site.hosts.find((known) => known.name === name);
  if (host !== undefined) return { kind: 'host', host };
  return no(`the site has no host ${JSON.stringify(name.slice(0, 64))}`, `its hosts are ${namesOf(site)}`);
}

/** The files of the site's tree of that name, or why there are none. */
export async function filesOfTree(
  { site, shelf }: Pick<House, 'site' | 'shelf'>,
  name: string,
): Promise<TreeFiles | No> {
  const tree = site().trees.find((known) => known.name === name);
  return tree === undefined ? no(`the site has no tree ${name}`) : shelf.files(tree);
}

/** A site may have thousands, and anyone may ask for one that is not there. */
const HOSTS_NAMED = 20;

function namesOf({ hosts }: Site): string {
  const named = hosts.slice(0, HOSTS_NAMED).map(({ name }) => name);
  return hosts.length > HOSTS_NAMED ? `${named.join(', ')} and ${hosts.length - HOSTS_NAMED} more` : named.join(', ');
}

/** What the host named `name` is to become, with the snapshots published now. */
export async function installOf(house: House, name: string): Promise<Install | No> {
  const found = hostNamed(house.site(), name);
  if (found.kind === 'no') return found;
  return resolveInstall(house.site(), await readCatalog(house), found.host);
}
