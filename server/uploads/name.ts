// The names of staged files: which there may be, and what an extension says of an image. Pure.

import type { No } from '../malformed.ts';
import { no } from '../malformed.ts';

/** Formats as CloudStack's registerTemplate spells them; an ISO goes to registerIso. */
export type ImageFormat = 'QCOW2' | 'RAW' | 'VHD' | 'VHDX' | 'OVA' | 'VMDK' | 'TAR' | 'ISO';

/** As CloudStack spells them. */
export type Hypervisor = 'XenServer' | 'KVM' | 'VMware' | 'Hyperv' | 'LXC' | 'Ovm3';

export type Image = {
  readonly format: ImageFormat;
  /** The extension of what it is packed with. */
  readonly packed: string | undefined;
  /** What it most likely runs on; undefined for an ISO, which any of them boots. */
  readonly hypervisor: Hypervisor | undefined;
};

const FORMATS: Readonly<Record<string, { readonly format: ImageFormat; readonly hypervisor: Hypervisor | undefined }>> =
  {
    qcow2: { format: 'QCOW2', hypervisor: 'KVM' },
    raw: { format: 'RAW', hypervisor: 'KVM' },
    img: { format: 'RAW', hypervisor: 'KVM' },
    vhd: { format: 'VHD', hypervisor: 'XenServer' },
    vhdx: { format: 'VHDX', hypervisor: 'Hyperv' },
    ova: { format: 'OVA', hypervisor: 'VMware' },
    vmdk: { format: 'VMDK', hypervisor: 'VMware' },
    tar: { format: 'TAR', hypervisor: 'LXC' },
    iso: { format: 'ISO', hypervisor: undefined },
  };

/** A word in a name tells more than its format: Hyper-V's system VM comes as VHD, OVM's as RAW. */
const WORDS: readonly (readonly [RegExp, Hypervisor])[] = [
  [/(?:^|[._+-])(?:xen|xenserver|xcp|xcp-ng)(?:[._+-]|$)/i, 'XenServer'],
  [/(?:^|[._+-])kvm(?:[._+-]|$)/i, 'KVM'],
  [/(?:^|[._+-])(?:vmware|vsphere|esxi?)(?:[._+-]|$)/i, 'VMware'],
  [/(?:^|[._+-])hyper-?v(?:[._+-]|$)/i, 'Hyperv'],
  [/(?:^|[._+-])ovm3?(?:[._+-]|$)/i, 'Ovm3'],
  [/(?:^|[._+-])lxc(?:[._+-]|$)/i, 'LXC'],
];

const EXTENSIONS = Object.keys(FORMATS).join('|');
const PACKED = 'bz2|gz|zip|xz';

/** The whole rule as a pattern: letters, digits and `._+-`, begun by a letter or digit, ended by a known extension, perhaps packed. */
export const STAGED_NAME = `^(?=.{1,200}$)[A-Za-z0-9][A-Za-z0-9._+-]*\\.(?:${EXTENSIONS})(?:\\.(?:${PACKED}))?$`;

const NAME = new RegExp(STAGED_NAME);
const ENDING = new RegExp(`\\.(${EXTENSIONS})(?:\\.(${PACKED}))?$`);

/** Is this a name that a staged file may have? */
export function isStagedName(name: string): boolean {
  return NAME.test(name) && !name.includes('..');
}

/** Why a name is none. */
export function refuseName(name: string): No | undefined {
  if (isStagedName(name)) return undefined;
  return no(
    `${JSON.stringify(name.slice(0, 80))} is no name for a template or ISO`,
    `letters, digits and . _ + - only, at most 200, ending in .${EXTENSIONS.replaceAll('|', ', .')}, each perhaps with .${PACKED.replaceAll('|', ', .')} behind it`,
  );
}

/** What the name of a staged file says of it. */
export function imageOf(name: string): Image {
  const [, extension = '', packed] = ENDING.exec(name) ?? [];
  const known = FORMATS[extension] ?? { format: 'RAW', hypervisor: 'KVM' };
  const said = WORDS.find(([word]) => word.test(name.slice(0, -extension.length)))?.[1];
  return { format: known.format, packed, hypervisor: known.format === 'ISO' ? undefined : (said ?? known.hypervisor) };
}
