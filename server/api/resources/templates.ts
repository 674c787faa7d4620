// VM templates and ISOs over the API: what is staged and on its way, removal, and how a cloud is told of one.

import { z } from 'zod';
import type { No } from '../../malformed.ts';
import { isNo } from '../../malformed.ts';
import type { Operation } from '../operation.ts';
import { operation, rejected, reply, replyOr } from '../operation.ts';
import * as shapes from '../shapes.ts';

export type TemplateParts = {
  readonly files: () => Promise<unknown>;
  readonly file: (name: string) => Promise<No | { readonly sha256: string }>;
  readonly uploads: () => Promise<unknown>;
  readonly remove: (name: string) => Promise<No | { readonly kind: 'removed' }>;
  readonly register: (name: string) => Promise<unknown>;
};

const time = z.number().describe('Milliseconds since 1970.');

const file = z.object({
  name: z.string(),
  sizeBytes: z.int(),
  sha256: z.string(),
  md5: z.string(),
  addedAt: time,
  by: z.string().describe('Who uploaded it.'),
  state: z.enum(['ready', 'altered']).describe('altered: its size is not what was uploaded; it is not served.'),
  url: z.string().describe('Where anyone on the network fetches it.'),
});

const upload = z.object({
  id: z.string(),
  name: z.string(),
  sizeBytes: z.int(),
  offset: z.int().describe('How many bytes are safe on disk.'),
  by: z.string(),
  createdAt: time,
  heardAt: time.describe('When bytes came last. An upload is dropped a day later.'),
  url: z.string().describe('Where it is resumed (PATCH) or ended (DELETE), by the tus protocol.'),
});

const registration = z.object({
  kind: z.literal('registration'),
  url: z.string(),
  command: z.enum(['registerTemplate', 'registerIso']),
  parameters: z.record(z.string(), z.string()),
  query: z.string().describe('Of the API call, without apikey and signature.'),
  cloudmonkey: z.string(),
  notes: z.array(z.string()),
});

/** Whatever is no name of a staged file is not among them. */
const fileParam = z.strictObject({
  file: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9._+-]{0,199}$/)
    .describe('The name of a template or ISO.'),
});

/** The operations on VM templates and ISOs. They are uploaded below `/templates/`, not here. */
export function templateOperations(parts: TemplateParts): readonly Operation[] {
  return [...looks(parts), removal(parts)];
}

function looks(parts: TemplateParts): readonly Operation[] {
  return [
    operation({
      id: 'listTemplates',
      method: 'get',
      path: '/templates',
      summary: 'The VM templates and ISOs that are served.',
      right: 'viewer',
      description: 'The files.',
      schema: shapes.page(file),
      run: async () => reply({ items: await parts.files() }),
    }),
    operation({
      id: 'listTemplateUploads',
      method: 'get',
      path: '/template-uploads',
      summary: 'The uploads on their way, and those that wait to be resumed.',
      right: 'viewer',
      description: 'The uploads.',
      schema: shapes.page(upload),
      run: async () => reply({ items: await parts.uploads() }),
    }),
    operation({
      id: 'getTemplate',
      method: 'get',
      path: '/templates/{file}',
      summary: 'One of them.',
      right: 'viewer',
      params: fileParam,
      description: 'The file.',
      schema: file,
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.file(params.file)),
    }),
    operation({
      id: 'getTemplateRegistration',
      method: 'get',
      path: '/templates/{file}/register',
      summary: 'How CloudStack is told to fetch it: registerTemplate or registerIso with its parameters, unsigned.',
      right: 'viewer',
      params: fileParam,
      description: 'The call.',
      schema: registration,
      refusals: [404],
      run: async ({ params }) => replyOr(404, await parts.register(params.file)),
    }),
  ];
}

function removal(parts: TemplateParts): Operation {
  return operation({
    id: 'removeTemplate',
    method: 'delete',
    path: '/templates/{file}',
    summary: 'Removes it from the disk. Transfers that run go on to their end.',
    right: 'operator',
    params: fileParam,
    ifMatch: { need: 'optional', state: ({ file: name }) => parts.file(name) },
    status: 204,
    description: 'It is gone.',
    refusals: [404],
    run: async ({ params }) => {
      const lying = await parts.file(params.file);
      const removed = await parts.remove(params.file);
      if (isNo(removed)) return rejected(404, removed);
      return reply(undefined, isNo(lying) ? {} : { change: { before: `sha256 ${lying.sha256}` } });
    },
  });
}
