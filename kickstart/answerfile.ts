// XenServer's and XCP-ng's answerfile from an install, in the dialect of its release. Answers `No` rather than guess.

import { readDiskRule } from '../server/disk-rule.ts';
import type { Install, SecretLookup } from '../server/domain.ts';
import type { HypervisorDialect } from '../server/hypervisor-versions.ts';
import { customizationFaults, hypervisorDialect, versionFaults, wishesOf } from '../server/hypervisor-versions.ts';
import type { No } from '../server/malformed.ts';
import { isNo, no } from '../server/malformed.ts';
import { diskRefusal } from './disks.ts';
import { hasJob } from './hypervisor/job-steps.ts';
import { poolPasswordRefusal } from './hypervisor/pool.ts';
import { xmlAttribute, xmlText } from './quote.ts';
import { cryptScheme, isPlaceholder, secretsOf } from './secrets.ts';
import type { AnswerfileStage } from './urls.ts';
import { scriptUrl, treeUrl } from './urls.ts';

/** Why `protect: true` ends here: the installer runs a script before it wipes disks, but takes no no for an answer (its scripts.py). */
export const UNPROTECTED = 'protect: true cannot be kept: an answerfile has no check of what a disk carries';

/** The name of a mirror in XCP-ng's `<raid>`, which is a device of the installer's own: the first that mdadm gives by itself. */
const MIRROR = 'md127';

/**
 * The answerfile for `install`, or why it can have none. With `redactedSecrets` it shows placeholders. Nothing is said of
 * the bootloader: 6.x knows `extlinux` alone, 7.0 and later `grub2` alone, and each is the default there. Throws `Malformed`
 * for values that no XML can hold.
 */
export function renderAnswerfile(install: Install, secrets: SecretLookup): string | No {
  const refused = installRefusal(install) ?? storageRefusal(install) ?? profileRefusal(install);
  if (refused !== undefined) return refused;
  const dialect = hypervisorDialect(install.os);
  if (dialect === undefined) return no(`no answerfile is known for ${install.os.family} ${install.os.version}`);
  const values = secretsOf(install, secrets);
  if (isNo(values)) return values;
  const hash = values.get(install.rootPassword.secret) ?? '';
  return (
    hashRefusal(install, hash) ?? poolPasswordRefusal(install, values) ?? answerfileText(install, { dialect, hash })
  );
}

function answerfileText(install: Install, of: { dialect: HypervisorDialect; hash: string }): string {
  const { site, network, custom, xenserver } = install;
  const isStatic = custom.link.bootproto === 'static';
  const lines = [
    ...diskLines(install, of.dialect),
    element('keymap', site.keyboard),
    element('root-password', of.hash, { type: 'hash' }),
    element('source', `${treeUrl(install)}/`, { type: 'url' }),
    ...interfaceLines(install),
    // Who asks for an address is told name servers with it.
    ...(isStatic ? network.dns.map((server) => element('name-server', server)) : []),
    element('hostname', install.host.name),
    element('timezone', site.timezone),
    ...timeLines(install, of.dialect),
    ...(xenserver?.backend === undefined ? [] : [element('network-backend', xenserver.backend)]),
    ...stagesOf(install).map((stage) => element('script', scriptUrl(install, stage), { stage, type: 'url' })),
  ];
  const body = lines.map((line) => `  ${line}\n`).join('');
  const srType = xenserver?.srType === undefined ? {} : { 'sr-type': xenserver.srType };
  const root = opening('installation', { mode: 'fresh', ...srType });
  return `<?xml version="1.0" encoding="utf-8"?>\n${root}\n${body}</installation>\n`;
}

/** The installer fails where it cannot fetch a script: one that would do nothing is not named. */
function stagesOf(install: Install): readonly AnswerfileStage[] {
  return [
    'installation-start',
    ...(hasJob(install) ? (['filesystem-populated'] as const) : []),
    'installation-complete',
  ];
}

// The disk of the system can hold guests as well; without the attribute it would, asked or not.
function diskLines({ storage }: Install, { mirror }: HypervisorDialect): readonly string[] {
  const { disks, guest } = storage;
  const shared = disks.some((disk) => guest.includes(disk)) ? 'yes' : 'no';
  const others = guest.filter((disk) => !disks.includes(disk)).map((disk) => element('guest-disk', disk));
  if (storage.layout !== 'raid1')
    return [element('primary-disk', disks[0] ?? '', { 'guest-storage': shared }), ...others];
  if (mirror === 'swraid') {
    return [element('primary-disk', disks.join(','), { 'guest-storage': shared, swraid: 'yes' }), ...others];
  }
  return [
    opening('raid', { device: MIRROR }),
    ...disks.map((disk) => `  ${element('disk', disk)}`),
    '</raid>',
    element('primary-disk', MIRROR, { 'guest-storage': shared }),
    ...others,
  ];
}

function interfaceLines({ host, network, custom }: Install): readonly string[] {
  const { bootproto, vlan } = custom.link;
  const tag = vlan === undefined ? {} : { vlan: String(vlan) };
  const start = opening('admin-interface', { hwaddr: host.macs[0], proto: bootproto, ...tag });
  if (bootproto === 'dhcp') return [`${start}</admin-interface>`];
  return [
    start,
    `  ${element('ip', host.address)}`,
    `  ${element('subnet-mask', network.netmask)}`,
    `  ${element('gateway', network.gateway ?? '')}`,
    '</admin-interface>',
  ];
}

// Servers alone mean "manual" to every version.
function timeLines({ site }: Install, { ntpElement }: HypervisorDialect): readonly string[] {
  const servers = site.ntp.map((server) => element('ntp-server', server));
  return ntpElement && servers.length > 0 ? ['<ntp source="manual"/>', ...servers] : servers;
}

type Attributes = Readonly<Record<string, string>>;

function element(name: string, text: string, attributes: Attributes = {}): string {
  return `${opening(name, attributes)}${xmlText(text)}</${name}>`;
}

function opening(name: string, attributes: Attributes): string {
  const written = Object.entries(attributes).map(([key, value]) => ` ${key}="${xmlAttribute(value)}"`);
  return `<${name}${written.join('')}>`;
}

function installRefusal({ network, os, protect, role, tree, custom }: Install): No | undefined {
  if (os.family !== 'xenserver' && os.family !== 'xcp-ng') {
    return no(`${os.family} ${os.version} is installed by a kickstart, not by an answerfile`);
  }
  if (tree.facts.boot.kind !== 'xen') return no(`the tree ${tree.name} does not boot Xen`);
  if (role !== 'xenserver')
    return no(`a hypervisor cannot have the role ${role}`, 'give its profile the role xenserver');
  if (protect) return no(UNPROTECTED, 'take protect: true out of the profile, or empty the disks by hand');
  return network.gateway === undefined && custom.link.bootproto === 'static'
    ? no('an answerfile with a static address must name a gateway', 'add gateway: … to its network')
    : undefined;
}

function profileRefusal(install: Install): No | undefined {
  const [fault] = [...versionFaults(install.os, wishesOf(install)), ...customizationFaults(install.custom)];
  return fault === undefined ? undefined : no(fault.message, fault.remedy);
}

function storageRefusal({ host, storage }: Install): No | undefined {
  const refused = diskRefusal(storage, host.name);
  if (refused !== undefined) return refused;
  const { layout, disks, guest, rootMb, mounts, data } = storage;
  if ([...disks, ...guest].some((disk) => readDiskRule(disk) !== undefined)) {
    return no('an answerfile names its disks, and knows no rule for them', 'such as sda, or disk/by-id/…');
  }
  if (layout === 'raid1') {
    return disks.length === 2 ? undefined : no('a mirror of a hypervisor has two disks', 'name two');
  }
  if (layout !== 'whole' || rootMb !== undefined || mounts.length > 0 || data.length > 0) {
    return no('the installer of a hypervisor parts its disk itself', 'use the layout whole or raid1, and nothing else');
  }
  return disks.length > 1
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
