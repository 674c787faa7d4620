// A kickstart from an install: the checks that allow one, then the sections in order. Answers `No` rather than guess.

import type { CloudStackRole } from '../server/cloudstack.ts';
import { cloudstackFault, cloudstackOsFault, isCloudStackRole } from '../server/cloudstack.ts';
import type { Install, SecretLookup } from '../server/domain.ts';
import type { No } from '../server/malformed.ts';
import { DISKS_OF_LAYOUT } from '../server/layouts.ts';
import { isNo, no } from '../server/malformed.ts';
import { hasChosen, withStandIns } from './chosen-disks.ts';
import type { Dialect } from './dialect.ts';
import { dialectOf } from './dialect.ts';
import { diskRefusal } from './disks.ts';
import { kickstartSections, kickstartText } from './kickstart-text.ts';
import { lintRendered } from './lint/lint.ts';
import { cryptScheme, isPlaceholder, secretsOf } from './secrets.ts';
import { fromTemplate } from './template/from-template.ts';

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
  const hashes = new Map([...crypted(install)].map((name) => [name, values.get(name) ?? '']));
  const refusedHash = [...hashes].map(([name, hash]) => hashRefusal(install, dialect, { name, hash })).find(isRefused);
  if (refusedHash !== undefined) return refusedHash;
  const hashOf = (name: string): string => hashes.get(name) ?? '';
  return linted(install, (one) => {
    const sections = kickstartSections(one, dialect, { secrets, hashOf });
    return one.template === undefined
      ? kickstartText(one, sections)
      : fromTemplate(one, one.template, { sections, values });
  });
}

function isRefused(refusal: No | undefined): refusal is No {
  return refusal !== undefined;
}

/** The secrets that hold crypt hashes: root's and those of further accounts. */
function crypted({ rootPassword, custom }: Install): ReadonlySet<string> {
  return new Set([
    rootPassword.secret,
    ...custom.users.flatMap(({ password }) => (password === undefined ? [] : [password.secret])),
  ]);
}

/** What the installer would stop at is told before any machine is switched on. That is a fault of ours, or a value of the site's. */
function linted(install: Install, render: (install: Install) => string | No): string | No {
  const { host, os, storage } = install;
  const text = render(install);
  if (isNo(text)) return text;
  // As it will be once %pre has found its disks: what is included then is looked at before, too.
  const whole = hasChosen(storage) ? render({ ...install, storage: withStandIns(storage) }) : text;
  if (isNo(whole)) return whole;
  const fault = lintRendered(whole, os).find(({ severity }) => severity === 'error');
  if (fault === undefined) return text;
  return no(
    `the installer would refuse the kickstart of ${host.name}: line ${fault.line}: ${fault.message}`,
    fault.remedy,
  );
}

function roleRefusal(install: Install): No | undefined {
  const { os, role, tree } = install;
  if (tree.facts.boot.kind !== 'linux') return no(`the tree ${tree.name} boots no Linux installer`);
  if (isCloudStackRole(role)) return cloudstackRefusal(install, role);
  if (role !== 'xenserver') return undefined;
  return no(`the role xenserver is installed by an answerfile, and ${os.family} ${os.version} by a kickstart`);
}

function cloudstackRefusal({ cloudstack, host, os }: Install, role: CloudStackRole): No | undefined {
  if (cloudstack === undefined) return no('the profile names no CloudStack version', 'add cloudstack: { version: … }');
  const fault = cloudstackFault(role, cloudstack) ?? cloudstackOsFault(role, cloudstack.version, os);
  if (fault !== undefined) return no(fault.message, fault.remedy);
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

function hashRefusal(
  install: Install,
  dialect: Dialect,
  { name, hash }: { readonly name: string; readonly hash: string },
): No | undefined {
  if (isPlaceholder(hash)) return undefined;
  const scheme = cryptScheme(hash);
  if (scheme !== undefined && dialect.cryptSchemes.includes(scheme)) return undefined;
  const { family, version } = install.os;
  const whose = name === install.rootPassword.secret ? 'a root password' : 'a password';
  return no(
    `${family} ${version} cannot check ${whose} hashed as ${hash.slice(0, hash.indexOf('$', 1) + 1)}`,
    `kickstand secret set ${name} with a $6$ hash, which every release reads`,
  );
}
