// Requests to the appliance's own API: each ends as a value, whatever became of it. Edge.

import type { Problem } from './types.ts';

/** The answer, a refusal with what to do about it, or silence. */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T; readonly etag: string | undefined }
  /** It still is what `ifNoneMatch` names. */
  | { readonly kind: 'unchanged' }
  | Refused
  | { readonly kind: 'unreachable' };

export type Refused = {
  readonly kind: 'refused';
  readonly status: number;
  readonly detail: string;
  readonly remedy: string | undefined;
  readonly problems: readonly Problem[];
};

export type Wanted = {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly body?: unknown;
  /** What the change was made from. */
  readonly ifMatch?: string | undefined;
  /** What is known already. The browser keeps nothing of the API on its disk, so the page says so itself. */
  readonly ifNoneMatch?: string | undefined;
  /** How long the appliance may take over it; 20 s where nothing is said. */
  readonly withinMs?: number;
};

export type Client = {
  /** Asks for `path`. `T` is what the API's document says of it: the server's own tests hold every answer to that. */
  readonly ask: <T>(path: string, wanted?: Wanted) => Promise<Answer<T>>;
};

export type Heard = {
  /** The session has ended. */
  readonly onLoggedOut: () => void;
  /** Did the appliance answer? */
  readonly onSign: (sign: 'answers' | 'silent') => void;
  /** The appliance's time (ms since 1970), to a second. */
  readonly onClock: (atMs: number) => void;
};

const TIMEOUT_MS = 20_000;
/** A proxy's answers while what stands behind it is down. */
const DOWN = new Set([502, 503, 504]);

/** The client of this page. Cookies go along by themselves. */
export function createClient({ onLoggedOut, onSign, onClock }: Heard): Client {
  return {
    ask: async <T>(path: string, wanted: Wanted = {}): Promise<Answer<T>> => {
      const response = await send(path, wanted);
      if (response === undefined || (DOWN.has(response.status) && !isJson(response))) {
        onSign('silent');
        return { kind: 'unreachable' };
      }
      onSign('answers');
      const date = Date.parse(response.headers.get('date') ?? '');
      if (!Number.isNaN(date)) onClock(date);
      if (response.status === 401) onLoggedOut();
      if (response.status === 304) return { kind: 'unchanged' };
      return read<T>(response);
    },
  };
}

async function send(
  path: string,
  { method = 'GET', body, ifMatch, ifNoneMatch, withinMs = TIMEOUT_MS }: Wanted,
): Promise<Response | undefined> {
  const headers = {
    Accept: 'application/json',
    ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
    ...(ifMatch === undefined ? {} : { 'If-Match': ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { 'If-None-Match': ifNoneMatch }),
  };
  try {
    return await fetch(path, {
      method,
      headers,
      cache: 'no-store',
      signal: AbortSignal.timeout(withinMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  } catch {
    // A network error and a timeout say the same: nobody answered.
    return undefined;
  }
}

async function read<T>(response: Response): Promise<Answer<T>> {
  try {
    const text = await response.text();
    const value: unknown = text === '' ? undefined : JSON.parse(text);
    if (response.ok) return { kind: 'ok', value: value as T, etag: response.headers.get('etag') ?? undefined };
    return refusedWith(response.status, value);
  } catch {
    return { kind: 'refused', status: response.status, detail: 'The answer cannot be read.', ...NOTHING_TO_DO };
  }
}

const NOTHING_TO_DO = { remedy: undefined, problems: [] };

/** RFC 9457 with members of our own. */
function refusedWith(status: number, value: unknown): Refused {
  const problem = (typeof value === 'object' && value !== null ? value : {}) as Partial<Refused>;
  return {
    kind: 'refused',
    status,
    detail: problem.detail ?? `The appliance answered ${status}.`,
    remedy: problem.remedy,
    problems: problem.problems ?? [],
  };
}

function isJson(response: Response): boolean {
  return (response.headers.get('content-type') ?? '').includes('json');
}
