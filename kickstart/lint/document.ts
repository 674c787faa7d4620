// A kickstart's text into commands and sections, as the installer's parser walks it. Bounded, and it never throws.

import { printable } from '../../server/printable.ts';
import type { Finding } from './finding.ts';
import { senseError, syntaxError, warning } from './finding.ts';
import type { Word } from './words.ts';
import { splitWords } from './words.ts';

/** One line without its break. `number` counts as editors do. */
export type Line = { readonly number: number; readonly text: string };

/** A line outside sections, in words; the first names the command. `isBroken`: the line cannot be read to its end. */
export type CommandLine = { readonly line: number; readonly words: readonly Word[]; readonly isBroken: boolean };

/** A section: its header in words, and the lines up to its `%end`. */
export type Section = {
  readonly name: string;
  readonly line: number;
  readonly header: CommandLine;
  readonly body: readonly Line[];
};

export type Document = {
  readonly commands: readonly CommandLine[];
  readonly sections: readonly Section[];
  /** Lines outside sections that bring in other commands, which are not seen here. */
  readonly includes: readonly number[];
  readonly lineCount: number;
  readonly findings: readonly Finding[];
};

/** More than any installer's loader reads. */
const MAX_CHARACTERS = 1024 * 1024;
const MAX_LINES = 20_000;
const MAX_COMMAND_CHARACTERS = 32 * 1024;

type Draft = {
  readonly commands: CommandLine[];
  readonly sections: Section[];
  readonly includes: number[];
  readonly findings: Finding[];
};

/** Reads `text`. `isSection` tells which names open a section in the release that is linted for. */
export function parseDocument(text: string, isSection: (name: string) => boolean): Document {
  const draft: Draft = { commands: [], sections: [], includes: [], findings: [] };
  const lines = text.length > MAX_CHARACTERS ? [] : splitLines(text);
  if (text.length > MAX_CHARACTERS || lines.length > MAX_LINES) {
    const limit = `${MAX_CHARACTERS} characters or ${MAX_LINES} lines`;
    draft.findings.push(syntaxError({ line: 1 }, `this is longer than ${limit}: it was not read`));
    return { ...draft, lineCount: 1 };
  }
  for (let at = 0; at < lines.length;) at = readAt(draft, { lines, at, isSection });
  draft.findings.push(...lineBreakFindings(text, draft.sections));
  return { ...draft, lineCount: lines.at(-1)?.number ?? 1 };
}

type Place = {
  readonly lines: readonly Line[];
  readonly at: number;
  readonly isSection: (name: string) => boolean;
};

/** Reads a command or a whole section; answers the index of the line behind it. */
function readAt(draft: Draft, place: Place): number {
  const line = place.lines[place.at];
  if (line === undefined || isBlankOrComment(line.text)) return place.at + 1;
  const command = readCommand(draft, line);
  const name = command.words[0]?.text ?? '';
  if (command.words.length === 0) return place.at + 1;
  if (name === '%include' || name === '%ksappend') {
    checkInclude(draft, command);
    draft.includes.push(command.line);
    return place.at + 1;
  }
  if (!name.startsWith('%')) {
    draft.commands.push(command);
    return place.at + 1;
  }
  if (name === '%end') {
    draft.findings.push(syntaxError({ line: line.number }, 'this %end closes no section', 'remove it'));
    return place.at + 1;
  }
  return readSection(draft, place, command);
}

function readSection(draft: Draft, { lines, at, isSection }: Place, header: CommandLine): number {
  const body: Line[] = [];
  const first = lines[at]?.number ?? 1;
  const name = header.words[0]?.text ?? '';
  let next = at + 1;
  let closing: string | undefined;
  for (; next < lines.length; next += 1) {
    const line = lines[next];
    if (line === undefined) break;
    const word = /^\s*(%\S+)/.exec(line.text)?.[1] ?? '';
    if (word === '%include') checkInclude(draft, readCommand(draft, line));
    else if (word === '%end' || isSection(word)) {
      closing = word;
      break;
    } else body.push(line);
  }
  draft.sections.push({ name, line: first, header, body });
  if (closing === '%end') return next + 1;
  const remedy =
    closing === undefined
      ? 'put %end on a line of its own behind it'
      : `put %end before line ${lines[next]?.number ?? first}`;
  draft.findings.push(syntaxError({ line: first, column: 1 }, `${printable(name, 40)} does not end with %end`, remedy));
  return next;
}

function checkInclude(draft: Draft, { line, words }: CommandLine): void {
  const name = words[0]?.text ?? '%include';
  if ((words[1]?.text ?? '') === '') {
    draft.findings.push(syntaxError({ line }, `${name} names no file`, 'write a path or a URL behind it'));
  }
}

function readCommand(draft: Draft, line: Line): CommandLine {
  if (line.text.length > MAX_COMMAND_CHARACTERS) {
    const message = `this line is longer than ${MAX_COMMAND_CHARACTERS} characters: it was not read`;
    draft.findings.push(syntaxError({ line: line.number }, message));
    return { line: line.number, words: [], isBroken: true };
  }
  const { words, cutAt, broken } = splitWords(line.text);
  const at = { line: line.number, column: broken?.column ?? cutAt };
  if (broken?.why === 'quote') draft.findings.push(syntaxError(at, 'a quotation that begins here is not closed'));
  if (broken?.why === 'backslash') {
    const remedy = 'write the whole command on one line';
    draft.findings.push(senseError(at, 'a backslash does not continue a line in a kickstart', remedy));
  }
  if (cutAt !== undefined) {
    const message = 'a # begins a comment even inside a word: the rest of the line is not read';
    draft.findings.push(warning(at, message, 'put the word in quotes, or a blank before the comment'));
  }
  return { line: line.number, words, isBroken: broken !== undefined };
}

/** Everything Python's `str.splitlines` breaks at, which the installer reads its file with; only the first three count as lines for people. */
const BREAK = /\r\n|[\n\r\v\f\x1c-\x1e\u0085\u2028\u2029]/g;

function splitLines(text: string): readonly Line[] {
  const lines: Line[] = [];
  let number = 1;
  let from = 0;
  for (const match of text.matchAll(BREAK)) {
    lines.push({ number, text: text.slice(from, match.index) });
    from = match.index + match[0].length;
    if (/[\r\n]/.test(match[0])) number += 1;
  }
  if (from < text.length) lines.push({ number, text: text.slice(from) });
  return lines;
}

function lineBreakFindings(text: string, sections: readonly Section[]): readonly Finding[] {
  const findings: Finding[] = [];
  const lineOf = (at: number): number => text.slice(0, at).split(/\r\n|\n|\r/).length;
  const odd = /[\v\f\x1c-\x1e\u0085\u2028\u2029]/.exec(text);
  if (odd !== null) {
    const message = 'a control character here begins a new line for the installer';
    findings.push(warning({ line: lineOf(odd.index) }, message, 'remove it'));
  }
  const carriage = text.indexOf('\r');
  if (carriage !== -1 && sections.some(({ name, body }) => name !== '%packages' && body.length > 0)) {
    const message = 'lines end with carriage returns, which shells take for part of each command';
    findings.push(warning({ line: lineOf(carriage) }, message, 'save the file with Unix line ends'));
  }
  return findings;
}

function isBlankOrComment(text: string): boolean {
  const start = text.trimStart();
  return start === '' || start.startsWith('#');
}
