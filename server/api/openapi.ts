// The OpenAPI 3.1 document of the API, made from the very schemas that read its requests. Pure.

import { z } from 'zod';
import { SESSION_COOKIE } from '../accounts/cookie.ts';
import type { Operation } from './operation.ts';

/** A JSON value. */
type Json = Readonly<Record<string, unknown>>;

/** The document. `version` is the appliance's. */
export function openApiDocument(operations: readonly Operation[], version: string): Json {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const one of operations) (paths[`/api/v1${one.path}`] ??= {})[one.method] = describe(one);
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kickstand',
      version,
      description: 'The appliance as resources. Errors are problem documents (RFC 9457); `remedy` tells what to do.',
    },
    paths,
    components: {
      schemas: { Problem: PROBLEM },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'An API token.' },
        session: { type: 'apiKey', in: 'cookie', name: SESSION_COOKIE, description: 'A login of the console.' },
      },
    },
  };
}

const PROBLEM: Json = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    remedy: { type: 'string', description: 'What to do about it.' },
    problems: { type: 'array', items: { type: 'object' }, description: 'All that is wrong with a file.' },
  },
};

const REFUSALS: Readonly<Record<number, string>> = {
  400: 'The request cannot be read.',
  401: 'Nobody is logged in.',
  403: 'Whoever is logged in may not do this.',
  404: 'There is nothing of that name.',
  409: 'It cannot be done now.',
  412: 'It was changed by somebody else meanwhile.',
  422: 'It was read, and is not right.',
  428: 'If-Match is needed.',
  429: 'Too often.',
};

function describe(one: Operation): Json {
  const parameters = [...parametersOf(one.params, 'path'), ...parametersOf(one.query, 'query'), ...conditionsOf(one)];
  const { status, description, schema } = one.success;
  const refused = [
    400,
    ...(one.right === 'anyone' ? [] : [401, 403]),
    ...one.refusals,
    ...MOVED[one.ifMatch ?? 'none'],
  ];
  return {
    operationId: one.id,
    summary: one.summary,
    'x-right': one.right,
    security: one.right === 'anyone' ? [] : [{ token: [] }, { session: [] }],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(one.body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: schemaOf(one.body, 'input') } } } }),
    responses: {
      [status]: {
        description,
        ...(one.method === 'get' ? { headers: { ETag: ETAG } } : {}),
        ...(schema === undefined ? {} : { content: { 'application/json': { schema: schemaOf(schema, 'output') } } }),
      },
      ...(one.method === 'get' ? { 304: { description: 'It still is what If-None-Match names.' } } : {}),
      ...Object.fromEntries(
        [...new Set(refused)]
          .toSorted((one, other) => one - other)
          .map((code) => [
            code,
            {
              description: REFUSALS[code] ?? 'Refused.',
              content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
            },
          ]),
      ),
    },
  };
}

/** What is refused with where If-Match is looked at. */
const MOVED: Readonly<Record<'required' | 'optional' | 'none', readonly number[]>> = {
  required: [412, 428],
  optional: [412],
  none: [],
};

const ETAG: Json = {
  description: 'Names this very answer: for If-None-Match, and for If-Match of a change.',
  schema: { type: 'string' },
};

/** The conditions it takes as headers (RFC 9110 §13.1). */
function conditionsOf({ method, ifMatch }: Operation): readonly Json[] {
  const header = (name: string, required: boolean, description: string): Json => ({
    name,
    in: 'header',
    required,
    description,
    schema: { type: 'string' },
  });
  if (method === 'get') return [header('If-None-Match', false, 'The ETag of an answer that is there already.')];
  if (ifMatch === undefined) return [];
  return [header('If-Match', ifMatch === 'required', 'The ETag of what this change was made from.')];
}

function parametersOf(schema: z.ZodObject, place: 'path' | 'query'): readonly Json[] {
  const { properties = {}, required = [] } = schemaOf(schema, 'input') as {
    properties?: Record<string, { description?: string }>;
    required?: readonly string[];
  };
  return Object.entries(properties).map(([name, { description, ...rest }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema: rest,
  }));
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}
