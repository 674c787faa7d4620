// What the site file says of a profile's hypervisors: its schema, the options it makes, and these as a file says them. Pure.

import { z } from 'zod';
import type { HypervisorOptions } from '../hypervisor.ts';
import { NETWORK_BACKENDS, SR_TYPES } from '../hypervisor.ts';
import { formatSizeMb, readSizeMb, SIZE } from '../size.ts';
import { name, secret, text } from './described.ts';
import type { Fault } from './finding.ts';
import { quoted } from './finding.ts';
import * as values from './values.ts';

/** Less does not start the control domain; more than this nobody has given one. */
const DOM0_MB = { least: 752, most: 128 * 1024 } as const;

/** How much memory: MiB at the least, in whole numbers. */
function checkDom0Memory(memory: string): Fault | undefined {
  const sizeMb = readSizeMb(memory);
  if (sizeMb === undefined) return { message: `${quoted(memory)} is no size`, remedy: 'such as 2940M or 4G' };
  return sizeMb >= DOM0_MB.least && sizeMb <= DOM0_MB.most
    ? undefined
    : { message: `${memory} is no memory for a control domain`, remedy: 'from 752M to 128G' };
}

function checkPack(file: string): Fault | undefined {
  if (/\.iso$/i.test(file)) return values.checkFilePath(file);
  return { message: `${quoted(file)} is no supplemental pack`, remedy: 'an ISO image; unpack a .tgz first' };
}

function checkLabel(label: string): Fault | undefined {
  return /^[A-Za-z0-9][\w .,:/-]{0,99}$/.test(label)
    ? undefined
    : { message: `${quoted(label)} is no name of a network here`, remedy: 'such as cloud-private' };
}

/** The key of a profile. */
export const xenserver = z.strictObject({
  srType: z.enum(SR_TYPES).optional().meta({ description: 'Local storage: LVM volumes, or files on ext (thin).' }),
  backend: z.enum(NETWORK_BACKENDS).optional().meta({
    description: 'The network stack; bridge for CloudStack zones with security groups.',
  }),
  labels: z
    .record(z.string(), text(checkLabel, { description: 'The name of the network.', examples: ['cloud-private'] }))
    .default({})
    .meta({ description: 'Names of networks by card or bridge, such as eth0: cloud-private.' }),
  license: text(values.checkFilePath, { description: 'The file of a licence, below DATA/media.' }).optional(),
  packs: z
    .array(text(checkPack, { description: 'A supplemental pack, an ISO image below DATA/media.' }))
    .max(16)
    .default([]),
  pool: z
    .strictObject({
      master: name('The host whose pool the others join.'),
      password: secret.meta({ description: "The secret with root's password as clear text." }),
    })
    .optional(),
  dom0Memory: text(checkDom0Memory, {
    description: 'Memory of the control domain.',
    pattern: `^${SIZE}$`,
    examples: ['2940M'],
  }).optional(),
});

export type XenserverFile = z.output<typeof xenserver>;

/** The options of a checked file. */
export function buildXenserver({ dom0Memory, labels, ...rest }: XenserverFile): HypervisorOptions {
  const { srType, backend, license, packs, pool } = rest;
  return {
    srType,
    backend,
    labels: Object.entries(labels)
      .map(([device, label]) => ({ device, label }))
      .toSorted((one, other) => (one.device < other.device ? -1 : 1)),
    license,
    packs,
    pool,
    dom0MemoryMb: dom0Memory === undefined ? undefined : readSizeMb(dom0Memory),
  };
}

/** As it stands in a site file. */
export function showXenserver({ dom0MemoryMb, labels, ...rest }: HypervisorOptions): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    labels: Object.fromEntries(labels.map(({ device, label }) => [device, label])),
    dom0Memory: dom0MemoryMb === undefined ? undefined : formatSizeMb(dom0MemoryMb),
  };
}
