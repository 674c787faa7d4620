// The doctor's checks: site, secrets, content, disk, clock. Loaders are in doctor-loaders.ts, ports and the self-check in doctor-network.ts.

import { statfs } from 'node:fs/promises';
import { renderProblems } from '../../server/site/problems.ts';
import { loadSite } from '../../server/site/store.ts';
import { armingObstacle } from '../../server/assembly/arming.ts';
import type { House } from '../../server/assembly/house.ts';
import type { LoaderReport } from '../../server/assembly/loaders.ts';
import { syncAlarms } from '../../server/assembly/sync-views.ts';
import { lacks } from '../../server/assembly/views.ts';
import { messageOf } from '../../server/malformed.ts';
import { ensureDirectory } from '../../server/store.ts';
import type { Context } from './context.ts';
import { withHouse } from './context.ts';
import type { Check } from './doctor-check.ts';
import { fine, problem } from './doctor-check.ts';
import { loaderChecks } from './doctor-loaders.ts';
import { networkChecks } from './doctor-network.ts';
import { formatBytes } from './output.ts';

/** Less free space than this and the next sync may not fit. */
const LOW_DISK_BYTES = 2 * 1024 ** 3;
/** Kickstand was not written before this day: a clock that says so is wrong, and installs would carry the wrong date. */
const EARLIEST_MS = Date.UTC(2026, 10, 1);

/** What was looked at, and every loader that was found. */
export type Findings = { readonly checks: readonly Check[]; readonly loaders: LoaderReport };

/** All checks, in the order an operator would make them. */
export async function runChecks(context: Context): Promise<Findings> {
  const { settings } = context;
  const parsed = await loadSite(settings.siteFile);
  const own = [clockCheck(Date.now()), await diskCheck(settings.dataDirectory)];
  if (parsed.kind === 'problems') {
    const found = renderProblems(parsed.problems, settings.siteFile).trimEnd();
    const wrong = problem('site', found, 'correct the file; kickstand site check');
    return { checks: [wrong, ...own], loaders: { loaders: [], lacks: [] } };
  }
  const right = fine('site', `${settings.siteFile}: ${parsed.site.hosts.length} hosts, no problems`);
  return withHouse(context, async (house) => {
    const { checks, report } = await loaderChecks(house);
    const rest = [
      ...(await contentChecks(house)),
      ...(await syncChecks(house)),
      ...(await hostChecks(house)),
      ...(await networkChecks(context, house)),
    ];
    return { checks: [right, ...own, ...checks, ...rest], loaders: report };
  });
}

function clockCheck(now: number): Check {
  const shown = new Date(now).toISOString();
  return now < EARLIEST_MS
    ? problem('clock', `${shown} is in the past`, 'set the clock: date -s, or run an NTP client')
    : fine('clock', shown);
}

async function diskCheck(directory: string): Promise<Check> {
  try {
    await ensureDirectory(directory);
    const disk = await statfs(directory);
    const free = disk.bavail * disk.bsize;
    const found = `${directory}: ${formatBytes(free)} free`;
    return free < LOW_DISK_BYTES
      ? problem('disk', found, 'make room, or give another --data directory')
      : fine('disk', found);
  } catch (error) {
    return problem('disk', messageOf(error), `let this user write ${directory}, or give another --data directory`);
  }
}

async function contentChecks(house: House): Promise<readonly Check[]> {
  const missing = await lacks(house);
  const names = [
    ...house.site().trees.map((tree) => `tree ${tree.name}`),
    ...house.site().repos.map((repo) => `repo ${repo.name}`),
  ];
  return ['address', ...names].map((name) => {
    const lack = missing.find((one) => one.what === name);
    if (lack !== undefined) return problem(name, lack.reason, lack.remedy);
    return fine(name, name === 'address' ? house.origin() : 'ready');
  });
}

/** What the syncs of a repo are alarmed about: what it has may be older than anybody thinks. */
async function syncChecks(house: House): Promise<readonly Check[]> {
  const alarms = await syncAlarms(house);
  return alarms.map(({ what, reason, remedy }) => problem(`syncs of ${what}`, reason, remedy));
}

/** Could each host be armed? What its tree or repo lacks is told above, once; here is what only hosts need. */
async function hostChecks(house: House): Promise<readonly Check[]> {
  const seen = new Set<string>();
  const checks: Check[] = [];
  for (const host of house.site().hosts) {
    const obstacle = await armingObstacle(house, host.name);
    if (obstacle === undefined) checks.push(fine(`host ${host.name}`, 'could be armed'));
    else if (!seen.has(obstacle.reason)) checks.push(problem(`host ${host.name}`, obstacle.reason, obstacle.remedy));
    if (obstacle !== undefined) seen.add(obstacle.reason);
  }
  return checks;
}
