// kickstand host list | show | arm | disarm | render.

import { armHost, disarmHost } from '../../server/assembly/arming.ts';
import { previewFor, renderForms } from '../../server/assembly/instructions.ts';
import type { HostView } from '../../server/assembly/views.ts';
import { hostDetail, hostViews } from '../../server/assembly/views.ts';
import { parseDuration } from '../../server/hosts/arming.ts';
import { isNo } from '../../server/malformed.ts';
import { quietLog } from '../../server/log.ts';
import { loadSite } from '../../server/site/store.ts';
import { CommandFailed, namesOf, readContext, withHostStore, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';

/** `host list`. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const hosts = await withHouse(context, async (house) => hostViews(house));
  const rows = hosts.map((host) => [
    host.name,
    host.phase,
    host.address,
    host.profile,
    host.macs.join(' '),
    host.reason,
  ]);
  print(context.output, hosts, table(['HOST', 'STATE', 'ADDRESS', 'PROFILE', 'MAC', 'WHY'], rows));
  return 0;
}

/** `host show HOST`. */
export async function showCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const shown = await withHouse(context, async (house) => {
    const detail = hostDetail(house, String(name));
    return isNo(detail) ? detail : { detail, history: house.hosts.history(detail.name, 100) };
  });
  if (isNo(shown)) return refuse(context.output, shown);
  const history = shown.history.toReversed().map((entry) => [formatTime(entry.at), entry.what, entry.detail]);
  print(context.output, shown.detail, `${describe(shown.detail)}\n${table(['WHEN', 'WHAT', 'DETAIL'], history)}`);
  return 0;
}

function describe(host: HostView): string {
  const armed =
    host.arming === undefined
      ? []
      : [`armed until ${formatTime(host.arming.expiresAt)}, boots so far: ${host.attempts}`];
  const pins = Object.entries(host.arming?.pins ?? {}).map(([repo, snapshot]) => `pinned to ${repo}@${snapshot}`);
  return `${[`${host.name}: ${host.phase} (${host.reason})`, `${host.address}  ${host.macs.join(' ')}  profile ${host.profile}`, ...armed, ...pins].join('\n')}\n`;
}

/** `host arm HOST… [--for 2h]`: every host that can be armed is; exit 1 if one cannot. */
export async function armCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const forMs = typeof flags['for'] === 'string' ? parseDuration(flags['for']) : undefined;
  if (isNo(forMs))
    throw new CommandFailed(`--for: ${forMs.reason}${forMs.remedy === undefined ? '' : `; ${forMs.remedy}`}`, 2);
  const results = await withHouse(context, async (house) => {
    const armed = [];
    for (const name of namesOf(names)) armed.push({ name, result: await armHost(house, name, forMs) });
    return armed;
  });
  return report(
    context.output,
    results,
    (result) => `armed until ${formatTime(result.expiresAt)}: its next boot wipes its disks and installs`,
  );
}

/** `host disarm HOST…`. */
export async function disarmCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  // A machine must be stopped from installing even while the site file is being repaired.
  const site = await loadSite(context.settings.siteFile);
  const siteHosts = site.kind === 'site' ? site.site.hosts.map((host) => host.name) : [];
  const results = await withHostStore(context, (hosts) =>
    namesOf(names).map((name) => ({
      name,
      result: disarmHost({ hosts, now: Date.now, log: quietLog }, name, siteHosts),
    })),
  );
  return report(context.output, results, () => 'disarmed');
}

/** `host render HOST [--as FORM]`. */
export async function renderCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const form = renderForms.find((known) => known === flags['as']);
  if (flags['as'] !== undefined && form === undefined)
    throw new CommandFailed(`--as: one of ${renderForms.join(', ')}`, 2);
  const text = await withHouse(context, (house) => previewFor(house, String(name), form));
  if (isNo(text)) return refuse(context.output, text);
  print(context.output, { host: name, form: form ?? null, text }, text);
  return 0;
}

type Refusal = { readonly kind: 'no'; readonly reason: string; readonly remedy?: string };

function report<T extends { readonly kind: string }>(
  output: Parameters<typeof print>[0],
  results: readonly { readonly name: string; readonly result: T | Refusal }[],
  tell: (result: T) => string,
): ExitCode {
  print(
    output,
    results.map(({ name, result }) => ({ host: name, ...result })),
    '',
  );
  let code: ExitCode = 0;
  for (const { name, result } of results) {
    if (isNo(result)) code = refuse({ ...output, json: false }, { ...result, reason: `${name}: ${result.reason}` });
    else if (!output.json) output.write(`${name}: ${tell(result)}\n`);
  }
  return code;
}
