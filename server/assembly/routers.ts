// Every Express router of the appliance, each given its functions.

import type { IncomingMessage } from 'node:http';
import type { Router } from 'express';
import type { Right } from '../accounts/rights.ts';
import { mayAct } from '../accounts/rights.ts';
import { isEncrypted, plainRefusal } from '../encrypted.ts';
import { isNo } from '../malformed.ts';
import { version } from '../version.ts';
import { apiOperations } from './api.ts';
import type { Starters } from './api-jobs.ts';
import { bundleRoutes } from '../../kickstart/bundle/routes.ts';
import { repoFileRoutes } from '../../kickstart/repo-files/routes.ts';
import { eventRoutes } from '../api/events/routes.ts';
import { operationRoutes } from '../api/operations/routes.ts';
import { apiRoutes } from '../api/routes.ts';
import { consoleRoutes } from '../console/routes.ts';
import { hostFileRoutes } from '../hosts/files/routes.ts';
import { installerRoutes } from '../hosts/routes.ts';
import { metricsRoutes } from '../metrics/routes.ts';
import { siteJsonSchema } from '../site/schema.ts';
import { uploadRoutes } from '../uploads/routes.ts';
import type { Appliance } from './appliance.ts';
import { bundleFor } from './bundle.ts';
import { hostFile } from './host-files.ts';
import type { LogDesk } from './host-logs.ts';
import type { House } from './house.ts';
import { followInstalls } from './receipts.ts';
import type { Meters } from './meters.ts';
import { recently } from './recently.ts';
import { repoFileFor } from './repos.ts';
import type { Staging } from './staging.ts';
import type { SyncEvents } from './sync-events.ts';
import { syncAlarms } from './sync-views.ts';
import type { Transcript } from './transcript.ts';
import type { Lack } from './views.ts';
import { SITE_REFUSED, lacks, stoppedHosts } from './views.ts';

const ASSETS = new URL('../console/assets/', import.meta.url).pathname;

type Lacking = () => Promise<readonly Lack[]>;

/** What the routers follow beside the house. */
export type Followed = {
  readonly transcript: Transcript;
  readonly events: SyncEvents;
  readonly logs: LogDesk;
  readonly starters: Starters;
  readonly meters: Meters;
  readonly staging: Staging;
};

/** In the order they are asked. */
export function routersOf(
  appliance: Appliance,
  { transcript, events, logs, starters, meters, staging }: Followed,
): readonly Router[] {
  const { house } = appliance;
  const lacking = recently(house.now, async () => [
    ...rogueLacks(house, transcript),
    ...stoppedHosts(house),
    ...(await lacks(house)),
    ...(await syncAlarms(house)),
  ]);
  return [
    installers(house, transcript, logs),
    hostFiles(house),
    repoFileRoutes((name, snapshot) => repoFileFor(house, name, snapshot)),
    bundleRoutes({
      bundleFor: (name, options) => bundleFor(house, name, options),
      isOperator: (request) => isAllowed(appliance, request, 'operator'),
      log: house.log,
    }),
    uploadRoutes(staging.edges),
    ...api(appliance, lacking, { logs, starters }),
    eventRoutes({ ...events, mayListen: (request) => isAllowed(appliance, request, 'viewer') }),
    metricsRoutes({
      mayRead: (request) => isAllowed(appliance, request, 'viewer'),
      collect: recently(house.now, () => meters.collect(() => lackCodes(appliance, lacking))),
    }),
    pages(appliance),
  ];
}

/** Another server that answers DHCP is no lack, but it decides what machines boot as much as this one does. */
function rogueLacks({ settings }: House, { rogues }: Transcript): readonly Lack[] {
  const remedies = {
    dhcp: 'find it and switch it off, or serve beside it (--dhcp proxy)',
    boot: `take its next-server and file name away${settings.dhcp === 'proxy' ? '' : ', or switch it off'}: machines may boot what it names`,
  };
  return rogues.list().map(({ server, kind, evidence }) => ({
    code: kind === 'dhcp' ? 'dhcp-rogue' : 'boot-rogue',
    what: 'DHCP',
    // A client's word names no server; an answer that was heard names itself.
    reason: evidence.includes(server) ? evidence : `another DHCP server answers: ${server} (${evidence})`,
    remedy: remedies[kind],
  }));
}

function installers(house: House, { machines, note }: Transcript, logs: LogDesk): Router {
  const installs = followInstalls(house);
  return installerRoutes({
    state: house.hosts.state,
    apply: (host, event) => {
      logs.follow(host, event);
      const state = house.hosts.apply(host, event);
      installs.stands(host, state);
      return state;
    },
    keepLog: (host, text) => logs.keepScript(host, text),
    clean: (text) => logs.clean(text),
    note: (host, what, detail) => {
      const at = house.now();
      if (house.mayNote(at)) house.hosts.note(host, { at, what, detail });
    },
    stage: (address, host, stage) => {
      const seen = machines.at(address);
      // Only who has shown the host's token is taken for it.
      const isProven = stage.kind !== 'instructions' || stage.outcome === 'given';
      const own = isProven ? house.site().hosts.find((known) => known.name === host)?.macs : undefined;
      const isKnown = own === undefined || (seen?.mac !== undefined && own.includes(seen.mac));
      const mac = isKnown ? seen?.mac : own[0];
      if (own === undefined || mac === undefined) machines.heardOf(address);
      else machines.learn(address, { mac, uuid: undefined, firmware: undefined });
      note({ mac, address }, stage);
      installs.reached(host, address, stage);
    },
    macsOf: (name) => house.site().hosts.find((host) => host.name === name)?.macs,
    render: installs.render,
    now: house.now,
    log: house.log,
  });
}

function hostFiles(house: House): Router {
  return hostFileRoutes({
    state: house.hosts.state,
    note: (host, what, detail) => {
      const at = house.now();
      if (house.mayNote(at)) house.hosts.note(host, { at, what, detail });
    },
    isHost: (name) => house.site().hosts.some((host) => host.name === name),
    find: (host, name) => hostFile(house, host, name),
    now: house.now,
    log: house.log,
  });
}

function pages(appliance: Appliance): Router {
  return consoleRoutes(
    {
      mayLook: (request) => isAllowed(appliance, request, 'viewer'),
      site: () => appliance.house.site().name,
      elsewhere: (request) => (isEncrypted(request) ? undefined : appliance.secureOrigin()),
    },
    ASSETS,
  );
}

function api(
  appliance: Appliance,
  lacking: Lacking,
  { logs, starters }: Pick<Followed, 'logs' | 'starters'>,
): readonly Router[] {
  const { house, accounts } = appliance;
  const operations = apiOperations(house, accounts, starters);
  return [
    apiRoutes({
      operations,
      version,
      health: async ({ strict }) => ({
        ...(await healthOf(appliance, lacking, strict === undefined ? 'alive' : 'strict')),
        syslog: logs.counts(),
      }),
      siteSchema: siteJsonSchema,
    }),
    operationRoutes({
      operations,
      identify: accounts.identify,
      insecure: (request) => plainRefusal(request, appliance.secureOrigin()),
      audit: (entry) => accounts.audit.note({ at: house.now(), ...entry }),
    }),
  ];
}

function isAllowed({ accounts, secureOrigin }: Appliance, request: IncomingMessage, right: Right): boolean {
  if (plainRefusal(request, secureOrigin()) !== undefined) return false;
  const principal = accounts.identify(request);
  return !isNo(principal) && mayAct(principal?.role, right);
}

/**
 * Alive, and what is missing. A lack of content is no ill health: the rest is served; `strict` is for monitoring, which wants to
 * hear of whatever an operator must act on. Of a refused site file only places are told: its texts may hold what was typed into the
 * wrong place, and anyone may read this.
 */
async function healthOf(appliance: Appliance, lacking: Lacking, how: 'alive' | 'strict') {
  const siteProblems = appliance.siteProblems().map(({ path, line }) => ({ code: SITE_REFUSED, path, line }));
  const { settings, site } = appliance.house;
  const missing = await lacking();
  const ok = how === 'alive' || (missing.length === 0 && siteProblems.length === 0);
  return { ok, site: site().name, dhcp: settings.dhcp, missing, siteProblems };
}

async function lackCodes(appliance: Appliance, lacking: Lacking): Promise<readonly string[]> {
  const codes = (await lacking()).map(({ code }) => code);
  return [...codes, ...appliance.siteProblems().map(() => SITE_REFUSED)];
}
