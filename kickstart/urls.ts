// The URLs an installer is told: where its instructions lie and where it reports. Their routes are the server's business.

import type { Install } from '../server/domain.ts';
import { urlQueryValue } from './quote.ts';

/** Stands where the arming's token will be, in previews and bundles: it opens nothing. */
const TOKEN_PLACEHOLDER = '@TOKEN@';

/** Where RHEL's installer reads its kickstart. */
export function kickstartUrl(install: Install): string {
  return withToken(install, `/kickstart/${hostSegment(install)}`);
}

/** Where XenServer's installer reads its answerfile. */
export function answerfileUrl(install: Install): string {
  return withToken(install, `/answerfile/${hostSegment(install)}`);
}

/** Where the installer reports; `&stage=` is added by who reports. */
export function eventsUrl(install: Install): string {
  return withToken(install, `/hosts/${hostSegment(install)}/events`);
}

/** Where XenServer's installer fetches the script of a stage. */
export function scriptUrl(install: Install, stage: AnswerfileStage): string {
  return withToken(install, `/hosts/${hostSegment(install)}/scripts/${stage}`);
}

/** The stages of an answerfile install that have a script here. */
export type AnswerfileStage = 'installation-complete';

/** The URL of the tree's root or of `path` below it, without a slash at the end. */
export function treeUrl(install: { readonly tree: Pick<Install['tree'], 'url'> }, path = ''): string {
  const root = install.tree.url.replace(/\/+$/, '');
  const below = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return [root, ...below.map(encodeURIComponent)].join('/');
}

function withToken(install: Install, path: string): string {
  const token = install.token === undefined ? TOKEN_PLACEHOLDER : urlQueryValue(install.token);
  return `${install.origin}${path}?token=${token}`;
}

function hostSegment(install: Install): string {
  return urlQueryValue(install.host.name);
}
