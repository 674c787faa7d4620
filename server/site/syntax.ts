// YAML text → its document and what its syntax forbids: bounded in depth, in signs and in errors, so that no text takes long. Pure.

import type { Document } from 'yaml';
import { Composer, Lexer, LineCounter, Parser } from 'yaml';
import { Malformed } from '../malformed.ts';

/** Something the text cannot say in YAML. `code` is the library's; `offset` counts characters. */
export type SyntaxFault = { readonly code: string; readonly offset: number; readonly message: string };

export type Composed = {
  readonly lines: LineCounter;
  /** In the order they were found; none: the document is whole. */
  readonly faults: readonly SyntaxFault[];
  /** The first document; undefined where reading was given up. */
  readonly document: Document.Parsed | undefined;
  /** How many words and signs were read. */
  readonly signs: number;
};

/** A site is 6 levels deep. What is deeper is refused before it is composed, which costs the stack a frame for each level. */
const MAX_DEPTH = 100;
/** Words and signs: a file of 2 MiB full of hosts has some 1,200,000. */
export const MAX_SIGNS = 2_000_000;
/** Nobody reads more, and each costs as much as a hundred characters. */
const MAX_FAULTS = 1000;

/** Reads the first document of `text`; more than one is a fault. Keys written twice are left for others to find. */
export function compose(text: string): Composed {
  const lines = new LineCounter();
  const faults: SyntaxFault[] = [];
  const blame = (fault: SyntaxFault): void => {
    // The library blames the innermost collection for what is thrown in it: that would come back as a fault.
    if (faults.length >= MAX_FAULTS) throw new Malformed('too many faults', 'site file');
    faults.push(fault);
  };
  // The library compares each key with all others of its map; `uniqueKeys` would cost a long map its square.
  const composer = new Composer({ uniqueKeys: false });
  // Its own handler makes an Error with a stack for each fault and cannot be stopped.
  Object.assign(composer, {
    onError: (source: FaultSource, code: string, message: string) => blame({ code, offset: startOf(source), message }),
  });
  const counted = { signs: 0 };
  let document: Document.Parsed | undefined;
  try {
    for (const next of composer.compose(tokensOf(text, { lines, blame, counted }), true, text.length)) {
      if (document !== undefined) {
        blame({ code: 'MULTIPLE_DOCS', offset: next.range[0], message: 'a site file is one YAML document' });
        break;
      }
      document = next;
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    document = undefined;
  }
  return { lines, faults, document, signs: counted.signs };
}

type FaultSource = number | readonly [number, ...number[]] | { readonly offset: number };

function startOf(source: FaultSource): number {
  if (typeof source === 'number') return source;
  return 'offset' in source ? source.offset : source[0];
}

type Told = {
  readonly lines: LineCounter;
  readonly blame: (fault: SyntaxFault) => void;
  readonly counted: { signs: number };
};

/** The tokens that a composer takes. Throws `Malformed`, its fault told, for a text past the limits. */
function* tokensOf(text: string, { lines, blame, counted }: Told) {
  const giveUp = (message: string): never => {
    blame({ code: 'LIMIT', offset: parser.offset, message });
    throw new Malformed(message, 'site file');
  };
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const sign of new Lexer().lex(text)) {
    counted.signs += 1;
    if (counted.signs > MAX_SIGNS) giveUp(`has more than ${MAX_SIGNS} words and signs`);
    for (const token of parser.next(sign)) {
      if (token.type === 'error') blame({ code: 'UNEXPECTED_TOKEN', offset: token.offset, message: token.message });
      else yield token;
    }
    if (parser.stack.length > MAX_DEPTH) giveUp('nested too deeply');
  }
  yield* parser.end();
}
