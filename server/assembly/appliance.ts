// A house whose site follows its file, and what a running appliance tells the commands of itself.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ipv4 } from '../address.ts';
import type { Site } from '../domain.ts';
import type { Notices } from '../happenings/notices.ts';
import { openNotices, siteRefused } from '../happenings/notices.ts';
import type { Log } from '../log.ts';
import type { Problem } from '../malformed.ts';
import { codeOf } from '../malformed.ts';
import { OPERATOR_SECRET } from '../secret.ts';
import type { Settings } from '../settings.ts';
import { renderProblems } from '../site/problems.ts';
import { openSite } from '../site/store.ts';
import type { Lock } from '../lock.ts';
import { takeLock } from '../lock.ts';
import { ensureDirectory, saveFile } from '../store.ts';
import { tokenOf } from '../hosts/token.ts';
import type { Accounts } from './accounts.ts';
import { openAccountsOf } from './accounts.ts';
import type { House } from './house.ts';
import { dataPaths, openHouse } from './house.ts';
import { openSiteKeeper } from './site-keeper.ts';
import { z } from 'zod';

export type Ports = {
  readonly httpPort: number;
  /** Undefined: operators come over plain HTTP. */
  readonly httpsPort: number | undefined;
  readonly tftpPort: number;
  /** Undefined: installers' logs are not received. */
  readonly syslogPort: number | undefined;
};

export type Appliance = {
  readonly house: House;
  /** Asked anew each time: `kickstand secret set operator` changes it at once. */
  readonly operatorToken: () => string;
  readonly accounts: Accounts;
  /** Where operators are to come over TLS: `https://192.168.168.26:8443`; undefined: plain HTTP will do. */
  readonly secureOrigin: () => string | undefined;
  /** What is wrong with the site file since its last good state; empty when nothing is. */
  readonly siteProblems: () => readonly Problem[];
  /** What it noticed since it runs, and nobody else keeps. */
  readonly notices: Notices;
  /** Calls back after each reload of the site. */
  readonly onReload: (listener: (site: Site) => void) => void;
  /** Says on which ports it serves, and how it answers DHCP: commands render URLs and judge boots with them. */
  readonly announce: (ports: Ports) => Promise<void>;
  close(): Promise<void>;
};

/** The site file has problems; `message` shows them all. */
export class SiteRefused extends Error {}

/** Opens the house of `settings` with a site that is reloaded when its file changes. Throws `SiteRefused` for a bad one. */
export async function openAppliance(settings: Settings, log: Log): Promise<Appliance> {
  const lock = await lockData(settings.dataDirectory);
  const listeners: ((site: Site) => void)[] = [];
  const keeper = openSiteKeeper(settings, log);
  const notices = openNotices(Date.now);
  const site = await openSite(settings.siteFile, {
    log,
    onText: keeper.keep,
    onReload: (reloaded) => listeners.forEach((listener) => listener(reloaded)),
    onRefused: (problems) => {
      notices.add(siteRefused(problems));
      problems.forEach((problem) =>
        log.warn('site problem', { path: problem.path, line: problem.line, problem: problem.message }),
      );
    },
  });
  if (site.kind === 'problems') {
    lock.release();
    throw new SiteRefused(renderProblems(site.problems, settings.siteFile));
  }
  let ports: Ports = {
    httpPort: settings.httpPort ?? 80,
    tftpPort: settings.tftpPort ?? 69,
    httpsPort: undefined,
    syslogPort: undefined,
  };
  const house = await openHouse({
    settings,
    log,
    site: site.current,
    origin: () => originOf(settings.advertise, site.current(), ports.httpPort),
    syslog: () => syslogOf(settings.advertise, site.current(), ports.syslogPort),
  });
  const first = await makeOperatorToken(house);
  const accounts = openAccountsOf(house);
  return {
    house,
    operatorToken: () => house.secrets.read(OPERATOR_SECRET) ?? first,
    accounts,
    secureOrigin: () => secureOriginOf(house.origin(), ports.httpsPort),
    siteProblems: site.problems,
    notices,
    onReload: (listener) => void listeners.push(listener),
    announce: async (opened) => {
      ports = opened;
      await saveFile(
        dataPaths(settings.dataDirectory).running,
        `${JSON.stringify({ ...ports, dhcp: settings.dhcp, origin: house.origin(), syslog: house.syslog(), pid: process.pid })}\n`,
      );
    },
    close: async () => {
      site.close();
      await keeper.close();
      await rm(dataPaths(settings.dataDirectory).running, { force: true });
      accounts.close();
      await house.close();
      lock.release();
    },
  };
}

/** Two appliances on one data directory would arm, count and sync against each other. */
async function lockData(dataDirectory: string): Promise<Lock> {
  const { locks } = dataPaths(dataDirectory);
  await ensureDirectory(locks);
  const lock = takeLock(join(locks, 'appliance.lock'), 'exclusive');
  if (lock !== undefined) return lock;
  throw new Error(`another appliance runs on ${dataDirectory}`, {
    cause: 'stop it, or give this one another --data directory',
  });
}

/** `http://192.168.168.26`, with the port where it is not HTTP's own. */
export function originOf(advertise: Ipv4 | undefined, site: Site, httpPort: number): string {
  const port = httpPort === 80 ? '' : `:${httpPort}`;
  return `http://${advertise ?? site.appliance}${port}`;
}

/** The same name over TLS, with the port where it is not HTTPS's own. */
function secureOriginOf(origin: string, port: number | undefined): string | undefined {
  if (port === undefined) return undefined;
  return `https://${new URL(origin).hostname}${port === 443 ? '' : `:${port}`}`;
}

/** `192.168.168.26:514`: as anaconda takes it, which hands it to rsyslog. */
function syslogOf(advertise: Ipv4 | undefined, site: Site, port: number | undefined): string | undefined {
  return port === undefined ? undefined : `${advertise ?? site.appliance}:${port}`;
}

/** The token there is, or one made now. */
async function makeOperatorToken(house: House): Promise<string> {
  const known = house.secrets.read(OPERATOR_SECRET);
  if (known !== undefined) return known;
  const made = tokenOf(house.random(32));
  await house.secrets.save(OPERATOR_SECRET, made);
  return made;
}

const announced = z.object({
  httpPort: z.number().int(),
  tftpPort: z.number().int(),
  dhcp: z.enum(['off', 'proxy', 'server']),
  origin: z.string(),
  syslog: z.string().optional(),
  pid: z.number().int(),
});

/** What the appliance that serves `dataDirectory` said of itself; undefined when none runs. */
export async function runningAppliance(dataDirectory: string): Promise<z.output<typeof announced> | undefined> {
  try {
    const parsed = announced.safeParse(JSON.parse(await readFile(dataPaths(dataDirectory).running, 'utf8')));
    return parsed.success && isAlive(parsed.data.pid) ? parsed.data : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}
