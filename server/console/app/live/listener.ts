// What the console shows kept up to date: answers asked for again and again, events heard as they come, a clock. Edge.

import type { Answer, Client } from '../api/fetcher.ts';
import { complaintOf } from '../api/answers.ts';
import type { Job, Repo, Sync, Tree } from '../api/content-types.ts';
import type { Host, Page } from '../api/types.ts';
import { withHosts, withJob, withSync } from './heard.ts';

/** What is known of a path now. While the appliance is silent that stays as it was, and the page says so. */
export type Seen<T> = {
  readonly value: T | undefined;
  readonly etag: string | undefined;
  /** Why it was refused. */
  readonly complaint: string | undefined;
  /** The status of a refusal. */
  readonly status: number | undefined;
};

export const UNSEEN: Seen<never> = { value: undefined, etag: undefined, complaint: undefined, status: undefined };

export type Live = {
  /** Tells `look` what is known of `path`, now and whenever it changes; asks every `everyMs` while anybody looks and the page is seen. */
  readonly watch: <T>(path: string, everyMs: number, look: (seen: Seen<T>) => void) => () => void;
  /** Asks at once for every watched path that begins so. */
  readonly refresh: (prefix: string) => void;
  readonly every: (ms: number, tick: () => void) => () => void;
  /** Calls once, later; the answer calls it off. */
  readonly after: (ms: number, call: () => void) => () => void;
};

type Watched = {
  readonly path: string;
  everyMs: number;
  seen: Seen<unknown>;
  /** What the last answer is known again by: its entity tag, or all of it. Empty: by nothing, the next one counts. */
  text: string;
  readonly lookers: Set<(seen: Seen<never>) => void>;
  timer: number | undefined;
  isAsking: boolean;
  /** It was asked for while an answer was under way, which may be from before what was changed. */
  isWanted: boolean;
};

const REPOS = '/api/v1/repos';
const TREES = '/api/v1/trees';
const JOBS = '/api/v1/jobs';
const HOSTS = '/api/v1/hosts';
const HAPPENINGS = '/api/v1/happenings';
const EVENTS = '/api/v1/events';
/** How soon a silent appliance is asked again. */
const AGAIN_MS = 2000;
/** No more than this part of the time goes into one answer: a site of thousands of hosts is asked for less often. */
const SHARE = 15;
const EVENTS_AGAIN_MS = 5000;
/** What is heard of hosts within this time is shown at once: a rack that is armed changes a long list one time. */
const LOT_MS = 200;

/** The one of this page. It rests while the page is hidden. */
export function openLive(client: Client): Live {
  const watched = new Map<string, Watched>();
  const askAll = (prefix: string): void => {
    for (const one of watched.values()) if (one.path.startsWith(prefix)) void ask(client, one);
  };
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) askAll('');
  });
  hearEvents({
    onSync: (sync, kind) => {
      const list = sync.tree === undefined ? REPOS : TREES;
      hear<Page<Repo | Tree>>(watched.get(list), (page) => withSync(page, sync));
      if (kind === 'sync-progress') return;
      askAll(list);
      askAll(HAPPENINGS);
    },
    onJob: (job) => {
      hear<Page<Job>>(watched.get(JOBS), (page) => withJob(page, job));
      if (job.endedAt !== undefined || job.progress === undefined) askAll(HAPPENINGS);
    },
    onHost: inLots((hosts) => {
      hear<Page<Host>>(watched.get(HOSTS), (page) => withHosts(page, hosts));
      for (const name of new Set(hosts.map((host) => host.name))) {
        const own = watched.get(`${HOSTS}/${encodeURIComponent(name)}`);
        if (own !== undefined) void ask(client, own);
      }
      askAll(HAPPENINGS);
    }),
  });
  return {
    watch: (path, everyMs, look) => {
      const one = watched.get(path) ?? newWatched(path, everyMs);
      watched.set(path, one);
      one.everyMs = Math.min(one.everyMs, everyMs);
      one.lookers.add(look);
      look(one.seen as Seen<never>);
      if (!one.isAsking) void ask(client, one);
      return () => {
        one.lookers.delete(look);
        if (one.lookers.size > 0) return;
        clearTimeout(one.timer);
        watched.delete(path);
      };
    },
    refresh: askAll,
    every: (ms, tick) => {
      const timer = setInterval(tick, ms);
      return () => clearInterval(timer);
    },
    after: (ms, call) => {
      const timer = setTimeout(call, ms);
      return () => clearTimeout(timer);
    },
  };
}

function newWatched(path: string, everyMs: number): Watched {
  return {
    path,
    everyMs,
    seen: UNSEEN,
    text: '',
    lookers: new Set(),
    timer: undefined,
    isAsking: false,
    isWanted: false,
  };
}

async function ask(client: Client, one: Watched): Promise<void> {
  one.isWanted = one.isAsking;
  if (one.isAsking || document.hidden) return;
  one.isAsking = true;
  clearTimeout(one.timer);
  const begun = performance.now();
  // What an event has changed since is no answer any more that could still hold.
  const known = one.text === one.seen.etag ? one.seen.etag : undefined;
  const answer = await client.ask<unknown>(one.path, { ifNoneMatch: known });
  one.isAsking = false;
  if (one.lookers.size === 0) return;
  learn(one, answer);
  const took = performance.now() - begun;
  // What was wanted meanwhile is asked for soon, and still no more than half of the time.
  const regular = one.isWanted ? took : Math.max(one.everyMs, took * SHARE);
  const pause = answer.kind === 'unreachable' ? AGAIN_MS : regular;
  one.timer = setTimeout(() => void ask(client, one), pause);
}

function learn(one: Watched, answer: Answer<unknown>): void {
  if (answer.kind === 'ok') {
    const { value, etag } = answer;
    const text = etag ?? JSON.stringify(value);
    if (text === one.text && one.seen.complaint === undefined) return;
    one.text = text;
    return tell(one, { value, etag, complaint: undefined, status: undefined });
  }
  // A silent appliance is told of once, over the page; what was seen stays as it was.
  if (answer.kind === 'unreachable' || answer.kind === 'unchanged') return;
  one.text = '';
  tell(one, { ...UNSEEN, complaint: complaintOf(answer), status: answer.status });
}

function tell(one: Watched, seen: Seen<unknown>): void {
  one.seen = seen;
  for (const look of one.lookers) look(seen as Seen<never>);
}

/** What an event changes of a value that is watched. The next answer counts, even where it is the one from before the event. */
function hear<T>(one: Watched | undefined, change: (value: T) => T): void {
  if (one?.seen.value === undefined) return;
  one.text = '';
  tell(one, { ...one.seen, value: change(one.seen.value as T) });
}

function inLots<T>(take: (lot: readonly T[]) => void): (one: T) => void {
  let lot: T[] = [];
  return (one) => {
    if (lot.length === 0)
      setTimeout(() => {
        const taken = lot;
        lot = [];
        take(taken);
      }, LOT_MS);
    lot.push(one);
  };
}

type Hearer = {
  readonly onSync: (sync: Sync, kind: 'sync-started' | 'sync-progress' | 'sync-ended') => void;
  readonly onJob: (job: Job) => void;
  readonly onHost: (host: Host) => void;
};

/** A browser has six connections to an appliance: a page that nobody sees keeps none of them. */
function hearEvents({ onSync, onJob, onHost }: Hearer): void {
  let source: EventSource | undefined;
  let again: number | undefined;
  const open = (): void => {
    clearTimeout(again);
    if (document.hidden || source !== undefined) return;
    source = new EventSource(EVENTS);
    for (const kind of ['sync-started', 'sync-progress', 'sync-ended'] as const)
      source.addEventListener(kind, ({ data }: MessageEvent<string>) => onSync(JSON.parse(data) as Sync, kind));
    source.addEventListener('job', ({ data }: MessageEvent<string>) => onJob(JSON.parse(data) as Job));
    source.addEventListener('host-changed', ({ data }: MessageEvent<string>) => onHost(JSON.parse(data) as Host));
    source.addEventListener('error', () => {
      // A broken connection is opened again by the browser; one that was refused is not.
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      again = setTimeout(open, EVENTS_AGAIN_MS);
    });
  };
  const close = (): void => {
    source?.close();
    source = undefined;
  };
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
    else open();
  });
  open();
}
