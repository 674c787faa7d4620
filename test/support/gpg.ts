// GnuPG in a home of its own: makes keys and signatures for tests, and is asked for its verdict.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFile } from 'node:child_process';
import { run } from './lab-run.ts';

/** What GnuPG says of a signature, by its status lines (doc/DETAILS). */
export type GpgWord = 'GOODSIG' | 'EXPSIG' | 'EXPKEYSIG' | 'REVKEYSIG' | 'BADSIG' | 'ERRSIG' | 'NODATA' | 'none';

const WORDS: readonly GpgWord[] = ['GOODSIG', 'EXPSIG', 'EXPKEYSIG', 'REVKEYSIG', 'BADSIG', 'ERRSIG', 'NODATA'];

export type Gpg = {
  readonly home: string;
  /** Runs gpg and returns what it wrote. `atTime` `20200101T000000` stops its clock there. */
  run(args: readonly string[], options?: { readonly input?: string; readonly atTime?: string }): Promise<string>;
  /** A new key without a passphrase; answers its fingerprint. */
  makeKey(
    name: string,
    algorithm: string,
    options?: { readonly expires?: string; readonly atTime?: string },
  ): Promise<string>;
  exportKey(fingerprint: string): Promise<Buffer>;
  /** A detached signature over `document`, with more options of gpg. */
  sign(document: Uint8Array, args: readonly string[], atTime?: string): Promise<Buffer>;
  /** Takes keys in, and says nothing of those it does not like. */
  import(keys: Uint8Array): Promise<void>;
  verify(document: Uint8Array, signature: Uint8Array, nowMs?: number): Promise<GpgWord>;
  close(): Promise<void>;
};

const QUIET = ['--batch', '--quiet', '--no-tty', '--pinentry-mode', 'loopback', '--passphrase', '', '--yes'];

/** A home for gpg under the system's temporary directory: short, for the sockets of its agent. */
export async function startGpg(): Promise<Gpg> {
  const home = await mkdtemp(join(tmpdir(), 'kg-'));
  let files = 0;
  const keep = async (bytes: Uint8Array): Promise<string> => {
    files += 1;
    const path = join(home, `file-${files}`);
    await writeFile(path, bytes);
    return path;
  };
  const faked = (atTime: string | undefined): string[] =>
    atTime === undefined ? [] : ['--faked-system-time', `${atTime}!`];
  const gpg: Gpg = {
    home,
    run: (args, { input, atTime } = {}) =>
      run(['gpg', '--homedir', home, ...QUIET, ...faked(atTime), ...args], input === undefined ? {} : { input }),
    makeKey: async (name, algorithm, { expires = '0', atTime } = {}) => {
      const time = atTime === undefined ? {} : { atTime };
      const status = await gpg.run(['--status-fd', '1', '--quick-gen-key', name, algorithm, 'sign', expires], time);
      return /KEY_CREATED \w (\w+)/.exec(status)?.[1] ?? '';
    },
    exportKey: async (fingerprint) => Buffer.from(await gpg.run(['--armor', '--export', fingerprint])),
    sign: async (document, args, atTime) => {
      const path = await keep(document);
      const time = atTime === undefined ? {} : { atTime };
      const armor = await gpg.run(['--armor', ...args, '--output', '-', '--detach-sign', path], time);
      return Buffer.from(armor);
    },
    import: async (keys) => {
      const path = await keep(keys);
      await gpg.run(['--import', path]).catch(() => '');
    },
    verify: async (document, signature, nowMs) => {
      const [content, detached] = [await keep(document), await keep(signature)];
      const atTime = nowMs === undefined ? undefined : new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d+Z/g, '');
      const args = ['--homedir', home, ...QUIET, ...faked(atTime), '--always-trust', '--status-fd', '1'];
      const status = await told('gpg', [...args, '--no-auto-check-trustdb', '--verify', detached, content]);
      return WORDS.find((word) => new RegExp(`^\\[GNUPG:\\] ${word}\\b`, 'm').test(status)) ?? 'none';
    },
    close: async () => {
      await run(['gpgconf', '--homedir', home, '--kill', 'all']).catch(() => '');
      await rm(home, { recursive: true, force: true });
    },
  };
  return gpg;
}

/** What a program wrote, however it ended. */
export function told(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(program, args, { maxBuffer: 1 << 24 }, (_error, stdout) => resolve(stdout));
  });
}
