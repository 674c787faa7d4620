// All the commands of a kickstart as rules over the whole text look at them.

import type { Call } from './call.ts';
import type { At, Finding } from './finding.ts';
import { senseError, warning } from './finding.ts';
import type { Release } from './release.ts';

export type Whole = {
  readonly release: Release;
  readonly calls: readonly Call[];
  readonly sections: readonly Call[];
  /** Does other text come in by `%include`? Then what is missing here may be there. */
  readonly includes: boolean;
  readonly lineCount: number;
};

/** A rule over the whole text. */
export type Rule = (whole: Whole) => readonly (Finding | undefined)[];

/** The calls of one of these commands, in order. */
export function callsOf({ calls }: Whole, ...names: readonly string[]): readonly Call[] {
  return calls.filter(({ name }) => names.includes(name));
}

/** `part` by either of its names. */
export function partsOf(whole: Whole): readonly Call[] {
  return callsOf(whole, 'part', 'partition');
}

/** Something that is named and nowhere defined: an error, unless an included file may define it. */
export function undefinedName({ includes }: Whole, at: At, message: string): Finding {
  return includes ? warning(at, `${message}; does an included file?`) : senseError(at, message);
}

/** Something that an unattended install needs and the text does not say. */
export function missing({ includes, lineCount }: Whole, message: string, remedy: string): Finding {
  return warning({ line: lineCount }, includes ? `${message}; does an included file bring it?` : message, remedy);
}
