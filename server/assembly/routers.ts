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
import { recently } from './recently.ts';
import { repoFileFor } from './repos.ts';
import type { Lack } from './views.ts';
import { hostDetail, hostViews, lacks, pageModel, repoViews, treeViews } from './views.ts';

const ASSETS = new URL('../console/assets/', import.meta.url).pathname;

type Lacking = () => Promise<readonly Lack[]>;

/** In the order they are asked. */
export function routersOf(appliance: Appliance): readonly Router[] {
  const { house } = appliance;
  const lacking = recently(house.now, () => lacks(house));
  return [
    installers(house),
    repoFileRoutes((name, snapshot) => repoFileFor(house, name, snapshot)),
    bundleRoutes({
      bundleFor: (name, options) => bundleFor(house, name, options),
      isOperator: (request) => isOperator(request, appliance.operatorToken()),
      log: house.log,
    }),
    api(appliance, lacking),
    consoleRoutes(async () => pageModel(house, await warningsOf(appliance, lacking)), ASSETS),
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

function api(appliance: Appliance, lacking: Lacking): Router {
  const { house } = appliance;
  return apiRoutes({
    operatorToken: appliance.operatorToken,
    health: () => healthOf(appliance, lacking),
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

/**
 * Alive, and what is missing. A lack of content is no ill health: the rest is served. Of a refused site file only places
 * are told: its texts may hold what was typed into the wrong place, and anyone may read this.
 */
async function healthOf(appliance: Appliance, lacking: Lacking) {
  const siteProblems = appliance.siteProblems().map(({ path, line }) => ({ path, line }));
  return { ok: true, site: appliance.house.site().name, missing: await lacking(), siteProblems };
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
