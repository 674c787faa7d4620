// A site file that is right, and the addresses of its hosts → Site: texts become the values of the vocabulary. Pure.

import type { Ipv4 } from '../address.ts';
import { parseMac, parseSubnet } from '../address.ts';
import { readDuration } from '../duration.ts';
import type { CloudStackOptions, Host, Network, Profile, Site, Tree, TreeSource } from '../domain.ts';
import { parseOs } from '../os.ts';
import { buildCustomization } from './customization.ts';
import { buildRepo } from './repos.ts';
import type { SiteFile } from './schema.ts';
import { buildStorage } from './storage.ts';
import { buildXenserver } from './xenserver.ts';

/** `addresses` are the hosts', in the file's order. A gap in what the checks have promised is a bug: Error. */
export function buildSite(file: SiteFile, addresses: readonly (Ipv4 | undefined)[]): Site {
  return {
    ...file.site,
    rootPassword: file.site.rootPassword,
    networks: file.networks.map(buildNetwork),
    repos: file.repos.map(buildRepo),
    trees: file.trees.map(buildTree),
    profiles: file.profiles.map(buildProfile),
    hosts: buildHosts(file.hosts, addresses),
  };
}

function buildNetwork({ lease, ...network }: SiteFile['networks'][number]): Network {
  const leaseMs = readDuration(lease);
  if (leaseMs === undefined) throw new Error(`the network ${network.name} passed its checks with a lease of ${lease}`);
  return {
    ...network,
    subnet: parseSubnet(network.subnet),
    gateway: network.gateway,
    leaseSeconds: leaseMs / 1000,
  };
}

function buildTree(tree: SiteFile['trees'][number]): Tree {
  return { name: tree.name, source: sourceOf(tree), os: tree.os === undefined ? undefined : parseOs(tree.os) };
}

function sourceOf({ name, iso, directory, upstream }: SiteFile['trees'][number]): TreeSource {
  if (iso !== undefined) return { kind: 'iso', path: iso };
  if (directory !== undefined) return { kind: 'directory', path: directory };
  if (upstream !== undefined) return { kind: 'upstream', url: upstream };
  throw new Error(`the tree ${name} passed its checks without a source`);
}

function buildProfile(profile: SiteFile['profiles'][number]): Profile {
  const { name, tree, role, repos, packages, protect, cloudstack, xenserver } = profile;
  return {
    name,
    tree,
    role,
    repos,
    packages,
    protect,
    storage: buildStorage(profile.storage),
    cloudstack: cloudstack === undefined ? undefined : buildCloudStack(cloudstack),
    custom: buildCustomization(profile),
    xenserver: xenserver === undefined ? undefined : buildXenserver(xenserver),
  };
}

function buildCloudStack({
  'mirror-on-host': mirrorOnHost,
  ...rest
}: NonNullable<SiteFile['profiles'][number]['cloudstack']>): CloudStackOptions {
  return { ...rest, mirrorOnHost };
}

/** `addresses` are those of `hosts`, in their order. */
export function buildHosts(hosts: SiteFile['hosts'], addresses: readonly (Ipv4 | undefined)[]): readonly Host[] {
  return hosts.map((host, index) => buildHost(host, addresses[index]));
}

function buildHost(host: SiteFile['hosts'][number], address: Ipv4 | undefined): Host {
  const { name, profile, network, macs, boot } = host;
  if (address === undefined) throw new Error(`the host ${name} passed its checks without an address`);
  return { name, profile, network, address, macs: macs.map(parseMac), boot };
}
