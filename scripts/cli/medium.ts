// kickstand tree add | remove: a medium made a tree of the site, or taken off it, and in words what was done.

import { resolve } from 'node:path';
import { withoutLogin } from '../../mirror/sync/settings.ts';
import type { House } from '../../server/assembly/house.ts';
import type { Added, Offer } from '../../server/assembly/medium.ts';
import { addMedium } from '../../server/assembly/medium.ts';
import { proveMedium } from '../../server/assembly/medium-proof.ts';
import type { Removed } from '../../server/assembly/medium-removal.ts';
import { removeMedium } from '../../server/assembly/medium-removal.ts';
import type { No } from '../../server/malformed.ts';
import { isNo, no } from '../../server/malformed.ts';
import { formatOs } from '../../server/os.ts';
import type { Refusal } from '../../server/problem.ts';
import { renderProblems } from '../../server/site/problems.ts';
import type { Args, Flags } from './context.ts';
import { readContext, withHouse } from './context.ts';
import { commandUser, noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { formatBytes, print, refuse } from './output.ts';

/** `tree add NAME SOURCE`: proves the medium before anything is changed. */
export async function addCommand([name, source]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const added = await withHouse(context, (house) => add(house, String(name), String(source)));
  if (isNo(added)) return refuse(context.output, added);
  noteCommand(context.settings, { operation: 'addTree', target: added.tree, after: added.source });
  print(context.output, added, `${added.tree}: ${added.os}, from ${added.source}\n  ${added.done}`);
  return 0;
}

/** `tree remove NAME`. */
export async function removeCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  const removed = await withHouse(context, (house) => remove(house, String(name)));
  if (isNo(removed)) return refuse(context.output, removed);
  noteCommand(context.settings, { operation: 'removeTree', target: removed.tree, before: removed.source });
  print(context.output, removed, `${removed.tree}: ${removed.done}`);
  return 0;
}

/** What was done, for the operator. */
type Changed = {
  readonly kind: 'changed';
  readonly tree: string;
  readonly os: string;
  readonly source: string;
  readonly done: string;
};

async function add(house: House, tree: string, source: string): Promise<Changed | No> {
  const offer = await offerOf(source);
  if (isNo(offer)) return offer;
  const added = await addMedium(house, { name: tree, offer, who: commandUser() });
  if (isNo(added)) return inWords(added, house);
  const done = addedText(added, house);
  if (offer.kind !== 'upstream') return { kind: 'changed', tree, os: formatOs(offer.os), source: offer.path, done };
  const text = `${done}; kickstand tree sync ${tree} fetches it`;
  return { kind: 'changed', tree, os: 'from a URL', source: withoutLogin(offer.url), done: text };
}

async function offerOf(source: string): Promise<Offer | No> {
  if (/^https?:\/\//i.test(source)) return { kind: 'upstream', url: source };
  const path = resolve(source);
  const medium = await proveMedium(path);
  return isNo(medium) ? no(`${path}: ${medium.reason}`, medium.remedy) : medium;
}

async function remove(house: House, name: string): Promise<Changed | No> {
  const removed = await removeMedium(house, { name, who: commandUser() });
  if (isNo(removed)) return inWords(removed, house);
  const { tree } = removed;
  return {
    kind: 'changed',
    tree: name,
    os: tree.os === undefined ? '' : formatOs(tree.os),
    source: removed.done === 'unlinked' ? removed.target : '',
    done: removedText(removed, house),
  };
}

function addedText(added: Added, { settings }: House): string {
  switch (added.done) {
    case 'named':
      return `${settings.siteFile} is changed`;
    case 'linked':
      return `linked as ${added.link}`;
    case 'there':
      return 'it is where the site looks for it';
  }
}

function removedText(removed: Removed, { settings }: House): string {
  const { tree, freedBytes } = removed;
  const freed = freedBytes === undefined ? '' : ` (${formatBytes(freedBytes)} set free)`;
  if (removed.done === 'unlinked') {
    const left = freedBytes === undefined ? 'the medium is left' : `the upload it led to is removed${freed}`;
    return `the link to ${removed.target} is gone; ${left}`;
  }
  const changed = `${settings.siteFile} is changed`;
  if (tree.source.kind === 'upstream') return `${changed}; what was fetched of it is removed${freed}`;
  return freedBytes === undefined ? changed : `${changed}; what was uploaded for it is removed${freed}`;
}

/** All that would be wrong with the site file is a part of why. */
function inWords({ reason, remedy, problems }: Refusal, { settings }: House): No {
  if (problems === undefined) return no(reason, remedy);
  return no(`${reason}:\n${renderProblems(problems, settings.siteFile).trimEnd()}`, remedy);
}
