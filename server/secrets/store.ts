// Secrets on disk: one file each, readable by the owner only. They leave through `read` and nothing else.

import { readdirSync, readFileSync } from 'node:fs';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Malformed, codeOf } from '../malformed.ts';
import { SECRET_NAME } from '../secret.ts';
import { ensureDirectory, saveFile } from '../store.ts';

const NAME = new RegExp(SECRET_NAME);
const LIMIT_BYTES = 16 * 1024;

export type SecretStore = ReturnType<typeof openSecretStore>;

/** The secrets in `directory`, made with mode 0700 when the first one is saved. */
export function openSecretStore(directory: string) {
  const fileOf = (name: string): string => {
    if (!NAME.test(name))
      throw new Malformed(
        'a secret is named by lower-case letters, digits and dashes',
        JSON.stringify(name.slice(0, 64)),
      );
    return join(directory, name);
  };
  return {
    /** The secret's text without its final newline, or undefined when it is not set. */
    read: (name: string): string | undefined => readOrUndefined(fileOf(name)),
    /** Sets or replaces a secret. */
    save: async (name: string, value: string): Promise<void> => {
      if (Buffer.byteLength(value) > LIMIT_BYTES)
        throw new Malformed(`longer than ${LIMIT_BYTES} bytes`, `secret ${name}`);
      const file = fileOf(name);
      await ensureDirectory(directory, 0o700);
      await chmod(directory, 0o700);
      await saveFile(file, `${value}\n`, 0o600);
    },
    /** The values of all secrets as they are at this moment: for what must not show any of them. */
    values: (): readonly string[] => namesIn(directory).flatMap((name) => readOrUndefined(join(directory, name)) ?? []),
    /** The names of the secrets that are set, sorted. */
    names: async (): Promise<readonly string[]> => {
      const entries = await readdir(directory).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      });
      return entries.filter((name) => NAME.test(name)).toSorted();
    },
  };
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory).filter((name) => NAME.test(name));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').replace(/\n$/, '');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
