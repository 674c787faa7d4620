// The boot namespace over the open house: the one decider with its facts, and what is written down of its decisions.

import { installerArguments } from '../../kickstart/kernel-arguments.ts';
import type { FilePlace } from '../../mirror/content/place.ts';
import { decideBoot } from '../boot/decide.ts';
import type { BootNamespace, GivenScript } from '../boot/namespace.ts';
import { bootNamespace } from '../boot/namespace.ts';
import type { BootClient, BootDecision, Catalog } from '../domain.ts';
import { isSameBoot } from '../hosts/lifecycle.ts';
import type { Seen } from '../hosts/sighting.ts';
import type { House } from './house.ts';
import { readCatalog } from './house.ts';
import { bootLoaders } from './loaders.ts';
import { recently } from './recently.ts';
import type { Transcript } from './transcript.ts';
import { treeFileOf } from './tree-files.ts';

/** Decides boots over the open house, and writes down what became of them. */
export type BootDesk = {
  readonly decide: (client: BootClient) => Promise<BootDecision>;
  /** A machine is told to boot its disk; `claims` is what it told of itself while asking. */
  readonly localBoot: (client: BootClient, decision: LocalBoot, claims: Claims) => void;
};

type LocalBoot = Extract<BootDecision, { kind: 'local' }>;
type Claims = Omit<Seen, 'mac' | 'firstSeen' | 'lastSeen'>;

/** The desk of the open house. */
export function openBootDesk(house: House): BootDesk {
  const catalog = recently(house.now, () => readCatalog(house));
  return {
    decide: (client) => decideNow(house, client, catalog),
    localBoot: (client, decision, claims) => recordLocal(house, client, { decision, claims }),
  };
}

/** The names that machines boot from. */
export function openBootNamespace(house: House, desk: BootDesk, transcript: Transcript): BootNamespace<FilePlace> {
  return bootNamespace<FilePlace>({
    loaders: recently(house.now, () => bootLoaders(house)),
    treeFile: (tree, path) => treeFileOf(house, tree, path),
    decide: desk.decide,
    decided: (client, given) => record({ house, desk, transcript }, client, given),
    machines: transcript.machines,
    treeAt: (address) => treeAt(house, transcript, address),
    origin: house.origin,
  });
}

/** The tree of the host that stands at an address: by its MAC where DHCP told it, else by the site's plan. */
function treeAt(house: House, { machines }: Transcript, address: string): string | undefined {
  const { hosts, profiles } = house.site();
  const mac = machines.at(address)?.mac;
  const host = hosts.find((one) => (mac === undefined ? one.address === address : one.macs.includes(mac)));
  return profiles.find((profile) => profile.name === host?.profile)?.tree;
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

type Recording = { readonly house: House; readonly desk: BootDesk; readonly transcript: Transcript };

/** Writes down what a script is about to say, and answers it; or local boot, when the arming was taken back in the meantime. */
function record(to: Recording, client: BootClient, { loader, decision }: GivenScript): BootDecision {
  const last = to.transcript;
  const told = decision.kind === 'local' ? decision : spendBoot(to.house, client, decision);
  const reason = told.kind === 'local' ? told.reason : `the installer of tree ${told.install.tree.name}`;
  last.note({ mac: client.mac, address: client.address }, { kind: 'script', loader, told: told.kind, reason });
  if (told.kind === 'local') to.desk.localBoot(client, told, {});
  return told;
}

type InstallBoot = Extract<BootDecision, { kind: 'install' }>;

function spendBoot(house: House, client: BootClient, decision: InstallBoot): BootDecision {
  const { host, tree, token } = decision.install;
  const after = house.hosts.apply(host.name, { kind: 'booted', now: house.now(), token: token ?? '' });
  if (after.phase !== 'booting' || after.arming?.token !== token) {
    return { kind: 'local', cause: 'not-armed', host: host.name, reason: `${after.phase}: ${after.reason}` };
  }
  house.log.info('boot: install', { mac: client.mac, address: client.address, host: host.name, tree: tree.name });
  return decision;
}

function recordLocal(
  house: House,
  client: BootClient,
  { decision, claims }: { decision: LocalBoot; claims: Claims },
): void {
  const { host, cause, reason } = decision;
  const now = house.now();
  if (host !== undefined && cause === 'attempts-spent') {
    house.hosts.apply(host, { kind: 'stopped', now, reason });
    house.log.error('boot loop stopped', { mac: client.mac, address: client.address, host, reason });
    return;
  }
  // Anybody can ask as often as he likes, under any MAC.
  if (!house.mayNote(now)) return;
  house.log.info('boot: local disk', { mac: client.mac, address: client.address, host, cause, reason });
  if (host !== undefined) house.hosts.note(host, { at: now, what: 'booted its disk', detail: reason });
  if (cause !== 'unknown' || client.mac === undefined) return;
  const { uuid, address } = client;
  house.hosts.discover({ ...claims, mac: client.mac, uuid, address, firstSeen: now, lastSeen: now });
}
