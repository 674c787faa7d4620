// /etc/yum.repos.d: one file for each repo of the install, and one for the repositories of its tree.

import type { ConfigFile, Install } from '../../../server/domain.ts';
import { Malformed } from '../../../server/malformed.ts';
import { keepsMirror, mirrorPath } from '../../mirror-on-host.ts';
import { renderRepoFile } from '../../repo-file.ts';
import { treeUrl } from '../../urls.ts';

/** Those of the host itself: where it keeps a copy of its repos, it asks that, and the appliance for its tree's packages alone. */
export function ownRepoFiles(install: Install): readonly ConfigFile[] {
  if (!keepsMirror(install)) return repoFiles(install);
  const repos = install.repos.map((repo) => ({ ...repo, url: `http://127.0.0.1${mirrorPath(repo)}` }));
  return repoFiles({ ...install, repos });
}

/** Repos are pinned to the snapshot they were resolved to; a tree never changes. In the profile's order, tree last. */
export function repoFiles(install: Install): readonly ConfigFile[] {
  const repos = install.repos.map((repo) =>
    repoFile(repo.name, renderRepoFile({ name: repo.name, title: repo.name, baseUrl: repo.url })),
  );
  const tree = treeFile(install);
  return tree === undefined ? repos : [...repos, tree];
}

function treeFile(install: Install): ConfigFile | undefined {
  const { tree } = install;
  if (tree.facts.repositories.length === 0) return undefined;
  const taken = new Set(install.repos.map((repo) => repo.name));
  const own = taken.has(tree.name) ? freeName(`${tree.name}-tree`, taken) : tree.name;
  return repoFile(own, treeRepoFile(own, tree));
}

/**
 * The .repo file of a tree's own repositories, its sections named after `name`. A tree with one repository is called by
 * that name alone, as a person would have written it: [rhel6].
 */
export function treeRepoFile(name: string, tree: Pick<Install['tree'], 'url' | 'facts'>): string {
  const { repositories } = tree.facts;
  const sections = repositories.map(({ id, path }) => {
    const section = repositories.length === 1 ? name : `${name}-${id}`;
    return { name: section, title: section, baseUrl: directoryUrl(tree, path) };
  });
  return sections.map(renderRepoFile).join('\n');
}

function repoFile(name: string, text: string): ConfigFile {
  return { path: `/etc/yum.repos.d/${name}.repo`, mode: 0o644, text };
}

// RHEL 6's tree information may name a place beside the tree; a host's own file names none but what it was given.
function directoryUrl(tree: Pick<Install['tree'], 'url'>, path: string): string {
  if (path.split('/').includes('..')) {
    throw new Malformed(`a repository's path leads out of its tree: ${JSON.stringify(path)}`, 'tree repository');
  }
  return `${treeUrl({ tree }, path)}/`;
}

function freeName(wanted: string, taken: ReadonlySet<string>): string {
  return taken.has(wanted) ? freeName(`${wanted}-tree`, taken) : wanted;
}
