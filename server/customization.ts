// What a profile may say of its hosts beyond role, disks and packages. Types and the empty value; a leaf.

import type { SecretRef } from './secret.ts';

/** How the kernel's bonding driver spreads traffic; the names of its documentation (Linux, bonding.rst). */
export const BOND_MODES = [
  'balance-rr',
  'active-backup',
  'balance-xor',
  'broadcast',
  '802.3ad',
  'balance-tlb',
  'balance-alb',
] as const;
export type BondMode = (typeof BOND_MODES)[number];

export const BOOT_PROTOCOLS = ['static', 'dhcp'] as const;

/** How the installed system is connected. Layers from below: cards, bond over all of the host's cards, VLAN, bridge. */
export type Link = {
  readonly bootproto: (typeof BOOT_PROTOCOLS)[number];
  readonly bond: BondMode | undefined;
  /** The 802.1Q tag, 1 to 4094; untagged where undefined. */
  readonly vlan: number | undefined;
  /** The bridge that carries the address: `cloudbr0`. */
  readonly bridge: string | undefined;
};

/** An account. Without a password it is entered by its keys alone. */
export type User = {
  readonly name: string;
  readonly password: SecretRef | undefined;
  readonly groups: readonly string[];
  readonly sshKeys: readonly string[];
};

export const SELINUX_MODES = ['enforcing', 'permissive', 'disabled'] as const;

/** A step of the operator's own in %post: shell text, run by bash with `set -e`. */
export type OwnStep = { readonly name: string; readonly run: string };

/** What the built-in %post calls its own steps: a report names a step by this alone, so no own step may be called so. */
export const BUILT_IN_STEPS = [
  'files',
  'network',
  'ssh-keys',
  'exports',
  'libvirt',
  'services',
  'first-boot',
  'mirror',
  'firewall',
] as const;
export type BuiltInStep = (typeof BUILT_IN_STEPS)[number];

export type Customization = {
  readonly link: Link;
  readonly users: readonly User[];
  /** Root's authorized keys. */
  readonly sshKeys: readonly string[];
  readonly services: { readonly enabled: readonly string[]; readonly disabled: readonly string[] };
  /** What the firewall lets in besides ssh and what the role needs: `http`, `8443/tcp`. */
  readonly firewall: { readonly services: readonly string[]; readonly ports: readonly string[] };
  /** undefined: what the role needs. */
  readonly selinux: (typeof SELINUX_MODES)[number] | undefined;
  /** For the installed system's kernel. */
  readonly kernelArguments: readonly string[];
  readonly steps: readonly OwnStep[];
  /** The secrets that its template may ask for, besides those of its accounts and its role. */
  readonly secrets: readonly string[];
  /** The operator's own kickstart, by its name among the site's templates; undefined: the built-in one. */
  readonly template: string | undefined;
};

/** Nothing said: what a profile without any of these keys has. */
export const NO_CUSTOMIZATION: Customization = {
  link: { bootproto: 'static', bond: undefined, vlan: undefined, bridge: undefined },
  users: [],
  sshKeys: [],
  services: { enabled: [], disabled: [] },
  firewall: { services: [], ports: [] },
  selinux: undefined,
  kernelArguments: [],
  steps: [],
  secrets: [],
  template: undefined,
};
