// Builds one RPM with the real rpmbuild, its payload packed as asked, for tests of reading packages.

import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runTool } from './iso.ts';

export type BuiltPackage = {
  readonly name: string;
  readonly version?: string;
  readonly release?: string;
  readonly epoch?: number;
  readonly arch?: string;
  /** Absolute path → content. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Absolute path → what it links to; `=/path` for a hard link. */
  readonly links?: Readonly<Record<string, string>>;
  /** Listed and not packed. */
  readonly ghosts?: readonly string[];
  /** rpm's `_binary_payload`: `w9.gzdio`. */
  readonly payload?: string;
};

/** Builds it into `directory` (which is made) with the scratch directory `work`; the answer is the file's name. */
export async function buildRpm(entry: BuiltPackage, directory: string, work: string): Promise<string> {
  const { name, version = '1.0', release = '1', arch = 'noarch', payload = 'w6.gzdio' } = entry;
  const own = join(work, `${name}-${version}-${release}-${payload}`);
  const staged = join(own, 'staged');
  await stage(entry, staged);
  await mkdir(directory, { recursive: true });
  const spec = join(own, 'package.spec');
  await writeFile(spec, specOf(entry, { version, release }));
  const defines = Object.entries({
    _topdir: join(own, 'top'),
    _rpmdir: directory,
    _dbpath: join(own, 'db'),
    _build_name_fmt: '%%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm',
    _binary_payload: payload,
    __os_install_post: '%{nil}',
    debug_package: '%{nil}',
    _build_id_links: 'none',
    _binaries_in_noarch_packages_terminate_build: '0',
    staged,
  }).flatMap(([key, value]) => ['--define', `${key} ${value}`]);
  await runTool('rpmbuild', ['-bb', '--quiet', '--nodeps', '--target', arch, ...defines, spec]);
  return `${name}-${version}-${release}.${arch}.rpm`;
}

function specOf(entry: BuiltPackage, { version, release }: { version: string; release: string }): string {
  const ghosts = entry.ghosts ?? [];
  return [
    ...[`Name: ${entry.name}`, `Version: ${version}`, `Release: ${release}`],
    ...(entry.epoch === undefined ? [] : [`Epoch: ${entry.epoch}`]),
    ...['Summary: For tests', 'License: Public Domain', 'AutoReqProv: no', '%description', 'For tests.'],
    ...['%install', 'mkdir -p %{buildroot}', 'cp -a %{staged}/. %{buildroot}/'],
    ...['%files', '%defattr(-,root,root,-)', ...Object.keys(entry.files).filter((path) => !ghosts.includes(path))],
    ...[...Object.keys(entry.links ?? {}), ...ghosts.map((path) => `%ghost ${path}`), ''],
  ].join('\n');
}

async function stage({ files, links = {} }: BuiltPackage, staged: string): Promise<void> {
  const place = async (path: string): Promise<string> => {
    await mkdir(dirname(join(staged, path)), { recursive: true });
    return join(staged, path);
  };
  for (const [path, content] of Object.entries(files)) {
    await writeFile(await place(path), content);
    await chmod(join(staged, path), 0o644);
  }
  for (const [path, target] of Object.entries(links)) {
    if (target.startsWith('=')) await runTool('ln', [join(staged, target.slice(1)), await place(path)]);
    else await symlink(target, await place(path));
  }
}
