// What is read when somebody asks: of repos that were never synced, of DHCP that is off, and the names that the dashboard shows.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RepoReading } from '../../../server/metrics/readings.ts';
import { dhcpFamilies, hostFamilies, repoFamilies } from '../../../server/metrics/readings.ts';
import { renderMetrics } from '../../../server/metrics/text.ts';
import { readMetrics } from '../../support/metrics-text.ts';

const read = (families: Parameters<typeof renderMetrics>[0]) => readMetrics(renderMetrics(families, 'prometheus'));
const SYNCED: RepoReading = {
  repo: 'a',
  isSyncing: true,
  snapshots: 3,
  lastGoodAt: 10_000,
  last: { isGood: false, startedAt: 20_000, endedAt: 25_500, bytesFetched: undefined },
};

test.each<[string, RepoReading, Readonly<Record<string, number | undefined>>]>([
  ['whose last sync failed', SYNCED, { sync_age_seconds: 50, last_sync_success: 0, last_sync_duration_seconds: 5.5 }],
  [
    'that found nothing new',
    { ...SYNCED, last: { isGood: true, startedAt: 1, endedAt: 2, bytesFetched: 9 } },
    { last_sync_success: 1, last_sync_fetched_bytes: 9, sync_running: 1 },
  ],
  [
    'that was never synced',
    { repo: 'a', isSyncing: false, snapshots: 0, lastGoodAt: undefined, last: undefined },
    { sync_age_seconds: undefined, last_sync_success: 0, last_sync_duration_seconds: undefined, snapshots: 0 },
  ],
  ['synced by a clock that ran ahead', { ...SYNCED, lastGoodAt: 99_000 }, { sync_age_seconds: 0 }],
])('a repo %s', (_rule, repo, expected) => {
  const { values } = read(repoFamilies([repo], 60_000));
  for (const [name, value] of Object.entries(expected)) {
    expect([name, values.get(`kickstand_repo_${name}{repo="a"}`)]).toEqual([name, value]);
  }
});

test('every phase of hosts is told, also where no host is', () => {
  const { values } = read(hostFamilies(new Map([['installing', 2]]), 5));
  expect(values.get('kickstand_hosts{phase="installing"}')).toBe(2);
  expect(values.get('kickstand_hosts{phase="stalled"}')).toBe(0);
  expect(values.get('kickstand_receipts')).toBe(5);
});

test('DHCP that is off has no metrics, and a proxy no leases', () => {
  expect(dhcpFamilies(undefined)).toEqual([]);
  const proxy = { types: new Map([['discover', 1]]), counts: { received: 2, answered: 1 }, leases: undefined };
  expect(read(dhcpFamilies(proxy)).names).not.toContain('kickstand_dhcp_leases');
});

test('the dashboard shows DHCP by the names it has', () => {
  const dashboard = readFileSync(new URL('../../../docs/operations/grafana-dashboard.json', import.meta.url), 'utf8');
  const shown = new Set(dashboard.match(/kickstand_dhcp_[a-z_]+/g));
  const server = {
    types: new Map([['discover', 1]]),
    counts: { received: 2, answered: 1, malformed: 1 },
    leases: new Map([['bound', 7]]),
  };
  const { names, values } = read(dhcpFamilies(server));
  expect([...shown].filter((name) => !names.has(name))).toEqual([]);
  expect(values.get('kickstand_dhcp_leases{state="bound"}')).toBe(7);
  expect(values.get('kickstand_dhcp_outcomes_total{outcome="malformed"}')).toBe(1);
});
