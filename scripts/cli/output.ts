// How commands speak: a table for people, JSON for machines, one line of error with its remedy.

import type { No } from '../../server/malformed.ts';

/** How a command ended: done, a problem in what was checked, wrong usage. */
export type ExitCode = 0 | 1 | 2;

/** What commands print to. `json` where the operator asked for it. */
export type Output = {
  readonly json: boolean;
  readonly write: (text: string) => void;
  readonly complain: (text: string) => void;
};

/** Prints `value` as JSON, or `text` for people. */
export function print(output: Output, value: unknown, text: string): void {
  output.write(
    output.json ? `${JSON.stringify(value, null, 2)}\n` : text.endsWith('\n') || text === '' ? text : `${text}\n`,
  );
}

/** Says why something was refused and what to do; answers the exit code for it. */
export function refuse(output: Output, answer: No): ExitCode {
  if (output.json) output.write(`${JSON.stringify({ error: answer.reason, remedy: answer.remedy }, null, 2)}\n`);
  output.complain(
    `kickstand: ${answer.reason}\n${answer.remedy === undefined ? '' : `  what to do: ${answer.remedy}\n`}`,
  );
  return 1;
}

/** Rows under their heads, in columns as wide as their widest cell. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [heads, ...rows];
  const widths = heads.map((_head, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return `${all.map(line).join('\n')}\n`;
}

/** `1.4 GiB`, `312 KiB`, `0 B`. */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = sizeBytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 1024 ** power;
  return `${power === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[power] ?? ''}`;
}

/** `2026-11-22 14:30 UTC` of milliseconds since 1970; a dash for 0. */
export function formatTime(at: number): string {
  return at === 0 ? '-' : `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
