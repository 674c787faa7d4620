// What a command says when it could not do its work, and the exit code for it.

import { SiteRefused } from '../../server/assembly/appliance.ts';
import { Malformed, codeOf, messageOf } from '../../server/malformed.ts';
import { CommandFailed } from './context.ts';
import type { ExitCode } from './output.ts';

/** Prints the failure; a stack only for what is a bug of ours. */
export function explainFailure(error: unknown): ExitCode {
  if (error instanceof CommandFailed) return complain(error.message, error.code);
  if (error instanceof SiteRefused) return complain(error.message.trimEnd(), 1);
  if (error instanceof Malformed || codeOf(error) !== undefined || hasCause(error))
    return complain(`kickstand: ${messageOf(error)}`, 1);
  process.stderr.write(
    `kickstand: this should not happen; please report it:\n${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 1;
}

function hasCause(error: unknown): boolean {
  return error instanceof Error && error.cause !== undefined;
}

function complain(text: string, code: ExitCode): ExitCode {
  process.stderr.write(`${text}\n`);
  return code;
}
