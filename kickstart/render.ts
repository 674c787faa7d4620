// A kickstart from an install: the checks that allow one, then the sections in order. Answers `No` rather than guess.

import type { Install, SecretLookup } from '../server/domain.ts';
import type { No } from '../server/malformed.ts';
import { DISKS_OF_LAYOUT } from '../server/layouts.ts';
import { isNo, no } from '../server/malformed.ts';
import { cloudstackNames } from './cloudstack.ts';
import type { Dialect } from './dialect.ts';
import { dialectOf } from './dialect.ts';
import { diskRefusal } from './disks.ts';
import { lintRendered } from './lint/lint.ts';
import { comment } from './quote.ts';
import { cryptScheme, isPlaceholder, secretsOf } from './secrets.ts';
import { localeLines } from './sections/locale.ts';
import { networkLines } from './sections/network.ts';
import { packagesSection } from './sections/packages.ts';
import { postSection } from './sections/post.ts';
import { INCLUDE_CHECKED, preSection } from './sections/pre.ts';
import { securityLines } from './sections/security.ts';
import { sourceLines } from './sections/source.ts';
import { storageLines } from './sections/storage.ts';

/**
 * The kickstart for `install`, or why it can have none. With `redactedSecrets` it shows placeholders instead of secrets.
 * Throws `Malformed` for values that no kickstart could hold (a line break in a host's name).
 */
export function renderKickstart(install: Install, secrets: SecretLookup): string | No {
  const dialect = dialectOf(install.os);
  if (dialect === undefined) return no(`no kickstart is known for ${install.os.family} ${install.os.version}`);
  const refused = roleRefusal(install) ?? storageRefusal(install);
  if (refused !== undefined) return refused;
  const values = secretsOf(install, secrets);
  if (isNo(values)) return values;
  const rootHash = values.get(install.rootPassword.secret) ?? '';
  return (
    hashRefusal(install, dialect, rootHash) ?? linted(install, kickstartText(install, { secrets, dialect, rootHash }))
  );
}

/** What the installer would stop at is told before any machine is switched on. That is a fault of ours, or a value of the site's. */
function linted({ host, os }: Install, text: string): string | No {
  const fault = lintRendered(text, os).find(({ severity }) => severity === 'error');
  if (fault === undefined) return text;
  return no(
    `the installer would refuse the kickstart of ${host.name}: line ${fault.line}: ${fault.message}`,
    fault.remedy,
  );
}

function kickstartText(install: Install, with_: { secrets: SecretLookup; dialect: Dialect; rootHash: string }): string {
  const { secrets, dialect, rootHash } = with_;
  const { host, os, profile, role } = install;
  const commands = [
    comment(`Kickstand: ${host.fqdn}, profile ${profile} (${role}), ${os.family} ${os.version} ${os.arch}`),
    'text',
    ...sourceLines(install, dialect),
    ...localeLines(install, dialect),
    ...networkLines(install, dialect),
    ...securityLines(install, dialect, rootHash),
    ...(dialect.eula ? ['eula --agreed'] : []),
    'firstboot --disabled',
    'skipx',
    ...storageLines(install, dialect),
    // Without it the installer would wait for a key at its end.
    'reboot',
    INCLUDE_CHECKED,
  ];
  return [
    `${commands.join('\n')}\n`,
    packagesSection(install, dialect),
    preSection(install, dialect),
    postSection(install, secrets, dialect),
  ].join('\n');
}

function roleRefusal(install: Install): No | undefined {
  const { os, role, tree } = install;
  if (tree.facts.boot.kind !== 'linux') return no(`the tree ${tree.name} boots no Linux installer`);
  switch (role) {
    case 'minimal':
    case 'kvm-agent':
    case 'nfs-storage':
      return undefined;
    case 'xenserver':
      return no(`the role xenserver is installed by an answerfile, and ${os.family} ${os.version} by a kickstart`);
    case 'cloudstack-management':
      return managementRefusal(install);
  }
}

function managementRefusal({ cloudstack, host, os }: Install): No | undefined {
  if (os.major !== 6) {
    return no(
      `the role cloudstack-management is known for RHEL 6 and its rebuilds, not for ${os.family} ${os.version}`,
      'use a tree of major 6, or the role minimal and set CloudStack up by hand',
    );
  }
  if (cloudstack === undefined) return no('the profile names no CloudStack version', 'add cloudstack: { version: … }');
  if (cloudstackNames(cloudstack.version) === undefined) {
    return no(`CloudStack ${cloudstack.version} has no packages for RHEL 6`, 'name a version from 4.0 to 4.11');
  }
  return host.fqdn.includes('.')
    ? undefined
    : no(`CloudStack refuses a host whose name has no dot: ${host.fqdn}`, 'give the site a domain');
}

/** The names of its parts have one digit. `whole` with several disks is what no site file says: they become one volume group. */
const MOST_DISKS = 9;

function storageRefusal({ host, storage }: Install): No | undefined {
  const refused = diskRefusal(storage, host.name);
  if (refused !== undefined) return refused;
  for (const { layout, disks } of [storage, ...storage.data]) {
    const { least } = DISKS_OF_LAYOUT[layout];
    if (disks.length < least) return no(`the layout ${layout} needs ${least} disks`, 'name another disk');
    if (disks.length > MOST_DISKS) return no('a layout takes nine disks at most');
  }
  return storage.guest.length === 0
    ? undefined
    : no('only a hypervisor has guest disks', 'remove them from the profile');
}

function hashRefusal(install: Install, dialect: Dialect, hash: string): No | undefined {
  if (isPlaceholder(hash)) return undefined;
  const scheme = cryptScheme(hash);
  if (scheme !== undefined && dialect.cryptSchemes.includes(scheme)) return undefined;
  const { family, version } = install.os;
  const name = install.rootPassword.secret;
  return no(
    `${family} ${version} cannot check a root password hashed as ${hash.slice(0, hash.indexOf('$', 1) + 1)}`,
    `kickstand secret set ${name} with a $6$ hash, which every release reads`,
  );
}
