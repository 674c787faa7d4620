// Is a package that metadata lists under a name the one that its own header, which was signed, says it is? Running: edges handed in.

import type { SnapshotFile } from '../content/layout.ts';
import type { Candidate } from '../metadata/select.ts';
import type { Sha256 } from '../rpm/checksum.ts';
import { readPackageName } from '../rpm/name.ts';
import type { PrimaryPackage } from '../rpm/primary.ts';
import type { RoundEdges } from './edges.ts';
import { inParallel } from './parallel.ts';
import type { WantedFile } from './plan.ts';
import { SyncFault } from './upstream.ts';

/** A file of a package and, where signatures of packages count, what metadata calls it. */
export type ListedFile = WantedFile & { readonly called?: string | undefined };

type NameEdges = Pick<RoundEdges, 'repo' | 'pool' | 'signal'>;
const READ_AT_ONCE = 4;

/** `bash-0:4.1.2-48.el6.x86_64`. A source package's architecture is told in two ways that mean the same here. */
export function calledOf({ name, epoch, version, release, arch }: Candidate): string {
  return `${name}-${epoch}:${version}-${release}.${arch === 'nosrc' ? 'src' : arch}`;
}

/** A package of primary as `proveNames` takes it. */
export function named(found: PrimaryPackage): ListedFile {
  return { ...found, called: calledOf(found) };
}

/**
 * A signature says who made a package, not what upstream may call it: an old package of a trusted maker, listed as the newest or
 * as another one, would be installed as that. Throws `SyncFault` for the first such, where signatures of packages count.
 */
export async function proveNames(
  listed: readonly ListedFile[],
  files: readonly SnapshotFile[],
  { repo, pool, signal }: NameEdges,
): Promise<void> {
  if (!repo.trust.checks.includes('packages')) return;
  const contents = new Map<string, Sha256>(files.map(({ path, sha256 }) => [path, sha256]));
  const names = new Map<Sha256, Promise<string>>();
  await inParallel(listed, { atOnce: READ_AT_ONCE, signal }, async ({ path, called }) => {
    const sha256 = contents.get(path);
    if (sha256 === undefined) return;
    const name = names.get(sha256) ?? readPackageName(pool.read(sha256), path).then(calledOf);
    names.set(sha256, name);
    if ((await name) === called) return;
    throw new SyncFault(path, `metadata calls it ${called ?? 'nothing'}, its signed header ${await name}`, {
      remedy: 'upstream offers one package as another: do not trust it; leave the package out with exclude if you must',
    });
  });
}
