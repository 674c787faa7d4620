// Where a line of a text begins and ends. Pure.

/** The offsets of a line, which counts from 1; the end of the text where it has no such line. */
export function lineStart(text: string, line: number): { readonly start: number; readonly end: number } {
  const lines = text.split('\n');
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  const start = Math.min(before, text.length);
  return { start, end: start + (lines[line - 1]?.length ?? 0) };
}
