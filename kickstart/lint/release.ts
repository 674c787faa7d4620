// For which release a kickstart is linted: RHEL and its rebuilds, 6 to 10.

import type { Os } from '../../server/domain.ts';
import { dialectOf } from '../dialect.ts';

const MAJORS = [6, 7, 8, 9, 10] as const;

export type Major = (typeof MAJORS)[number];

/** `minor` is undefined for the newest of that major. */
export type Release = { readonly major: Major; readonly minor: number | undefined };

/** The names that `parseRelease` reads, for help texts. */
export const RELEASE_NAMES: readonly string[] = ['rhel6', 'rhel6.2', 'rhel7', 'rhel8', 'rhel9', 'rhel10'];

/** Reads `rhel6`, `rhel6.2`, `rhel7.9` …; undefined for anything else. */
export function parseRelease(name: string): Release | undefined {
  const match = /^rhel(\d{1,2})(?:\.(\d{1,2}))?$/.exec(name);
  if (match === null) return undefined;
  return releaseOfVersion(Number(match[1]), match[2]);
}

/** The release whose installer reads `os`'s kickstarts, or undefined where no kickstart is known. */
export function releaseOf(os: Os): Release | undefined {
  if (dialectOf(os) === undefined) return undefined;
  return releaseOfVersion(os.major, /^\d+\.(\d{1,2})(?!\d)/.exec(os.version)?.[1]);
}

/** `RHEL 9`, or `RHEL 6.2` where that tells more. */
export function releaseTitle({ major, minor }: Release): string {
  return isEarly({ major, minor }) ? `RHEL ${major}.${minor}` : `RHEL ${major}`;
}

/** RHEL 6.0 to 6.2: their parser lacks what later updates of 6 brought (bonds, VLANs, thin pools, newer sections). */
export function isEarly({ major, minor }: Release): boolean {
  return major === 6 && minor !== undefined && minor <= 2;
}

function releaseOfVersion(number: number, minor: string | undefined): Release | undefined {
  const major = MAJORS.find((known) => known === number);
  return major === undefined ? undefined : { major, minor: minor === undefined ? undefined : Number(minor) };
}
