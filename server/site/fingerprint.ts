// What an operator agreed to by arming a host, as one short text: if any of it changes, the arming is void. Pure.

import { createHash } from 'node:crypto';
import { formatSubnet } from '../address.ts';
import type { Install } from '../domain.ts';
import { formatOs } from '../os.ts';

/**
 * The fingerprint of which machine is wiped, which of its disks, and what it becomes. URLs, snapshots (they are pinned
 * beside it), the token and other hosts are no part of it.
 */
export function installFingerprint(install: Install): string {
  const { host, network, tree, os, role, profile, storage, packages, cloudstack, repos, rootPassword } = install;
  const agreed = [
    [host.name, host.fqdn, host.address, host.macs],
    [formatSubnet(network.subnet), network.gateway ?? null, network.dns],
    [tree.name, formatOs(os), tree.facts.boot, tree.facts.stage2 ?? null],
    [profile, role, packages, repos.map((repo) => repo.name), cloudstack ?? null, rootPassword.secret],
    [storage.layout, storage.disks, storage.guest],
  ];
  return createHash('sha256').update(JSON.stringify(agreed)).digest('base64url').slice(0, 22);
}
