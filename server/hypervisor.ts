// What a profile may say of its hypervisors beyond disks and link. Types and closed lists; a leaf.

import type { SecretRef } from './secret.ts';

/** How local storage is kept: LVM volumes, or files on ext (thin). The values of the answerfile's attribute. */
export const SR_TYPES = ['lvm', 'ext'] as const;

/** The network stack of the control domain; the answerfile's words. */
export const NETWORK_BACKENDS = ['bridge', 'openvswitch'] as const;

/** A network by its card (`eth0`) or bridge (`xenbr0`), and the name it gets: what a CloudStack zone's traffic labels refer to. */
export type NetworkLabel = { readonly device: string; readonly label: string };

/** A card or bridge as XenServer names it. */
export const LABELLED_DEVICE = '^(?:eth|xenbr)\\d{1,3}$';

/** Later hosts join the pool of the host `master`. `password` is root's there, as clear text: `xe pool-join` takes no other form. */
export type PoolOptions = { readonly master: string; readonly password: SecretRef };

export type HypervisorOptions = {
  /** undefined: the installer's own default. */
  readonly srType: (typeof SR_TYPES)[number] | undefined;
  /** undefined: the installer's own default, Open vSwitch from 6.0 on. */
  readonly backend: (typeof NETWORK_BACKENDS)[number] | undefined;
  /** Sorted by device. */
  readonly labels: readonly NetworkLabel[];
  /** The file of a licence; relative paths are sought as ISOs are. */
  readonly license: string | undefined;
  /** Supplemental packs, ISO images, in the order they are installed. */
  readonly packs: readonly string[];
  readonly pool: PoolOptions | undefined;
  /** Memory of the control domain, in MiB; undefined: the installer's own default. */
  readonly dom0MemoryMb: number | undefined;
};

/** Nothing said. */
export const NO_HYPERVISOR_OPTIONS: HypervisorOptions = {
  srType: undefined,
  backend: undefined,
  labels: [],
  license: undefined,
  packs: [],
  pool: undefined,
  dom0MemoryMb: undefined,
};
