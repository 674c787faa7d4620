// The operating system a tree installs, written `rhel-6.2-x86_64`: its parser, its text, its equality. Pure.

import type { Os, OsFamily } from './domain.ts';
import { Malformed } from './malformed.ts';

/** Every family, so that outside text can be looked up instead of cast. The compiler demands a row for each. */
const FAMILIES: ReadonlyMap<string, OsFamily> = new Map(
  Object.values({
    rhel: 'rhel',
    centos: 'centos',
    rocky: 'rocky',
    almalinux: 'almalinux',
    oracle: 'oracle',
    scientific: 'scientific',
    fedora: 'fedora',
    xenserver: 'xenserver',
    'xcp-ng': 'xcp-ng',
  } satisfies { [Family in OsFamily]: Family }).map((family) => [family, family]),
);

const TEXT = /^(?<family>[a-z]+(?:-[a-z]+)*)-(?<version>\d{1,4}(?:\.\d{1,6}){0,3})-(?<arch>[a-z][a-z0-9_]{1,15})$/;

/**
 * Reads `rhel-6.2-x86_64` or `xcp-ng-8.3-x86_64`: family, dotted version and RPM architecture, in lower case.
 * Throws `Malformed` for anything else, an unknown family included.
 */
export function parseOs(text: string): Os {
  const groups = TEXT.exec(text)?.groups;
  if (groups === undefined) {
    throw new Malformed(`not an operating system (written like rhel-6.2-x86_64): ${quoted(text)}`, 'os');
  }
  const { family = '', version = '', arch = '' } = groups;
  const known = FAMILIES.get(family);
  if (known === undefined) {
    throw new Malformed(
      `unknown operating system family ${quoted(family)}; known are ${[...FAMILIES.keys()].join(', ')}`,
      'os',
    );
  }
  return makeOs(known, version, arch);
}

/** The `Os` of a family, a dotted version that starts with digits, and an architecture. */
export function makeOs(family: OsFamily, version: string, arch: string): Os {
  const major = Number(/^\d{1,4}/.exec(version)?.[0]);
  if (!Number.isSafeInteger(major)) throw new Malformed(`not a version: ${quoted(version)}`, 'os');
  return { family, version, major, arch };
}

/** `rhel-6.2-x86_64`; `parseOs` reads it back. */
export function formatOs(os: Os): string {
  return `${os.family}-${os.version}-${os.arch}`;
}

/** Are both the same system? Trailing zeros count for nothing: XCP-ng 8.3's own files say 8.3.0. */
export function sameOs(one: Os, other: Os): boolean {
  return (
    one.family === other.family && withoutZeros(one.version) === withoutZeros(other.version) && one.arch === other.arch
  );
}

function withoutZeros(version: string): string {
  return version.replace(/(?:\.0+)+$/, '');
}

function quoted(text: string): string {
  return JSON.stringify(text.slice(0, 60));
}
