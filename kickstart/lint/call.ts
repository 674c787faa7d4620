// One command's words against its row of the table: options with their values, other words, and what does not fit.

import { printable } from '../../server/printable.ts';
import type { At, Finding } from './finding.ts';
import { deprecation, syntaxError, warning } from './finding.ts';
import { nearest } from './nearest.ts';
import type { Release } from './release.ts';
import { releaseTitle } from './release.ts';
import { insteadOf } from './remedies.ts';
import type { Choice, CommandSpec, OptionSpec } from './spec.ts';
import { historyOf, verdictFor } from './spec.ts';
import type { Word } from './words.ts';

/** A command as the installer understands it. Options are kept under their first names, with every value they were given. */
export type Call = {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly options: ReadonlyMap<string, readonly Word[]>;
  readonly args: readonly Word[];
};

type Draft = {
  readonly name: string;
  readonly line: number;
  readonly column: number;
  readonly spec: CommandSpec;
  readonly release: Release;
  readonly options: Map<string, Word[]>;
  readonly args: Word[];
  readonly findings: Finding[];
};

/** Reads a command's or a section header's words, the name first, by argparse's rules (unique prefixes of options included). */
export function readCall(
  { line, words }: { readonly line: number; readonly words: readonly Word[] },
  spec: CommandSpec,
  release: Release,
): { readonly call: Call; readonly findings: readonly Finding[] } {
  const { text: name, column } = words[0] ?? { text: '', column: 1 };
  const draft: Draft = { name, line, column, spec, release, options: new Map(), args: [], findings: [] };
  if (spec.takes === 'any') draft.args.push(...words.slice(1));
  else readWords(draft, words);
  return { call: draft, findings: draft.findings };
}

/** The last value of an option: it is the one that counts. */
export function valueOf(call: Call, option: string): string | undefined {
  return call.options.get(option)?.at(-1)?.text;
}

/** Where an option stands; where it is not given, the command. */
export function placeOf(call: Call, option?: string): At {
  const given = option === undefined ? undefined : call.options.get(option)?.at(-1);
  return { line: call.line, column: given?.column ?? call.column };
}

/** A comma-separated value's parts, without empty ones. */
export function listOf(call: Call, option: string): readonly string[] {
  const parts = (call.options.get(option) ?? []).flatMap(({ text }) => text.split(','));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function readWords(draft: Draft, words: readonly Word[]): void {
  for (let at = 1; at < words.length; at += 1) {
    const word = words[at];
    if (word === undefined) break;
    if (word.text === '--') {
      draft.args.push(...words.slice(at + 1));
      break;
    }
    if (!isOption(draft, word.text)) draft.args.push(word);
    else at += readOption(draft, word, words[at + 1]);
  }
  checkRequired(draft);
  checkCount(draft);
}

/** Reads an option at `word`; answers how many words behind it were its value. */
function readOption(draft: Draft, word: Word, next: Word | undefined): 0 | 1 {
  const equals = word.text.indexOf('=');
  const typed = equals === -1 ? word.text : word.text.slice(0, equals);
  const option = findOption(draft, word, typed);
  if (option === undefined) return 0;
  const given = equals === -1 ? undefined : word.text.slice(equals + 1);
  const { kind } = option;
  const follows = given === undefined && kind !== 'flag' && next !== undefined && !isOption(draft, next.text);
  const value = given ?? (follows ? next.text : undefined);
  const values = draft.options.get(option.name) ?? [];
  values.push({ text: value ?? '', column: word.column });
  draft.options.set(option.name, values);
  checkVerdict(draft, option, word);
  const fault = valueFault(option, value, draft);
  if (fault !== undefined) draft.findings.push(syntaxError({ line: draft.line, column: word.column }, fault));
  return follows ? 1 : 0;
}

function findOption(draft: Draft, word: Word, typed: string): OptionSpec | undefined {
  const { spec, release, line } = draft;
  const exact = spec.options.get(typed);
  if (exact !== undefined) return exact;
  const meant = prefixed(draft, typed);
  const at = { line, column: word.column };
  const shown = spec.secret ? 'this option' : printable(typed, 40);
  if (meant.length === 1 && meant[0] !== undefined) {
    const { spelt } = meant[0];
    draft.findings.push(warning(at, `${shown} is taken for ${spelt}`, `write ${spelt}`));
    return meant[0];
  }
  if (meant.length > 1) {
    const spellings = meant.map(({ spelt }) => spelt).join(' or ');
    draft.findings.push(syntaxError(at, `${shown} could be ${spellings}`, 'write the whole option'));
    return undefined;
  }
  const known = [...spec.options.values()].filter(({ verdicts }) => verdictFor(verdicts, release) !== 'refused');
  const near = nearest(
    typed,
    known.map(({ spelt }) => spelt),
  );
  const remedy = near === undefined ? undefined : `did you mean ${near}?`;
  draft.findings.push(
    syntaxError(
      at,
      spec.secret ? `${draft.name} does not know this option` : `${draft.name} has no option ${shown}`,
      remedy,
    ),
  );
  return undefined;
}

/** The options that `typed` is a prefix of; an alias beside its first name counts once. */
function prefixed({ spec, release }: Draft, typed: string): readonly OptionSpec[] {
  if (!typed.startsWith('--') || typed.length < 3) return [];
  const found = [...spec.options.values()].filter(
    ({ spelt, verdicts }) => spelt.startsWith(typed) && verdictFor(verdicts, release) !== 'refused',
  );
  return found.length > 1 && found.every(({ name }) => name === found[0]?.name) ? found.slice(0, 1) : found;
}

function checkVerdict({ name, line, release, findings }: Draft, option: OptionSpec, { column }: Word): void {
  const remedy = insteadOf(`${name} ${option.name}`, release);
  const verdict = verdictFor(option.verdicts, release);
  if (verdict === 'deprecated') {
    findings.push(
      deprecation({ line, column }, `${name} ${option.spelt} is deprecated in ${releaseTitle(release)}`, remedy),
    );
  }
  if (verdict === 'refused') {
    const history = historyOf(option.verdicts, release);
    findings.push(
      syntaxError({ line, column }, `${releaseTitle(release)} has no ${name} ${option.spelt}: ${history}`, remedy),
    );
  }
}

function valueFault({ kind, spelt }: OptionSpec, value: string | undefined, draft: Draft): string | undefined {
  if (kind === 'flag') return value === undefined ? undefined : `${spelt} takes no value`;
  if (kind === 'optional') return undefined;
  if (value === undefined) return `${spelt} needs a value`;
  if (kind === 'number') return /^\s*[+-]?\d+\s*$/.test(value) ? undefined : `${spelt} takes a whole number`;
  if (kind === 'boolean') {
    return /^(?:on|yes|true|1|off|no|false|0)$/i.test(value) ? undefined : `${spelt} takes yes or no`;
  }
  return kind === 'text' ? undefined : choiceFault(spelt, kind, { value, draft });
}

function choiceFault(
  spelt: string,
  { oneOf, folded, only }: Choice,
  { value, draft }: { readonly value: string; readonly draft: Draft },
): string | undefined {
  const allowed = oneOf.filter((word) => {
    const verdicts = only !== undefined && Object.hasOwn(only, word) ? only[word] : undefined;
    return verdicts === undefined || verdictFor(verdicts, draft.release) !== 'refused';
  });
  const fits = allowed.some((word) => (folded ? word.toLowerCase() === value.toLowerCase() : word === value));
  return fits ? undefined : `${spelt} takes ${allowed.join(', ')}, not ${JSON.stringify(printable(value, 40))}`;
}

function checkRequired({ name, line, column, spec, options, findings }: Draft): void {
  for (const option of spec.options.values()) {
    if (!option.required || option.spelt !== option.name || options.has(option.name)) continue;
    findings.push(syntaxError({ line, column }, `${name} needs ${option.name}`));
  }
}

function checkCount({ name, line, column, spec, args, findings }: Draft): void {
  if (spec.takes === 'any') return;
  const [least, most] = spec.takes;
  const extra = args[most];
  if (extra !== undefined) {
    const shown = spec.secret ? 'this word' : JSON.stringify(printable(extra.text, 40));
    const count = most === 0 ? 'only options' : most === 1 ? 'one word' : `${most} words`;
    findings.push(syntaxError({ line, column: extra.column }, `${name} takes ${count}: ${shown} is too much`));
  }
  if (args.length < least) {
    const count = least === 1 ? 'a word that is no option' : `${least} words that are no options`;
    findings.push(syntaxError({ line, column }, `${name} needs ${count}`));
  }
}

/** argparse's test: a dash first, unless it is a known option's value in disguise: a number, or text with blanks. */
function isOption(draft: Draft, text: string): boolean {
  if (!text.startsWith('-') || text === '-') return false;
  const typed = text.split('=', 1)[0] ?? text;
  if (draft.spec.options.has(typed) || prefixed(draft, typed).length > 0) return true;
  return !/^-\d+$|^-\d*\.\d+$/.test(text) && !text.includes(' ');
}
