// The frame of a kickstart's %pre, %post and %packages: header, body, %end.

/** Which section, and its options as written after the name. */
export type SectionHeader = '%packages' | '%pre' | '%post';

/**
 * The lines of a section. A line of the body that starts with `%` would end it or start another: `quote.ts` writes none,
 * so one here is a bug and throws `Error`.
 */
export function section(header: SectionHeader, options: string, body: string): string {
  const stray = body.split(/[\n\v\f\r\x1c-\x1e\u0085\u2028\u2029]/).find((line) => line.startsWith('%'));
  if (stray !== undefined) throw new Error(`a line of ${header} would end it: ${JSON.stringify(stray.slice(0, 60))}`);
  return `${header}${options}\n${body.endsWith('\n') || body === '' ? body : `${body}\n`}%end\n`;
}
