// The boot namespace over the open house: the one decider with its facts, and what is written down of its decisions.

import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import type { FilePlace, TreeFiles } from '../../mirror/content/place.ts';
import { openDirectoryTree } from '../../mirror/tree/store.ts';
import { decideBoot } from '../boot/decide.ts';
import type { LoaderOrigin, LoaderSet } from '../boot/loaders.ts';
import { findLoaderSet, hostLoaderPaths, treeLoaderPaths } from '../boot/loaders.ts';
import type { BootNamespace } from '../boot/namespace.ts';
import { bootNamespace } from '../boot/namespace.ts';
import type { BootClient, BootDecision, BootFiles, Catalog } from '../domain.ts';
import { isSameBoot } from '../hosts/lifecycle.ts';
import type { No } from '../malformed.ts';
import { isNo, no } from '../malformed.ts';
import type { House } from './house.ts';
import { readCatalog } from './house.ts';
import { recently } from './recently.ts';

/** The names that machines boot from. */
export function openBootNamespace(house: House): BootNamespace<FilePlace> {
  const catalog = recently(house.now, () => readCatalog(house));
  return bootNamespace<FilePlace>({
    loaders: recently(house.now, () => readLoaders(house)),
    treeFile: (tree, path) => bootFileOf(house, tree, path),
    decide: (client) => decideNow(house, client, catalog),
    decided: (client, decision) => record(house, client, decision),
  });
}

/** What `client` is told now. */
async function decideNow(house: House, client: BootClient, readCatalog: () => Promise<Catalog>): Promise<BootDecision> {
  const catalog = await readCatalog();
  const now = house.now();
  return decideBoot(client, {
    now,
    site: house.site(),
    catalog,
    stateOf: (host) => house.hosts.state(host, now),
    sameBoot: (state) => isSameBoot(state, now),
    argumentsOf: installerArguments,
  });
}

/** The loaders as they lie in trees and on this system now. */
export async function readLoaders(house: House): Promise<LoaderSet<FilePlace> | No> {
  const origins: LoaderOrigin<FilePlace>[] = [];
  for (const tree of house.site().trees) {
    const files = await house.shelf.files(tree);
    if (!isNo(files))
      origins.push({ name: `tree ${tree.name}`, paths: treeLoaderPaths, find: (path) => findFile(files, path) });
  }
  const system = await openDirectoryTree('/');
  origins.push({ name: 'this system', paths: hostLoaderPaths, find: (path) => findFile(system, path.slice(1)) });
  return findLoaderSet(origins, (place) => isOldPxelinux(system, place));
}

/** pxelinux before 5.00 carries all in one file and never asks for ldlinux.c32 (SYSLINUX wiki, "Common Problems"). */
async function isOldPxelinux(reader: TreeFiles, place: FilePlace): Promise<boolean> {
  const bytes = await reader.read(place, 1024 * 1024);
  return !Buffer.from(bytes).includes('ldlinux.c32');
}

async function findFile(files: TreeFiles, path: string): Promise<FilePlace | No> {
  const place = await files.find(path);
  return place.kind === 'directory' ? no('a directory') : place;
}

/** Only what a tree boots from is in the namespace: a look-up in that short list, whatever path was asked. */
async function bootFileOf(house: House, name: string, path: string): Promise<FilePlace | No> {
  const tree = house.site().trees.find((known) => known.name === name);
  if (tree === undefined) return no('no such tree');
  const status = await house.shelf.status(tree);
  if (status.kind === 'absent') return no(`the tree ${name} is not there`);
  if (!bootPaths(status.facts.boot).includes(path)) return no('not a file that this tree boots from');
  const files = await house.shelf.files(tree);
  return isNo(files) ? files : findFile(files, path);
}

function bootPaths(boot: BootFiles): readonly string[] {
  return boot.kind === 'xen' ? [boot.xen, boot.kernel, boot.initrd] : [boot.kernel, boot.initrd];
}

/** Writes down what was decided, and answers it; or local boot, when the arming was taken back in the meantime. */
function record(house: House, client: BootClient, decision: BootDecision): BootDecision {
  const now = house.now();
  const fields = { mac: client.mac, address: client.address };
  if (decision.kind === 'local') {
    house.log.info('boot: local disk', {
      ...fields,
      host: decision.host,
      cause: decision.cause,
      reason: decision.reason,
    });
    recordLocal(house, client, decision);
    return decision;
  }
  const { host, tree, token } = decision.install;
  const after = house.hosts.apply(host.name, { kind: 'booted', now, token: token ?? '' });
  if (after.phase !== 'booting' || after.arming?.token !== token) {
    return { kind: 'local', cause: 'not-armed', host: host.name, reason: `${after.phase}: ${after.reason}` };
  }
  house.log.info('boot: install', { ...fields, host: host.name, tree: tree.name });
  return decision;
}

type LocalBoot = Extract<BootDecision, { kind: 'local' }>;

function recordLocal(house: House, client: BootClient, { host, cause, reason }: LocalBoot): void {
  const now = house.now();
  if (host !== undefined && cause === 'attempts-spent') {
    house.hosts.apply(host, { kind: 'stopped', now, reason });
    return;
  }
  if (!house.mayNote(now)) return;
  if (host !== undefined) house.hosts.note(host, { at: now, what: 'booted its disk', detail: reason });
  if (cause !== 'unknown' || client.mac === undefined) return;
  house.hosts.discover({ mac: client.mac, uuid: client.uuid, address: client.address, firstSeen: now, lastSeen: now });
}
