// kickstand host list | show | arm | disarm | render.

import type { MacAddress } from '../../server/address.ts';
import { parseMac } from '../../server/address.ts';
import type { Armed } from '../../server/assembly/arming.ts';
import { disarmHost } from '../../server/assembly/arming.ts';
import type { Diagnosis } from '../../server/assembly/doctor.ts';
import { renderForms } from '../../server/assembly/instructions.ts';
import type { HostDetail, HostView } from '../../server/assembly/views.ts';
import type { TranscriptLine } from '../../server/doctor/transcript.ts';
import { timeWords } from '../../server/doctor/words.ts';
import { progressCell, progressLine } from '../../server/hosts/progress.ts';
import { parseDuration } from '../../server/hosts/arming.ts';
import type { No } from '../../server/malformed.ts';
import { Malformed, isNo } from '../../server/malformed.ts';
import { quietLog } from '../../server/log.ts';
import type { Verdict } from '../../server/stages.ts';
import { loadSite } from '../../server/site/store.ts';
import { reach, withApi, withClient } from './api.ts';
import type { Ask, Page } from './api-client.ts';
import { CommandFailed, namesOf, readContext, withHostStore } from './context.ts';
import type { Args, Context, Flags } from './context.ts';
import { noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';

/** `host list`. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const page = await withApi(context, flags, (ask) => ask<Page<HostView>>({ method: 'GET', path: '/hosts' }));
  if (isNo(page)) return refuse(context.output, page);
  const hosts = page.items;
  // A column of nothing helps nobody: it is there while an install runs.
  const isAny = hosts.some(({ progress }) => progress !== undefined);
  const rows = hosts.map((host) => [
    host.name,
    host.phase,
    ...(isAny ? [host.progress === undefined ? '' : progressCell(host.progress)] : []),
    host.address,
    host.profile,
    host.macs.join(' '),
    host.reason,
  ]);
  print(
    context.output,
    hosts,
    table(['HOST', 'STATE', ...(isAny ? ['PROGRESS'] : []), 'ADDRESS', 'PROFILE', 'MAC', 'WHY'], rows),
  );
  return 0;
}

/** `host show HOST`: the boot doctor's verdict first, then what it rests on. A machine of no site is shown by its MAC. */
export async function showCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const shown = await withApi(context, flags, (ask) => showing(ask, String(name)));
  if (isNo(shown)) return refuse(context.output, shown);
  print(context.output, shown.value, shown.text);
  return 0;
}

type Shown = { readonly value: unknown; readonly text: string };

async function showing(ask: Ask, name: string): Promise<Shown | No> {
  const mac = macOf(name);
  if (mac === undefined) return showingHost(ask, name);
  const page = await ask<Page<HostView>>({ method: 'GET', path: `/hosts?q=${encodeURIComponent(mac)}` });
  if (isNo(page)) return page;
  const host = page.items.find(({ macs }) => macs.includes(mac));
  if (host !== undefined) return showingHost(ask, host.name);
  const stranger = await ask<Diagnosis>({ method: 'GET', path: `/discovered/${encodeURIComponent(mac)}` });
  return isNo(stranger) ? stranger : { value: stranger, text: diagnosisWords(mac, stranger).join('\n') };
}

async function showingHost(ask: Ask, name: string): Promise<Shown | No> {
  const detail = await ask<HostDetail>({ method: 'GET', path: pathOf(name) });
  if (isNo(detail)) return detail;
  const [verdict = '', ...transcript] = diagnosisWords(detail.name, detail);
  const history = detail.history.toReversed().map((entry) => [formatTime(entry.at), entry.what, entry.detail]);
  const past = history.length === 0 ? [] : [table(['WHEN', 'WHAT', 'DETAIL'], history)];
  const parts = [verdict, describe(detail), ...transcript, ...past];
  return { value: detail, text: parts.join('\n') };
}

function macOf(text: string): MacAddress | undefined {
  try {
    return parseMac(text);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

/** The verdict, and the stages where there are any. */
function diagnosisWords(name: string, { verdict, transcript }: Diagnosis): readonly string[] {
  return [verdictWords(name, verdict), ...(transcript.length === 0 ? [] : [transcriptTable(transcript)])];
}

function verdictWords(name: string, { health, summary, remedy, certainty }: Verdict): string {
  const sure = health === 'wrong' && certainty === 'likely' ? ' (inferred)' : '';
  return `${name}: ${health}: ${summary}${sure}\n${remedy === undefined ? '' : `  what to do: ${remedy}\n`}`;
}

/** The stages, an empty line between two boots. */
function transcriptTable(lines: readonly TranscriptLine[]): string {
  const rows = lines.flatMap(({ at, boot, what, detail }, index) => {
    const between = index > 0 && lines[index - 1]?.boot !== boot ? [['', '', '']] : [];
    return [...between, [timeWords(at), what, detail]];
  });
  return table(['AT', 'STAGE', 'DETAIL'], rows);
}

function describe(host: HostView): string {
  const armed =
    host.arming === undefined
      ? []
      : [`armed until ${formatTime(host.arming.expiresAt)}, boots so far: ${host.attempts}`];
  const progress = host.progress === undefined ? [] : [`progress: ${progressLine(host.progress)}`];
  const pins = Object.entries(host.arming?.pins ?? {}).map(([repo, snapshot]) => `pinned to ${repo}@${snapshot}`);
  return `${[`${host.name}: ${host.phase} (${host.reason})`, `${host.address}  ${host.macs.join(' ')}  profile ${host.profile}`, ...progress, ...armed, ...pins].join('\n')}\n`;
}

/** `host arm HOST… [--for 2h]`: every host that can be armed is; exit 1 if one cannot. */
export async function armCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const forMs = typeof flags['for'] === 'string' ? parseDuration(flags['for']) : undefined;
  if (isNo(forMs))
    throw new CommandFailed(`--for: ${forMs.reason}${forMs.remedy === undefined ? '' : `; ${forMs.remedy}`}`, 2);
  const body = forMs === undefined ? {} : { forSeconds: Math.max(1, Math.round(forMs / 1000)) };
  const results = await withApi(context, flags, (ask) =>
    forEach(names, (name) => ask<Armed>({ method: 'POST', path: `${pathOf(name)}/arm`, body })),
  );
  return report<Armed>(
    context.output,
    results,
    (result) => `armed until ${formatTime(result.expiresAt)}: its next boot wipes its disks and installs`,
  );
}

/** `host disarm HOST…`. */
export async function disarmCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const client = await reach(context, flags);
  const results =
    client === undefined
      ? await disarmHere(context, names)
      : await withClient(client, (ask) =>
          forEach(names, (name) => ask<Disarmed>({ method: 'POST', path: `${pathOf(name)}/disarm` })),
        );
  return report<Disarmed>(context.output, results, () => 'disarmed');
}

/** A machine must be stopped from installing even while the site file is being repaired: this needs none. */
async function disarmHere(context: Context, names: Args[number]) {
  const site = await loadSite(context.settings.siteFile);
  const siteHosts = site.kind === 'site' ? site.site.hosts.map((host) => host.name) : [];
  return withHostStore(context, (hosts) =>
    namesOf(names).map((name) => {
      const before = hosts.state(name, Date.now()).phase;
      const result = disarmHost({ hosts, now: Date.now, log: quietLog }, name, siteHosts);
      if (!isNo(result))
        noteCommand(context.settings, { operation: 'disarmHost', target: name, before, after: 'disarmed' });
      return { name, result };
    }),
  );
}

async function forEach<T>(names: Args[number], work: (name: string) => Promise<T>) {
  const results: { readonly name: string; readonly result: T }[] = [];
  for (const name of namesOf(names)) results.push({ name, result: await work(name) });
  return results;
}

function pathOf(host: string): string {
  return `/hosts/${encodeURIComponent(host)}`;
}

/** `host render HOST [--as FORM]`. */
export async function renderCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const form = renderForms.find((known) => known === flags['as']);
  if (flags['as'] !== undefined && form === undefined)
    throw new CommandFailed(`--as: one of ${renderForms.join(', ')}`, 2);
  const query = form === undefined ? '' : `?form=${form}`;
  const rendered = await withApi(context, flags, (ask) =>
    ask<{ readonly text: string }>({ method: 'GET', path: `${pathOf(String(name))}/instructions${query}` }),
  );
  if (isNo(rendered)) return refuse(context.output, rendered);
  const { text } = rendered;
  print(context.output, { host: name, form: form ?? null, text }, text);
  return 0;
}

type Disarmed = { readonly kind: 'disarmed' };
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
