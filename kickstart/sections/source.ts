// Where a kickstart install gets its packages: the tree, repositories inside it, pinned repos.

import type { Install } from '../../server/domain.ts';
import type { Dialect } from '../dialect.ts';
import { kickstartValue } from '../quote.ts';
import { treeUrl } from '../urls.ts';

/** The `install`, `url` and `repo` lines. */
export function sourceLines(install: Install, dialect: Dialect): readonly string[] {
  return [
    ...(dialect.installCommand ? ['install'] : []),
    `url --url=${kickstartValue(`${treeUrl(install)}/`)}`,
    ...(dialect.treeRepos ? treeRepos(install) : []),
    ...install.repos.map(({ name, url }) => repoLine(name, url)),
  ];
}

// From RHEL 8 on a tree's packages are split: BaseOS is found by the url line, the other variants are named. The installer
// adds variants of the .treeinfo by itself as well, and leaves out those whose URL (without a slash) it has already.
function treeRepos(install: Install): readonly string[] {
  return install.tree.facts.repositories
    .filter(({ id, path }) => path !== '' && path !== '.' && id !== 'BaseOS')
    .map(({ id, path }) => repoLine(id, treeUrl(install, path)));
}

function repoLine(name: string, url: string): string {
  return `repo --name=${kickstartValue(name)} --baseurl=${kickstartValue(url)}`;
}
