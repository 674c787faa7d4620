// The URLs an installer is told: where its instructions lie and where it reports. Their routes are the server's business.

import type { Install } from '../server/domain.ts';
import { urlQueryValue } from './quote.ts';

/** Stands where the arming's token will be, in previews and bundles: it opens nothing. */
export const TOKEN_PLACEHOLDER = '@TOKEN@';

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

/** Where the first-boot job of a hypervisor fetches a file of the operator's. */
export function hostFileUrl(install: Install, file: HostFileName): string {
  return withToken(install, `/hosts/${hostSegment(install)}/files/${file}`);
}

/** The licence, or a supplemental pack by its place in the profile's list, counted from 1. */
export type HostFileName = 'license' | `pack-${number}`;

/** The stages of an answerfile install that have a script here; all from 6.0 on. */
export const ANSWERFILE_STAGES = ['installation-start', 'filesystem-populated', 'installation-complete'] as const;
export type AnswerfileStage = (typeof ANSWERFILE_STAGES)[number];

/** The URL of the tree's root or of `path` below it, without a slash at the end. */
export function treeUrl(install: { readonly tree: Pick<Install['tree'], 'url'> }, path = ''): string {
  const root = install.tree.url.replace(/\/+$/, '');
  const below = path.split('/').filter((segment) => segment !== '' && segment !== '.');
  return [root, ...below.map(encodeURIComponent)].join('/');
}

function withToken(install: Install, path: string): string {
  return `${install.origin}${path}?token=${tokenText(install)}`;
}

/** The arming's token as it stands in a URL, or its placeholder. */
export function tokenText({ token }: Install): string {
  return token === undefined ? TOKEN_PLACEHOLDER : urlQueryValue(token);
}

function hostSegment(install: Install): string {
  return urlQueryValue(install.host.name);
}
