// A kickstart against the release that is to read it: every line against the table, then rules over the whole text. Pure.

import type { Os } from '../../server/domain.ts';
import { printable } from '../../server/printable.ts';
import type { Call } from './call.ts';
import { readCall } from './call.ts';
import type { Rule, Whole } from './calls.ts';
import { checkCall } from './checks.ts';
import { completeness, hashSchemes } from './completeness.ts';
import { disks } from './disks.ts';
import type { CommandLine, Section } from './document.ts';
import { parseDocument } from './document.ts';
import { exclusions, networkLines } from './exclusions.ts';
import type { Finding } from './finding.ts';
import { deprecation, syntaxError, warning } from './finding.ts';
import { nearest } from './nearest.ts';
import type { Release } from './release.ts';
import { releaseOf, releaseTitle } from './release.ts';
import { insteadOf } from './remedies.ts';
import { sectionFindings } from './section-rules.ts';
import type { CommandSpec } from './spec.ts';
import { historyOf, verdictFor } from './spec.ts';
import { storageGraph } from './storage-graph.ts';
import { storageRules } from './storage-rules.ts';
import { COMMANDS, SECTIONS } from './table.ts';

/** Nobody mends more at once; a file that is no kickstart at all would fill pages. */
const MOST_FINDINGS = 200;

const RULES: readonly Rule[] = [exclusions, completeness, hashSchemes, disks, storageGraph, storageRules, networkLines];

/**
 * Everything that is wrong with `text` for the installer of `release`, by line. Never throws, whatever the text; no finding
 * holds a secret. Findings of kind `syntax` are those of pykickstart; what files brought in by `%include` say is not known.
 */
export function lintKickstart(text: string, release: Release): readonly Finding[] {
  const document = parseDocument(text, (name) => {
    const spec = SECTIONS.get(name);
    return spec !== undefined && verdictFor(spec.verdicts, release) !== 'refused';
  });
  const commands = document.commands.map((line) => lintLine(line, COMMANDS, release));
  const sections = document.sections.map((section) => lintSection(section, release));
  const whole: Whole = {
    release,
    calls: commands.flatMap(({ call }) => (call === undefined ? [] : [call])),
    sections: sections.flatMap(({ call }) => (call === undefined ? [] : [call])),
    includes: document.includes.length > 0,
    lineCount: document.lineCount,
  };
  const single = [...document.findings, ...[...commands, ...sections].flatMap(({ findings }) => findings)];
  const overall = RULES.flatMap((rule) => rule(whole)).filter((finding) => finding !== undefined);
  // What was not read through says nothing about what is missing in it.
  return limited(
    document.commands.length + document.sections.length === 0 && single.length > 0 ? single : [...single, ...overall],
  );
}

/**
 * What keeps a rendered kickstart from being given to a machine that installs `os`: errors, and what its release only
 * tolerates. Empty where it may be served; also where nothing is known of `os`, for which none is rendered.
 */
export function lintRendered(text: string, os: Os): readonly Finding[] {
  const release = releaseOf(os);
  if (release === undefined) return [];
  return lintKickstart(text, release).filter(({ severity }) => severity !== 'warning');
}

type Linted = { readonly call: Call | undefined; readonly findings: readonly Finding[] };

function lintSection(section: Section, release: Release): Linted {
  const { call, findings } = lintLine(section.header, SECTIONS, release);
  return { call, findings: call === undefined ? findings : [...findings, ...sectionFindings(section, call, release)] };
}

function lintLine(
  { line, words, isBroken }: CommandLine,
  table: ReadonlyMap<string, CommandSpec>,
  release: Release,
): Linted {
  const name = words[0]?.text ?? '';
  const at = { line, column: words[0]?.column };
  const spec = table.get(name);
  if (spec === undefined) return { call: undefined, findings: [unknown(name, at, { table, release })] };
  const remedy = insteadOf(name, release);
  const verdict = verdictFor(spec.verdicts, release);
  if (verdict === 'refused') {
    const message = `${releaseTitle(release)} has no ${name}: ${historyOf(spec.verdicts, release)}`;
    return { call: undefined, findings: [syntaxError(at, message, remedy)] };
  }
  const { call, findings } = readCall({ line, words }, spec, release);
  if (verdict === 'deprecated') {
    // Its words are not looked at any more, unless it is a section.
    const message = `${name} is deprecated in ${releaseTitle(release)}`;
    return { call, findings: [deprecation(at, message, remedy), ...(name.startsWith('%') ? findings : [])] };
  }
  // What a broken line lacks may stand in the part that cannot be read.
  return { call, findings: isBroken ? [] : [...findings, ...checkCall(call, release)] };
}

function unknown(
  name: string,
  at: { readonly line: number; readonly column: number | undefined },
  { table, release }: { readonly table: ReadonlyMap<string, CommandSpec>; readonly release: Release },
): Finding {
  const known = [...table].filter(([, { verdicts }]) => verdictFor(verdicts, release) !== 'refused');
  const near = nearest(
    name,
    known.map(([word]) => word),
  );
  const what = name.startsWith('%') ? 'section' : 'command';
  return syntaxError(
    at,
    `there is no ${what} ${printable(name, 40)}`,
    near === undefined ? undefined : `did you mean ${near}?`,
  );
}

function limited(findings: readonly Finding[]): readonly Finding[] {
  const sorted = findings.toSorted((a, b) => a.line - b.line || (a.column ?? 0) - (b.column ?? 0));
  if (sorted.length <= MOST_FINDINGS) return sorted;
  // Errors first: a limit must not turn a text that fails into one that passes.
  const kept = [
    ...sorted.filter(({ severity }) => severity === 'error'),
    ...sorted.filter(({ severity }) => severity !== 'error'),
  ];
  const shown = kept.slice(0, MOST_FINDINGS - 1).toSorted((a, b) => a.line - b.line);
  const rest = sorted.length - shown.length;
  return [...shown, warning({ line: shown.at(-1)?.line ?? 1 }, `and ${rest} more: mend these first`)];
}
