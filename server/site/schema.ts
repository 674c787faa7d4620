// The shape of the site file as a zod schema, and the JSON Schema made from it. What holds between values is checked elsewhere.

import { z } from 'zod';
import type { Ipv4, MacAddress } from '../address.ts';
import type { BootOptions, RangeUse, Role } from '../domain.ts';
import { customizationKeys } from './customization.ts';
import { name, secret, text } from './described.ts';
import { repo } from './repos.ts';
import { storage } from './storage.ts';
import * as values from './values.ts';
import { xenserver } from './xenserver.ts';

const ipv4 = (description: string) => text<Ipv4>(values.checkIpv4, { description, examples: ['192.168.168.2'] });
const BIOS = ['auto', 'pxelinux', 'ipxe'] as const satisfies readonly BootOptions['bios'][];
const UEFI = ['auto', 'grub', 'ipxe'] as const satisfies readonly BootOptions['uefi'][];
const ORDERS = ['network-first', 'disk-first'] as const satisfies readonly BootOptions['order'][];

const boot = {
  bios: z.enum(BIOS).meta({ description: 'The loader that BIOS machines are given.' }),
  uefi: z.enum(UEFI).meta({ description: 'The loader that UEFI machines are given.' }),
  order: z.enum(ORDERS).meta({ description: 'Where an installed UEFI system leaves the network in BootOrder.' }),
};

const siteBoot = z.strictObject({
  bios: boot.bios.default('auto'),
  uefi: boot.uefi.default('auto'),
  order: boot.order.default('network-first'),
});

const siteSection = z.strictObject({
  name: name('What this site is called.'),
  domain: text(values.checkDomain, { description: 'The domain of every host.', pattern: values.DOMAIN }),
  appliance: ipv4('The address hosts reach this appliance at.'),
  timezone: text(values.checkTimezone, { description: 'A time zone, such as Asia/Shanghai.' }).default('UTC'),
  language: text(values.shaped(values.LANGUAGE, 'no language', 'such as en_US.UTF-8'), {
    description: 'The locale of installed systems.',
    pattern: values.LANGUAGE,
  }).default('en_US.UTF-8'),
  keyboard: text(values.shaped(values.KEYBOARD, 'no keyboard layout', 'such as us or de-latin1'), {
    description: 'The console keyboard layout.',
    pattern: values.KEYBOARD,
  }).default('us'),
  ntp: z
    .array(text(values.checkServer, { description: 'An address or a host name.' }))
    .max(16)
    .default([]),
  rootPassword: secret
    .meta({ description: "The secret with the root password's crypt hash; root where absent." })
    .optional(),
  boot: siteBoot.meta({ description: 'How machines are network-booted.' }).prefault({}),
});

const RANGE_USES = [
  'hosts',
  'cloudstack-private',
  'cloudstack-storage',
  'cloudstack-guest',
  'dynamic',
  'reserved',
] as const satisfies readonly RangeUse[];

const range = z.strictObject({
  name: name('What the range is called.'),
  use: z.enum(RANGE_USES).meta({ description: 'Who takes addresses from it.' }),
  from: ipv4('The first address.'),
  to: ipv4('The last address.'),
});

export const network = z.strictObject({
  name: name('What the network is called.'),
  subnet: text(values.checkSubnet, { description: 'Network and prefix.', examples: ['192.168.168.0/24'] }),
  gateway: ipv4('The way out, where there is one.').optional(),
  dns: z.array(ipv4('A name server.')).max(16).default([]),
  ranges: z.array(range).max(100).default([]),
  lease: text(values.checkLease, {
    description: 'How long a DHCP lease lasts: from 2m to 7d.',
    examples: ['1h'],
  }).default('1h'),
});

const tree = z
  .strictObject({
    name: name('What the tree is called, in URLs too.'),
    iso: text(values.checkFilePath, { description: 'An ISO image.' }).optional(),
    directory: text(values.checkFilePath, { description: 'A directory with the files of a medium.' }).optional(),
    upstream: text(values.checkUrl, { description: 'An http(s) URL to mirror.' }).optional(),
    os: text(values.checkOs, { description: 'What it must turn out to be.', examples: ['rhel-6.2-x86_64'] }).optional(),
  })
  .meta({ oneOf: [{ required: ['iso'] }, { required: ['directory'] }, { required: ['upstream'] }] });

const ROLES = [
  'minimal',
  'cloudstack-management',
  'kvm-agent',
  'nfs-storage',
  'xenserver',
] as const satisfies readonly Role[];

const profile = z.strictObject({
  name: name('What the profile is called.'),
  tree: name('The tree it installs.'),
  role: z.enum(ROLES).meta({ description: 'The built-in recipe.' }),
  repos: z.array(name('A repo of this site.')).max(256).default([]),
  storage,
  packages: z
    .array(
      text(
        values.shaped(
          values.PACKAGE,
          'no package',
          'a package such as vim, a group such as @core, or -name to leave one out',
        ),
        { description: 'A package, or a group with an @ before it.', pattern: values.PACKAGE },
      ),
    )
    .max(5000)
    .default([]),
  cloudstack: z
    .strictObject({
      version: text(values.shaped(values.CLOUDSTACK_VERSION, 'no CloudStack version', 'such as "4.0"'), {
        description: 'In quotes: "4.0".',
        pattern: values.CLOUDSTACK_VERSION,
      }),
      hypervisor: z.enum(['xenserver', 'kvm', 'vmware']),
      'mirror-on-host': z
        .boolean()
        .default(false)
        .meta({ description: 'true: the management server keeps a copy of its repos.' }),
    })
    .optional(),
  protect: z.boolean().default(false).meta({ description: 'true: disks that carry data are not wiped.' }),
  xenserver: xenserver.optional().meta({ description: 'What hypervisors of the role xenserver are told besides.' }),
  ...customizationKeys,
});

const host = z
  .strictObject({
    name: text(values.checkHostName, {
      description: "The host's own name, without the domain.",
      pattern: values.LABEL,
    }),
    profile: name('What it becomes.'),
    network: name('The network it stands in.'),
    address: ipv4('Its address; or name a range.').optional(),
    range: name('The range to take the next free address of.').optional(),
    macs: z
      .array(text<MacAddress>(values.checkMac, { description: 'A MAC address, in quotes.' }))
      .min(1)
      .max(64),
    boot: z
      .strictObject({
        bios: boot.bios.exactOptional(),
        uefi: boot.uefi.exactOptional(),
        order: boot.order.exactOptional(),
      })
      .default({})
      .meta({ description: 'What this machine needs otherwise than the site says.' }),
  })
  .meta({ oneOf: [{ required: ['address'] }, { required: ['range'] }] });

/** No site has more. */
export const MAX_HOSTS = 20_000;

/**
 * The whole file. Every object is strict: an unknown key is a problem. Every list has an end: the checks compare all its
 * items with each other, and one far beyond any real site is a mistake.
 */
export const siteShape = z
  .strictObject({
    site: siteSection,
    networks: z.array(network).max(1000).default([]),
    repos: z.array(repo).max(1000).default([]),
    trees: z.array(tree).max(256).default([]),
    profiles: z.array(profile).max(1000).default([]),
    hosts: z.array(host).max(MAX_HOSTS).default([]),
  })
  .meta({ title: 'Kickstand site file', description: 'Everything configured on one appliance.' });

/** The file as read: right in shape, nothing checked between values. */
export type SiteFile = z.output<typeof siteShape>;

/** One host of a file; undefined where anything is wrong with its shape. */
export function readHost(item: unknown): SiteFile['hosts'][number] | undefined {
  return host.safeParse(item).data;
}

/** The lists of a file, item by item. */
const SECTIONS = { networks: network, repos: repo, trees: tree, profiles: profile, hosts: host } as const;

/** A file without a look into its lists. */
const frame = z.strictObject({
  site: siteSection,
  networks: z.array(z.unknown()).optional(),
  repos: z.array(z.unknown()).optional(),
  trees: z.array(z.unknown()).optional(),
  profiles: z.array(z.unknown()).optional(),
  hosts: z.array(z.unknown()).optional(),
});

export type Issues = {
  readonly issues: readonly z.core.$ZodIssue[];
  /** Were there so many that the rest was not looked at? */
  readonly stopped: boolean;
};

/**
 * What is wrong with the shape of `value`, item by item and no further than `most`: an issue costs far more than a right
 * value, and zod itself overruns the stack where some hundred thousand meet in one list.
 */
export function shapeIssues(value: unknown, most: number): Issues {
  const issues = [...(frame.safeParse(value).error?.issues ?? [])];
  for (const [section, schema] of Object.entries(SECTIONS)) {
    for (const [index, item] of listAt(value, section).entries()) {
      if (issues.length >= most) return { issues, stopped: true };
      const found = schema.safeParse(item).error?.issues ?? [];
      for (const issue of found) issues.push({ ...issue, path: [section, index, ...issue.path] });
    }
  }
  return { issues, stopped: false };
}

function listAt(value: unknown, section: string): readonly unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, section)) return [];
  const list: unknown = Reflect.get(value, section);
  return Array.isArray(list) ? list : [];
}

const jsonSchema: Readonly<Record<string, unknown>> = z.toJSONSchema(siteShape, { io: 'input', reused: 'inline' });

/** The JSON Schema (2020-12) of the site file, for editors and for `/api/v1/site.schema.json`. */
export function siteJsonSchema(): Readonly<Record<string, unknown>> {
  return jsonSchema;
}
