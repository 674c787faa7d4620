// The API over HTTP, for commands: over the socket of the appliance of this machine, or by the URL of one elsewhere.

import { readFileSync } from 'node:fs';
import { Agent, request } from 'undici';
import { commandUserHeader } from '../../server/accounts/command-user.ts';
import { messageOf, no } from '../../server/malformed.ts';
import { plainLines } from '../../server/printable.ts';
import type { Refusal } from '../../server/problem.ts';
import { commandUser } from './noted.ts';

/** A request of the API: `path` is what comes after `/api/v1`, its parts escaped. */
export type Asked = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  /** How long the answer may take, in milliseconds. */
  readonly answerMs?: number;
};

/** Answers with the value, undefined where there is none, or with why not. The caller knows what the operation answers. */
export type Ask = <T>(asked: Asked) => Promise<T | Refusal>;

/** A list as the API pages it. */
export type Page<T> = { readonly items: readonly T[] };

export type Client = { readonly ask: Ask; close(): Promise<void> };

/** Where the appliance is: its socket's path, or its origin and the certificate it is trusted by. */
export type Place =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'url'; readonly origin: string; readonly caFile: string | undefined };

/** The appliance does not answer: nothing was asked of it, or nobody knows whether it was done. */
export class Unanswered extends Error {}

const CONNECT_MS = 5000;
/** A rehearsal of every host takes minutes. */
const ANSWER_MS = 600_000;
const MOST_BYTES = 256 * 1024 * 1024;

/** A client that shows `token` with every request. */
export function openClient(place: Place, token: string): Client {
  const ca = place.kind === 'url' && place.caFile !== undefined ? readFileSync(place.caFile) : undefined;
  const connect = place.kind === 'socket' ? { socketPath: place.path } : ca === undefined ? {} : { ca };
  const agent = new Agent({
    connect: { timeout: CONNECT_MS, ...connect },
    maxResponseSize: MOST_BYTES,
  });
  const origin = place.kind === 'socket' ? 'http://localhost' : place.origin;
  const who = place.kind === 'socket' ? commandUserHeader(commandUser().by) : {};
  return {
    ask: async <T>({ method, path, body, answerMs: headersTimeout = ANSWER_MS }: Asked) => {
      const headers = { authorization: `Bearer ${token}`, accept: 'application/json', ...who };
      const sent =
        body === undefined
          ? { headers }
          : { headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(body) };
      try {
        const answer = await request(`${origin}/api/v1${path}`, { dispatcher: agent, method, headersTimeout, ...sent });
        return readAnswer(answer.statusCode, await answer.body.text(), place) as T | Refusal;
      } catch (error) {
        const where = place.kind === 'socket' ? place.path : place.origin;
        throw new Unanswered(`the appliance at ${where} does not answer: ${reasonOf(error)}`, { cause: error });
      }
    },
    close: () => agent.close(),
  };
}

function readAnswer(status: number, text: string, { kind }: Place): unknown {
  const value = text === '' ? undefined : parsed(text, kind);
  const isDone = status >= 200 && status < 300;
  if (isDone && (value !== undefined || text === '')) return value;
  const strange = no(
    isDone ? `it answers ${status} with what is no JSON` : `it answers ${status}`,
    'is this a Kickstand appliance, and no older than this command?',
  );
  return refusalOf(value) ?? strange;
}

/** Where it is elsewhere, nobody knows what it is: its words are to move no cursor here. */
function parsed(text: string, kind: Place['kind']): unknown {
  const reviver = kind === 'socket' ? undefined : plainValue;
  try {
    return JSON.parse(text, reviver);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function plainValue(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? plainLines(value) : value;
}

/** The refusal in a problem's body (RFC 9457). */
function refusalOf(value: unknown): Refusal | undefined {
  if (typeof value !== 'object' || value === null || !('detail' in value) || typeof value.detail !== 'string')
    return undefined;
  const remedy = 'remedy' in value && typeof value.remedy === 'string' ? value.remedy : undefined;
  const problems =
    'problems' in value && Array.isArray(value.problems)
      ? { problems: value.problems as Refusal['problems'] & {} }
      : {};
  return { ...no(value.detail, remedy), ...problems };
}

/** Of an AggregateError, and of undici's wrappings, what is underneath. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return reasonOf(error.errors[0]);
  return messageOf(error);
}
