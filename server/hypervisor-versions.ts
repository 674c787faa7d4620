// What each release of XenServer and XCP-ng accepts where they differ, and what speaks against a profile on one. Pure; a leaf.

import type { Customization } from './customization.ts';
import { NO_CUSTOMIZATION } from './customization.ts';
import type { Layout, Os, Profile } from './domain.ts';

/**
 * One release's dialect. The sources: the installer's answerfile.py through its history, its doc/answerfile.txt, and the
 * vendors' installation guides. `sr-type`, `guest-storage`, `hwaddr`, `ip`, `network-backend`, hashed passwords and the three
 * stages of scripts are spelt alike from 6.0 on.
 */
export type HypervisorDialect = {
  /** The element `<ntp source="…">`; before, servers alone mean that they are used. */
  readonly ntpElement: boolean;
  /** How a mirror of two disks is asked for: not at all, by XCP-ng's `<raid>` or by `<primary-disk swraid="yes">`. */
  readonly mirror: 'none' | 'raid-element' | 'swraid';
  /** `vlan` on the admin interface. */
  readonly vlan: boolean;
  /** Is a licence a file on the host? From XenServer 6.2 on a licence server gives licences; XCP-ng has none. */
  readonly licenseFile: boolean;
  /** Does the bridge backend need sysctl for security groups? In 6.0.x CloudStack's supplemental pack sets it. */
  readonly bridgeSysctl: boolean;
  /** What runs the first-boot job. */
  readonly init: 'sysv' | 'systemd';
};

type Row = { readonly from: Version; readonly dialect: HypervisorDialect };
type Version = readonly [major: number, minor: number];

const SIX: HypervisorDialect = {
  ntpElement: false,
  mirror: 'none',
  vlan: false,
  licenseFile: true,
  bridgeSysctl: false,
  init: 'sysv',
};
const SIX_ONE: HypervisorDialect = { ...SIX, bridgeSysctl: true };
const SIX_TWO: HypervisorDialect = { ...SIX_ONE, licenseFile: false };
const SEVEN: HypervisorDialect = { ...SIX_TWO, vlan: true, init: 'systemd' };

/** Ascending. What comes before the first row has no hashed passwords; what comes after major 8 is not known. */
const XENSERVER: readonly Row[] = [
  { from: [6, 0], dialect: SIX },
  { from: [6, 1], dialect: SIX_ONE },
  { from: [6, 2], dialect: SIX_TWO },
  { from: [7, 0], dialect: SEVEN },
  { from: [8, 4], dialect: { ...SEVEN, ntpElement: true, mirror: 'swraid' } },
];

const XCP_NG: readonly Row[] = [
  { from: [7, 4], dialect: SEVEN },
  { from: [7, 6], dialect: { ...SEVEN, mirror: 'raid-element' } },
  { from: [8, 3], dialect: { ...SEVEN, ntpElement: true, mirror: 'raid-element' } },
];

const LAST_MAJOR = 8;

/** The dialect of `os`, or undefined for a release that is not known and for other systems. */
export function hypervisorDialect(os: Pick<Os, 'family' | 'version' | 'major'>): HypervisorDialect | undefined {
  if (os.family !== 'xenserver' && os.family !== 'xcp-ng') return undefined;
  if (os.major > LAST_MAJOR) return undefined;
  const rows = os.family === 'xenserver' ? XENSERVER : XCP_NG;
  const version = versionOf(os);
  return rows.findLast(({ from }) => isAtLeast(version, from))?.dialect;
}

// The medium of XenServer 8 says 8.4.0; people write 8, for the release that follows Citrix Hypervisor 8.2.
function versionOf({ family, version, major }: Pick<Os, 'family' | 'version' | 'major'>): Version {
  if (family === 'xenserver' && version === '8') return [8, 4];
  return [major, Number(version.split('.')[1] ?? 0)];
}

function isAtLeast([major, minor]: Version, [leastMajor, leastMinor]: Version): boolean {
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}

/** A rule that a profile breaks: the key below the profile that breaks it, and what to do. */
export type HypervisorFault = {
  readonly key: readonly string[];
  readonly message: string;
  readonly remedy: string;
};

/** What of a profile its version of a hypervisor is asked about; undefined: nothing said, or nothing that can be read. */
export type HypervisorWishes = {
  readonly layout: Layout | undefined;
  readonly disks: number;
  readonly vlan: number | undefined;
  readonly license: string | undefined;
};

/** What a whole profile wishes. */
export function wishesOf({ storage, custom, xenserver }: Pick<Profile, 'storage' | 'custom' | 'xenserver'>) {
  const { layout, disks } = storage;
  return { layout, disks: disks.length, vlan: custom.link.vlan, license: xenserver?.license };
}

/** What speaks against `wishes` on `os`; nothing for systems that are no hypervisors. */
export function versionFaults(os: Os, wishes: HypervisorWishes): readonly HypervisorFault[] {
  if (os.family !== 'xenserver' && os.family !== 'xcp-ng') return [];
  const name = `${os.family === 'xenserver' ? 'XenServer' : 'XCP-ng'} ${os.version}`;
  const dialect = hypervisorDialect(os);
  if (dialect === undefined) {
    const remedy = 'known are XenServer 6.0 to 8 and XCP-ng 7.4 to 8.3';
    return [{ key: ['tree'], message: `no answerfile is known for ${name}`, remedy }];
  }
  return [...storageFaults(name, dialect, wishes), ...optionFaults(name, dialect, wishes)];
}

function storageFaults(name: string, dialect: HypervisorDialect, { layout, disks }: HypervisorWishes) {
  if (layout !== 'raid1') return [];
  if (dialect.mirror === 'none') {
    const message = `the installer of ${name} makes no software RAID`;
    return [{ key: ['storage', 'layout'], message, remedy: 'write layout: whole' }];
  }
  if (disks <= 2) return [];
  const message = `the installer of ${name} mirrors two disks, not ${disks}`;
  return [{ key: ['storage', 'disks'], message, remedy: 'name two' }];
}

function optionFaults(name: string, dialect: HypervisorDialect, { vlan, license }: HypervisorWishes) {
  const faults: HypervisorFault[] = [];
  if (vlan !== undefined && !dialect.vlan) {
    const message = `the installer of ${name} cannot put the management interface into a VLAN`;
    faults.push({ key: ['link', 'vlan'], message, remedy: 'let the switch port carry that VLAN untagged' });
  }
  if (license !== undefined && !dialect.licenseFile) {
    const message = `${name} takes no licence file`;
    const remedy = 'leave it out; licences come from a licence server, where they are needed at all';
    faults.push({ key: ['xenserver', 'license'], message, remedy });
  }
  return faults;
}

/** What no hypervisor's installer sets, whatever its version: its control domain is an appliance, and no Linux system of the site's. */
export function customizationFaults(custom: Customization): readonly HypervisorFault[] {
  const layers = LAYERS.filter(({ key }) => custom.link[key] !== undefined).map(layerFault);
  const others = LINUX_KEYS.filter((key) => !isSame(custom[key], NO_CUSTOMIZATION[key])).map(linuxFault);
  return [...layers, ...others];
}

/** The layers of a link that an answerfile cannot name. */
export const LAYERS = [
  { key: 'bond', remedy: 'leave it out, and make it with xe bond-create once the pool is there' },
  { key: 'bridge', remedy: 'leave it out: every network of a hypervisor is a bridge already' },
] as const;

/** What belongs to a Linux system alone. */
export const LINUX_KEYS = [
  'users',
  'sshKeys',
  'services',
  'firewall',
  'selinux',
  'kernelArguments',
  'steps',
  'template',
] as const satisfies readonly (keyof Customization)[];

/** Why a layer is refused. */
export function layerFault({ key, remedy }: (typeof LAYERS)[number]): HypervisorFault {
  return { key: ['link', key], message: `the installer of a hypervisor makes no ${key}`, remedy };
}

/** Why a key is refused. */
export function linuxFault(key: string): HypervisorFault {
  return { key: [key], message: `${key} cannot be set on a hypervisor`, remedy: 'leave it out' };
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
