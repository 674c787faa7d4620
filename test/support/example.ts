// The example site, parsed, with a catalog in which all its content is there: where most tests of decisions begin.

import { readFileSync } from 'node:fs';
import { expectedFacts } from '../../mirror/tree/detect.ts';
import type { Catalog, Host, Site, TreeStatus } from '../../server/domain.ts';
import { NO_TEMPLATES } from '../../server/templates.ts';
import { parseSite } from '../../server/site/parse.ts';

/** The text of `site.example.yaml`. */
export const exampleText = readFileSync(new URL('../../site.example.yaml', import.meta.url), 'utf8');

/** The example site, with `edit` applied to its text. */
export function exampleSite(edit: (text: string) => string = (text) => text): Site {
  const parsed = parseSite(edit(exampleText), 'site.example.yaml');
  if (parsed.kind === 'problems') throw new Error(JSON.stringify(parsed.problems));
  return parsed.site;
}

/** A catalog where each tree of `site` is ready and each repo has the snapshot `s1`. */
export function readyCatalog(site: Site): Catalog {
  const trees = site.trees.map((tree): [string, TreeStatus] => {
    if (tree.os === undefined) throw new Error(`${tree.name} has no os`);
    return [tree.name, { kind: 'ready', facts: expectedFacts(tree.os) }];
  });
  const repos = site.repos.map((repo) => [repo.name, { current: 's1', snapshots: ['s1'] }] as const);
  return {
    origin: 'http://192.168.168.26',
    syslog: undefined,
    trees: new Map(trees),
    repos: new Map(repos),
    templates: NO_TEMPLATES,
  };
}

/** The host called `name`. */
export function hostOf(site: Site, name: string): Host {
  const host = site.hosts.find((known) => known.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host;
}
