// The resolved site for people and programs: a plain value, and the same as YAML that is a site file again. Pure.

import { stringify } from 'yaml';
import { formatSubnet } from '../address.ts';
import type { Host, Network, Profile, Site, Tree } from '../domain.ts';
import { formatSeconds } from '../duration.ts';
import { formatOs } from '../os.ts';
import { showCustomization } from './customization.ts';
import { showRepo } from './repos.ts';
import { showStorage } from './storage.ts';
import { showXenserver } from './xenserver.ts';

/**
 * A site in the form of its file, every default written out and every host with its address. Holds the names of secrets,
 * never a secret: a site has none. What is absent is left out, so that it can be written as JSON.
 */
export function showSite(site: Site): Readonly<Record<string, unknown>> {
  const { networks, repos, trees, profiles, hosts, ...general } = site;
  return withoutGaps({
    site: general,
    networks: networks.map(showNetwork),
    repos: repos.map(showRepo),
    trees: trees.map(showTree),
    profiles: profiles.map(showProfile),
    hosts: hosts.map(showHost),
  });
}

/** `showSite` as YAML text; `parseSite` reads it back as the same site. */
export function renderSite(site: Site): string {
  return stringify(showSite(site), { aliasDuplicateObjects: false, lineWidth: 0 });
}

function showProfile({ custom, cloudstack, xenserver, ...profile }: Profile): Readonly<Record<string, unknown>> {
  const { mirrorOnHost, ...cloud } = cloudstack ?? {};
  return {
    ...profile,
    storage: showStorage(profile.storage),
    cloudstack: cloudstack === undefined ? undefined : { ...cloud, 'mirror-on-host': mirrorOnHost },
    xenserver: xenserver === undefined ? undefined : showXenserver(xenserver),
    ...showCustomization(custom),
  };
}

function showNetwork({ leaseSeconds, ...network }: Network): Readonly<Record<string, unknown>> {
  return { ...network, subnet: formatSubnet(network.subnet), lease: formatSeconds(leaseSeconds) };
}

function showHost({ boot, ...host }: Host): Readonly<Record<string, unknown>> {
  return Object.keys(boot).length === 0 ? host : { ...host, boot };
}

function showTree({ name, source, os }: Tree): Readonly<Record<string, unknown>> {
  const from = source.kind === 'upstream' ? source.url : source.path;
  return { name, [source.kind]: from, os: os === undefined ? undefined : formatOs(os) };
}

/** A deep copy without keys that hold undefined. */
function withoutGaps(value: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]) => (part === undefined ? [] : [[key, plain(part)]])),
  );
}

function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return withoutGaps(Object.fromEntries(Object.entries(value)));
}
