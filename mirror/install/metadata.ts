// A repository's metadata for an installation, wherever its files lie: what dependencies need, and its groups. Running: opening a file is handed in.

import { dependencyFiles, readRepomd, unpacked, type MetadataEdges } from '../closure/metadata.ts';
import { parseRepomd } from '../rpm/repomd.ts';
import type { InstallRepo } from './pool.ts';

/** comps.xml in the order in which dnf looks for it (libdnf's getCompsFn), then packed otherwise. */
const GROUP_TYPES = ['group_gz', 'group', 'group_xz', 'group_zst', 'group_bz2'];

/** Reads repomd.xml and finds the files that tell of dependencies and groups. Throws `Malformed`, naming the repository. */
export async function openInstallRepo(
  name: string,
  { priority, ...edges }: MetadataEdges & { readonly priority?: number },
): Promise<InstallRepo> {
  const repomd = parseRepomd(await readRepomd(name, edges));
  const repo = await dependencyFiles(name, repomd, edges);
  const [entry] = GROUP_TYPES.flatMap((type) => repomd.data.filter((one) => one.type === type));
  const groups = entry === undefined ? undefined : await unpacked(name, entry, edges);
  return { ...repo, groups, priority };
}
