// Every Express router of the appliance, each given its functions.

import type { Router } from 'express';
import { bundleRoutes } from '../../kickstart/bundle/routes.ts';
import { repoFileRoutes } from '../../kickstart/repo-files/routes.ts';
import { eventRoutes } from '../api/events/routes.ts';
import { apiRoutes, isOperator } from '../api/routes.ts';
import { consoleRoutes } from '../console/routes.ts';
import { installerRoutes } from '../hosts/routes.ts';
import { siteJsonSchema } from '../site/schema.ts';
import { showSite } from '../site/show.ts';
import type { Appliance } from './appliance.ts';
import { armHost, disarmHost } from './arming.ts';
import { bundleFor } from './bundle.ts';
import { enrollMachine, strangers } from './enrolment.ts';
import type { House } from './house.ts';
import { instructionsFor } from './instructions.ts';
import { recently } from './recently.ts';
import { repoFileFor } from './repos.ts';
import type { SyncEvents } from './sync-events.ts';
import { syncAlarms, syncHistory } from './sync-views.ts';
import type { Transcript } from './transcript.ts';
import type { Lack } from './views.ts';
import {
  hostDetail,
  hostPage,
  hostViews,
  lacks,
  noRepo,
  pageModel,
  repoDetail,
  repoViews,
  stoppedHosts,
  treeViews,
} from './views.ts';

const ASSETS = new URL('../console/assets/', import.meta.url).pathname;

type Lacking = () => Promise<readonly Lack[]>;

/** What the routers follow beside the house. */
export type Followed = { readonly transcript: Transcript; readonly events: SyncEvents };

/** In the order they are asked. */
export function routersOf(appliance: Appliance, { transcript, events }: Followed): readonly Router[] {
  const { house } = appliance;
  const lacking = recently(house.now, async () => [
    ...rogueLacks(house, transcript),
    ...stoppedHosts(house),
    ...(await lacks(house)),
    ...(await syncAlarms(house)),
  ]);
  return [
    installers(house, transcript),
    repoFileRoutes((name, snapshot) => repoFileFor(house, name, snapshot)),
    bundleRoutes({
      bundleFor: (name, options) => bundleFor(house, name, options),
      isOperator: (request) => isOperator(request, appliance.operatorToken()),
      log: house.log,
    }),
    api(appliance, lacking),
    eventRoutes(events),
    pages(appliance, lacking),
  ];
}

/** Another server that answers DHCP is no lack, but it decides what machines boot as much as this one does. */
function rogueLacks({ settings }: House, { rogues }: Transcript): readonly Lack[] {
  const remedies = {
    dhcp: 'find it and switch it off, or serve beside it (--dhcp proxy)',
    boot: `take its next-server and file name away${settings.dhcp === 'proxy' ? '' : ', or switch it off'}: machines may boot what it names`,
  };
  return rogues.list().map(({ server, kind, evidence }) => ({
    what: 'DHCP',
    // A client's word names no server; an answer that was heard names itself.
    reason: evidence.includes(server) ? evidence : `another DHCP server answers: ${server} (${evidence})`,
    remedy: remedies[kind],
  }));
}

function installers(house: House, { machines, note }: Transcript): Router {
  return installerRoutes({
    state: house.hosts.state,
    apply: (host, event) => house.hosts.apply(host, event),
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
    },
    macsOf: (name) => house.site().hosts.find((host) => host.name === name)?.macs,
    render: (host, what) => instructionsFor(house, host, what),
    now: house.now,
    log: house.log,
  });
}

function pages(appliance: Appliance, lacking: Lacking): Router {
  const { house } = appliance;
  // Thousands of hosts make a large page, and anyone may ask for it in a loop.
  const main = recently(house.now, async () => pageModel(house, await warningsOf(appliance, lacking)));
  return consoleRoutes({ main, host: async (name) => hostPage(house, name) }, ASSETS);
}

function api(appliance: Appliance, lacking: Lacking): Router {
  const { house } = appliance;
  return apiRoutes({
    operatorToken: appliance.operatorToken,
    health: () => healthOf(appliance, lacking),
    views: {
      hosts: async () => hostViews(house),
      repos: () => repoViews(house),
      trees: () => treeViews(house),
      discovered: async () => strangers({ hosts: house.hosts, site: house.site() }, 1000),
      site: async () => showSite(house.site()),
    },
    host: async (name) => hostDetail(house, name),
    repo: (name) => repoDetail(house, name),
    syncs: async (name, limit) =>
      house.site().repos.some((repo) => repo.name === name) ? syncHistory(house, name, limit) : noRepo(house),
    arm: (name, forMs) => armHost(house, name, forMs),
    disarm: async (name) =>
      disarmHost(
        house,
        name,
        house.site().hosts.map((host) => host.name),
      ),
    hasAsked: (mac) => house.hosts.sighting(mac) !== undefined,
    enroll: (mac, body) => enrollMachine(house, { ...body, mac }),
    siteSchema: siteJsonSchema,
  });
}

/**
 * Alive, and what is missing. A lack of content is no ill health: the rest is served. Of a refused site file only places
 * are told: its texts may hold what was typed into the wrong place, and anyone may read this.
 */
async function healthOf(appliance: Appliance, lacking: Lacking) {
  const siteProblems = appliance.siteProblems().map(({ path, line }) => ({ path, line }));
  const { settings, site } = appliance.house;
  return { ok: true, site: site().name, dhcp: settings.dhcp, missing: await lacking(), siteProblems };
}

async function warningsOf(appliance: Appliance, lacking: Lacking): Promise<readonly string[]> {
  const [first, ...others] = appliance.siteProblems();
  const place =
    first === undefined ? '' : [first.path, ...(first.line === undefined ? [] : [`line ${first.line}`])].join(', ');
  const more = others.length === 0 ? '' : ` and ${others.length} more`;
  const refused =
    first === undefined
      ? []
      : [`The changed site file is refused (${place}${more}); kickstand site check tells why. The old site goes on.`];
  const missing = (await lacking()).map(
    (lack) => `${lack.what}: ${lack.reason}${lack.remedy === undefined ? '' : ` — ${lack.remedy}`}`,
  );
  return [...refused, ...missing];
}
