// What the API tells, as schemas: the OpenAPI document shows them, and tests hold every answer against them.

import { z } from 'zod';
import { OPERATOR_ROLES } from '../accounts/rights.ts';
import { HOST_PHASES } from '../domain.ts';

const time = z.number().describe('Milliseconds since 1970.');

/** A list that may be longer than one answer: `next` is what to send as `cursor`. */
export function page<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

const progress = z.looseObject({
  phase: z.string(),
  percent: z.number(),
  etaMs: z.number().optional(),
  detail: z.string(),
});

const verdict = z.looseObject({
  health: z.enum(['fine', 'waiting', 'wrong']),
  summary: z.string(),
  remedy: z.string().optional(),
});

export const host = z.object({
  name: z.string(),
  profile: z.string(),
  network: z.string(),
  address: z.string(),
  macs: z.array(z.string()),
  phase: z.enum(HOST_PHASES),
  reason: z.string(),
  changedAt: time,
  attempts: z.int(),
  arming: z.object({ armedAt: time, expiresAt: time, pins: z.record(z.string(), z.string()) }).optional(),
  progress: progress.optional(),
  verdict: verdict.optional().describe('On its last boot, where it was heard of lately.'),
});

export const hostDetail = host.extend({
  verdict,
  transcript: z.array(z.looseObject({})).describe('The stages of its last boot, oldest first.'),
  history: z.array(z.looseObject({})).describe('What happened to it, newest first.'),
});

export const instructions = z.object({
  form: z.string(),
  text: z.string().describe('With placeholders for secrets and token.'),
  findings: z.array(z.looseObject({ line: z.int(), severity: z.string(), message: z.string() })),
});

export const rehearsal = z.object({
  host: z.string(),
  steps: z.array(
    z.object({
      what: z.string(),
      verdict: z.enum(['green', 'warning', 'red']),
      detail: z.string(),
      remedy: z.string().optional(),
    }),
  ),
  packages: z
    .array(z.looseObject({ name: z.string(), evr: z.string(), arch: z.string(), repo: z.string() }))
    .optional()
    .describe('What would be installed.'),
});

export const hostLog = z.looseObject({ lines: z.array(z.looseObject({})) });
export const receipt = z.looseObject({});

const sync = z.looseObject({
  id: z.int(),
  repo: z.string().optional().describe('Of a sync of a repo.'),
  tree: z.string().optional().describe('Of a sync of a tree.'),
  cause: z.string(),
  startedAt: time,
});

export const repo = z.object({
  name: z.string(),
  upstream: z.string(),
  publish: z.string().optional(),
  schedule: z.string().optional(),
  keep: z.int(),
  current: z.string().optional().describe('The published snapshot.'),
  snapshots: z.array(z.string()).describe('Oldest first.'),
  lastSync: sync.optional(),
  lastGoodSync: sync.optional(),
  runningSync: sync.optional(),
  nextSync: time.optional(),
  alarm: z.string().optional(),
});
export const syncRecord = sync;

export const publication = z.looseObject({ repo: z.string(), snapshot: z.string(), before: z.string().optional() });

export const tree = z.looseObject({
  name: z.string(),
  ready: z.boolean(),
  what: z.string(),
  lastSync: sync.optional(),
  runningSync: sync.optional(),
});

export const discovered = z.looseObject({ mac: z.string(), lastSeen: time });

export const siteText = z.object({ text: z.string(), problems: z.array(z.looseObject({ message: z.string() })) });

export const siteVersion = z.object({
  id: z.int(),
  at: time,
  by: z.string().describe('The operator, the user that ran a command, or `on disk`: somebody with an editor.'),
  via: z.string(),
  operation: z.string(),
  added: z.int().describe('Lines that the version before it has not.'),
  removed: z.int().describe('Lines that the version before it has, and this one not.'),
  bytes: z.int(),
  current: z.boolean().describe('Is it what the file says now?'),
});

export const siteVersionText = siteVersion.extend({ kind: z.literal('version'), text: z.string() });

export const planRow = z.looseObject({});

const role = z.enum(OPERATOR_ROLES);

export const operator = z.object({
  name: z.string(),
  role,
  createdAt: time,
  seenAt: time.optional(),
});

/** Alone it is told without when it was seen last: its ETag is to change with the account, and with nothing else. */
export const account = operator.omit({ seenAt: true });

export const token = z.object({
  id: z.string(),
  operator: z.string(),
  label: z.string(),
  role,
  createdAt: time,
  expiresAt: time.optional(),
  seenAt: time.optional(),
});

export const madeToken = token.extend({ secret: z.string().describe('Shown this once.') });

export const session = z.object({ name: z.string(), role, via: z.enum(['session', 'token', 'command']) });

export const auditEntry = z.object({
  id: z.string(),
  at: time,
  who: z.string(),
  via: z.string(),
  address: z.string(),
  operation: z.string(),
  target: z.string(),
  status: z.int().describe("The answer's; 0 for a command."),
  before: z.string().optional().describe('What it was, in a few words.'),
  after: z.string().optional().describe('What it became.'),
});
