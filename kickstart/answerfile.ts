// XenServer's and XCP-ng's answerfile from an install, and the script it names. Answers `No` rather than guess.

import type { Install, SecretLookup } from '../server/domain.ts';
import type { No } from '../server/malformed.ts';
import { isNo, no } from '../server/malformed.ts';
import { diskRefusal } from './disks.ts';
import { comment, xmlAttribute, xmlText } from './quote.ts';
import { cryptScheme, isPlaceholder, secretsOf } from './secrets.ts';
import { reportFunction } from './sections/report.ts';
import type { AnswerfileStage } from './urls.ts';
import { scriptUrl, treeUrl } from './urls.ts';

/** Why `protect: true` ends here: the installer runs a script before it wipes disks, but takes no no for an answer (its scripts.py). */
export const UNPROTECTED = 'protect: true cannot be kept: an answerfile has no check of what a disk carries';

/**
 * The answerfile for `install`, or why it can have none. With `redactedSecrets` it shows placeholders. Nothing is said of
 * the bootloader: 6.x knows `extlinux` alone, 7.0 and later `grub2` alone, and each is the default there.
 */
export function renderAnswerfile(install: Install, secrets: SecretLookup): string | No {
  const refused = installRefusal(install) ?? storageRefusal(install);
  if (refused !== undefined) return refused;
  const values = secretsOf(install, secrets);
  if (isNo(values)) return values;
  const hash = values.get(install.rootPassword.secret) ?? '';
  return hashRefusal(install, hash) ?? answerfileText(install, hash);
}

/**
 * The script of `stage`. The installer calls it with 0 after success and with 1 after failure. It ends well whatever
 * happens: a report that got lost is no reason to fail an installation.
 */
export function renderAnswerfileScript(install: Install, stage: AnswerfileStage): string {
  return `#!/bin/sh
${comment(`Kickstand: ${stage} of ${install.host.name}`)}
${reportFunction(install)}
case $1 in
  0) report installed ;;
  *) report failed 'the+installer+reports+failure' ;;
esac
exit 0
`;
}

function answerfileText(install: Install, hash: string): string {
  const { site, network } = install;
  const lines = [
    ...diskLines(install),
    element('keymap', site.keyboard),
    element('root-password', hash, { type: 'hash' }),
    element('source', `${treeUrl(install)}/`, { type: 'url' }),
    ...interfaceLines(install),
    ...network.dns.map((server) => element('name-server', server)),
    element('hostname', install.host.name),
    element('timezone', site.timezone),
    ...timeLines(install),
    element('script', scriptUrl(install, 'installation-complete'), { stage: 'installation-complete', type: 'url' }),
  ];
  const body = lines.map((line) => `  ${line}\n`).join('');
  return `<?xml version="1.0" encoding="utf-8"?>\n<installation mode="fresh">\n${body}</installation>\n`;
}

// The disk of the system can hold guests as well; without the attribute it would, asked or not.
function diskLines({ storage }: Install): readonly string[] {
  const primary = storage.disks[0] ?? '';
  const shared = storage.guest.includes(primary) ? 'yes' : 'no';
  return [
    element('primary-disk', primary, { 'guest-storage': shared }),
    ...storage.guest.filter((disk) => disk !== primary).map((disk) => element('guest-disk', disk)),
  ];
}

function interfaceLines({ host, network }: Install): readonly string[] {
  return [
    `<admin-interface hwaddr="${xmlAttribute(host.macs[0])}" proto="static">`,
    `  ${element('ip', host.address)}`,
    `  ${element('subnet-mask', network.netmask)}`,
    `  ${element('gateway', network.gateway ?? '')}`,
    '</admin-interface>',
  ];
}

// Servers alone mean "manual" to every version. Those from 2023 on have an element that says so.
function timeLines({ os, site }: Install): readonly string[] {
  const servers = site.ntp.map((server) => element('ntp-server', server));
  const [major = 0, minor = 0] = os.version.split('.').map(Number);
  const hasElement = os.family === 'xcp-ng' ? major > 8 || (major === 8 && minor >= 3) : isXenServer8(os.version);
  return hasElement && servers.length > 0 ? ['<ntp source="manual"/>', ...servers] : servers;
}

// XenServer 8 follows Citrix Hypervisor 8.2, which came before that element.
function isXenServer8(version: string): boolean {
  return /^8(?:\.4(?:\.|$)|\.0?$|$)/.test(version);
}

function element(name: string, text: string, attributes: Readonly<Record<string, string>> = {}): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlAttribute(value)}"`);
  return `<${name}${written.join('')}>${xmlText(text)}</${name}>`;
}

function installRefusal({ network, os, protect, role, tree }: Install): No | undefined {
  if (os.family !== 'xenserver' && os.family !== 'xcp-ng') {
    return no(`${os.family} ${os.version} is installed by a kickstart, not by an answerfile`);
  }
  if (tree.facts.boot.kind !== 'xen') return no(`the tree ${tree.name} does not boot Xen`);
  if (role !== 'xenserver')
    return no(`a hypervisor cannot have the role ${role}`, 'give its profile the role xenserver');
  if (protect) return no(UNPROTECTED, 'take protect: true out of the profile, or empty the disks by hand');
  return network.gateway === undefined
    ? no('an answerfile with a static address must name a gateway', 'add gateway: … to its network')
    : undefined;
}

function storageRefusal({ host, storage }: Install): No | undefined {
  const refused = diskRefusal(storage, host.name);
  if (refused !== undefined) return refused;
  if (storage.layout !== 'whole') {
    return no(
      'an answerfile has no software RAID that every version reads',
      'use the layout whole, or a RAID controller',
    );
  }
  return storage.disks.length > 1
    ? no('a hypervisor is installed on one disk', 'name further disks as guest disks')
    : undefined;
}

// Their control domain is built from RHEL 5 or 7: crypt there knows MD5 and SHA, nothing later.
function hashRefusal(install: Install, hash: string): No | undefined {
  const scheme = cryptScheme(hash);
  if (isPlaceholder(hash) || scheme === '1' || scheme === '5' || scheme === '6') return undefined;
  return no(
    `${install.os.family} ${install.os.version} cannot check a root password hashed this way`,
    `kickstand secret set ${install.rootPassword.secret} with a $6$ hash, which every release reads`,
  );
}
