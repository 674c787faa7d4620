// Which system a tree installs, and whether all its installer needs is there: trees on disk and in an image.

import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TreeFacts } from '../../../server/domain.ts';
import { detectTree, expectedFacts } from '../../../mirror/tree/detect.ts';
import { openDirectoryTree, openIsoTree } from '../../../mirror/tree/store.ts';
import { isNo, Malformed } from '../../../server/malformed.ts';
import type { No } from '../../../server/malformed.ts';
import { formatOs, parseOs } from '../../../server/os.ts';
import { makeIso, makeRoom, skipWithout, writeFiles } from '../../support/iso.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');
const HAVE_SAMPLES = existsSync(join(SAMPLES, 'treeinfo'));

let room: Awaited<ReturnType<typeof makeRoom>>;
beforeAll(async () => (room = await makeRoom()));
afterAll(() => room.remove());

type Files = Readonly<Record<string, string>>;

async function detect(files: Files): Promise<TreeFacts | No> {
  const directory = await mkdtemp(join(room.path, 'tree-'));
  await writeFiles(directory, files);
  return detectTree(await openDirectoryTree(directory));
}

const summary = (facts: TreeFacts | No): string => {
  if (isNo(facts)) return `No: ${facts.reason}`;
  const repositories = facts.repositories.map(({ id, path }) => (id === path ? id : `${id}=${path}`)).join(' ');
  return `${formatOs(facts.os)} ${facts.boot.kind} ${facts.stage2 ?? '-'} [${repositories}]`;
};

const ini = (text: string): string => text.replaceAll(/; /g, '\n');
const PXE: Files = { 'images/pxeboot/vmlinuz': 'k', 'images/pxeboot/initrd.img': 'i' };
const STAGE2: Files = { 'images/install.img': 's' };
const LIVE: Files = { 'LiveOS/squashfs.img': 's' };
const XEN: Files = { 'boot/xen.gz': 'x', 'boot/vmlinuz': 'k', 'install.img': 'i' };
const repodata = (...paths: readonly string[]): Files =>
  Object.fromEntries(paths.map((path) => [`${path === '' ? '' : `${path}/`}repodata/repomd.xml`, '<repomd/>']));

const RHEL62 = ini(
  '[general]; family = Red Hat Enterprise Linux; version = 6.2; arch = x86_64; variant = Server; variants = Server; ' +
    '[images-x86_64]; kernel = images/pxeboot/vmlinuz; initrd = images/pxeboot/initrd.img; boot.iso = images/boot.iso; ' +
    '[stage2]; mainimage = images/install.img; [variant-Server]; addons = HighAvailability; ' +
    'repository = Server/repodata; [addon-HighAvailability]; repository = HighAvailability',
);

describe('trees with .treeinfo', () => {
  test.each<readonly [string, Files, string]>([
    [
      'RHEL 6.2: the root before Server; add-ons stay, the missing boot.iso is no harm',
      { '.treeinfo': RHEL62, ...PXE, ...STAGE2, ...repodata('', 'Server', 'HighAvailability') },
      'rhel-6.2-x86_64 linux images/install.img [Server= HighAvailability]',
    ],
    [
      'RHEL 6.2 whose Server directory was left out',
      { '.treeinfo': RHEL62, ...PXE, ...STAGE2, ...repodata('') },
      'rhel-6.2-x86_64 linux images/install.img [Server=]',
    ],
    [
      'RHEL 6.2 without repodata in its root: /repodata is no part of the repository',
      { '.treeinfo': RHEL62, ...PXE, ...STAGE2, ...repodata('Server', 'HighAvailability') },
      'rhel-6.2-x86_64 linux images/install.img [Server HighAvailability]',
    ],
    [
      'RHEL 6.2 without its add-on',
      { '.treeinfo': RHEL62, ...PXE, ...STAGE2, ...repodata('Server') },
      'rhel-6.2-x86_64 linux images/install.img [Server]',
    ],
    [
      'an RHEL 6.2 workstation',
      { '.treeinfo': RHEL62.replaceAll('Server', 'Workstation'), ...PXE, ...STAGE2, ...repodata('', 'Workstation') },
      'rhel-6.2-x86_64 linux images/install.img [Workstation=]',
    ],
    [
      'named without its dot',
      { treeinfo: RHEL62, ...PXE, ...STAGE2, ...repodata('Server') },
      'rhel-6.2-x86_64 linux images/install.img [Server]',
    ],
    [
      'RHEL 6.2 without kernel',
      { '.treeinfo': RHEL62, 'images/pxeboot/initrd.img': 'i', ...STAGE2, ...repodata('Server') },
      'No: the tree has no kernel: images/pxeboot/vmlinuz',
    ],
    [
      'RHEL 6.2 without initrd',
      { '.treeinfo': RHEL62, 'images/pxeboot/vmlinuz': 'k', ...STAGE2, ...repodata('Server') },
      'No: the tree has no initrd: images/pxeboot/initrd.img',
    ],
    [
      'RHEL 6.2 without second stage',
      { '.treeinfo': RHEL62, ...PXE, ...LIVE, ...repodata('Server') },
      'No: the tree has no second stage: images/install.img',
    ],
    [
      'RHEL 6.2 without packages',
      { '.treeinfo': RHEL62, ...PXE, ...STAGE2 },
      'No: the tree has no package repository (a net-install image?)',
    ],
    [
      'CentOS 6: one repository, the root',
      {
        '.treeinfo': ini('[general]; family = CentOS; version = 6.2; arch = x86_64; variant ='),
        ...PXE,
        ...STAGE2,
        ...repodata(''),
      },
      'centos-6.2-x86_64 linux images/install.img [base=]',
    ],
    [
      'CentOS 7: the minor version comes from .discinfo',
      {
        '.treeinfo': ini('[general]; family = CentOS; version = 7; arch = x86_64'),
        '.discinfo': '1587405344.954711\n7.8\nx86_64\n',
        ...PXE,
        ...LIVE,
        ...repodata(''),
      },
      'centos-7.8-x86_64 linux LiveOS/squashfs.img [base=]',
    ],
    [
      'CentOS 7.2, whose .discinfo says nonsense: from the release package',
      {
        '.treeinfo': ini('[general]; family = CentOS; version = 7; arch = x86_64'),
        '.discinfo': '1449695000.1\n151209\nx86_64\n',
        'Packages/centos-release-7-2.1511.el7.centos.2.10.x86_64.rpm': '',
        ...PXE,
        ...LIVE,
        ...repodata(''),
      },
      'centos-7.2-x86_64 linux LiveOS/squashfs.img [base=]',
    ],
    [
      'a DVD of RHEL 9: BaseOS first, whatever the file says',
      {
        '.treeinfo': ini(
          '[release]; name = Red Hat Enterprise Linux; version = 9.4; [tree]; arch = x86_64; variants = AppStream,BaseOS; [variant-AppStream]; id = AppStream; repository = AppStream; [variant-BaseOS]; id = BaseOS; repository = BaseOS; [stage2]; mainimage = images/install.img',
        ),
        ...PXE,
        ...STAGE2,
        ...repodata('BaseOS', 'AppStream'),
      },
      'rhel-9.4-x86_64 linux images/install.img [BaseOS AppStream]',
    ],
    [
      'a BaseOS network tree: AppStream lies outside and is dropped',
      {
        '.treeinfo': ini(
          '[release]; name = Rocky Linux; version = 9.0; [tree]; arch = aarch64; variants = AppStream,BaseOS; [variant-AppStream]; repository = ../../../AppStream/x86_64/os; [variant-BaseOS]; repository = .; [stage2]; mainimage = images/install.img',
        ),
        ...PXE,
        ...STAGE2,
        ...repodata(''),
      },
      'rocky-9.0-aarch64 linux images/install.img [BaseOS=]',
    ],
    [
      'XCP-ng: the boot chain does not depend on the abused image names',
      {
        '.treeinfo': ini(
          '[platform]; name = XCP; version = 3.2.1; [branding]; name = XCP-ng; version = 8.2.1; [images-x86_64]; kernel = boot/pxelinux/mboot.c32; initrd = boot/vmlinuz',
        ),
        ...XEN,
        ...repodata(''),
      },
      'xcp-ng-8.2.1-x86_64 xen - [main=]',
    ],
    [
      'Citrix Hypervisor is XenServer',
      {
        '.treeinfo': ini(
          '[platform]; name = XCP; version = 3.2.1; [branding]; name = Citrix Hypervisor; version = 8.2.0',
        ),
        ...XEN,
        ...repodata(''),
      },
      'xenserver-8.2.0-x86_64 xen - [main=]',
    ],
    [
      'XCP-ng without repodata',
      { '.treeinfo': ini('[branding]; name = XCP-ng; version = 8.2.1'), ...XEN },
      'No: the tree has no package repository (a net-install image?)',
    ],
    [
      'XCP-ng without hypervisor',
      {
        '.treeinfo': ini('[branding]; name = XCP-ng; version = 8.2.1'),
        'boot/vmlinuz': 'k',
        'install.img': 'i',
        ...repodata(''),
      },
      'No: the tree has no hypervisor: boot/xen.gz',
    ],
    [
      'an unknown product is not guessed at',
      {
        '.treeinfo': ini('[general]; family = SugonOS; version = 6.6; arch = x86_64'),
        'Packages/centos-release-6-6.el6.centos.12.2.x86_64.rpm': '',
        ...PXE,
        ...STAGE2,
        ...repodata(''),
      },
      'No: .treeinfo names an unknown product: "SugonOS"',
    ],
    [
      'an unfilled template',
      { '.treeinfo': ini('[branding]; name = XCP-ng; version = @@PRODUCT_VERSION@@'), ...XEN },
      'No: .treeinfo names an unknown version: "@@PRODUCT_VERSION@@"',
    ],
    [
      'a kernel outside the tree',
      {
        '.treeinfo': ini(
          '[general]; family = CentOS; version = 6.2; arch = x86_64; [images-x86_64]; kernel = ../../vmlinuz',
        ),
        ...PXE,
        ...STAGE2,
        ...repodata(''),
      },
      'No: the tree has no kernel: ../../vmlinuz',
    ],
    [
      'a kernel that is a directory',
      {
        '.treeinfo': ini('[general]; family = CentOS; version = 6.2; arch = x86_64; [images-x86_64]; kernel = images'),
        ...PXE,
        ...STAGE2,
        ...repodata(''),
      },
      'No: the tree has no kernel: images',
    ],
    [
      'sources that contradict each other',
      {
        '.treeinfo': ini('[general]; family = CentOS; version = 7; arch = x86_64'),
        '.discinfo': '1.5\nRed Hat Enterprise Linux 7.6\nx86_64\n',
        ...PXE,
        ...LIVE,
        ...repodata(''),
      },
      'No: .treeinfo says centos, .discinfo says rhel',
    ],
    [
      'versions that contradict each other',
      {
        '.treeinfo': ini('[general]; family = CentOS; version = 7; arch = x86_64'),
        '.discinfo': '1.5\n6.2\nx86_64\n',
        ...PXE,
        ...LIVE,
        ...repodata(''),
      },
      'No: .treeinfo says version 7, .discinfo says 6.2',
    ],
  ])('%s', async (_, files, expected) => {
    expect(summary(await detect(files))).toBe(expected);
  });

  test('a .treeinfo that cannot be read is Malformed', async () => {
    await expect(detect({ '.treeinfo': '<html>', ...PXE })).rejects.toThrow(Malformed);
  });
});

describe('trees without .treeinfo', () => {
  test.each<readonly [string, Files, string]>([
    [
      'RHEL 6.2 by .discinfo',
      {
        '.discinfo': '1321546114.510099\nRed Hat Enterprise Linux 6.2\nx86_64\n1\n',
        ...PXE,
        ...STAGE2,
        ...repodata('Server'),
      },
      'rhel-6.2-x86_64 linux images/install.img [Server]',
    ],
    [
      'RHEL 6.2 by bare .discinfo and release package',
      {
        '.discinfo': '1321546114.510099\n6.2\nx86_64\n1\n',
        'Packages/redhat-release-server-6Server-6.2.0.3.el6.x86_64.rpm': '',
        ...PXE,
        ...STAGE2,
        ...repodata('Server', ''),
      },
      'rhel-6.2-x86_64 linux images/install.img [Server=]',
    ],
    [
      'Rocky 8.7 by packages sorted by letter, a noarch release and another package’s architecture',
      {
        'BaseOS/Packages/r/rocky-release-8.7-1.3.el8.noarch.rpm': '',
        'BaseOS/Packages/b/x': '',
        'BaseOS/Packages/bash-4.4.20-4.el8_6.x86_64.rpm': '',
        ...PXE,
        ...STAGE2,
        ...repodata('BaseOS'),
      },
      'rocky-8.7-x86_64 linux images/install.img [BaseOS]',
    ],
    [
      'RHEL 7.6 by media.repo and a package',
      {
        'media.repo': '[InstallMedia]\nname=Red Hat Enterprise Linux 7.6\nmediaid=1\n',
        'Packages/kernel-3.10.0-957.el7.x86_64.rpm': '',
        ...PXE,
        ...LIVE,
        ...repodata(''),
      },
      'rhel-7.6-x86_64 linux LiveOS/squashfs.img [Server=]',
    ],
    [
      'XenServer 6.0.2',
      {
        'packages.main/XS-REPOSITORY':
          '<repository originator="xs" name="main" product="XenServer" version="6.0.2" build="53456p"><description>x</description></repository>',
        ...XEN,
      },
      'xenserver-6.0.2-x86_64 xen - []',
    ],
    [
      'XenServer 6.2, retail',
      { 'packages.xenserver/XS-REPOSITORY': '<repository product="XenServer" version="6.2.0"/>', ...XEN },
      'xenserver-6.2.0-x86_64 xen - []',
    ],
    [
      'XenServer 6.2 whose main packages are called after the platform',
      {
        'packages.main/XS-REPOSITORY': '<repository product="XCP" version="1.8.0"/>',
        'packages.xenserver/XS-REPOSITORY': '<repository product="XenServer" version="6.2.0"/>',
        ...XEN,
      },
      'xenserver-6.2.0-x86_64 xen - []',
    ],
    [
      'XenServer 6.0.2 without installer',
      {
        'packages.main/XS-REPOSITORY': '<repository product="XenServer" version="6.0.2"/>',
        'boot/xen.gz': 'x',
        'boot/vmlinuz': 'k',
      },
      'No: the tree has no initrd: install.img',
    ],
    [
      'no architecture anywhere',
      { 'media.repo': '[InstallMedia]\nname=Red Hat Enterprise Linux 7.6\n', ...PXE, ...LIVE },
      'No: nothing in it tells which architecture it is for',
    ],
    ['some directory', { README: 'x', ...PXE }, 'No: nothing in it tells which system it installs'],
    ['nothing', {}, 'No: nothing in it tells which system it installs'],
  ])('%s', async (_, files, expected) => {
    expect(summary(await detect(files))).toBe(expected);
  });
});

describe.skipIf(!HAVE_SAMPLES || skipWithout('xorriso'))('the same tree in an image', () => {
  test('as Red Hat wrote its .treeinfo for 6.2', async () => {
    const tree = join(room.path, 'rhel62');
    const treeinfo = readFileSync(join(SAMPLES, 'treeinfo/rhel6.2-server.treeinfo'), 'utf8');
    await writeFiles(tree, { '.treeinfo': treeinfo, ...PXE, ...STAGE2, ...repodata('', 'Server', 'LoadBalancer') });
    const iso = join(room.path, 'rhel62.iso');
    await makeIso(tree, iso, { label: 'RHEL_6.2 x86_64 Disc 1' });
    const files = await openIsoTree(iso);
    expect(summary(await detectTree(files))).toBe('rhel-6.2-x86_64 linux images/install.img [Server= LoadBalancer]');
    await files.close();
  });
});

describe('expectedFacts', () => {
  test.each([
    ['rhel-6.2-x86_64', 'images/install.img', 'Server='],
    ['centos-6.10-x86_64', 'images/install.img', 'base='],
    ['scientific-6.5-x86_64', 'images/install.img', 'base='],
    ['oracle-6.5-x86_64', 'images/install.img', 'Server='],
    ['rhel-7.9-x86_64', 'LiveOS/squashfs.img', 'Server='],
    ['centos-7-x86_64', 'LiveOS/squashfs.img', 'base='],
    ['rhel-8.10-x86_64', 'images/install.img', 'BaseOS=BaseOS AppStream=AppStream'],
    ['rocky-9.4-aarch64', 'images/install.img', 'BaseOS=BaseOS AppStream=AppStream'],
    ['rhel-10.0-x86_64', 'images/install.img', 'BaseOS=BaseOS AppStream=AppStream'],
    ['xenserver-6.0.2-x86_64', undefined, ''],
    ['xenserver-7.6-x86_64', undefined, 'main='],
    ['xcp-ng-8.3-x86_64', undefined, 'main='],
  ])('%s: second stage %s, repositories %s', (text, stage2, repositories) => {
    const facts = expectedFacts(parseOs(text));
    expect(formatOs(facts.os)).toBe(text);
    expect(facts.stage2).toBe(stage2);
    expect(facts.repositories.map(({ id, path }) => `${id}=${path}`).join(' ')).toBe(repositories);
    expect(facts.boot).toEqual(
      stage2 === undefined
        ? { kind: 'xen', xen: 'boot/xen.gz', kernel: 'boot/vmlinuz', initrd: 'install.img' }
        : { kind: 'linux', kernel: 'images/pxeboot/vmlinuz', initrd: 'images/pxeboot/initrd.img' },
    );
  });
});
