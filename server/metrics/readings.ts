// What is read when somebody asks, as families: plain values of each room in, metrics out. Pure.

import type { HostPhase } from '../domain.ts';
import { HOST_PHASES } from '../domain.ts';
import type { Family, Labels } from './family.ts';
import { counted, gauge, info } from './family.ts';

/** How many hosts of the site stand where, and how many receipts of installs are kept. */
export function hostFamilies(phases: ReadonlyMap<HostPhase, number>, receipts: number): readonly Family[] {
  const readings = HOST_PHASES.map((phase) => ({ labels: [['phase', phase]] as const, value: phases.get(phase) ?? 0 }));
  return [
    gauge({ name: 'kickstand_hosts', help: 'Hosts of the site, by where they stand.' }, readings),
    gauge({ name: 'kickstand_receipts', help: 'Receipts of finished installs that are kept.' }, [{ value: receipts }]),
  ];
}

/** What is known of a repo's syncs. Times are ms since 1970; undefined: there was none. */
export type RepoReading = {
  readonly repo: string;
  readonly isSyncing: boolean;
  readonly snapshots: number;
  readonly lastGoodAt: number | undefined;
  readonly last:
    | {
        readonly isGood: boolean;
        readonly startedAt: number;
        readonly endedAt: number;
        readonly bytesFetched: number | undefined;
      }
    | undefined;
};

/** The site's repos and their syncs. A repo that was never synced has no age, but a last result of 0. */
export function repoFamilies(repos: readonly RepoReading[], now: number): readonly Family[] {
  const each = (name: string, help: string, valueOf: (one: RepoReading) => number | undefined): Family =>
    gauge(
      { name: `kickstand_repo_${name}`, help },
      repos.map((one) => ({ labels: [['repo', one.repo]], value: valueOf(one) })),
    );
  return [
    each('last_good_sync_timestamp_seconds', 'When the last sync ended that found upstream well.', ({ lastGoodAt }) =>
      seconds(lastGoodAt),
    ),
    each('sync_age_seconds', 'How long ago the last good sync ended.', ({ lastGoodAt }) =>
      lastGoodAt === undefined ? undefined : Math.max(0, now - lastGoodAt) / 1000,
    ),
    each('last_sync_success', 'Was the last sync good? 1: yes; 0: no, or there was none.', ({ last }) =>
      last?.isGood === true ? 1 : 0,
    ),
    each('last_sync_duration_seconds', 'How long the last sync took.', ({ last }) =>
      last === undefined ? undefined : (last.endedAt - last.startedAt) / 1000,
    ),
    each('last_sync_fetched_bytes', 'What the last sync fetched from upstream.', ({ last }) => last?.bytesFetched),
    each('sync_running', 'Does a sync run now?', ({ isSyncing }) => (isSyncing ? 1 : 0)),
    each('snapshots', 'Snapshots that are kept.', ({ snapshots }) => snapshots),
  ];
}

/** A DHCP port: messages by type, what became of them, and leases by state (none of a proxy). */
export type DhcpFacts = {
  readonly types: ReadonlyMap<string, number>;
  readonly counts: Readonly<Record<string, number>>;
  readonly leases: ReadonlyMap<string, number> | undefined;
};

/** None where DHCP is off. */
export function dhcpFamilies(dhcp: DhcpFacts | undefined): readonly Family[] {
  if (dhcp === undefined) return [];
  const { received, ...outcomes } = dhcp.counts;
  return [
    counted({ name: 'kickstand_dhcp_datagrams', help: 'Datagrams that came to the DHCP ports.' }, [
      { value: received },
    ]),
    counted(
      { name: 'kickstand_dhcp_messages', help: 'DHCP messages of clients, by type.' },
      labelled('type', dhcp.types),
    ),
    counted(
      { name: 'kickstand_dhcp_outcomes', help: 'What became of DHCP datagrams: answered, or why not.' },
      labelled('outcome', new Map(Object.entries(outcomes))),
    ),
    gauge({ name: 'kickstand_dhcp_leases', help: 'Leases that are held, by state.' }, labelled('state', dhcp.leases)),
  ];
}

function labelled(label: string, values: ReadonlyMap<string, number> = new Map()) {
  return [...values].map(([name, value]) => ({ labels: [[label, name]] as Labels, value }));
}

/** The file system of the data directory. */
export function diskFamilies(disk: { readonly sizeBytes: number; readonly freeBytes: number }): readonly Family[] {
  const { sizeBytes, freeBytes } = disk;
  return [
    gauge({ name: 'kickstand_data_size_bytes', help: 'Size of the file system of the data directory.' }, [
      { value: sizeBytes },
    ]),
    gauge({ name: 'kickstand_data_free_bytes', help: 'What this process may still write there.' }, [
      { value: freeBytes },
    ]),
    gauge({ name: 'kickstand_data_used_bytes', help: 'What is taken there, by whomever.' }, [
      { value: sizeBytes - freeBytes },
    ]),
  ];
}

/** The process. The lag of the event loop is that of the last minute or so. */
export type ProcessReading = {
  readonly startedAt: number;
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly lag: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number };
};

/** The names are those of Prometheus' own clients, so that ready-made dashboards fit. */
export function processFamilies(reading: ProcessReading): readonly Family[] {
  const { startedAt, cpuSeconds, residentBytes, heapBytes, externalBytes, lag } = reading;
  const one = (name: string, help: string, value: number | undefined): Family => gauge({ name, help }, [{ value }]);
  return [
    one('process_start_time_seconds', 'When the process started.', seconds(startedAt)),
    counted({ name: 'process_cpu_seconds', help: 'Processor time spent.' }, [{ value: cpuSeconds }]),
    one('process_resident_memory_bytes', 'Memory that is resident.', residentBytes),
    one('nodejs_heap_size_used_bytes', 'What lives in the heap.', heapBytes),
    one('nodejs_external_memory_bytes', 'What is held outside the heap: buffers.', externalBytes),
    one(
      'nodejs_eventloop_lag_p50_seconds',
      'Half of the turns of the event loop came later than this.',
      lag.p50Ms / 1000,
    ),
    one('nodejs_eventloop_lag_p99_seconds', 'One turn of a hundred came later than this.', lag.p99Ms / 1000),
    one('nodejs_eventloop_lag_max_seconds', 'The latest turn of the event loop.', lag.maxMs / 1000),
  ];
}

/** What runs. */
export function buildFamilies(build: { readonly version: string; readonly node: string }): readonly Family[] {
  const described = { name: 'kickstand_build', help: 'The version of the appliance and of what runs it.' };
  return [info(described, Object.entries(build))];
}

/** Under way, and what operators are asked to act on. */
export function stateFamilies(state: {
  readonly tftpSessions: number;
  readonly lacks: ReadonlyMap<string, number>;
}): readonly Family[] {
  return [
    gauge({ name: 'kickstand_tftp_sessions', help: 'TFTP transfers under way.' }, [{ value: state.tftpSessions }]),
    gauge(
      { name: 'kickstand_lacks', help: 'What is missing, by the codes of /healthz.' },
      labelled('code', state.lacks),
    ),
  ];
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1000;
}
