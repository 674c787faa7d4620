// kickstand site history | diff | undo: the versions of the site file, with the appliance running or not.

import { createTwoFilesPatch } from 'diff';
import type { ListedVersion } from '../../server/assembly/site-file.ts';
import { readSiteFile, siteVersion, siteVersions, undoSiteFile } from '../../server/assembly/site-file.ts';
import type { No } from '../../server/malformed.ts';
import { isNo } from '../../server/malformed.ts';
import type { Settings } from '../../server/settings.ts';
import { plainLines } from '../../server/printable.ts';
import { versionName, versionWords } from '../../server/site/history/version.ts';
import { renderProblems } from '../../server/site/problems.ts';
import type { Args, Flags } from './context.ts';
import { CommandFailed, readContext } from './context.ts';
import { commandUser, noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { formatTime, print, refuse, table } from './output.ts';

/** `site history`. */
export async function historyCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const versions = await siteVersions(settings);
  const rows = versions.map((one) => [
    String(one.id),
    formatTime(one.at),
    one.via === 'disk' ? one.by : `${one.by} (${one.via})`,
    one.operation,
    `+${one.added} −${one.removed}`,
    one.current ? 'stands in the file' : '',
  ]);
  const none = 'none: the first comes with the first change, or when the appliance reads the file';
  print(output, versions, rows.length === 0 ? none : table(['VERSION', 'KEPT', 'BY', 'HOW', 'LINES', ''], rows));
  return 0;
}

/** `site diff VERSION [--now]`: what that version changed; with `--now`, what putting it back would change. */
export async function diffCommand([given]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const id = versionNumber(given);
  const wanted = await siteVersion(settings, id);
  if (isNo(wanted)) return refuse(output, wanted);
  const from = flags['now'] === true ? await standing(settings) : await before(settings, wanted);
  if (isNo(from)) return refuse(output, from);
  const text = createTwoFilesPatch(from.name, nameOf(wanted), from.text, wanted.text, '', '', { context: 3 });
  // What an operator wrote into a comment over the API is on root's terminal here.
  print(output, { from: from.name, to: nameOf(wanted), patch: text }, plainLines(text));
  return 0;
}

/** `site undo [VERSION]`: exit 1 and every problem where that is no site any more. */
export async function undoCommand([given]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const id = given === undefined ? undefined : versionNumber(given);
  const done = await undoSiteFile(settings, id, { who: commandUser(), expects: () => true });
  if (isNo(done)) {
    if (!output.json) output.complain(renderProblems(done.problems ?? [], settings.siteFile));
    return refuse(output, done);
  }
  if (done.kind === 'changed') throw new Error('the site file was expected to be what it is not');
  const { before: stood, after } = done;
  const change = { before: stood === undefined ? undefined : String(stood.id), after: versionWords(after) };
  noteCommand(settings, { operation: 'undoSite', target: settings.siteFile, ...change });
  const again = stood === undefined ? '' : `\n  kickstand site undo ${stood.id} takes it back`;
  print(output, { version: after.id, ...change }, `${settings.siteFile} is changed: version ${change.after}${again}`);
  return 0;
}

type Side = { readonly kind: 'side'; readonly name: string; readonly text: string };

async function standing(settings: Settings): Promise<Side> {
  return { kind: 'side', name: settings.siteFile, text: (await readSiteFile(settings)).text };
}

/** The version before; nothing before the first one that is kept. */
async function before(settings: Settings, { id }: ListedVersion): Promise<Side | No> {
  const older = (await siteVersions(settings)).find((one) => one.id < id);
  if (older === undefined) return { kind: 'side', name: '/dev/null', text: '' };
  const version = await siteVersion(settings, older.id);
  return isNo(version) ? version : { kind: 'side', name: nameOf(version), text: version.text };
}

/** As it lies in DATA/site-history. */
function nameOf({ id }: ListedVersion): string {
  return `${versionName(id)}.yaml`;
}

function versionNumber(given: Args[number]): number {
  const id = Number(given);
  if (Number.isInteger(id) && id >= 1) return id;
  throw new CommandFailed('kickstand: a version is a number; kickstand site history lists them', 2);
}
