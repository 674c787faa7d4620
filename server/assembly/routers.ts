// Every Express router of the appliance, each given its functions.

import type { Router } from 'express';
import { bundleRoutes } from '../../kickstart/bundle/routes.ts';
import { repoFileRoutes } from '../../kickstart/repo-files/routes.ts';
import { apiRoutes, isOperator } from '../api/routes.ts';
import { consoleRoutes } from '../console/routes.ts';
import { installerRoutes } from '../hosts/routes.ts';
import { siteJsonSchema } from '../site/schema.ts';
import { showSite } from '../site/show.ts';
import type { Appliance } from './appliance.ts';
import { armHost, disarmHost } from './arming.ts';
import { bundleFor } from './bundle.ts';
import type { House } from './house.ts';
import { instructionsFor } from './instructions.ts';
import { repoFileFor } from './repos.ts';
import { hostDetail, hostViews, lacks, pageModel, repoViews, treeViews } from './views.ts';

const ASSETS = new URL('../console/assets/', import.meta.url).pathname;

/** In the order they are asked. */
export function routersOf(appliance: Appliance): readonly Router[] {
  const { house } = appliance;
  return [
    installers(house),
    repoFileRoutes((name, snapshot) => repoFileFor(house, name, snapshot)),
    bundleRoutes({
      bundleFor: (name, options) => bundleFor(house, name, options),
      isOperator: (request) => isOperator(request, appliance.operatorToken()),
      log: house.log,
    }),
    api(appliance),
    consoleRoutes(async () => pageModel(house, await warningsOf(appliance)), ASSETS),
  ];
}

function installers(house: House): Router {
  return installerRoutes({
    state: house.hosts.state,
    apply: (host, event) => house.hosts.apply(host, event),
    note: (host, what, detail) => {
      const at = house.now();
      if (house.mayNote(at)) house.hosts.note(host, { at, what, detail });
    },
    macsOf: (name) => house.site().hosts.find((host) => host.name === name)?.macs,
    render: (host, what) => instructionsFor(house, host, what),
    now: house.now,
    log: house.log,
  });
}

function api(appliance: Appliance): Router {
  const { house } = appliance;
  return apiRoutes({
    operatorToken: appliance.operatorToken,
    health: () => healthOf(appliance),
    views: {
      hosts: async () => hostViews(house),
      repos: () => repoViews(house),
      trees: () => treeViews(house),
      discovered: async () => house.hosts.discovered(1000),
      site: async () => showSite(house.site()),
    },
    host: async (name) => hostDetail(house, name),
    arm: (name, forMs) => armHost(house, name, forMs),
    disarm: async (name) =>
      disarmHost(
        house,
        name,
        house.site().hosts.map((host) => host.name),
      ),
    siteSchema: siteJsonSchema,
  });
}

/** Alive, and what is missing. A lack of content is no ill health: the rest is served. */
async function healthOf(appliance: Appliance) {
  const { house } = appliance;
  return { ok: true, site: house.site().name, missing: await lacks(house), siteProblems: appliance.siteProblems() };
}

async function warningsOf(appliance: Appliance): Promise<readonly string[]> {
  const file = appliance
    .siteProblems()
    .map((problem) => `The changed site file is refused: ${problem.path} ${problem.message}`);
  const missing = (await lacks(appliance.house)).map(
    (lack) => `${lack.what}: ${lack.reason}${lack.remedy === undefined ? '' : ` — ${lack.remedy}`}`,
  );
  return [...file, ...missing];
}
