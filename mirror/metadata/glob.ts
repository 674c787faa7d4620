// Shell patterns of package names (fnmatch(3)): read once, matched without recursion in time bounded by both lengths. Pure.

/** Does the whole of this text match? */
export type Matches = (text: string) => boolean;

type Token = { readonly kind: 'star' } | { readonly kind: 'one'; readonly holds: (character: string) => boolean };

const ANY: Token = { kind: 'one', holds: () => true };
const STAR: Token = { kind: 'star' };
/** isalpha(3) and its kin in the C locale: names of packages are ASCII. */
const CLASSES: Readonly<Record<string, RegExp>> = {
  ...{ alpha: /[a-z]/i, digit: /\d/, alnum: /[a-z\d]/i, upper: /[A-Z]/, lower: /[a-z]/, xdigit: /[\da-f]/i },
  ...{ space: /[ \t-\r]/, blank: /[ \t]/, punct: /[!-/:-@[-`{-~]/, cntrl: /[\0-\x1f\x7f]/ },
  ...{ print: /[ -~]/, graph: /[!-~]/ },
};

/**
 * Reads a pattern: `*`, `?`, `[abc]`, `[a-z]`, `[!…]`, `[^…]`, `[[:digit:]]`, and a backslash before what is meant as it stands. A
 * bracket that is never closed stands for itself. Nothing is special about slashes and dots, and a character is one of UTF-16.
 */
export function parseGlob(pattern: string): Matches {
  const tokens = tokensOf(pattern);
  const prefix = /^[^*?[\\]*/.exec(pattern)?.[0] ?? '';
  const rest = tokens.slice(prefix.length);
  return (text) => text.startsWith(prefix) && matchAll(rest, text.slice(prefix.length));
}

/** A star takes as little as it can; where that fails later, the last one takes one more. */
function matchAll(tokens: readonly Token[], text: string): boolean {
  let [at, next] = [0, 0];
  let retry: { next: number; at: number } | undefined;
  while (at < text.length) {
    const token = tokens[next];
    if (token?.kind === 'star') {
      next += 1;
      retry = { next, at };
    } else if (token?.holds(text[at] ?? '') === true) {
      next += 1;
      at += 1;
    } else if (retry === undefined) {
      return false;
    } else {
      retry.at += 1;
      [next, at] = [retry.next, retry.at];
    }
  }
  return tokens.slice(next).every(({ kind }) => kind === 'star');
}

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < pattern.length; at += 1) {
    const character = pattern[at] ?? '';
    const set = character === '[' ? readSet(pattern, at + 1) : undefined;
    if (set !== undefined) {
      tokens.push({ kind: 'one', holds: set.holds });
      at = set.end;
    } else if (character === '*') {
      if (tokens.at(-1) !== STAR) tokens.push(STAR);
    } else if (character === '?') {
      tokens.push(ANY);
    } else {
      const isEscape = character === '\\' && at + 1 < pattern.length;
      if (isEscape) at += 1;
      const meant = pattern[at];
      tokens.push({ kind: 'one', holds: (found) => found === meant });
    }
  }
  return tokens;
}

type CharacterSet = { readonly holds: (character: string) => boolean; readonly end: number };

/** The set that begins behind a `[` at `start`; undefined where it has no end. */
function readSet(pattern: string, start: number): CharacterSet | undefined {
  const isNegated = pattern[start] === '!' || pattern[start] === '^';
  const parts: ((character: string) => boolean)[] = [];
  const first = isNegated ? start + 1 : start;
  for (let at = first; at < pattern.length;) {
    if (pattern[at] === ']' && at > first) {
      return { end: at, holds: (character) => parts.some((part) => part(character)) !== isNegated };
    }
    const named = pattern[at] === '[' && pattern[at + 1] === ':' ? readClass(pattern, at + 2) : undefined;
    const part = named ?? readRange(pattern, at);
    if (part === undefined) return undefined;
    parts.push(part.holds);
    at = part.end + 1;
  }
  return undefined;
}

/** `[:name:]`, from its name on; undefined where it is none. */
function readClass(pattern: string, start: number): CharacterSet | undefined {
  const end = pattern.indexOf(':', start);
  if (end === -1 || pattern[end + 1] !== ']') return undefined;
  const known = CLASSES[pattern.slice(start, end)];
  return known === undefined ? undefined : { holds: (character) => known.test(character), end: end + 1 };
}

/** One character, or two with a dash between them. */
function readRange(pattern: string, start: number): CharacterSet | undefined {
  const low = readMember(pattern, start);
  if (low === undefined) return undefined;
  const next = pattern[low.end + 2];
  const high = pattern[low.end + 1] === '-' && next !== ']' ? readMember(pattern, low.end + 2) : undefined;
  if (high === undefined) return { holds: (character) => character === low.character, end: low.end };
  return { holds: (character) => isBetween(character, low.character, high.character), end: high.end };
}

function readMember(pattern: string, at: number): { readonly character: string; readonly end: number } | undefined {
  const end = pattern[at] === '\\' ? at + 1 : at;
  const character = pattern[end];
  return character === undefined ? undefined : { character, end };
}

function isBetween(character: string, low: string, high: string): boolean {
  return character >= low && character <= high;
}
