// The stored form of a stage: JSON text whose words are plain and bounded, and read back only where it is whole. Pure.

import { z } from 'zod';
import { printable } from '../printable.ts';
import type { Stage } from '../stages.ts';

/** Longer than any name, class or report that tells something; what strangers send is cut here. */
const TEXT_LIMIT = 1000;

const text = z.string();
const count = z.number();
const firmware = z.object({
  platform: z.enum(['bios', 'uefi']),
  arch: z.enum(['x86_64', 'i386', 'aarch64', 'other']),
  transport: z.enum(['tftp', 'http']),
  isIpxe: z.boolean(),
});
const port = z.union([z.literal(67), z.literal(4011)]);
const mode = z.enum(['proxy', 'server']);

const dhcpAsked = z.object({
  kind: z.literal('dhcp-asked'),
  type: z.enum(['discover', 'request']),
  port,
  firmware,
  archCode: count,
  vendorClass: text,
  userClass: text,
});
const dhcpAnswered = z
  .object({
    kind: z.literal('dhcp-answered'),
    mode,
    port,
    address: text.optional(),
    file: text.optional(),
    reason: text,
  })
  // JSON leaves out what is undefined.
  .transform(({ address, file, ...rest }) => ({ ...rest, address, file }));
const dhcpForeign = z.object({ kind: z.literal('dhcp-foreign'), server: text, mode });
const file = z.object({
  kind: z.literal('file'),
  via: z.enum(['tftp', 'http']),
  name: text,
  role: z.enum([
    'loader',
    'second-loader',
    'module',
    'config',
    'kernel',
    'initrd',
    'xen',
    'probe',
    'own-disk',
    'unknown',
  ]),
  gave: text,
  outcome: z.enum(['sending', 'sent', 'probed', 'closed', 'timed-out', 'failed', 'not-found', 'refused']),
  sizeBytes: count,
  bytes: count,
  durationMs: count,
  asked: text,
  granted: text,
  reason: text,
});
const script = z.object({
  kind: z.literal('script'),
  loader: z.enum(['pxelinux', 'grub', 'ipxe']),
  told: z.enum(['install', 'local']),
  reason: text,
});
const instructions = z.object({
  kind: z.literal('instructions'),
  what: text,
  outcome: z.enum(['given', 'refused']),
  reason: text,
});
const content = z.object({
  kind: z.literal('content'),
  what: z.enum(['treeinfo', 'stage2', 'metadata', 'package', 'other']),
  name: text,
  outcome: z.enum(['sent', 'broken-off', 'not-found']),
  count,
  bytes: count,
  firstAt: count.optional(),
});
const report = z.object({ kind: z.literal('report'), stage: text, message: text });

const storedStage: z.ZodType<Stage> = z.discriminatedUnion('kind', [
  dhcpAsked,
  dhcpAnswered,
  dhcpForeign,
  file,
  script,
  instructions,
  content,
  report,
]);

/** The stored text of a stage. Control characters and what is beyond ASCII become `?`: it is shown on terminals and pages. */
export function encodeStage(stage: Stage): string {
  return JSON.stringify(stage, (_key, value: unknown) =>
    typeof value === 'string' ? printable(value, TEXT_LIMIT) : value,
  );
}

/** Reads `encodeStage`'s text; undefined where it is none (another version's row, a damaged disk): evidence, not state. */
export function decodeStage(stored: string): Stage | undefined {
  try {
    return storedStage.safeParse(JSON.parse(stored)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
