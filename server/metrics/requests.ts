// HTTP requests counted by room: how many, how they ended, how long they took, how many bytes went out. The clock is handed in.

import type { Count, Family } from './family.ts';
import { createCounter, createHistogram, gauge } from './family.ts';

/** The parts of the appliance that answer. No other value is ever a label. */
export const ROOMS = [
  'repos',
  'trees',
  'templates',
  'boot',
  'kickstart',
  'reports',
  'bundles',
  'api',
  'console',
  'other',
] as const;
export type Room = (typeof ROOMS)[number];

const ROOM_OF: Readonly<Record<string, Room>> = {
  repos: 'repos',
  'repo-files': 'repos',
  templates: 'templates',
  boot: 'boot',
  EFI: 'boot',
  efi: 'boot',
  grub: 'boot',
  grub2: 'boot',
  kickstart: 'kickstart',
  answerfile: 'kickstart',
  bundles: 'bundles',
  api: 'api',
  healthz: 'api',
  metrics: 'api',
  '': 'console',
  assets: 'console',
  console: 'console',
  login: 'console',
  setup: 'console',
};

/** The room that a request target belongs to. `isContent`: it is a tree's or a repo's, perhaps at a path that the site publishes. */
export function roomOf(target: string, isContent: 'content' | 'no-content'): Room {
  // Asked thousands of times a second.
  if (isContent === 'content') return target.startsWith('/trees/') ? 'trees' : 'repos';
  const [path = ''] = target.slice(0, 300).split(/[?#]/, 1);
  const [, root = '', , below] = path.split('/', 4);
  if (root === 'hosts') return below === undefined ? 'console' : 'reports';
  return Object.hasOwn(ROOM_OF, root) ? (ROOM_OF[root] ?? 'other') : 'other';
}

const STATUSES = ['2xx', '3xx', '4xx', '5xx'] as const;
/** From an answer out of memory to an image over a slow line. */
const DURATION_BOUNDS = [0.001, 0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600];

/** What a request is answered over: a socket. */
export type Connection = { readonly bytesWritten: number };

/** A request that is being answered. */
export type Answering = {
  /** Who answers it: known a moment after it began. */
  as(room: Room): void;
  /** `whole`: to its end; `cut`: the client went away before. */
  end(status: number, how: 'whole' | 'cut'): void;
};

export type RequestMeter = {
  begin(connection: Connection): Answering;
  /** An answer that was ready at once. */
  ready(room: Room, answer: { readonly status: number; readonly bytes: number }): void;
  read(): readonly Family[];
};

type Open = { readonly connection: Connection; room: Room };

/** Nothing counted yet. `nowMs` is any clock that does not go back. */
export function createRequestMeter(nowMs: () => number): RequestMeter {
  const series = openSeries();
  const open = new Set<Open>();
  /** What of each connection is counted already: requests come over it one after the other. */
  const known = new WeakMap<Connection, number>();
  const flush = ({ connection, room }: Open): void => {
    const before = known.get(connection) ?? 0;
    // A socket that is gone may not know any more.
    const written = Math.max(before, connection.bytesWritten || 0);
    series.of[room].bytes.add(written - before);
    known.set(connection, written);
  };
  return {
    begin: (connection) => {
      const startedMs = nowMs();
      const one: Open = { connection, room: 'other' };
      // What went out before the first request that is counted here was counted as ready answers.
      if (!known.has(connection)) known.set(connection, connection.bytesWritten || 0);
      open.add(one);
      return {
        as: (room) => {
          one.room = room;
        },
        end: (status, how) => {
          if (!open.delete(one)) return;
          flush(one);
          const { statuses, seconds, cut } = series.of[one.room];
          countStatus(statuses, status);
          seconds.observe((nowMs() - startedMs) / 1000);
          if (how === 'cut') cut.add(1);
        },
      };
    },
    ready: (room, { status, bytes }) => {
      const { statuses, seconds, bytes: sent } = series.of[room];
      countStatus(statuses, status);
      sent.add(bytes);
      seconds.observe(0);
    },
    read: () => {
      // A download of hours is seen while it runs.
      open.forEach(flush);
      return [...series.read(), openRequests(open)];
    },
  };
}

function countStatus(statuses: readonly Count[], status: number): void {
  statuses[Math.floor(status / 100) - 2]?.add(1);
}

function openSeries() {
  const requests = createCounter({
    name: 'kickstand_http_requests',
    help: 'HTTP requests answered, by the room that answered and the class of the status.',
    labels: ['room', 'status'],
  });
  const sent = createCounter({
    name: 'kickstand_http_sent_bytes',
    help: 'Bytes sent over HTTP; of files answered from memory without their headers.',
    labels: ['room'],
  });
  const cut = createCounter({
    name: 'kickstand_http_cut_answers',
    help: 'HTTP answers whose client went away before their end.',
    labels: ['room'],
  });
  const durations = createHistogram({
    name: 'kickstand_http_request_duration_seconds',
    help: 'From a request to the end of its answer.',
    labels: ['room'],
    bounds: DURATION_BOUNDS,
  });
  const seriesOf = (room: Room) => ({
    statuses: STATUSES.map((status) => requests.of(room, status)),
    bytes: sent.of(room),
    cut: cut.of(room),
    seconds: durations.of(room),
  });
  const of: Readonly<Record<Room, ReturnType<typeof seriesOf>>> = {
    repos: seriesOf('repos'),
    trees: seriesOf('trees'),
    templates: seriesOf('templates'),
    boot: seriesOf('boot'),
    kickstart: seriesOf('kickstart'),
    reports: seriesOf('reports'),
    bundles: seriesOf('bundles'),
    api: seriesOf('api'),
    console: seriesOf('console'),
    other: seriesOf('other'),
  };
  return { of, read: () => [requests, sent, cut, durations].map((family) => family.read()) };
}

function openRequests(open: ReadonlySet<Open>): Family {
  const described = { name: 'kickstand_http_requests_open', help: 'HTTP requests that are being answered now.' };
  const readings = ROOMS.map((room) => ({
    labels: [['room', room]] as const,
    value: [...open].filter((one) => one.room === room).length,
  }));
  return gauge(described, readings);
}
