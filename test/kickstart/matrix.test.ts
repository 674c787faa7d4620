// Every command and option of the rendered kickstarts against a table of what each release's parser accepts, where that table is present.

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { renderKickstart } from '../../kickstart/render.ts';
import type { Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import { cs40, minimal, MUCH, storageServer, mirror, secrets } from '../support/installs.ts';
import { commandsOf, sectionsOf } from '../support/kickstart-text.ts';

const TABLE = fileURLToPath(new URL('../../../shared/samples/own-kickstarts/kickstart-matrix.tsv', import.meta.url));
const majors = [6, 7, 8, 9, 10];

type Row = {
  readonly command: string;
  readonly options: readonly string[];
  readonly verdicts: ReadonlyMap<number, string>;
};
type Use = { readonly command: string; readonly options: readonly string[] };

function rows(): readonly Row[] {
  return readFileSync(TABLE, 'utf8')
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      const [, text = '', ...verdicts] = line.split('\t');
      return {
        ...useOf(text.replace(/\\n.*/s, '')),
        verdicts: new Map(majors.map((major, at) => [major, verdicts[at] ?? ''])),
      };
    });
}

/** A line's first word, and the names of its options. */
function useOf(line: string): Use {
  const options = [...line.replaceAll(/"[^"]*"|'[^']*'/g, '').matchAll(/\s--([A-Za-z0-9-]+)/g)];
  // RHEL 6 takes RAID devices by number alone: a name is as good as an option of its own.
  const named = /^raid .*--device=(?!md\d)/.test(line) ? ['device-by-name'] : [];
  return { command: line.split(/\s/)[0] ?? '', options: [...options.map(([, name = '']) => name), ...named] };
}

/** The worst that the table says of what `use` has: a row counts when the use has its command and all its options. */
function verdictOf(use: Use, major: number, table: readonly Row[]): string {
  const said = table
    .filter(
      ({ command, options }) => command === use.command && options.every((option) => use.options.includes(option)),
    )
    // A bare command's row speaks for the command; a row that is an error for another reason than its options does not.
    .filter(({ options, command }) => options.length > 0 || !SHAPED.has(command))
    .map(({ verdicts }) => verdicts.get(major));
  if (said.includes('ERR')) return 'ERR';
  return said.includes('warn') ? 'warn' : 'ok';
}

/** Commands whose rows differ by an argument that is no option: `zerombr yes`, `%post` without `%end`. */
const SHAPED: ReadonlySet<string> = new Set(['zerombr', '%post']);

function usesOf(install: Install): readonly Use[] {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  const sections = sectionsOf(text).map(({ name, options }) => useOf(`%${name}${options}`));
  return [
    ...commandsOf(text)
      .filter((line) => !line.startsWith('%include'))
      .map(useOf),
    ...sections,
  ];
}

describe.skipIf(!existsSync(TABLE))('every line is accepted, with no warning', () => {
  const table = existsSync(TABLE) ? rows() : [];
  const versions = ['6.2', '7.9', '8.10', '9.6', '10.0'];
  const installs: readonly (readonly [string, Install])[] = [
    ['cs40', cs40],
    ...versions.map((version) => [`minimal ${version}`, minimal(version)] as const),
    ...versions.map((version) => [`mirrored ${version}`, minimal(version, mirror('sda', 'sdb'))] as const),
    ...versions.map((version) => [`much storage ${version}`, minimal(version, MUCH)] as const),
    ...versions.map((version) => [`storage server ${version}`, storageServer(version)] as const),
    ...versions.map((version) => [`timeless ${version}`, timeless(minimal(version))] as const),
  ];

  test.each(installs)('%s', (_, install) => {
    const bad = usesOf(install).filter((use) => verdictOf(use, install.os.major, table) !== 'ok');
    expect(bad).toEqual([]);
  });

  test('the table is read: what other releases refuse is found', () => {
    const found = usesOf(cs40).filter((use) => verdictOf(use, 10, table) === 'ERR');
    expect(found.map(({ command }) => command)).toEqual(expect.arrayContaining(['install', 'authconfig', '%packages']));
    const modern = usesOf(minimal('9.6')).filter((use) => verdictOf(use, 6, table) === 'ERR');
    expect(modern.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['keyboard', 'timesource', 'authselect', 'reqpart', 'bootloader', 'eula', 'rootpw']),
    );
  });
});

function timeless(install: Install): Install {
  return { ...install, site: { ...install.site, ntp: [] } };
}
