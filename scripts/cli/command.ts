// How a command joins the tree: its usage, its flags, and its module, which is imported only when it runs.

import type { Command } from 'commander';
import { settingFlags } from '../../server/settings.ts';
import type { ExitCode } from './output.ts';

/** A command's work, loaded on call: positional arguments, then all flags. */
type Work = (
  args: readonly (string | readonly string[] | undefined)[],
  flags: Readonly<Record<string, unknown>>,
) => Promise<ExitCode>;

/** Adds a command, as `addCommand` does. */
export type Add = typeof addCommand;

/** The doctor looks at what `serve` would do with the same flags. */
const TAKES_ALL = new Set(['serve', 'doctor']);

/** Adds a command below `parent`. `load` imports its module only when it runs. */
export function addCommand(
  parent: Command,
  usage: string,
  about: {
    readonly help: string;
    readonly load: () => Promise<Work>;
    readonly options?: readonly (readonly [string, string])[];
  },
): Command {
  const command = parent.command(usage).description(about.help).exitOverride().showSuggestionAfterError();
  for (const [flags, help] of about.options ?? []) command.option(flags, help);
  for (const { name, value, help, bare } of settingFlags) {
    const shown = bare === undefined ? `<${value}>` : `[${value}]`;
    if (usage === 'bundle [host]' && name === 'site')
      command.option('--site [FILE]', `the whole site's bundle; or, with a host, ${help}`);
    else if (name === 'site' || name === 'data' || TAKES_ALL.has(usage)) command.option(`--${name} ${shown}`, help);
  }
  command.option('--json', 'print JSON, for machines');
  command.action(async (...given: unknown[]) => {
    const args = command.processedArgs as (string | string[] | undefined)[];
    void given;
    const work = await about.load();
    process.exitCode = await work(args, command.opts());
  });
  return command;
}
