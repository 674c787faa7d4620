// THE vocabulary: the values that folders hand to each other. Types, and the list one is made of.

import type { Ipv4, MacAddress, Subnet } from './address.ts';
import type { Customization } from './customization.ts';
import type { HypervisorOptions } from './hypervisor.ts';
import type { Repo } from './repo.ts';
import type { SecretRef } from './secret.ts';
import type { Template, Templates } from './templates.ts';

// ── Site: everything configured on one appliance ────────────────────────────────────────────────────────────────

/** The site file, parsed and checked; no defaults applied but those the file format itself names. */
export type Site = {
  readonly name: string;
  readonly domain: string;
  readonly appliance: Ipv4;
  readonly timezone: string;
  readonly language: string;
  readonly keyboard: string;
  readonly ntp: readonly string[];
  readonly rootPassword: SecretRef | undefined;
  readonly boot: BootOptions;
  readonly networks: readonly Network[];
  readonly repos: readonly Repo[];
  readonly trees: readonly Tree[];
  readonly profiles: readonly Profile[];
  readonly hosts: readonly Host[];
};

export type Network = {
  readonly name: string;
  readonly subnet: Subnet;
  readonly gateway: Ipv4 | undefined;
  readonly dns: readonly Ipv4[];
  readonly ranges: readonly AddressRange[];
  /** How long a DHCP lease of this network lasts, in seconds. */
  readonly leaseSeconds: number;
};

export type RangeUse =
  'hosts' | 'cloudstack-private' | 'cloudstack-storage' | 'cloudstack-guest' | 'dynamic' | 'reserved';

/** An inclusive range of addresses inside its network's subnet. */
export type AddressRange = { readonly name: string; readonly use: RangeUse; readonly from: Ipv4; readonly to: Ipv4 };

/** An installable OS tree and where its files come from. Relative paths are sought in DATA/media, then beside the site file. */
export type Tree = { readonly name: string; readonly source: TreeSource; readonly os: Os | undefined };

export type TreeSource =
  | { readonly kind: 'iso'; readonly path: string }
  | { readonly kind: 'directory'; readonly path: string }
  | { readonly kind: 'upstream'; readonly url: string };

export type OsFamily =
  'rhel' | 'centos' | 'rocky' | 'almalinux' | 'oracle' | 'scientific' | 'fedora' | 'xenserver' | 'xcp-ng';

/** What a tree installs: written `rhel-6.2-x86_64` in a site file. `major` is 6 of 6.2. */
export type Os = { readonly family: OsFamily; readonly version: string; readonly major: number; readonly arch: string };

export type Role = 'minimal' | 'cloudstack-management' | 'kvm-agent' | 'nfs-storage' | 'xenserver';

/** What a host becomes. */
export type Profile = {
  readonly name: string;
  readonly tree: string;
  readonly role: Role;
  readonly repos: readonly string[];
  readonly storage: Storage;
  readonly packages: readonly string[];
  readonly cloudstack: CloudStackOptions | undefined;
  /** Disks that carry data are not wiped: the installer's %pre refuses. */
  readonly protect: boolean;
  readonly custom: Customization;
  readonly xenserver: HypervisorOptions | undefined;
};

/** How disks become one: `whole` is one disk with plain partitions; the others carry a volume group, on disks, a mirror or RAID 10. */
export type Layout = 'whole' | 'lvm' | 'raid1' | 'raid10';

/** Only the disks named here are ever wiped. `guest` disks hold a hypervisor's local storage. */
export type Storage = {
  readonly layout: Layout;
  readonly disks: readonly string[];
  /** How large `/` is, in MiB; undefined: all that is left. */
  readonly rootMb: number | undefined;
  /** File systems of their own on the system's disks, in MiB or all that is left. */
  readonly mounts: readonly { readonly at: string; readonly sizeMb: number | 'rest' }[];
  /** Further disks, each lot of them one file system. */
  readonly data: readonly { readonly at: string; readonly layout: Layout; readonly disks: readonly string[] }[];
  readonly guest: readonly string[];
};

export type CloudStackOptions = {
  readonly version: string;
  readonly hypervisor: 'xenserver' | 'kvm' | 'vmware';
  /** The management server keeps a copy of its repos, so that it does without this appliance from then on. */
  readonly mirrorOnHost: boolean;
};

/** One machine to install, known by its MACs. `address` is as written, or the one allocated from the range it names. */
export type Host = {
  readonly name: string;
  readonly profile: string;
  readonly network: string;
  readonly address: Ipv4;
  readonly macs: readonly MacAddress[];
  /** What this machine needs otherwise than the site says. */
  readonly boot: Partial<BootOptions>;
};

/** How machines are network-booted. `auto`: iPXE where the firmware is one, else pxelinux, or the tree's own shim and GRUB. */
export type BootOptions = {
  readonly bios: 'auto' | 'pxelinux' | 'ipxe';
  readonly uefi: 'auto' | 'grub' | 'ipxe';
  /** Where an installed UEFI system leaves the network in the firmware's BootOrder. */
  readonly order: 'network-first' | 'disk-first';
};

// ── Catalog: the content the appliance really has ───────────────────────────────────────────────────────────────

/** The trees and repos of a site as they stand on disk now, and the URL prefix they are served under. */
export type Catalog = {
  /** `http://192.168.168.26` or with a port; no slash at the end. */
  readonly origin: string;
  /** Where installers may send their own log, `192.168.168.26:514`; undefined: the appliance does not listen for it. */
  readonly syslog: string | undefined;
  readonly trees: ReadonlyMap<string, TreeStatus>;
  readonly repos: ReadonlyMap<string, RepoStatus>;
  /** The operator's own kickstarts; empty where no profile names one. */
  readonly templates: Templates;
};

export type TreeStatus =
  | { readonly kind: 'ready'; readonly facts: TreeFacts }
  /** Not usable. `expected` are the facts of such a tree where the site says which OS it must be. */
  | {
      readonly kind: 'absent';
      readonly reason: string;
      readonly remedy: string;
      readonly expected: TreeFacts | undefined;
    };

/** What is known of an installable tree. All paths are relative to its root, with forward slashes. */
export type TreeFacts = {
  readonly os: Os;
  readonly boot: BootFiles;
  /** The installer's second stage (`images/install.img`), where the tree names one. */
  readonly stage2: string | undefined;
  /** Its RPM repositories: `{ id: 'Server', path: 'Server' }`; path `''` is the root itself. */
  readonly repositories: readonly { readonly id: string; readonly path: string }[];
};

export type BootFiles =
  | { readonly kind: 'linux'; readonly kernel: string; readonly initrd: string }
  /** Xen's multiboot chain: hypervisor, dom0 kernel, installer image. */
  | { readonly kind: 'xen'; readonly xen: string; readonly kernel: string; readonly initrd: string };

export type RepoStatus = {
  /** The id of the published snapshot, or undefined before the first sync. */
  readonly current: string | undefined;
  /** Every snapshot id kept, oldest first. */
  readonly snapshots: readonly string[];
};

// ── Install: host + profile + tree + pinned snapshots, every default applied ────────────────────────────────────

export type Install = {
  readonly host: {
    readonly name: string;
    readonly fqdn: string;
    readonly domain: string;
    readonly address: Ipv4;
    readonly macs: readonly [MacAddress, ...MacAddress[]];
  };
  readonly network: {
    readonly subnet: Subnet;
    readonly netmask: Ipv4;
    readonly gateway: Ipv4 | undefined;
    readonly dns: readonly Ipv4[];
    readonly ranges: readonly AddressRange[];
  };
  readonly site: {
    readonly name: string;
    readonly timezone: string;
    readonly language: string;
    readonly keyboard: string;
    readonly ntp: readonly string[];
    /** Every host of the site, for hosts files: sorted by address. */
    readonly hosts: readonly { readonly name: string; readonly fqdn: string; readonly address: Ipv4 }[];
  };
  readonly profile: string;
  readonly role: Role;
  readonly os: Os;
  readonly tree: { readonly name: string; readonly url: string; readonly facts: TreeFacts };
  /** In the profile's order. `url` is pinned to `snapshot` where there is one; it ends in a slash. */
  readonly repos: readonly InstallRepo[];
  readonly storage: Storage;
  readonly packages: readonly string[];
  readonly cloudstack: CloudStackOptions | undefined;
  readonly protect: boolean;
  readonly custom: Customization;
  readonly xenserver: HypervisorOptions | undefined;
  /** The operator's own kickstart, where the profile names one. */
  readonly template: Template | undefined;
  readonly boot: BootOptions;
  readonly rootPassword: SecretRef;
  /** `http://192.168.168.26`; no slash at the end. */
  readonly origin: string;
  /** Where its installer sends its own log, `192.168.168.26:514`; undefined: nowhere. */
  readonly syslog: string | undefined;
  /** The arming's token, or undefined in previews and bundles (a placeholder is rendered then). */
  readonly token: string | undefined;
};

export type InstallRepo = {
  readonly name: string;
  readonly url: string;
  readonly snapshot: string | undefined;
  /** The second path that the site serves it at, `/4.0/`; absent where there is none. */
  readonly publish?: string;
};

/** Looks a secret up by name. `undefined`: not set. A redacting look-up answers a placeholder for each name. */
export type SecretLookup = (name: string) => string | undefined;

/** A configuration file at its place in the installed system. `path` is absolute; `mode` as in chmod. */
export type ConfigFile = { readonly path: string; readonly mode: number; readonly text: string };

// ── Host life ───────────────────────────────────────────────────────────────────────────────────────────────────

export const HOST_PHASES = ['disarmed', 'armed', 'booting', 'installing', 'installed', 'failed', 'stalled'] as const;
export type HostPhase = (typeof HOST_PHASES)[number];

/** Leave to install once. Times are milliseconds since 1970. `pins`: repo name → snapshot id, as current when armed. */
export type Arming = {
  readonly token: string;
  readonly armedAt: number;
  readonly expiresAt: number;
  readonly pins: Readonly<Record<string, string>>;
  /** The fingerprint of the install that was agreed to: another one is not installed under this arming. */
  readonly install: string;
};

/** Where a host stands. `reason` tells the cause of the last change, for people. */
export type HostState = {
  readonly phase: HostPhase;
  readonly arming: Arming | undefined;
  /** How often an install was booted under this arming. */
  readonly attempts: number;
  /** When the boot script of the last counted power-on was first given. */
  readonly lastBootAt: number | undefined;
  readonly changedAt: number;
  readonly reason: string;
};

// ── Boot ────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whoever just asked, before we know the host. */
export type BootClient = {
  readonly mac: MacAddress | undefined;
  readonly uuid: string | undefined;
  readonly address: string | undefined;
};

/** What runs on a machine that asks for network boot, as its request tells (RFC 4578 §2.1, IANA "Processor Architecture Types"). */
export type Firmware = {
  readonly platform: 'bios' | 'uefi';
  /** RPM's names; `other`: one that no tree is made for. */
  readonly arch: 'x86_64' | 'i386' | 'aarch64' | 'other';
  /** How it fetches its first program. */
  readonly transport: 'tftp' | 'http';
  /** iPXE already runs: it wants a script. */
  readonly isIpxe: boolean;
};

/** What a machine that asks for network boot is given first: a name for TFTP, or a whole `http://` URL. */
export type BootAnswer =
  | { readonly kind: 'boot'; readonly file: string }
  /** `file` is not there: firmware that does not find it goes on to its next boot entry at once. */
  | { readonly kind: 'own-disk'; readonly file: string; readonly reason: string }
  | { readonly kind: 'none'; readonly reason: string };

/** What the installer's kernel is told; or Xen's arguments and those of the kernel it starts. */
export type InstallerArguments =
  | { readonly kind: 'linux'; readonly kernel: readonly string[] }
  | { readonly kind: 'xen'; readonly xen: readonly string[]; readonly kernel: readonly string[] };

export type BootDecision =
  | { readonly kind: 'install'; readonly install: Install; readonly arguments: InstallerArguments }
  /** Boot your own disk. `host` where the machine is known. */
  | { readonly kind: 'local'; readonly host: string | undefined; readonly cause: LocalCause; readonly reason: string };

/** Why a machine is told to boot its own disk: what the appliance writes down of it depends on this. */
export type LocalCause = 'unknown' | 'not-armed' | 'attempts-spent' | 'cannot-install';
