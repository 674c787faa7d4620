// What is wrong inside sections: script headers, and the lines of %packages.

import { printable } from '../../server/printable.ts';
import type { Call } from './call.ts';
import { placeOf, valueOf } from './call.ts';
import type { Section } from './document.ts';
import type { Finding } from './finding.ts';
import { senseError, syntaxError, warning } from './finding.ts';
import type { Release } from './release.ts';
import { isEarly } from './release.ts';
import { SCRIPTS } from './table.ts';

/** Looks at one section: its header as a call, and its body. */
export function sectionFindings(section: Section, call: Call, release: Release): readonly Finding[] {
  if (SCRIPTS.has(section.name)) return scriptFindings(section, call);
  return section.name === '%packages' ? packageFindings(section, release) : [];
}

function scriptFindings({ name, line, body }: Section, call: Call): readonly Finding[] {
  const interpreter = valueOf(call, '--interpreter');
  const found: Finding[] = [];
  if (interpreter !== undefined && !interpreter.startsWith('/')) {
    found.push(
      senseError(placeOf(call, '--interpreter'), '--interpreter is no absolute path', 'write one like /bin/bash'),
    );
  }
  if (body.every(({ text }) => text.trim() === '')) found.push(warning({ line }, `${name} is empty`, 'remove it'));
  return found;
}

function packageFindings({ body }: Section, release: Release): readonly Finding[] {
  const seen = new Set<string>();
  const found: Finding[] = [];
  for (const { number: line, text } of body) {
    // Unlike commands, a # ends the line here wherever it stands.
    const entry = (text.split('#', 1)[0] ?? '').trim();
    if (entry === '') continue;
    const fault = entryFault(entry, release, line);
    if (fault !== undefined) found.push(fault);
    if (seen.has(opposite(entry))) {
      const message = `${printable(entry.replace(/^-/, ''), 60)} is both named and excluded`;
      found.push(warning({ line }, message, 'remove one of the two lines'));
    }
    seen.add(entry);
  }
  return found;
}

function entryFault(entry: string, release: Release, line: number): Finding | undefined {
  if (/^-?@\^/.test(entry) && release.major === 6) {
    const message = 'RHEL 6 has no environments: this names a group that is nowhere';
    const remedy = 'name groups, like @core';
    return isEarly(release) ? senseError({ line }, message, remedy) : warning({ line }, message, remedy);
  }
  const option = entry.startsWith('@') ? /\s(--[^\s=]+)/.exec(entry)?.[1] : undefined;
  if (option !== undefined && option !== '--nodefaults' && option !== '--optional') {
    return syntaxError(
      { line },
      `a group has no option ${printable(option, 40)}`,
      'groups have --nodefaults and --optional',
    );
  }
  if (!entry.startsWith('@') && !entry.startsWith('-@') && /\s/.test(entry)) {
    return warning({ line }, 'a line names one package: blanks are taken for a part of its name', 'one package a line');
  }
  return undefined;
}

function opposite(entry: string): string {
  return entry.startsWith('-') ? entry.slice(1) : `-${entry}`;
}
