// Hints at which operating system a tree holds: .treeinfo, .discinfo, release packages, media.repo, XS-REPOSITORY. Pure.

import { SaxesParser } from 'saxes';
import type { OsFamily } from '../../server/domain.ts';
import { Malformed } from '../../server/malformed.ts';
import { parseIni } from './ini.ts';
import type { Treeinfo } from './treeinfo.ts';

/** What one source tells; a field is undefined where it is silent. `from` names the source for people. */
export type Evidence = {
  readonly from: string;
  readonly family: OsFamily | undefined;
  readonly version: string | undefined;
  readonly arch: string | undefined;
};

/** Names of products as they are written on media. The first that fits counts. */
const FAMILY_NAMES: readonly (readonly [RegExp, OsFamily])[] = [
  [/^(?:red hat enterprise linux|rhel)\b/i, 'rhel'],
  [/^centos\b/i, 'centos'],
  [/^rocky\b/i, 'rocky'],
  [/^alma ?linux\b/i, 'almalinux'],
  [/^oracle linux\b/i, 'oracle'],
  [/^scientific\b/i, 'scientific'],
  [/^fedora\b/i, 'fedora'],
  [/^xcp-ng\b/i, 'xcp-ng'],
  [/^(?:xenserver|citrix (?:xenserver|hypervisor))\b/i, 'xenserver'],
];

/** Packages that carry a release's name and version. Rebuilds may ship a redhat-release too, so that one is asked last. */
const RELEASE_PACKAGES: readonly (readonly [RegExp, OsFamily])[] = [
  [/^centos-stream-release-(?<version>\d{1,2})(?:\.\d+)?-/, 'centos'],
  [/^centos-(?:linux-)?release-(?<version>\d{1,2}\.\d{1,2})-/, 'centos'],
  [/^centos-release-(?<major>[67])-(?<minor>\d{1,2})\./, 'centos'],
  [/^rocky-release-(?<version>\d{1,2}\.\d{1,2})-/, 'rocky'],
  [/^almalinux-release-(?<version>\d{1,2}\.\d{1,2})-/, 'almalinux'],
  [/^oraclelinux-release-(?<version>\d{1,2}\.\d{1,2})-/, 'oracle'],
  [/^oraclelinux-release-(?<major>6)Server-(?<minor>\d{1,2})\./, 'oracle'],
  [/^sl-release-(?<version>\d{1,2}\.\d{1,2})-/, 'scientific'],
  [/^fedora-release(?:-common)?-(?<version>\d{1,3})-/, 'fedora'],
  [/^redhat-release-(?:server|workstation|client|computenode)-6\w+-(?<version>6\.\d{1,2})\./, 'rhel'],
  [/^redhat-release-(?:(?:server|workstation|client|computenode)-)?(?<version>\d{1,2}\.\d{1,2})[.-]/, 'rhel'],
];

const ARCH_PACKAGE =
  /^(?:kernel|kernel-core|glibc|bash)-\d[^/]*\.(?<arch>x86_64|aarch64|ppc64le|ppc64|s390x|i686)\.rpm$/;
const VERSION = /(?:^|\s)(?<version>\d{1,2}(?:\.\d{1,3}){0,3})(?=[\s_-]|$)/;

/** The family a product's name means, or undefined for a name that is not known. */
export function familyOf(name: string): OsFamily | undefined {
  return FAMILY_NAMES.find(([pattern]) => pattern.test(name.trim()))?.[1];
}

/** `.treeinfo` as evidence. Vendors' hypervisors are always x86_64, and some of their files do not say so. */
export function treeinfoEvidence(info: Treeinfo): Evidence {
  const family = familyOf(info.family);
  const arch = info.arch ?? (info.branding === undefined ? undefined : 'x86_64');
  return { from: '.treeinfo', family, version: dotted(info.version), arch };
}

/** `.discinfo`: time stamp, release text, architecture, discs; one a line. The text may be a bare version, or no version. */
export function discinfoEvidence(bytes: Uint8Array): Evidence {
  const [stamp = '', release = '', arch = ''] = new TextDecoder()
    .decode(bytes)
    .split(/\r?\n/)
    .map((line) => line.trim());
  if (!/^\d+(?:\.\d+)?$/.test(stamp)) throw new Malformed('the first line is no time stamp', '.discinfo');
  const known = /^[a-z][a-z0-9_]{1,15}$/.test(arch) ? arch : undefined;
  return { from: '.discinfo', ...productEvidence(release), arch: known };
}

/** `media.repo`: the name of the section [InstallMedia] is the product's. */
export function mediaRepoEvidence(bytes: Uint8Array): Evidence {
  const name = parseIni(bytes, 'media.repo').get('InstallMedia')?.get('name') ?? '';
  return { from: 'media.repo', ...productEvidence(name), arch: undefined };
}

/** File names of a package directory: the release package tells family and version, any other the architecture. */
export function packagesEvidence(names: readonly string[]): Evidence {
  const arch = names.map((name) => ARCH_PACKAGE.exec(name)?.groups?.['arch']).find((found) => found !== undefined);
  const rpms = names.filter((name) => name.endsWith('.rpm'));
  for (const [pattern, family] of RELEASE_PACKAGES) {
    const name = rpms.find((rpm) => pattern.test(rpm));
    if (name === undefined) continue;
    const groups = pattern.exec(name)?.groups ?? {};
    const version = groups['version'] ?? `${groups['major']}.${groups['minor']}`;
    return { from: name, family, version, arch };
  }
  return { from: 'package names', family: undefined, version: undefined, arch };
}

/** XenServer to 6.5: `<repository product="XenServer" version="6.0.2" …>` in a package directory's XS-REPOSITORY. */
export function xsRepositoryEvidence(bytes: Uint8Array, where: string): Evidence {
  const parser = new SaxesParser();
  let found: Evidence | undefined;
  parser.on('error', (error) => {
    throw new Malformed(`not XML: ${error.message.slice(0, 200)}`, where);
  });
  parser.on('doctype', () => {
    throw new Malformed('a document type is not accepted', where);
  });
  parser.on('opentag', ({ name, attributes }) => {
    if (found !== undefined) return;
    if (name !== 'repository') throw new Malformed(`a <${name.slice(0, 40)}> instead of a <repository>`, where);
    const family = familyOf(attributes['product'] ?? '');
    found = { from: where, family, version: dotted(attributes['version'] ?? ''), arch: 'x86_64' };
  });
  parser.write(new TextDecoder().decode(bytes)).close();
  return found ?? { from: where, family: undefined, version: undefined, arch: undefined };
}

function productEvidence(text: string): Pick<Evidence, 'family' | 'version'> {
  return { family: familyOf(text), version: VERSION.exec(text)?.groups?.['version'] };
}

/** The dotted number a version begins with; `7-beta` and `@@VERSION@@` are not versions an install can be planned for. */
function dotted(version: string): string | undefined {
  return /^\d{1,4}(?:\.\d{1,6}){0,3}$/.test(version) ? version : undefined;
}
