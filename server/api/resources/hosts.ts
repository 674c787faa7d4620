// Hosts over the API: who they are, where they stand, what they would be told, their logs and receipts; arming and disarming.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo, no } from '../../malformed.ts';
import { after, count, hostParam } from '../names.ts';
import type { Operation } from '../operation.ts';
import { operation, rejected, reply, replyOr } from '../operation.ts';
import * as shapes from '../shapes.ts';

/** Which lines of a log: those behind `after`, or the newest. */
export type LogPage = { readonly after: number | undefined; readonly limit: number };

/** What is told of a host in a list, as far as lists are filtered by it. */
export type ListedHost = {
  readonly name: string;
  readonly phase: string;
  readonly profile: string;
  readonly address: string;
  readonly macs: readonly string[];
};

export type HostParts = {
  readonly hosts: () => Promise<readonly ListedHost[]>;
  readonly host: (name: string) => Promise<unknown>;
  readonly render: (name: string, form: string | undefined) => Promise<unknown>;
  readonly rehearse: (name: string) => Promise<unknown>;
  readonly receipts: (name: string) => Promise<unknown>;
  readonly receipt: (name: string, armedAt: number) => Promise<unknown>;
  readonly log: (name: string, page: LogPage) => Promise<unknown>;
  readonly arm: (
    name: string,
    forMs: number | undefined,
  ) => Promise<No | { readonly kind: 'armed'; readonly before: string; readonly wipes: readonly string[] }>;
  readonly disarm: (name: string) => Promise<No | { readonly kind: 'disarmed'; readonly before: string }>;
};

const FORMS = ['kickstart', 'answerfile', 'pxelinux', 'ipxe', 'grub'] as const;

/** The operations on hosts. */
export function hostOperations(parts: HostParts): readonly Operation[] {
  return [...looks(parts), ...evidence(parts), ...changes(parts)];
}

function looks(parts: HostParts): readonly Operation[] {
  return [
    operation({
      id: 'listHosts',
      method: 'get',
      path: '/hosts',
      summary: 'The hosts of the site and where they stand.',
      right: 'viewer',
      query: z.strictObject({
        q: z.string().max(100).optional().describe('In a name, profile, address or MAC.'),
        phase: z.string().max(20).optional(),
        cursor: z.string().max(64).optional().describe('The next of the page before.'),
        limit: count(1, 20_000, 20_000),
      }),
      description: 'A page of hosts, in the order of the site file.',
      schema: shapes.page(shapes.host),
      run: async ({ query }) => reply(pageOf(await parts.hosts(), query)),
    }),
    operation({
      id: 'getHost',
      method: 'get',
      path: '/hosts/{host}',
      summary: 'One host, with the verdict on its last boot and its history.',
      right: 'viewer',
      params: hostParam,
      description: 'The host.',
      schema: shapes.hostDetail,
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.host(params.host)),
    }),
    operation({
      id: 'getInstructions',
      method: 'get',
      path: '/hosts/{host}/instructions',
      summary: 'What its installer would be told, with what its release would say of it.',
      right: 'viewer',
      params: hostParam,
      query: z.strictObject({ form: z.enum(FORMS).optional() }),
      description: 'The text, secrets left out.',
      schema: shapes.instructions,
      refusals: [409],
      run: async ({ params, query }) => replyOr(409, await parts.render(params.host, query.form)),
    }),
  ];
}

/** What its installs left behind. */
function evidence(parts: HostParts): readonly Operation[] {
  return [
    operation({
      id: 'getHostLog',
      method: 'get',
      path: '/hosts/{host}/log',
      summary: 'What its installer and its scripts said.',
      right: 'viewer',
      params: hostParam,
      query: z.strictObject({ after, limit: count(1, 5000, 200) }),
      description: 'A page of lines; send its next as after.',
      schema: shapes.hostLog,
      refusals: [404],
      run: async ({ params, query }) =>
        replyOr(404, await parts.log(params.host, { after: query.after, limit: query.limit })),
    }),
    operation({
      id: 'listReceipts',
      method: 'get',
      path: '/hosts/{host}/receipts',
      summary: 'What it was installed from, newest first.',
      right: 'viewer',
      params: hostParam,
      description: 'The receipts.',
      schema: z.array(shapes.receipt),
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.receipts(params.host)),
    }),
    operation({
      id: 'getReceipt',
      method: 'get',
      path: '/hosts/{host}/receipts/{armedAt}',
      summary: 'One receipt, with the names of its packages.',
      right: 'viewer',
      params: hostParam.extend({
        armedAt: z
          .string()
          .regex(/^\d{1,15}$/)
          .describe('As the list tells it.'),
      }),
      description: 'The receipt.',
      schema: shapes.receipt,
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.receipt(params.host, Number(params.armedAt))),
    }),
  ];
}

function changes(parts: HostParts): readonly Operation[] {
  return [
    operation({
      id: 'rehearseHost',
      method: 'post',
      path: '/hosts/{host}/rehearsals',
      summary: 'Walks its whole install without the machine, every package and dependency of it. Takes seconds.',
      right: 'operator',
      params: hostParam,
      description: 'What was found, step by step.',
      schema: shapes.rehearsal,
      refusals: [409],
      run: async ({ params }) => replyOr(409, await parts.rehearse(params.host)),
    }),
    operation({
      id: 'armHost',
      method: 'post',
      path: '/hosts/{host}/arm',
      summary: 'Lets its next boot install: its disks are wiped then.',
      right: 'operator',
      params: hostParam,
      body: z.strictObject({
        forSeconds: z.int().min(1).max(604_800).optional().describe('How long; two hours where absent.'),
      }),
      description: 'It is armed.',
      schema: z.looseObject({ kind: z.literal('armed'), host: z.string(), expiresAt: z.number() }),
      refusals: [409],
      run: async ({ params, body }) => {
        const armed = await parts.arm(params.host, body.forSeconds === undefined ? undefined : body.forSeconds * 1000);
        if (isNo(armed)) return rejected(409, armed);
        const { before, wipes } = armed;
        return reply(armed, { change: { before, after: `armed, to wipe ${wipes.join(', ')}` } });
      },
    }),
    operation({
      id: 'disarmHost',
      method: 'post',
      path: '/hosts/{host}/disarm',
      summary: 'Takes the leave to install back.',
      right: 'operator',
      params: hostParam,
      description: 'It is disarmed.',
      schema: z.looseObject({ kind: z.literal('disarmed'), host: z.string() }),
      refusals: [404],
      run: async ({ params }) => {
        const done = await parts.disarm(params.host);
        if (isNo(done)) return rejected(404, no(done.reason, done.remedy));
        return reply(done, { change: { before: done.before, after: 'disarmed' } });
      },
    }),
  ];
}

type ListQuery = {
  readonly q?: string | undefined;
  readonly phase?: string | undefined;
  readonly cursor?: string | undefined;
  readonly limit: number;
};

/** The cursor is the name of the last host told; where it is gone meanwhile, the list begins again. */
function pageOf(all: readonly ListedHost[], { q, phase, cursor, limit }: ListQuery) {
  const wanted = q?.toLowerCase() ?? '';
  const isWanted = ({ name, profile, address, macs }: ListedHost): boolean =>
    wanted === '' || [name, profile, address, ...macs].some((text) => text.toLowerCase().includes(wanted));
  const from = cursor === undefined ? 0 : all.findIndex(({ name }) => name === cursor) + 1;
  const found = all.slice(from).filter((host) => (phase === undefined || host.phase === phase) && isWanted(host));
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return found.length > items.length && last !== undefined ? { items, next: last.name } : { items };
}
