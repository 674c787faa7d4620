// What an operator agreed to by arming a host, as one short text: if any of it changes, the arming is void. Pure.

import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { formatSubnet } from '../address.ts';
import { NO_CUSTOMIZATION } from '../customization.ts';
import type { Install } from '../domain.ts';
import { formatOs } from '../os.ts';

/**
 * The fingerprint of which machine is wiped, which of its disks, and what it becomes. URLs, snapshots (they are pinned
 * beside it), the token and other hosts are no part of it; nor is how the machine is booted: an operator who finds that
 * its firmware wants another loader has agreed to nothing else by naming one.
 */
export function installFingerprint(install: Install): string {
  const { host, network, tree, os, role, profile, storage, packages, cloudstack, repos, rootPassword, protect } =
    install;
  const { rootMb, mounts, data } = storage;
  const agreed = [
    [host.name, host.fqdn, host.address, host.macs],
    [formatSubnet(network.subnet), network.gateway ?? null, network.dns],
    [tree.name, formatOs(os), tree.facts.boot, tree.facts.stage2 ?? null],
    [profile, role, packages, repos.map((repo) => repo.name), cloudOf(install), rootPassword.secret],
    [storage.layout, storage.disks, storage.guest],
    // Absent where there is none of it: armings from before there was any agreed to none.
    ...(rootMb === undefined && mounts.length === 0 && data.length === 0 ? [] : [[rootMb ?? null, mounts, data]]),
    // Absent where nothing is said, for the same reason.
    ...(isDeepStrictEqual(install.custom, NO_CUSTOMIZATION) ? [] : [install.custom]),
    ...(install.xenserver === undefined ? [] : [{ xenserver: install.xenserver }]),
    ...(cloudstack?.mirrorOnHost === true ? ['mirror-on-host'] : []),
    ...(install.template === undefined ? [] : [install.template]),
    // Absent where off: armings from before there was protection agreed to none.
    ...(protect ? ['protect'] : []),
  ];
  return createHash('sha256').update(JSON.stringify(agreed)).digest('base64url').slice(0, 22);
}

function cloudOf({ cloudstack }: Install) {
  return cloudstack === undefined ? null : { version: cloudstack.version, hypervisor: cloudstack.hypervisor };
}

/**
 * Is `install` what the arming with the fingerprint `agreed` allows? The same, or the same and more careful: who agreed to
 * lose what is on the disks is not harmed by `protect` turned on since, and the machine of an operator who turns it on in
 * alarm must not wait for a new arming. Who agreed to lose only empty disks has agreed to nothing once it is off.
 */
export function isAgreed(install: Install, agreed: string): boolean {
  return (
    installFingerprint(install) === agreed ||
    (install.protect && installFingerprint({ ...install, protect: false }) === agreed)
  );
}
