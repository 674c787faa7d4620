// Runs the operator's command in a process of its own, as a shell would.

import { execFile } from 'node:child_process';

const CLI = new URL('../../scripts/cli.ts', import.meta.url).pathname;

/** How a command ended. */
export type Ran = { readonly code: number; readonly out: string; readonly err: string };

/** Runs `kickstand ARGS` with `input` on standard input. */
export function kickstand(args: readonly string[], input = ''): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      process.execPath,
      [CLI, ...args],
      { timeout: 60_000, maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => {
        const { code } = child.exitCode === null ? { code: undefined } : { code: child.exitCode };
        if (code === undefined) reject(error ?? new Error(`kickstand ${args.join(' ')} did not end`));
        else resolve({ code, out, err });
      },
    );
    child.stdin?.end(input);
  });
}
