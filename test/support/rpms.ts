// Builds RPM repositories for the tests with the real rpmbuild and createrepo_c, from package tables.

import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { run } from './lab-run.ts';

/** A file's text; or text with its mode; or a copy of a program of this machine; or a symbolic link. */
export type LabFile =
  | string
  | { readonly text: string; readonly mode: number; readonly config?: true }
  | { readonly copy: string }
  | { readonly link: string };

export type LabPackage = {
  readonly name: string;
  readonly epoch?: number;
  readonly version: string;
  readonly release: string;
  readonly requires?: readonly string[];
  readonly provides?: readonly string[];
  readonly obsoletes?: readonly string[];
  readonly conflicts?: readonly string[];
  readonly directories?: readonly string[];
  readonly files?: Readonly<Record<string, LabFile>>;
  readonly post?: string;
};

/**
 * Builds all `packages` in one run of rpmbuild and puts them, flat, into `directory`. `work` is a scratch directory.
 * Payloads are gzip, as RHEL 6's own rpm reads them.
 */
export async function buildRpms(packages: readonly LabPackage[], directory: string, work: string): Promise<void> {
  const staged = join(work, 'staged');
  for (const entry of packages) await stage(entry, staged);
  await mkdir(directory, { recursive: true });
  const spec = join(work, 'lab.spec');
  await writeFile(spec, [...PREAMBLE, ...packages.flatMap(subpackage)].join('\n'));
  const defines = Object.entries({
    _topdir: join(work, 'top'),
    _rpmdir: directory,
    _dbpath: join(work, 'db'),
    _build_name_fmt: '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    _binary_payload: 'w1.gzdio',
    _source_payload: 'w1.gzdio',
    __os_install_post: '%{nil}',
    debug_package: '%{nil}',
    _build_id_links: 'none',
    lab_staged: staged,
  }).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
  await run(['rpmbuild', '-bb', '--quiet', '--nodeps', '--target', 'x86_64', ...defines, spec], {
    env: { HOME: work },
  });
}

/** Writes `repodata` for the RPMs under `directory` in RHEL 6's form: sha256, gzip, with the sqlite databases its yum prefers. */
export async function createRepository(directory: string, groups?: string): Promise<void> {
  const comps = groups === undefined ? [] : ['--groupfile', groups];
  await run(['createrepo_c', '--quiet', '--checksum', 'sha256', '--database', ...comps, directory]);
}

const PREAMBLE = [
  ...[
    'Name: kickstand-lab-source',
    'Version: 1',
    'Release: 1',
    'Summary: Packages for tests',
    'License: Public Domain',
  ],
  ...['Vendor: Kickstand tests', 'AutoReqProv: no', '%description', 'Packages for tests.', ''],
  ...['%install', 'mkdir -p %{buildroot}', 'cp -a %{lab_staged}/. %{buildroot}/', ''],
];

function subpackage(entry: LabPackage): readonly string[] {
  const { name, epoch, version, release } = entry;
  const tags = (tag: string, values: readonly string[] | undefined): string[] =>
    (values ?? []).map((value) => `${tag}: ${value}`);
  return [
    `%package -n ${name}`,
    ...(epoch === undefined ? [] : [`Epoch: ${epoch}`]),
    ...[`Version: ${version}`, `Release: ${release}`, `Summary: ${name} for tests`, 'AutoReqProv: no'],
    ...tags('Requires', entry.requires),
    ...tags('Provides', entry.provides),
    ...tags('Obsoletes', entry.obsoletes),
    ...tags('Conflicts', entry.conflicts),
    ...[`%description -n ${name}`, `Stands in for ${name} in tests.`, `%files -n ${name}`, '%defattr(-,root,root,-)'],
    ...(entry.directories ?? []).map((path) => `%dir ${path}`),
    ...Object.entries(entry.files ?? {}).map(([path, file]) => (isConfig(file) ? `%config(noreplace) ${path}` : path)),
    ...(entry.post === undefined ? [] : [`%post -n ${name}`, entry.post]),
    '',
  ];
}

async function stage(entry: LabPackage, staged: string): Promise<void> {
  for (const path of entry.directories ?? []) await mkdir(join(staged, path), { recursive: true });
  for (const [path, file] of Object.entries(entry.files ?? {})) {
    const target = join(staged, path);
    await mkdir(dirname(target), { recursive: true });
    await place(file, target);
  }
}

async function place(file: LabFile, target: string): Promise<void> {
  if (typeof file === 'string') {
    await writeFile(target, file);
  } else if ('link' in file) {
    await symlink(file.link, target);
  } else if ('copy' in file) {
    await copyFile(file.copy, target);
    await chmod(target, 0o755);
  } else {
    await writeFile(target, file.text);
    await chmod(target, file.mode);
  }
}

function isConfig(file: LabFile): boolean {
  return typeof file === 'object' && 'config' in file;
}
