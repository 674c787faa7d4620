// A .repo file for /etc/yum.repos.d: text only; which repos a host gets is decided elsewhere.

import { Malformed } from '../server/malformed.ts';
import { confValue } from './quote.ts';

/** One section of a .repo file. `gpgKeys` are URLs; with none, packages are not checked against a key. */
export type RepoSection = {
  /** The section's id, which is also what `yum --enablerepo=` takes. */
  readonly name: string;
  readonly title: string;
  readonly baseUrl: string;
  readonly gpgKeys?: readonly string[];
};

/** What yum accepts as a repo id, less a leading dot or dash: the id is also a file name. */
const REPO_ID = /^[A-Za-z0-9_][A-Za-z0-9._:-]{0,99}$/;
const URL_FORM = /^(?:https?|ftp|file):\/\/[^\s"'<>\\]+$/;

/** The file's text; the texts of several sections may simply follow each other. Throws `Malformed` for an id or a URL that yum would refuse. */
export function renderRepoFile(section: RepoSection): string {
  if (!REPO_ID.test(section.name)) {
    throw new Malformed(`not a repo id: ${JSON.stringify(section.name.slice(0, 60))}`, 'repo file');
  }
  const keys = section.gpgKeys ?? [];
  const lines = [
    `[${section.name}]`,
    `name=${confValue(section.title)}`,
    `baseurl=${repoUrl(section.baseUrl)}`,
    'enabled=1',
    `gpgcheck=${keys.length === 0 ? 0 : 1}`,
    ...(keys.length === 0 ? [] : [`gpgkey=${keys.map(repoUrl).join(' ')}`]),
  ];
  return `${lines.join('\n')}\n`;
}

function repoUrl(url: string): string {
  if (!URL_FORM.test(url)) throw new Malformed(`not a repo's URL: ${JSON.stringify(url.slice(0, 200))}`, 'repo file');
  return url;
}
