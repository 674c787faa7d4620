// The real dnf as a client: installs into a directory of the test's own from .repo files, with nothing of this machine's configuration.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './lab-run.ts';

export type DnfClient = {
  /** Where it installs to. */
  readonly root: string;
  /** Puts `NAME.repo` where this dnf looks. */
  readonly addRepoFile: (name: string, text: string) => Promise<void>;
  /** Runs dnf; returns its output; throws when it fails. */
  readonly dnf: (args: readonly string[]) => Promise<string>;
};

/** Its plugin would add what was ever downloaded on this machine as one more repository. */
const OWN = ['--disableplugin=local'];

/** A dnf that keeps everything below `directory`. */
export async function dnfClient(directory: string): Promise<DnfClient> {
  const root = join(directory, 'root');
  const repos = join(directory, 'yum.repos.d');
  await mkdir(repos, { recursive: true });
  await mkdir(root);
  await mkdir(join(directory, 'log'));
  await writeFile(join(directory, '.rpmmacros'), '%_dbpath /var/lib/rpm\n'); // Debian's rpm keeps it in the user's home
  const settings = Object.entries({
    reposdir: repos,
    varsdir: join(directory, 'vars'),
    cachedir: join(directory, 'cache'),
    logdir: join(directory, 'log'),
    install_weak_deps: '0',
    retries: '1',
  }).map(([name, value]) => `--setopt=${name}=${value}`);
  const fixed = ['dnf', '-y', `--installroot=${root}`, '--releasever=6', ...OWN, ...settings];
  return {
    root,
    addRepoFile: (name, text) => writeFile(join(repos, `${name}.repo`), text),
    dnf: (args) => run([...fixed, ...args], { env: { HOME: directory, LC_ALL: 'C' } }),
  };
}
