// kickstand host rehearse HOST… | --all: walks whole installs without the machines; exit 1 on any problem.

import { rehearseHost, type Rehearsal } from '../../server/assembly/rehearsal.ts';
import type { House } from '../../server/assembly/house.ts';
import { isNo } from '../../server/malformed.ts';
import { CommandFailed, namesOf, readContext, withHouse } from './context.ts';
import type { Args, Flags } from './context.ts';
import type { ExitCode } from './output.ts';
import { print, refuse, table } from './output.ts';

/** Green, or every red with its remedy. */
export async function rehearseCommand([names]: Args, flags: Flags): Promise<ExitCode> {
  const context = readContext(flags);
  return withHouse(context, async (house) => {
    const wanted = wantedHosts(house, namesOf(names), flags['all'] === true);
    const rehearsals: Rehearsal[] = [];
    const shared = new Map<string, Promise<unknown>>();
    for (const name of wanted) {
      const found = await rehearseHost(house, name, { onStep: () => {}, signal: new AbortController().signal, shared });
      if (isNo(found)) return refuse(context.output, found);
      rehearsals.push(found);
    }
    print(
      context.output,
      rehearsals,
      rehearsals.map((one) => rehearsalText(one, flags['packages'] === true)).join('\n'),
    );
    return rehearsals.some(isRed) ? 1 : 0;
  });
}

function wantedHosts(house: House, names: readonly string[], isAll: boolean): readonly string[] {
  if (names.length > 0) return names;
  if (!isAll) throw new CommandFailed('name a host, or give --all', 2);
  return house.site().hosts.map(({ name }) => name);
}

function isRed({ steps }: Rehearsal): boolean {
  return steps.some(({ verdict }) => verdict === 'red');
}

const SHOWN = { green: 'ok', warning: 'warning', red: 'PROBLEM' } as const;

function rehearsalText(rehearsal: Rehearsal, isLong: boolean): string {
  const { host, steps, packages = [] } = rehearsal;
  const rows = steps.flatMap(({ verdict, what, detail, remedy }) => [
    [SHOWN[verdict], what, detail],
    ...(remedy === undefined || verdict === 'green' ? [] : [['', '', `what to do: ${remedy}`]]),
  ]);
  const list = isLong
    ? packages.map(({ name, evr, arch, repo }) => `  ${name}-${evr}.${arch}  ${repo}\n`).join('')
    : '';
  const verdict = isRed(rehearsal) ? 'would not install' : 'would install';
  return `${table([host, 'WHAT', 'FOUND'], rows)}${list}${host}: ${verdict}\n`;
}
