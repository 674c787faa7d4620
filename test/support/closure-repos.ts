// Repositories of metadata alone, written from tables, and what the real `dnf repoclosure` says of them.

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openMetadata } from '../../mirror/closure/metadata.ts';
import type { ClosureRepo } from '../../mirror/closure/resolve.ts';
import { run } from './lab-run.ts';

/** As in a spec file, `b >= 1:2-3`; or by the attributes of primary.xml. */
export type Relation = string | Readonly<Record<string, string>>;

export type MetadataPackage = {
  readonly name: string;
  readonly arch?: string;
  /** `[epoch:]version-release`. */
  readonly evr?: string;
  readonly provides?: readonly Relation[];
  readonly requires?: readonly Relation[];
  readonly conflicts?: readonly Relation[];
  readonly obsoletes?: readonly Relation[];
  readonly recommends?: readonly Relation[];
  readonly suggests?: readonly Relation[];
  readonly supplements?: readonly Relation[];
  readonly enhances?: readonly Relation[];
  /** What primary.xml tells of, and filelists.xml too. */
  readonly files?: readonly string[];
  /** What filelists.xml alone tells of. */
  readonly moreFiles?: readonly string[];
};

/** Lets the events that wait have their turn. */
export async function breathe(): Promise<void> {
  await turn();
}

const FLAGS: Readonly<Record<string, string>> = { '>': 'GT', '=': 'EQ', '>=': 'GE', '<': 'LT', '<=': 'LE', '<>': 'NE' };

/** primary.xml and filelists.xml of `packages`. */
export function metadataOf(packages: readonly MetadataPackage[]): { primary: string; filelists: string } {
  const head = (root: string, namespace: string): string =>
    `<?xml version="1.0" encoding="UTF-8"?>\n<${root} xmlns="http://linux.duke.edu/metadata/${namespace}" xmlns:rpm="http://linux.duke.edu/metadata/rpm" packages="${packages.length}">\n`;
  return {
    primary: `${head('metadata', 'common')}${packages.map(primaryPackage).join('')}</metadata>\n`,
    filelists: `${head('filelists', 'filelists')}${packages.map(filelistsPackage).join('')}</filelists>\n`,
  };
}

/** Both as a repository to check. */
export function closureRepo(name: string, packages: readonly MetadataPackage[]): ClosureRepo {
  const { primary, filelists } = metadataOf(packages);
  const chunks = (text: string) =>
    async function* (): AsyncGenerator<Uint8Array> {
      yield Buffer.from(text);
    };
  return { name, primary: chunks(primary), filelists: chunks(filelists) };
}

/** Writes the `repodata` of `packages` below `directory`. */
export async function writeMetadata(directory: string, packages: readonly MetadataPackage[]): Promise<void> {
  await mkdir(join(directory, 'repodata'), { recursive: true });
  const entries = Object.entries(metadataOf(packages)).map(async ([type, text]) => {
    await writeFile(join(directory, 'repodata', `${type}.xml`), text);
    const digest = createHash('sha256').update(text).digest('hex');
    const size = Buffer.byteLength(text);
    return `<data type="${type}"><checksum type="sha256">${digest}</checksum><open-checksum type="sha256">${digest}</open-checksum><location href="repodata/${type}.xml"/><timestamp>1</timestamp><size>${size}</size><open-size>${size}</open-size></data>`;
  });
  const data = (await Promise.all(entries)).join('\n');
  const repomd = `<repomd xmlns="http://linux.duke.edu/metadata/repo"><revision>1</revision>${data}</repomd>`;
  await writeFile(join(directory, 'repodata', 'repomd.xml'), repomd);
}

/** The repository whose `repodata` lies below `directory`. */
export async function storedRepo(name: string, directory: string): Promise<ClosureRepo> {
  return openMetadata(name, { find: async (path) => () => createReadStream(join(directory, path)), breathe });
}

export type Repoclosure = {
  /** Repository → its directory. */
  readonly repos: Readonly<Record<string, string>>;
  /** Only the packages of these are checked. */
  readonly check?: readonly string[];
  readonly machine?: string;
  /** Only packages of these architectures are checked. */
  readonly arches?: readonly string[];
};

/** What dnf finds: `REPO PACKAGE: REQUIREMENT`, sorted. It runs with a root, a configuration and a cache of its own below `work`. */
export async function dnfHoles({ repos, check, machine, arches }: Repoclosure, work: string): Promise<string[]> {
  const home = await mkdtemp(join(work, 'dnf-'));
  for (const name of ['root', 'cache', 'log']) await mkdir(join(home, name));
  await writeFile(join(home, 'dnf.conf'), '[main]\n');
  const settings = { reposdir: 'none', varsdir: 'none', pluginconfpath: 'none', cachedir: 'cache', logdir: 'log' };
  const argv = [
    ...['-q', `--config=${join(home, 'dnf.conf')}`, `--installroot=${join(home, 'root')}`, '--releasever=9'],
    ...Object.entries(settings).map(([name, path]) => `--setopt=${name}=${join(home, path)}`),
    ...Object.entries(repos).flatMap(([name, path]) => [
      `--repofrompath=${name},file://${path}`,
      `--repo=${name}`,
      // Streams of modules are told apart by clients; here every package counts.
      `--setopt=${name}.module_hotfixes=1`,
    ]),
    `--forcearch=${machine ?? 'x86_64'}`,
    ...['repoclosure', ...(check ?? []).map((name) => `--check=${name}`)],
    ...(arches ?? []).map((arch) => `--arch=${arch}`),
  ];
  const output = await runDnf(argv, home);
  await rm(home, { recursive: true });
  return parseHoles(output);
}

/** dnf ends with 1 where it finds holes, and says so. */
function runDnf(argv: readonly string[], home: string): Promise<string> {
  const options = {
    env: { ...process.env, HOME: home, LC_ALL: 'C.UTF-8' },
    timeout: 120_000,
    maxBuffer: 256 * 1024 * 1024,
  };
  return new Promise((resolve, reject) => {
    execFile('dnf', argv, options, (error, out, err) => {
      if (error === null || err.includes('Repoclosure ended with unresolved dependencies')) resolve(out);
      else reject(new Error(`dnf failed: ${err.slice(-2000)}`, { cause: error }));
    });
  });
}

function parseHoles(output: string): string[] {
  const holes = new Set<string>();
  let holder = '';
  for (const line of output.split('\n')) {
    const found = /^package: (\S+) from (\S+)$/.exec(line);
    if (found !== null) holder = `${found[2]} ${found[1]}`;
    else if (line.startsWith('    ')) holes.add(`${holder}: ${line.slice(4)}`);
  }
  return [...holes].toSorted();
}

/** As `dnfHoles` writes them. */
export function textsOf(holes: readonly { repo: string; package: string; requirement: string }[]): string[] {
  return holes.map((hole) => `${hole.repo} ${hole.package}: ${hole.requirement}`).toSorted();
}

/** Does this machine's dnf have the command? A Debian package of its own brings it. */
export async function hasRepoclosure(): Promise<boolean> {
  return run(['dnf', 'repoclosure', '--help']).then(
    () => true,
    () => false,
  );
}

const OTHER_LISTS = ['conflicts', 'obsoletes', 'recommends', 'suggests', 'supplements', 'enhances'] as const;

function primaryPackage(one: MetadataPackage, index: number): string {
  const { name, arch = 'noarch', provides = [], requires = [], files = [] } = one;
  const list = (tag: string, relations: readonly Relation[]): string =>
    relations.length === 0 ? '' : `<rpm:${tag}>${relations.map(entryOf).join('')}</rpm:${tag}>`;
  const source = arch === 'src' ? '' : '<rpm:sourcerpm>x-1-1.src.rpm</rpm:sourcerpm>';
  return `<package type="rpm"><name>${escape(name)}</name><arch>${arch}</arch><version ${versionOf(one)}/>
<checksum type="sha256" pkgid="YES">${pkgidOf(one, index)}</checksum><summary>s</summary><description>d</description><packager/><url/>
<time file="1" build="1"/><size package="1" installed="1" archive="1"/><location href="p/${index}.rpm"/>
<format><rpm:license>x</rpm:license>${source}<rpm:header-range start="1" end="2"/>${list('provides', provides)}${list('requires', requires)}
${OTHER_LISTS.map((tag) => list(tag, one[tag] ?? [])).join('')}
${files.map((path) => `<file>${escape(path)}</file>`).join('')}</format></package>\n`;
}

function filelistsPackage(one: MetadataPackage, index: number): string {
  const { name, arch = 'noarch', files = [], moreFiles = [] } = one;
  const paths = [...files, ...moreFiles].map((path) => `<file>${escape(path)}</file>`).join('');
  return `<package pkgid="${pkgidOf(one, index)}" name="${escape(name)}" arch="${arch}"><version ${versionOf(one)}/>${paths}</package>\n`;
}

function pkgidOf(one: MetadataPackage, index: number): string {
  return createHash('sha256')
    .update(JSON.stringify([index, one]))
    .digest('hex');
}

function versionOf({ evr = '1-1' }: MetadataPackage): string {
  const { epoch = '0', ver = '', rel = '' } = attributesOf(evr);
  return `epoch="${epoch}" ver="${escape(ver)}" rel="${escape(rel)}"`;
}

function entryOf(relation: Relation): string {
  const attributes = typeof relation === 'string' ? parseRelation(relation) : relation;
  const text = Object.entries(attributes).map(([key, value]) => ` ${key}="${escape(value)}"`);
  return `<rpm:entry${text.join('')}/>`;
}

function parseRelation(text: string): Record<string, string> {
  const found = /^(?<name>[^( ]\S*) (?<sign>[<>=]+) (?<evr>\S+)$/.exec(text)?.groups;
  if (found === undefined) return { name: text };
  const { name = '', sign = '', evr = '' } = found;
  return { name, flags: FLAGS[sign] ?? sign, ...attributesOf(evr) };
}

/** As createrepo_c writes them: an epoch always, a release where there is one. */
function attributesOf(evr: string): Record<string, string> {
  const { epoch = '0', ver = '', rel } = /^(?:(?<epoch>\d+):)?(?<ver>[^-]*)(?:-(?<rel>.*))?$/.exec(evr)?.groups ?? {};
  return { epoch, ver, ...(rel === undefined ? {} : { rel }) };
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
