// How the table of commands is written: which release takes what, and what kind of value an option has.

import type { Release } from './release.ts';
import { isEarly } from './release.ts';

/**
 * One letter per release, RHEL 6 to 10: `o` takes it, `d` takes it and warns, `-` refuses it, `l` (for 6 alone) refuses it up
 * to 6.2 and takes it later.
 */
export type Verdicts = string;

export type Verdict = 'ok' | 'deprecated' | 'refused';

/** What follows an option: nothing, any text, a whole number, on or off, one of some words; `optional`: text or nothing. */
export type OptionKind = 'flag' | 'text' | 'number' | 'boolean' | 'optional' | Choice;

/** `folded`: upper and lower case are the same. `verdicts` of single words where they differ. */
export type Choice = {
  readonly oneOf: readonly string[];
  readonly folded?: true;
  readonly only?: Readonly<Record<string, Verdicts>>;
};

export type OptionSpec = {
  /** The name that the rest of lint knows it by; `spelt` may be an alias of it. */
  readonly name: string;
  readonly spelt: string;
  readonly verdicts: Verdicts;
  readonly kind: OptionKind;
  readonly required: boolean;
};

export type CommandSpec = {
  readonly verdicts: Verdicts;
  /** How many words that are no options it takes; `any`: its words are another program's, and are not looked into. */
  readonly takes: readonly [number, number] | 'any';
  readonly options: ReadonlyMap<string, OptionSpec>;
  /** Its words may be secrets: no message repeats them. */
  readonly secret: boolean;
};

/** Options of one kind: their names, with blanks between; `--name!` is required, `--fstype|--type` has an alias. */
export type OptionRow = readonly [Verdicts, OptionKind, string];

/** A row of the table. */
export function command(verdicts: Verdicts, takes: CommandSpec['takes'], rows: readonly OptionRow[] = []): CommandSpec {
  const options = rows.flatMap((row) => optionsOf(row));
  return { verdicts, takes, options: new Map(options.map((option) => [option.spelt, option])), secret: false };
}

/** A row whose words may be secrets. */
export function secretCommand(
  verdicts: Verdicts,
  takes: CommandSpec['takes'],
  rows: readonly OptionRow[],
): CommandSpec {
  return { ...command(verdicts, takes, rows), secret: true };
}

/** What `release` makes of something with these verdicts. */
export function verdictFor(verdicts: Verdicts, release: Release): Verdict {
  const letter = verdicts[release.major - 6];
  if (letter === 'o' || (letter === 'l' && !isEarly(release))) return 'ok';
  return letter === 'd' ? 'deprecated' : 'refused';
}

/** Why `release` refuses something that others take: `RHEL 8 brought it`, or that it went. */
export function historyOf(verdicts: Verdicts, release: Release): string {
  const first = verdicts.search(/[^-]/);
  if (first === -1) return 'no release from RHEL 6 on takes it';
  if (verdicts[release.major - 6] === 'l') return 'a later update of RHEL 6 brought it';
  return first + 6 > release.major ? `RHEL ${first + 6} brought it` : `RHEL ${verdicts.search(/-+$/) + 6} removed it`;
}

function optionsOf([verdicts, kind, names]: OptionRow): readonly OptionSpec[] {
  return names.split(' ').flatMap((written) => {
    const spellings = written.replace('!', '').split('|');
    const name = spellings[0] ?? written;
    const required = written.endsWith('!');
    return spellings.map((spelt) => ({ name, spelt, verdicts, kind, required }));
  });
}
