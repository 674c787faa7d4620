// The meters of a running appliance: what its listeners count, and what is read of the open house when somebody asks.

import { statfs } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setImmediate as breathe } from 'node:timers/promises';
import { isGoodOutcome } from '../../mirror/sync/log/record.ts';
import type { HostPhase } from '../domain.ts';
import { isHeld } from '../dhcp/book.ts';
import type { BootMeter } from '../metrics/boots.ts';
import { createBootMeter } from '../metrics/boots.ts';
import type { Family } from '../metrics/family.ts';
import type { DhcpFacts, ProcessReading, RepoReading } from '../metrics/readings.ts';
import {
  buildFamilies,
  dhcpFamilies,
  diskFamilies,
  hostFamilies,
  processFamilies,
  repoFamilies,
  stateFamilies,
} from '../metrics/readings.ts';
import type { Answering, RequestMeter } from '../metrics/requests.ts';
import { createRequestMeter } from '../metrics/requests.ts';
import { version } from '../version.ts';
import type { DhcpReading } from './dhcp.ts';
import type { House } from './house.ts';
import { repoSyncs } from './sync-views.ts';
import type { Transcript } from './transcript.ts';
import { LACK_CODES, SITE_REFUSED } from './views.ts';

/** What listeners tell of themselves; they are opened after the meters are. */
export type Listeners = { readonly tftpSessions: () => number; readonly dhcp: () => DhcpReading | undefined };

export type Meters = {
  readonly requests: RequestMeter;
  readonly boots: BootMeter;
  /** From here on the listeners are asked too. */
  follow(listeners: Listeners): void;
  /** Everything as it stands; `codes` tells what operators are asked to act on, each thing by its code. */
  collect(codes: () => Promise<readonly string[]>): Promise<readonly Family[]>;
  close(): void;
};

/** The meters of `house`, with nothing counted yet. */
export function openMeters(house: House): Meters {
  const requests = createRequestMeter(() => performance.now());
  const boots = createBootMeter();
  const lag = watchLag(house.now);
  let listeners: Listeners = { tftpSessions: () => 0, dhcp: () => undefined };
  return {
    requests,
    boots,
    follow: (opened) => {
      listeners = opened;
    },
    collect: async (codes) => [
      ...buildFamilies({ version, node: process.version }),
      ...stateFamilies({ tftpSessions: listeners.tftpSessions(), lacks: lacksByCode(await codes()) }),
      ...hostFamilies(await phasesOf(house), house.receipts.count()),
      ...repoFamilies(await readRepos(house), house.now()),
      ...boots.read(),
      ...dhcpFamilies(dhcpFacts(listeners.dhcp(), house.now())),
      ...requests.read(),
      ...diskFamilies(await readDisk(house)),
      ...processFamilies(readProcess(lag)),
    ],
    close: () => lag.close(),
  };
}

/** Those that are not there are told too: an alert ends when it reads 0. */
function lacksByCode(codes: readonly string[]): ReadonlyMap<string, number> {
  const none = [...LACK_CODES, SITE_REFUSED].map((code) => [code, 0] as const);
  return new Map([...none, ...countBy(codes, (code) => code)]);
}

function countBy<T>(values: Iterable<T>, nameOf: (value: T) => string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(nameOf(value), (counts.get(nameOf(value)) ?? 0) + 1);
  return counts;
}

/** A site may have ten thousand hosts; reading them all at once would be the very lag that is measured. */
const HOSTS_AT_ONCE = 200;

async function phasesOf({ site, hosts, now }: House): Promise<ReadonlyMap<HostPhase, number>> {
  const phases = new Map<HostPhase, number>();
  for (const [at, { name }] of site().hosts.entries()) {
    if (at % HOSTS_AT_ONCE === HOSTS_AT_ONCE - 1) await breathe();
    const { phase } = hosts.state(name, now());
    phases.set(phase, (phases.get(phase) ?? 0) + 1);
  }
  return phases;
}

async function readRepos(house: House): Promise<readonly RepoReading[]> {
  const syncs = await repoSyncs(house);
  const readings = house.site().repos.map(async ({ name }): Promise<RepoReading> => {
    const { lastSync, lastGoodSync, runningSync } = syncs(name);
    const { snapshots } = await house.content.repoStatus(name);
    const last = lastSync && {
      isGood: isGoodOutcome(lastSync.outcome),
      startedAt: lastSync.startedAt,
      endedAt: lastSync.endedAt ?? lastSync.startedAt,
      bytesFetched: lastSync.counts?.bytesFetched,
    };
    return {
      repo: name,
      isSyncing: runningSync !== undefined,
      snapshots: snapshots.length,
      lastGoodAt: lastGoodSync?.endedAt,
      last,
    };
  });
  return Promise.all(readings);
}

function dhcpFacts(reading: DhcpReading | undefined, now: number): DhcpFacts | undefined {
  if (reading === undefined) return undefined;
  const { types, counts, leases } = reading;
  const held = leases && countBy(heldOf(leases, now), ({ state }) => state);
  return { types, counts, leases: held && new Map([['bound', 0], ...held]) };
}

function* heldOf(leases: NonNullable<DhcpReading['leases']>, now: number) {
  for (const lease of leases) if (isHeld(lease, now)) yield lease;
}

async function readDisk({ settings }: House) {
  const { bsize, blocks, bavail } = await statfs(settings.dataDirectory);
  return { sizeBytes: bsize * blocks, freeBytes: bsize * bavail };
}

type Lag = { read(): ProcessReading['lag']; close(): void };

const LAG_RESOLUTION_MS = 10;
/** Several may scrape: who reads must not take the worst turn away from the others at once. */
const LAG_KEPT_MS = 60_000;

function watchLag(now: () => number): Lag {
  const delays = monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS });
  delays.enable();
  let since = now();
  // The timer's own interval is in each delay; what is beyond it is the lag.
  const lagMs = (nanoseconds: number): number => Math.max(0, nanoseconds / 1e6 - LAG_RESOLUTION_MS);
  return {
    read: () => {
      const { max, count } = delays;
      const at = (percentile: number): number => (count === 0 ? 0 : lagMs(delays.percentile(percentile)));
      const lag = { p50Ms: at(50), p99Ms: at(99), maxMs: count === 0 ? 0 : lagMs(max) };
      if (now() - since >= LAG_KEPT_MS) {
        delays.reset();
        since = now();
      }
      return lag;
    },
    close: () => void delays.disable(),
  };
}

const STARTED_AT = Date.now() - process.uptime() * 1000;

function readProcess(lag: Lag): ProcessReading {
  const { rss, heapUsed, external } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    startedAt: STARTED_AT,
    cpuSeconds: (user + system) / 1e6,
    residentBytes: rss,
    heapBytes: heapUsed,
    externalBytes: external,
    lag: lag.read(),
  };
}

/** Counts a request that a parser has read, to the end of its answer. */
export function followRequest(requests: RequestMeter, request: IncomingMessage, response: ServerResponse): Answering {
  const answering = requests.begin(request.socket);
  response.once('close', () => answering.end(response.statusCode, response.writableFinished ? 'whole' : 'cut'));
  return answering;
}

/** The transcript, with every stage counted. */
export function countStages(transcript: Transcript, boots: BootMeter): Transcript {
  return {
    ...transcript,
    note: (machine, stage) => {
      boots.stage(stage);
      transcript.note(machine, stage);
    },
  };
}
