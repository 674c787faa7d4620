// What a template may ask for: the values of an install under the names of docs/templates.md. Plain data, no function.

import type { Install } from '../../server/domain.ts';
import { formatSubnet } from '../../server/address.ts';
import { eventsUrl, treeUrl } from '../urls.ts';

/** The built-in sections of the same install, as text: `{{ sections.storage }}`. */
export type Sections = Readonly<
  Record<'source' | 'locale' | 'network' | 'security' | 'storage' | 'packages' | 'pre' | 'post', string>
>;

/** The variables of a template. */
export function templateContext(install: Install, sections: Sections): Readonly<Record<string, unknown>> {
  const { host, network, site, os, tree, custom, cloudstack } = install;
  return structuredClone({
    host: { ...host, mac: host.macs[0] },
    network: {
      subnet: formatSubnet(network.subnet),
      prefix: network.subnet.prefix,
      netmask: network.netmask,
      gateway: network.gateway ?? '',
      dns: network.dns,
    },
    site,
    profile: install.profile,
    role: install.role,
    os,
    tree: { name: tree.name, url: treeUrl(install) },
    repos: install.repos.map(({ name, url, snapshot }) => ({ name, url, snapshot: snapshot ?? '' })),
    disks: install.storage.disks,
    packages: install.packages,
    users: custom.users.map(({ name, groups, sshKeys }) => ({ name, groups, sshKeys })),
    sshKeys: custom.sshKeys,
    cloudstack: cloudstack ?? {},
    appliance: install.origin,
    eventsUrl: eventsUrl(install),
    rootSecret: install.rootPassword.secret,
    sections,
  });
}
