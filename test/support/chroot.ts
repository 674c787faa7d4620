// A root directory with bash, flock and busybox alone, to run installer scripts in for real; commands that matter are stubs that write down each call.

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

export type Chroot = {
  readonly path: string;
  /** Writes a file below the root. */
  put(path: string, text: string, mode?: number): void;
  read(path: string): string;
  has(path: string): boolean;
  /** Replaces a command by a script; `body` is shell text after the call was written down. */
  stub(command: string, body?: string): void;
  /** Runs a script of the root with bash; its exit status. */
  run(path: string, ...args: readonly string[]): number;
  /** The calls of stubs since the last time this was asked, in order. */
  calls(): readonly string[];
  remove(): void;
};

const APPLETS = [
  ...[
    'cat',
    'chmod',
    'chown',
    'date',
    'grep',
    'tail',
    'ln',
    'ls',
    'mkdir',
    'mktemp',
    'readlink',
    'rm',
    'sed',
    'sync',
    'touch',
  ],
];

/** Can this machine make one? It takes busybox and either root or user namespaces. */
export function chrootWorks(): boolean {
  return existsSync('/bin/busybox') && spawnSync('unshare', ['-r', '-n', 'true']).status === 0;
}

export function makeChroot(): Chroot {
  const path = mkdtempSync(join(tmpdir(), 'kickstand-chroot-'));
  for (const directory of ['bin', 'dev', 'root', 'tmp', 'etc', 'proc', 'var']) mkdirSync(join(path, directory));
  for (const file of realFiles()) {
    mkdirSync(dirname(join(path, file)), { recursive: true });
    copyFileSync(file, join(path, file));
  }
  copyFileSync('/bin/busybox', join(path, 'bin', 'busybox'));
  for (const applet of APPLETS) symlinkSync('busybox', join(path, 'bin', applet));
  return chrootAt(path);
}

function chrootAt(path: string): Chroot {
  let seen = 0;
  const put = (name: string, text: string, mode = 0o644): void => {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), text);
    chmodSync(join(path, name), mode);
  };
  const read = (name: string): string => readFileSync(join(path, name), 'utf8');
  return {
    path,
    put,
    read,
    has: (name) => existsSync(join(path, name)),
    stub: (command, body = ':') =>
      put(`bin/${command}`, `#!/bin/bash\necho "${command} $*" >>/calls\n${body}\n`, 0o755),
    run: (script, ...args) => {
      const argv = ['-r', '-n', 'chroot', path, '/bin/bash', script, ...args];
      return spawnSync('unshare', argv, { env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' } }).status ?? -1;
    },
    calls: () => {
      const all = existsSync(join(path, 'calls')) ? read('calls').trimEnd().split('\n') : [];
      const fresh = all.slice(seen);
      seen = all.length;
      return fresh;
    },
    remove: () => rmSync(path, { recursive: true }),
  };
}

// Programs busybox cannot stand in for, and the libraries they are linked to.
function realFiles(): readonly string[] {
  const programs = ['/bin/bash', '/usr/bin/flock'];
  const listed = spawnSync('ldd', programs).stdout.toString();
  const libraries = listed.split('\n').flatMap((line) => /^\s.*?(\/\S+)/.exec(line)?.[1] ?? []);
  return [...new Set([...programs, ...libraries])];
}
