// Small install trees in memory, one for each dialect of .treeinfo: repositories, images, and whatever a row wants to be otherwise.

import { buildRepo, digestOf, fixtureBytes, type FixtureRepo, type RepoFiles } from './repo-fixture.ts';

export type TreeDialect = 'rhel6.2' | 'rhel6.6' | 'rhel7' | 'rhel9' | 'dvd8' | 'centos6' | 'xcp-ng' | 'xenserver6';

export const DIALECTS: readonly TreeDialect[] = [
  ...(['rhel6.2', 'rhel6.6', 'rhel7', 'rhel9', 'dvd8', 'centos6', 'xcp-ng', 'xenserver6'] as const),
];

/** What the appliance has to recognise such a tree as. */
export const OS_OF: Readonly<Record<TreeDialect, string>> = {
  'rhel6.2': 'rhel-6.2-x86_64',
  'rhel6.6': 'rhel-6.6-x86_64',
  rhel7: 'rhel-7.6-x86_64',
  rhel9: 'rhel-9.0-x86_64',
  dvd8: 'rhel-8.10-x86_64',
  centos6: 'centos-6.2-x86_64',
  'xcp-ng': 'xcp-ng-8.3.0-x86_64',
  xenserver6: 'xenserver-6.0.2-x86_64',
};

/** The files of a tree. `seed` makes other contents under the same names. */
export function buildTree(dialect: TreeDialect, seed = 'a'): RepoFiles {
  const files = BUILDERS[dialect](seed);
  const written = TREEINFO[dialect](files);
  if (written !== '') files.set('.treeinfo', Buffer.from(written));
  return files;
}

/** `files` without some, and with others in place of them. */
export function changed(files: RepoFiles, changes: Readonly<Record<string, Buffer | undefined>>): RepoFiles {
  const all: RepoFiles = new Map(files);
  for (const [path, bytes] of Object.entries(changes)) {
    if (bytes === undefined) all.delete(path);
    else all.set(path, bytes);
  }
  return all;
}

/** `files` with its .treeinfo edited. */
export function edited(files: RepoFiles, edit: (text: string) => string): RepoFiles {
  return changed(files, { '.treeinfo': Buffer.from(edit((files.get('.treeinfo') ?? Buffer.alloc(0)).toString())) });
}

const KERNEL = 'images/pxeboot/vmlinuz';
const INITRD = 'images/pxeboot/initrd.img';
const INSTALL = 'images/install.img';
const LIVE = 'LiveOS/squashfs.img';

function repository(at: string, seed: string, more: Partial<FixtureRepo> = {}): RepoFiles {
  const packages = [`${at || 'root'}-one`, `${at || 'root'}-two`].map((name) => ({
    name: name.replaceAll('/', '-'),
    bytes: fixtureBytes(`${name} ${seed}`, 3000),
  }));
  const files = buildRepo({ packages, ...more });
  return new Map([...files].map(([path, bytes]) => [at === '' ? path : `${at}/${path}`, bytes] as const));
}

function images(seed: string, paths: readonly string[]): RepoFiles {
  return new Map(paths.map((path) => [path, fixtureBytes(`${path} ${seed}`, 20_000)] as const));
}

function join(...parts: readonly RepoFiles[]): RepoFiles {
  return new Map(parts.flatMap((part) => [...part]));
}

const LOADERS = ['EFI/BOOT/BOOTX64.EFI', 'EFI/BOOT/grubx64.efi', 'EFI/BOOT/grub.cfg', 'isolinux/vesamenu.c32'];
const ADDONS = ['HighAvailability', 'ResilientStorage'];

/** Root and `Server` are one repository under two names, as on the DVD. */
function rhel6(seed: string): RepoFiles {
  const root = repository('', seed);
  const server: RepoFiles = new Map([...root].map(([path, bytes]) => [`Server/${path}`, bytes] as const));
  const boot = [KERNEL, INITRD, INSTALL, 'images/boot.iso', 'images/efiboot.img'];
  const addons = ADDONS.map((name) => repository(name, seed));
  const keys = images(seed, ['RPM-GPG-KEY-redhat-release', 'EULA', 'media.repo']);
  return join(root, server, ...addons, images(seed, [...boot, ...LOADERS]), keys);
}

const BUILDERS: Readonly<Record<TreeDialect, (seed: string) => RepoFiles>> = {
  'rhel6.2': rhel6,
  'rhel6.6': rhel6,
  rhel7: (seed) =>
    join(
      repository('', seed),
      repository('addons/HighAvailability', seed),
      images(seed, [KERNEL, INITRD, LIVE, 'images/boot.iso', ...LOADERS]),
    ),
  rhel9: (seed) => {
    const extra = Buffer.from('The terms.\n');
    const list = { data: [{ checksums: { sha256: digestOf('sha256', extra) }, file: 'TERMS', size: extra.length }] };
    const json = Buffer.from(JSON.stringify(list));
    const extras = new Map([['TERMS', extra] as const, ['extra_files.json', json] as const]);
    const boot = [KERNEL, INITRD, INSTALL, 'images/boot.iso', 'images/efiboot.img'];
    return join(repository('', seed), images(seed, [...boot, ...LOADERS]), extras);
  },
  dvd8: (seed) =>
    join(
      repository('BaseOS', seed),
      repository('AppStream', seed),
      images(seed, [KERNEL, INITRD, INSTALL, 'images/boot.iso', ...LOADERS]),
    ),
  centos6: (seed) =>
    join(
      repository('', seed, { checksum: 'sha', names: 'plain' }),
      images(seed, [KERNEL, INITRD, INSTALL, 'RPM-GPG-KEY-CentOS-6']),
    ),
  'xcp-ng': (seed) =>
    join(
      repository('', seed),
      images(seed, ['boot/xen.gz', 'boot/vmlinuz', 'install.img', 'boot/pxelinux/mboot.c32', 'RPM-GPG-KEY-xcpng']),
    ),
  xenserver6: (seed) => {
    const one = fixtureBytes(`package ${seed}`, 9000);
    const list = `<?xml version="1.0" ?>\n<packages><package label="one" size="${one.length}" md5="${digestOf('md5', one)}" type="tbz2" root="/">one.tar.bz2</package></packages>\n`;
    const about = `<repository originator="xs" name="main" product="XenServer" version="6.0.2" build="1"/>\n`;
    const text = (path: string, content: string): RepoFiles => new Map([[path, Buffer.from(content)]]);
    return join(
      images(seed, ['boot/xen.gz', 'boot/vmlinuz', 'install.img', 'boot/pxelinux/mboot.c32']),
      text('XS-REPOSITORY-LIST', 'packages.main\n'),
      text('packages.main/XS-REPOSITORY', about),
      text('packages.main/XS-PACKAGES', list),
      new Map([['packages.main/one.tar.bz2', one]]),
    );
  },
};

function checksums(files: RepoFiles, paths: readonly string[], type = 'sha256'): string {
  const rows = paths.map((path) => `${path} = ${type}:${digestOf(type, files.get(path) ?? Buffer.alloc(0))}`);
  return `[checksums]\n${rows.join('\n')}\n`;
}

const IMAGES = `[images-x86_64]
kernel = ${KERNEL}
initrd = ${INITRD}
boot.iso = images/boot.iso
[images-xen]
kernel = ${KERNEL}
initrd = ${INITRD}
`;
const BOOT = [KERNEL, INITRD, 'images/boot.iso'];

function general(version: string, more = ''): string {
  return `[general]\nfamily = Red Hat Enterprise Linux\nversion = ${version}\narch = x86_64\n${more}`;
}

function productmd(version: string, variants: string): string {
  return `[header]\ntype = productmd.treeinfo\nversion = 1.2\n[release]\nname = Red Hat Enterprise Linux\nshort = RHEL\nversion = ${version}\n[tree]\narch = x86_64\nplatforms = x86_64,xen\nvariants = ${variants}\n`;
}

const addons6 = ADDONS.map((name) => `[addon-${name}]\nrepository = ${name}\nname = ${name}\n`).join('');

const TREEINFO: Readonly<Record<TreeDialect, (files: RepoFiles) => string>> = {
  'rhel6.2': (files) =>
    `${general('6.2', 'variant = Server\n')}[variant-Server]\naddons = ${ADDONS.join(',')}\nrepository = Server/repodata\n${addons6}${IMAGES}[stage2]\nmainimage = ${INSTALL}\n${checksums(files, [...BOOT, INSTALL, 'images/efiboot.img'])}`,
  'rhel6.6': (files) =>
    `${general('6.6', 'variant = Server\nrepository = Server\n')}[product]\nname = Red Hat Enterprise Linux\nshort = RHEL\nversion = 6.6\n[tree]\narch = x86_64\nvariants = Server\n[variant-Server]\naddons = ${ADDONS.join(',')}\nrepository = Server\n${addons6}${IMAGES}[stage2]\nmainimage = ${INSTALL}\n${checksums(files, [...BOOT, INSTALL, 'repodata/repomd.xml', ...['Server', ...ADDONS].map((name) => `${name}/repodata/repomd.xml`)])}`,
  rhel7: (files) =>
    `${general('7.6')}${productmd('7.6', 'Server')}[variant-Server]\nid = Server\nrepository = .\naddons = Server-HighAvailability\n[addon-Server-HighAvailability]\nid = HighAvailability\ntype = addon\nrepository = addons/HighAvailability\n${IMAGES}[stage2]\nmainimage = ${LIVE}\n${checksums(files, [...BOOT, LIVE], 'sha1')}`,
  rhel9: (files) =>
    `${general('9.0')}${productmd('9.0', 'BaseOS')}[variant-BaseOS]\nid = BaseOS\nrepository = .\n[variant-AppStream]\nid = AppStream\nrepository = ../../../AppStream/x86_64/os/\n${IMAGES}[stage2]\nmainimage = ${INSTALL}\n${checksums(files, [...BOOT, INSTALL])}`,
  dvd8: (files) =>
    `${general('8.10')}${productmd('8.10', 'AppStream,BaseOS')}[variant-BaseOS]\nid = BaseOS\nrepository = BaseOS\n[variant-AppStream]\nid = AppStream\nrepository = AppStream\n${IMAGES}[stage2]\nmainimage = ${INSTALL}\n${checksums(files, [...BOOT, INSTALL])}`,
  centos6: () =>
    `[general]\nfamily = CentOS\nversion = 6.2\nvariant =\npackagedir =\narch = x86_64\n[images-x86_64]\nkernel = ${KERNEL}\ninitrd = ${INITRD}\nboot.iso = ../../isos/x86_64/netinstall.iso\n[stage2]\nmainimage = ${INSTALL}\n`,
  'xcp-ng': () =>
    `[system-v1]\nplatform_name = XCP\nplatform_version = 3.3.0\nproduct_name = XCP-ng\nproduct_version = 8.3.0\n[keys]\nkey1 = RPM-GPG-KEY-xcpng\n[general]\nname = XCP-ng-8.3.0\nfamily = XCP-ng\nversion = 8.3.0\narch = x86_64\n[images-x86_64]\nkernel = boot/pxelinux/mboot.c32\ninitrd = boot/vmlinuz\nboot.iso = boot/xen.gz\n`,
  xenserver6: () => '',
};
