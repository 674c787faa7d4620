// Tells whether a request comes from an installer or from an operator, by its path alone. Pure.

import { Malformed } from '../malformed.ts';
import { parseTargetPath } from '../target.ts';

/** Installers get the lenient HTTP parser, everything else the strict one. */
export type Side = 'installer' | 'operator';

/** Is this decoded path (one slash at its start, none at its end) one that installers ask for? */
export type InstallerPathTest = (path: string) => boolean;

const INSTALLER_ROOTS: ReadonlySet<string> = new Set([
  'repos',
  'repo-files',
  'trees',
  'boot',
  'kickstart',
  'answerfile',
  // Where a GRUB that came over HTTP looks for its configuration, in FAT's spellings.
  'EFI',
  'efi',
  'grub',
  'grub2',
]);
/** Never an installer's, whatever a site publishes there. */
const OPERATOR_ROOTS: ReadonlySet<string> = new Set(['api', 'bundles', 'console', 'healthz', 'metrics', 'templates']);

/** RFC 9112 §3, without its latitude in white space: what deviates meets the strict parser. */
const REQUEST_LINE = /^[A-Za-z]{1,20} (\S+) HTTP\/\d\.\d$/;

/** The side of a connection whose first request line (without its line end) is `line`. What cannot be read is an operator's. */
export function audienceOf(line: string, isInstallerPath: InstallerPathTest): Side {
  const target = REQUEST_LINE.exec(line)?.[1];
  return target === undefined ? 'operator' : audienceOfTarget(target, isInstallerPath);
}

/** The side of one request by its target (`request.url`), in origin or absolute form. What cannot be read is an operator's. */
export function audienceOfTarget(target: string, isInstallerPath: InstallerPathTest): Side {
  try {
    return isInstallerPath(`/${parseTargetPath(target).segments.join('/')}`) ? 'installer' : 'operator';
  } catch (error) {
    if (error instanceof Malformed) return 'operator';
    throw error;
  }
}

/** The contract's installer paths, with the paths (`/4.0/`) at which the site publishes repos. */
export function isInstallerPath(path: string, publishPaths: Iterable<string>): boolean {
  const [, root = '', , events] = path.split('/');
  if (OPERATOR_ROOTS.has(root)) return false;
  if (INSTALLER_ROOTS.has(root)) return true;
  if (root === 'hosts') return events === 'events';
  const asDirectory = `${path}/`;
  return [...publishPaths].some((prefix) => prefix !== '/' && asDirectory.startsWith(prefix));
}
