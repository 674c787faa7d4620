// kickstand secret set | list: secrets come from standard input and are never printed.

import { randomBytes } from 'node:crypto';
import { sha512Crypt } from '../../kickstart/crypt.ts';
import { cryptScheme } from '../../kickstart/secrets.ts';
import { dataPaths } from '../../server/assembly/house.ts';
import { openSecretStore } from '../../server/secrets/store.ts';
import { readContext } from './context.ts';
import type { Args, Flags } from './context.ts';
import { noteCommand } from './noted.ts';
import type { ExitCode } from './output.ts';
import { readHiddenLine } from './hidden-line.ts';
import { print } from './output.ts';

const SALT_LETTERS = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** `secret set NAME`: keeps one line of standard input, mode 0600. */
export async function setCommand([name]: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const typed = await readHiddenLine(`${String(name)}: `, 'secret');
  const value = flags['hash'] === true ? sha512Crypt(typed, salt()) : typed;
  await openSecretStore(dataPaths(settings.dataDirectory).secrets).save(String(name), value);
  noteCommand(settings, { operation: 'setSecret', target: String(name), after: 'set' });
  const kept = cryptScheme(value) === undefined ? 'as it was given' : 'as a crypt hash';
  print(output, { secret: name, kept }, `${String(name)}: kept ${kept}`);
  return 0;
}

/** `secret list`: names only. */
export async function listCommand(_args: Args, flags: Flags): Promise<ExitCode> {
  const { settings, output } = readContext(flags);
  const names = await openSecretStore(dataPaths(settings.dataDirectory).secrets).names();
  print(output, names, names.join('\n'));
  return 0;
}

function salt(): string {
  return [...randomBytes(16)].map((byte) => SALT_LETTERS[byte % 64] ?? '.').join('');
}
