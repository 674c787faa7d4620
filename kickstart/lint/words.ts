// One command line into words, as Python's shlex.split reads it in POSIX mode: quotes, backslashes, comments. Never throws.

/** A word with its quotes taken off. `column` counts from 1, where the word begins. */
export type Word = { readonly text: string; readonly column: number };

export type Words = {
  readonly words: readonly Word[];
  /** Where a comment begins in the middle of a word: what follows is lost. */
  readonly cutAt: number | undefined;
  /** Where reading ended: a quote that is not closed, or a backslash with nothing behind it. */
  readonly broken: { readonly column: number; readonly why: 'quote' | 'backslash' } | undefined;
};

const BLANKS = /[ \t\r\n]*/y;
const PLAIN = /[^ \t\r\n'"\\#]+/y;
const SINGLE = /'([^']*)'/y;
// Unrolled, so that a quote that is never closed costs one pass.
const DOUBLE = /"([^"\\]*(?:\\[^][^"\\]*)*)"/y;
const ESCAPED = /\\([^])/y;

/** Splits one line without its line break. */
export function splitWords(line: string): Words {
  const words: Word[] = [];
  let at = 0;
  for (;;) {
    at += matchAt(BLANKS, line, at)?.[0].length ?? 0;
    if (at >= line.length || line[at] === '#') return { words, cutAt: undefined, broken: undefined };
    const word = readWord(line, at);
    if (word.broken !== undefined) {
      const why = line[word.broken] === '\\' ? 'backslash' : 'quote';
      return { words, cutAt: undefined, broken: { column: word.broken + 1, why } };
    }
    words.push({ text: word.text, column: at + 1 });
    at = word.end;
    if (line[at] === '#') return { words, cutAt: at + 1, broken: undefined };
  }
}

function readWord(line: string, start: number): { text: string; end: number; broken: number | undefined } {
  let text = '';
  let at = start;
  while (at < line.length && !' \t\r\n#'.includes(line[at] ?? '')) {
    const piece = readPiece(line, at);
    if (piece === undefined) return { text, end: at, broken: at };
    text += piece.text;
    at += piece.length;
  }
  return { text, end: at, broken: undefined };
}

function readPiece(line: string, at: number): { readonly text: string; readonly length: number } | undefined {
  const plain = matchAt(PLAIN, line, at);
  if (plain !== undefined) return { text: plain[0], length: plain[0].length };
  const double = matchAt(DOUBLE, line, at);
  // Inside double quotes a backslash escapes a quote or itself; before anything else it stays.
  if (double !== undefined) return { text: (double[1] ?? '').replaceAll(/\\(["\\])/g, '$1'), length: double[0].length };
  const other = matchAt(SINGLE, line, at) ?? matchAt(ESCAPED, line, at);
  return other === undefined ? undefined : { text: other[1] ?? '', length: other[0].length };
}

function matchAt(pattern: RegExp, line: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(line) ?? undefined;
}
