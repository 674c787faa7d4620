// kickstand site capacity: how many hypervisors a load needs, step by step, beside those that the site has.

import { planCapacity } from '../../server/site/capacity.ts';
import type { Capacity, Sizing } from '../../server/site/capacity.ts';
import { capacityFlags, readSizing, renderSizingProblems } from '../../server/site/capacity-flags.ts';
import { supplyOf, supplySteps } from '../../server/site/capacity-site.ts';
import type { Supply } from '../../server/site/capacity-site.ts';
import { capacitySteps, renderSteps } from '../../server/site/capacity-text.ts';
import type { Step } from '../../server/site/capacity-text.ts';
import type { Site } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import type { No } from '../../server/malformed.ts';
import { loadSite } from '../../server/site/store.ts';
import { CommandFailed, camelCase, readContext, readSite } from './context.ts';
import type { Args, Context, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print, refuse } from './output.ts';

/**
 * `site capacity`: exit 0, and 1 where not one virtual machine fits on such a host. With `--profile` the site is what is
 * asked about: exit 1 too where it has too few such hosts.
 */
export async function capacityCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const { output } = context;
  const sizing = sizingOf(flags);
  const capacity = planCapacity(sizing);
  if (isNo(capacity)) return refuse(output, capacity);
  const profile = typeof flags['profile'] === 'string' ? flags['profile'] : undefined;
  const supply = await siteSupply(context, capacity, profile);
  if (supply !== undefined && isNo(supply)) return refuse(output, supply);
  const steps = [...capacitySteps(sizing, capacity), ...siteSteps(supply, capacity)];
  print(output, { sizing, ...capacity, site: supply ?? null, steps }, renderSteps(steps));
  return profile !== undefined && supply !== undefined && supply.missing > 0 ? 1 : 0;
}

function sizingOf(flags: Flags): Sizing {
  const typed = capacityFlags.map(({ name, bare }) => {
    const given = flags[camelCase(name)];
    return [name, typeof given === 'string' ? given : given === true ? bare : undefined] as const;
  });
  const read = readSizing(Object.fromEntries(typed));
  if (read.kind === 'problems') throw new CommandFailed(renderSizingProblems(read.problems).trimEnd(), 2);
  return read.sizing;
}

/** Sizing comes before there is a site: a file that is absent or wrong is only left out, unless it is asked about. */
async function siteSupply(
  context: Context,
  capacity: Capacity,
  profile: string | undefined,
): Promise<Supply | No | undefined> {
  const site = profile === undefined ? await siteIfRight(context) : await readSite(context);
  return site === undefined ? undefined : supplyOf(site, capacity, profile);
}

async function siteIfRight({ settings }: Context): Promise<Site | undefined> {
  const parsed = await loadSite(settings.siteFile);
  return parsed.kind === 'site' ? parsed.site : undefined;
}

function siteSteps(supply: Supply | undefined, capacity: Capacity): readonly Step[] {
  if (supply !== undefined) return supplySteps(supply, capacity);
  return [
    { part: 'site', about: 'hosts', text: 'not compared: kickstand site check tells what is wrong with the file' },
  ];
}
