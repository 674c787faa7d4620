// What the site file says of a profile beyond role, disks and packages: its schema, the value it makes, and that value as a file says it. Pure.

import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { Customization, Link } from '../customization.ts';
import { BOND_MODES, BOOT_PROTOCOLS, NO_CUSTOMIZATION, SELINUX_MODES } from '../customization.ts';
import { SECRET_NAME } from '../secret.ts';
import { secret, text } from './described.ts';
import * as words from './customization-values.ts';
import { checkName, NAME, shaped } from './values.ts';

const link = z.strictObject({
  bootproto: z.enum(BOOT_PROTOCOLS).default('static').meta({
    description: 'dhcp: the installed system asks for its address; static: it is written into its configuration.',
  }),
  bond: z.enum(BOND_MODES).optional().meta({ description: 'All cards of the host (its macs) as one, in this mode.' }),
  vlan: z.int().min(1).max(4094).optional().meta({ description: 'The 802.1Q tag of its traffic.' }),
  bridge: text(words.checkInterface, {
    description: 'A bridge that carries the address.',
    pattern: words.INTERFACE,
    examples: ['cloudbr0'],
  }).optional(),
});

const sshKeys = z
  .array(
    text(words.checkSshKey, {
      description: 'A public key, as in authorized_keys.',
      examples: ['ssh-ed25519 AAAA… ops'],
    }),
  )
  .max(100)
  .default([]);

const account = (description: string) =>
  text(shaped(words.ACCOUNT, 'no name of an account', 'lower-case letters, digits, dashes and underscores'), {
    description,
    pattern: words.ACCOUNT,
  });

const user = z.strictObject({
  name: text(words.checkUser, { description: 'The name of the account.', pattern: words.ACCOUNT }),
  password: secret
    .optional()
    .meta({ description: "The secret with its password's crypt hash. Without one: keys alone." }),
  groups: z.array(account('A group it belongs to, such as wheel.')).max(32).default([]),
  sshKeys,
});

const unit = (description: string) =>
  text(shaped(words.UNIT, 'no name of a service', 'such as httpd'), { description, pattern: words.UNIT });

/** The keys of a profile, beside its others. */
export const customizationKeys = {
  link: link.prefault({}).meta({ description: 'How the installed system is connected.' }),
  users: z.array(user).max(100).default([]).meta({ description: 'Accounts beside root.' }),
  sshKeys: sshKeys.meta({ description: "Root's public keys." }),
  services: z
    .strictObject({
      enabled: z.array(unit('A service that starts at boot.')).max(100).default([]),
      disabled: z.array(unit('A service that does not.')).max(100).default([]),
    })
    .prefault({}),
  firewall: z
    .strictObject({
      services: z.array(unit('A service of firewalld or system-config-firewall, such as http.')).max(100).default([]),
      ports: z
        .array(
          text(words.checkPort, { description: 'A port and protocol.', pattern: words.PORT, examples: ['8443/tcp'] }),
        )
        .max(100)
        .default([]),
    })
    .prefault({})
    .meta({ description: 'What it lets in besides ssh and what the role needs.' }),
  selinux: z.enum(SELINUX_MODES).optional().meta({ description: 'Without it: what the role needs.' }),
  kernelArguments: z
    .array(
      text(words.checkKernelArgument, {
        description: "For the installed system's kernel.",
        examples: ['console=ttyS0'],
      }),
    )
    .max(50)
    .default([]),
  steps: z
    .array(
      z.strictObject({
        name: text(shaped(words.STEP, 'no name of a step', 'a short word of letters, digits and dashes'), {
          description: 'What it is called in reports and logs.',
          pattern: words.STEP,
        }),
        run: text(words.checkScript, { description: 'Shell text, run by bash with set -e in the installed system.' }),
      }),
    )
    .max(50)
    .default([])
    .meta({ description: 'What %post does besides, in this order.' }),
  secrets: z
    .array(text(words.checkAskedSecret, { description: 'A name given to kickstand secret set.', pattern: SECRET_NAME }))
    .max(100)
    .default([])
    .meta({ description: 'What its template may ask for.' }),
  template: text(checkName, {
    description: 'A kickstart of your own: NAME.ks below kickstarts/, beside the site file.',
    pattern: NAME,
  }).optional(),
} as const;

const shape = z.strictObject(customizationKeys);
export type CustomizationFile = z.output<typeof shape>;

/** The customization of a checked file. */
export function buildCustomization(file: CustomizationFile): Customization {
  const { users, sshKeys: rootKeys, services, firewall, selinux, kernelArguments, steps, secrets, template } = file;
  return {
    link: buildLink(file.link),
    users: users.map(({ password, ...rest }) => ({ ...rest, password })),
    sshKeys: rootKeys,
    services,
    firewall,
    selinux,
    kernelArguments,
    steps,
    secrets,
    template,
  };
}

function buildLink({ bootproto, bond, vlan, bridge }: CustomizationFile['link']): Link {
  return { bootproto, bond, vlan, bridge };
}

/** As it stands in a site file: the keys that say something. Most profiles have none of them. */
export function showCustomization(custom: Customization): Readonly<Record<string, unknown>> {
  const nothing: Readonly<Record<string, unknown>> = NO_CUSTOMIZATION;
  return Object.fromEntries(Object.entries(custom).filter(([key, value]) => !isDeepStrictEqual(value, nothing[key])));
}
