// What a command works with: settings, output, and the house when it needs one. Each command opens what it needs, no more.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { originOf, runningAppliance } from '../../server/assembly/appliance.ts';
import type { House } from '../../server/assembly/house.ts';
import { dataPaths, openHouse } from '../../server/assembly/house.ts';
import type { Site } from '../../server/domain.ts';
import type { HostStore } from '../../server/hosts/store.ts';
import { openHostStore } from '../../server/hosts/store.ts';
import type { Log } from '../../server/log.ts';
import { quietLog } from '../../server/log.ts';
import type { RawSettings, Settings } from '../../server/settings.ts';
import { environmentName, parseSettings, settingFlags } from '../../server/settings.ts';
import { renderProblems } from '../../server/site/problems.ts';
import { loadSite } from '../../server/site/store.ts';
import { ensureDirectory } from '../../server/store.ts';
import type { ExitCode, Output } from './output.ts';

/** A command ends with this: `message` for the operator, `code` for the shell. */
export class CommandFailed extends Error {
  readonly code: ExitCode;

  constructor(message: string, code: ExitCode) {
    super(message);
    this.code = code;
  }
}

/** A command's positional arguments, as commander gives them. */
export type Args = readonly (string | readonly string[] | undefined)[];
/** A command's flags by their names in camel case. */
export type Flags = Readonly<Record<string, unknown>>;

/** What every command works with. */
export type Context = { readonly settings: Settings; readonly output: Output };

const HOME = new URL('../../', import.meta.url).pathname;

/** Reads flags over the environment. Throws `CommandFailed` (usage) with all that is wrong. */
export function readContext(flags: Flags): Context {
  const raw: Record<string, string | undefined> = {};
  for (const { name, bare } of settingFlags) {
    const given = flags[camelCase(name)];
    raw[name] = (given === true ? bare : textOf(given)) ?? process.env[environmentName(name)];
  }
  const result = parseSettings(raw satisfies RawSettings, {
    fromHere: (path) => resolve(path),
    fromHome: (path) => resolve(HOME, path),
    exists: existsSync,
  });
  if (result.kind === 'problems') throw new CommandFailed(result.problems.join('\n'), 2);
  return { settings: result.settings, output: outputOf(flags['json'] === true) };
}

function outputOf(json: boolean): Output {
  return {
    json,
    write: (text) => void process.stdout.write(text),
    complain: (text) => void process.stderr.write(text),
  };
}

/** The site of the settings' file. Throws `CommandFailed` with all its problems. */
export async function readSite({ settings }: Context): Promise<Site> {
  const parsed = await loadSite(settings.siteFile);
  if (parsed.kind === 'site') return parsed.site;
  throw new CommandFailed(renderProblems(parsed.problems, settings.siteFile).trimEnd(), 1);
}

/** How machines reach the appliance: the one that runs knows its port; else it is what it would be told. */
export async function originFor(context: Context): Promise<string> {
  const { settings } = context;
  const running = await runningAppliance(settings.dataDirectory);
  return running?.origin ?? originOf(settings.advertise, await readSite(context), settings.httpPort ?? 80);
}

/** Runs `work` with the house open, and closes it whatever happens. URLs and DHCP are those of the appliance that runs, if one does. */
export async function withHouse<T>(
  context: Context,
  work: (house: House) => Promise<T>,
  log: Log = quietLog,
): Promise<T> {
  let site = await readSite(context);
  const reread = async (): Promise<void> => {
    site = await readSite(context);
  };
  const running = await runningAppliance(context.settings.dataDirectory);
  const settings = { ...context.settings, dhcp: running?.dhcp ?? context.settings.dhcp };
  const origin = running?.origin ?? originOf(settings.advertise, site, settings.httpPort ?? 80);
  const syslog = (): string | undefined => running?.syslog;
  const house = await openHouse({ settings, log, site: () => site, reread, origin: () => origin, syslog });
  try {
    return await work(house);
  } finally {
    await house.close();
  }
}

/** Runs `work` with the host states alone: they need no site. */
export async function withHostStore<T>({ settings }: Context, work: (hosts: HostStore) => T | Promise<T>): Promise<T> {
  await ensureDirectory(settings.dataDirectory);
  const hosts = openHostStore(dataPaths(settings.dataDirectory).state);
  try {
    return await work(hosts);
  } finally {
    hosts.close();
  }
}

/** Positional names as a list, whether one or many were asked for. */
export function namesOf(names: string | readonly string[] | undefined): readonly string[] {
  return typeof names === 'string' ? [names] : (names ?? []);
}

/** The things called `names`, or all of them for none. A name that is not there is wrong usage: `CommandFailed`. */
export function chosen<T extends { readonly name: string }>(
  what: string,
  all: readonly T[],
  names: string | readonly string[] | undefined,
): readonly T[] {
  const wanted = namesOf(names);
  const unknown = wanted.find((name) => !all.some((one) => one.name === name));
  if (unknown !== undefined) {
    throw new CommandFailed(
      `kickstand: the site has no ${what} ${unknown}; its ${what}s are ${all.map((one) => one.name).join(', ')}`,
      2,
    );
  }
  return wanted.length === 0 ? all : all.filter((one) => wanted.includes(one.name));
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** A flag's name as commander keeps it: `http-port` is `httpPort`. */
export function camelCase(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}
