// The guest's second stage: a squashfs of this machine's own dnf, rpm and disk tools, taken file by file from the installed packages.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, realpath, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { bootSector } from './boot-sector.ts';
import { cached, exists } from './lab-cache.ts';
import { run } from './lab-run.ts';

const SCRIPTS = join(import.meta.dirname, 'guest');

const PACKAGES = [
  'dnf',
  'rpm',
  'bash',
  'coreutils',
  'grep',
  'sed',
  'util-linux',
  'mount',
  'fdisk',
  'e2fsprogs',
  'curl',
];

/** Not needed to run programs. */
const UNWANTED = new RegExp(
  [
    '^/usr/share/(?:doc|man|info|locale|lintian|bash-completion|bug|i18n|perl)/',
    '^/usr/include/',
    '^/usr/lib/file/',
    '^/usr/lib/x86_64-linux-gnu/(?:gconv/|perl|libperl)',
    '^/usr/bin/perl',
    '^/usr/lib/python3[.]\\d+/(?:test|lib2to3|pydoc_data|idlelib|distutils)/',
  ].join('|'),
);

/** Small enough to travel fast, and quick to unpack under emulation. */
const ZSTD = ['-comp', 'zstd', '-Xcompression-level', '3'];

/** Directories that the installer mounts on, or that programs expect. */
const EMPTY = [
  'proc',
  'sys',
  'dev',
  'run',
  'tmp',
  'var/tmp',
  'var/lib/dnf',
  'mnt/sysimage',
  'root',
  'boot',
  'etc',
  'installer',
];

/** The installer: where each of its files comes from → its name in the image's /installer. */
const INSTALLER: Readonly<Record<string, string>> = {
  'installer.sh': 'main.sh',
  'installer-storage.sh': 'storage.sh',
  'installer-packages.sh': 'packages.sh',
  'installer-system.sh': 'system.sh',
};

/** The path of the image; built when the packages' versions or the installer change, else as kept from an earlier run. */
export async function guestStage2(): Promise<string> {
  const packages = await closure(PACKAGES);
  const sources = [...Object.keys(INSTALLER), 'boot-sector.hex'].map((name) => join(SCRIPTS, name));
  const texts = await Promise.all([...sources, import.meta.filename].map((path) => readFile(path, 'utf8')));
  const key = createHash('sha256')
    .update(JSON.stringify([packages, texts]))
    .digest('hex')
    .slice(0, 16);
  const entry = await cached(`stage2-${key}`, (into) => build(packages, into));
  return join(entry, 'install.img');
}

type Installed = { readonly name: string; readonly version: string };

/** The packages and everything they depend on, as far as it is installed here; all alternatives that are. */
async function closure(names: readonly string[]): Promise<readonly Installed[]> {
  const format = '${binary:Package}\t${Version}\t${db:Status-Status}\t${Pre-Depends}, ${Depends}\t${Provides}\n';
  const listing = await run(['dpkg-query', '-W', '-f', format]);
  const byName = new Map<string, Installed & { readonly depends: string }>();
  for (const line of listing.trim().split('\n')) {
    const [name = '', version = '', status, depends = '', provides = ''] = line.split('\t');
    if (status !== 'installed') continue;
    for (const known of [name, name.replace(/:.*/, ''), ...packageNames(provides)]) {
      if (!byName.has(known)) byName.set(known, { name, version, depends });
    }
  }
  const taken = new Map<string, string>();
  const wanted = [...names];
  for (const name of wanted) {
    const found = byName.get(name);
    if (found === undefined || taken.has(found.name)) continue;
    taken.set(found.name, found.version);
    wanted.push(...packageNames(found.depends));
  }
  return [...taken].map(([name, version]) => ({ name, version })).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function packageNames(field: string): readonly string[] {
  const names = field.split(/[,|]/).map((part) =>
    part
      .replace(/\(.*\)/, '')
      .replace(/:any/, '')
      .trim(),
  );
  return names.filter((name) => name !== '');
}

async function build(packages: readonly Installed[], into: string): Promise<void> {
  const root = join(into, 'root');
  for (const directory of EMPTY) await mkdir(join(root, directory), { recursive: true });
  const listed = (await run(['dpkg-query', '-L', ...packages.map(({ name }) => name)])).split('\n');
  const files = await withCompiled(await realPaths(listed.filter((path) => !UNWANTED.test(`${path}/`))));
  const list = join(into, 'files');
  await writeFile(list, files.join('\0'));
  const archive = join(into, 'files.tar');
  await run(['tar', '-C', '/', '--null', '--no-recursion', '-cf', archive, '-T', list]);
  await run(['tar', '-C', root, '-xf', archive]);
  // Merged /usr, as Debian has it: the directories themselves belong to no package.
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) await run(['ln', '-sfn', `usr/${name}`, join(root, name)]);
  await run(['ln', '-sfn', 'bash', join(root, 'usr', 'bin', 'sh')]); // as RHEL 6 has it
  await copyFile('/etc/ld.so.cache', join(root, 'etc', 'ld.so.cache'));
  await writeFile(join(root, 'root', '.rpmmacros'), '%_dbpath /var/lib/rpm\n'); // Debian's default is the user's home
  for (const [from, name] of Object.entries(INSTALLER)) {
    await copyFile(join(SCRIPTS, from), join(root, 'installer', name));
  }
  await writeFile(join(root, 'installer', 'boot-sector'), await bootSector());
  await run(['mksquashfs', root, join(into, 'install.img'), '-quiet', '-no-progress', ...ZSTD, '-all-root']);
  await run(['rm', '-r', root, archive, list]);
}

/** The paths behind links in the directory part (`/bin` → `/usr/bin`), without a leading slash, only those that exist. */
async function realPaths(paths: readonly string[]): Promise<readonly string[]> {
  const directories = new Map<string, string>();
  const real = new Set<string>();
  for (const path of paths) {
    if (!path.startsWith('/') || path === '/.') continue;
    const directory = dirname(path);
    const resolved = directories.get(directory) ?? (await realpath(directory).catch(() => directory));
    directories.set(directory, resolved);
    const full = join(resolved, basename(path));
    if (!['/bin', '/sbin', '/lib', '/lib64'].includes(full)) real.add(full.slice(1));
  }
  const there: string[] = [];
  for (const path of real) if (await exists(`/${path}`)) there.push(path);
  return there;
}

/** Adds Python's compiled files, which the packages make on installation: compiling in the guest would take longer than the install. */
async function withCompiled(paths: readonly string[]): Promise<readonly string[]> {
  const directories = new Set(paths.filter((path) => path.endsWith('.py')).map((path) => dirname(path)));
  const compiled: string[] = [];
  for (const directory of directories) {
    const files = await readdir(join('/', directory, '__pycache__')).catch(() => []);
    compiled.push(...files.map((file) => join(directory, '__pycache__', file)));
  }
  return [...paths, ...compiled];
}
