// The copy of its repos that a management server keeps: where it lies, the program that makes it, and the step that runs it.

import type { ConfigFile, Install, InstallRepo } from '../server/domain.ts';
import { Malformed } from '../server/malformed.ts';
import { COPY_PROGRAM } from './mirror-program.ts';
import type { PostStep } from './sections/steps.ts';

/** Apache's own document root, so that it serves the copy as it comes. */
const ROOT = '/var/www/html';
const PROGRAM = '/usr/local/sbin/kickstand-mirror';

/** Does `install` keep a copy of its repos? */
export function keepsMirror({ role, cloudstack }: Pick<Install, 'role' | 'cloudstack'>): boolean {
  return role === 'cloudstack-management' && cloudstack?.mirrorOnHost === true;
}

/** Where a repo's copy is served, with both slashes: the path that the site publishes it at, else the appliance's own. */
export function mirrorPath({ name, publish }: Pick<InstallRepo, 'name' | 'publish'>): string {
  const path = publish ?? `/repos/${name}/`;
  if (!/^(?:\/[A-Za-z0-9_.@+~-]+)+\/$/.test(path) || path.split('/').some((part) => /^\.+$/.test(part))) {
    throw new Malformed('not a path for a copy of a repo', JSON.stringify(path.slice(0, 60)));
  }
  return path;
}

/** The program, or none. It stays on the machine: run again by hand it completes or mends the copy from the same snapshots. */
export function mirrorFiles(install: Install): readonly ConfigFile[] {
  if (!keepsMirror(install)) return [];
  const pairs = install.repos.map(
    (repo) => `    (${JSON.stringify(repo.url)}, ${JSON.stringify(mirrorPath(repo))}),\n`,
  );
  const text = COPY_PROGRAM.replace('@REPOS@', () => pairs.join('')).replace('@ROOT@', ROOT);
  return [{ path: PROGRAM, mode: 0o755, text }];
}

/** The command that makes the copy on a machine that no kickstart has installed. */
export function mirrorByHand(install: Install): readonly string[] {
  return keepsMirror(install) ? [`${install.os.major >= 8 ? 'python3' : 'python'} ${PROGRAM}`] : [];
}

/**
 * The step, or none. In %post and not at the first boot: the machine shall do without the appliance from its first start on.
 * python3 comes first, because a bare `python` is of no certain version where there are both.
 */
export function mirrorSteps(install: Install): readonly PostStep[] {
  if (!keepsMirror(install)) return [];
  const commands = `for python in python3 python /usr/libexec/platform-python none; do
  if command -v "$python" >/dev/null 2>&1; then break; fi
done
"$python" ${PROGRAM}
if command -v restorecon >/dev/null 2>&1; then restorecon -R ${ROOT} || :; fi`;
  return [{ name: 'mirror', why: 'The copy of its repos, each file checked against the metadata.', commands }];
}
