// What a bundle of one host or of the whole site holds: texts in, named and sealed entries out.

import type { ConfigFile, Install, SecretLookup } from '../../server/domain.ts';
import type { No } from '../../server/malformed.ts';
import { isNo, Malformed, no } from '../../server/malformed.ts';
import { redactedSecrets } from '../secrets.ts';
import type { Bundle, BundleEntry, BundleSubjectHost } from './entries.ts';
import { entryName, sealBundle } from './entries.ts';
import { configFiles } from './files.ts';
import { repoFiles } from './files/repos.ts';
import { hostReadme } from './readme.ts';
import { zoneFiles } from './zone/files.ts';
import type { Zone } from './zone/zone.ts';

/** What the installer of a host reads, under the name it has in a bundle. */
export type Answer = { readonly name: 'kickstart.ks' | 'answerfile.xml'; readonly text: string };
/** A boot script and its place in the boot namespace: `pxelinux.cfg/01-52-54-00-a8-a8-02`. */
export type BootEntry = { readonly path: string; readonly text: string };

/** One host of a bundle. A `No` in any part is told in its NOT-RENDERED.txt, and the other parts are there. */
export type BundleHost = {
  readonly host: string;
  readonly install: Install | No;
  readonly bootEntries: readonly BootEntry[] | No;
  /** The zone that a CloudStack management server is to build, or why the site's plan makes none. */
  readonly zone?: Zone | No | undefined;
};

export type BundleInput = {
  readonly siteName: string;
  readonly content:
    | { readonly kind: 'host'; readonly host: BundleHost }
    | {
        readonly kind: 'site';
        readonly hosts: readonly BundleHost[];
        readonly siteFile: string;
        readonly addressPlan: string;
      };
  /** Renders an install's kickstart or answerfile with the secrets it is given, and no others. */
  readonly renderAnswer: (install: Install, secrets: SecretLookup) => Answer | No;
  /** The real secrets, or undefined for a bundle that anyone may read. */
  readonly secrets: SecretLookup | undefined;
};

type Lookup = { readonly kind: 'redacted' | 'included'; readonly of: SecretLookup };

/** The bundle of `input`, the same for the same input. Throws `Malformed` where a host's own name cannot be a directory's. */
export function bundleContents(input: BundleInput): Bundle {
  const { content } = input;
  const secrets: Lookup =
    input.secrets === undefined ? { kind: 'redacted', of: redactedSecrets } : { kind: 'included', of: input.secrets };
  const hosts = content.kind === 'host' ? [content.host] : content.hosts;
  const entries = hosts.flatMap((host) => hostEntries(host, input, secrets));
  return sealBundle(
    { kind: content.kind, site: input.siteName, secrets: secrets.kind, hosts: hosts.map(subjectOf) },
    content.kind === 'host' ? entries : [...entries, ...siteEntries(content, secrets)],
  );
}

function siteEntries(
  site: { readonly siteFile: string; readonly addressPlan: string },
  secrets: Lookup,
): readonly BundleEntry[] {
  const siteFile = secrets.kind === 'redacted' ? withoutCredentials(site.siteFile) : site.siteFile;
  return [
    entry(['README.txt'], SITE_README),
    { ...entry(['site.yaml'], siteFile), mode: textMode(secrets) },
    entry(['address-plan.txt'], site.addressPlan),
  ];
}

const SITE_README = `The configuration of a whole site.

site.yaml          what the appliance was told; give it to another one to rebuild the site
address-plan.txt   who has which address
HOST/README.txt    what lies in each host's directory, and how to use it by hand
manifest.json      every other file with its mode, size and sha256
`;

/** A site file holds the names of secrets, never a secret; but an upstream's URL may carry a login. RFC 3986 §3.2.1. */
function withoutCredentials(siteFile: string): string {
  return siteFile.replaceAll(/(?<=:\/\/)[^/?#\s"']*@/g, 'REDACTED@');
}

function hostEntries(host: BundleHost, input: BundleInput, secrets: Lookup): readonly BundleEntry[] {
  const refusals: No[] = [];
  const parts = hostParts(host, input, secrets).flatMap((part) => {
    const entries = attempt(part);
    if (!isNo(entries)) return entries;
    refusals.push(entries);
    return [];
  });
  return refusals.length === 0 ? parts : [...parts, notRendered(host.host, refusals)];
}

type Part = () => readonly BundleEntry[] | No;

function hostParts(host: BundleHost, input: BundleInput, secrets: Lookup): readonly Part[] {
  const { bootEntries } = host;
  if (isNo(host.install)) {
    const { install } = host;
    return [() => install];
  }
  // A token opens one installation of one arming: it has no business in an archive, with secrets or without.
  const install: Install = { ...host.install, token: undefined };
  const below = (...segments: readonly string[]): readonly string[] => [host.host, ...segments];
  return [
    () => [entry(below('README.txt'), hostReadme(install, secrets.kind))],
    () => {
      const answer = input.renderAnswer(install, secrets.of);
      if (isNo(answer)) return answer;
      return [{ ...entry(below(answer.name), answer.text), mode: textMode(secrets) }];
    },
    () =>
      isNo(bootEntries)
        ? bootEntries
        : bootEntries.map(({ path, text }) => entry(below('boot', ...path.split('/')), text)),
    () => configFiles(install, secrets.of).map((file) => fileEntry(below('files'), file)),
    () => (install.role === 'xenserver' ? [] : repoFiles(install).map((file) => repoEntry(below('repo-files'), file))),
    () => zoneEntries(host, secrets),
  ];
}

function zoneEntries({ host, zone }: BundleHost, secrets: Lookup): readonly BundleEntry[] | No {
  if (zone === undefined || isNo(zone)) return zone ?? [];
  return zoneFiles(zone, secrets.of, textMode(secrets)).map(({ name, mode, text }) => ({
    ...entry([host, 'zone', name], text),
    mode,
  }));
}

function fileEntry(directory: readonly string[], file: ConfigFile): BundleEntry {
  const [root, ...segments] = file.path.split('/');
  if (root !== '') throw new Malformed(`not an absolute path: ${JSON.stringify(file.path)}`, 'configuration file');
  return { ...entry([...directory, ...segments], file.text), mode: file.mode };
}

function repoEntry(directory: readonly string[], file: ConfigFile): BundleEntry {
  return entry([...directory, ...file.path.split('/').slice(-1)], file.text);
}

function entry(segments: readonly string[], text: string): BundleEntry {
  return { name: entryName(segments), mode: 0o644, text };
}

function textMode(secrets: Lookup): number {
  return secrets.kind === 'included' ? 0o600 : 0o644;
}

function notRendered(host: string, refusals: readonly No[]): BundleEntry {
  const lines = refusals.map(({ reason, remedy }) => (remedy === undefined ? reason : `${reason}\n  ${remedy}`));
  return entry([host, 'NOT-RENDERED.txt'], `Not everything of ${host} is here:\n\n${lines.join('\n')}\n`);
}

// A value that one host's files cannot hold must not take the other hosts' files from the operator.
function attempt(part: Part): readonly BundleEntry[] | No {
  try {
    return part();
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return no(error.message);
  }
}

function subjectOf({ host, install }: BundleHost): BundleSubjectHost {
  if (isNo(install)) return { host, os: null, tree: null, profile: null, role: null, snapshots: {} };
  const { family, version, arch } = install.os;
  return {
    host,
    os: `${family}-${version}-${arch}`,
    tree: install.tree.name,
    profile: install.profile,
    role: install.role,
    snapshots: Object.fromEntries(install.repos.map(({ name, snapshot }) => [name, snapshot ?? null])),
  };
}
