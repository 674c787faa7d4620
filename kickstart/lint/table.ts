// The one table of what a kickstart may say: commands and sections, their options, and the verdict of each release.

import { SOURCE_COMMANDS } from './source-commands.ts';
import type { CommandSpec, OptionRow } from './spec.ts';
import { command } from './spec.ts';
import { STORAGE_COMMANDS } from './storage-commands.ts';
import { NETWORK_COMMAND, SYSTEM_COMMANDS } from './system-commands.ts';

const SCRIPT: readonly OptionRow[] = [
  ['ooooo', 'flag', '--erroronfail'],
  ['ooooo', 'text', '--interpreter --log|--logfile'],
];

/** Every command that any release takes, or once took. */
export const COMMANDS: ReadonlyMap<string, CommandSpec> = new Map([
  ...Object.entries(STORAGE_COMMANDS),
  ...Object.entries(SOURCE_COMMANDS),
  ...Object.entries(SYSTEM_COMMANDS),
  ['network', NETWORK_COMMAND],
]);

/** Every section. Those whose words and body belong to somebody else take `any`. */
export const SECTIONS: ReadonlyMap<string, CommandSpec> = new Map([
  ['%pre', command('ooooo', [0, 0], SCRIPT)],
  ['%pre-install', command('loooo', [0, 0], SCRIPT)],
  ['%post', command('ooooo', [0, 0], [...SCRIPT, ['ooooo', 'flag', '--nochroot']])],
  ['%onerror', command('loooo', [0, 0], SCRIPT)],
  ['%traceback', command('ooodd', [0, 0], SCRIPT)],
  [
    '%packages',
    command(
      'ooooo',
      [0, 0],
      [
        ['ooooo', 'flag', '--excludedocs --ignoremissing --default'],
        ['od---', 'flag', '--nobase'],
        ['-oooo', 'flag', '--nocore --multilib'],
        ['-oooo', 'number', '--retries --timeout'],
        ['oood-', 'text', '--instLangs'],
        ['---oo', 'text', '--inst-langs'],
        ['--od-', 'flag', '--excludeWeakdeps'],
        ['---oo', 'flag', '--exclude-weakdeps'],
      ],
    ),
  ],
  ['%addon', command('loooo', 'any')],
  ['%anaconda', command('loooo', 'any')],
  // Brought by late updates of 9 and by 10; their bodies are PEM.
  ['%certificate', command('---oo', [0, 0], [['---oo', 'text', '--filename! --dir']])],
]);

/** Sections whose bodies are programs. */
export const SCRIPTS: ReadonlySet<string> = new Set(['%pre', '%pre-install', '%post', '%onerror', '%traceback']);
