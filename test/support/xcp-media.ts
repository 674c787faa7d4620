// An install tree in the shape of XCP-ng 8.3's, with an installer that installs: packages, groups, and repodata signed by its vendor.

import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildXenTree } from './boot-media.ts';
import { startGpg } from './gpg.ts';
import { run } from './lab-run.ts';
import type { LabPackage } from './rpms.ts';
import { buildRpms } from './rpms.ts';

/** Builds the tree into `tree`, which must not exist yet; `work` is a scratch directory. */
export async function buildXcpTree(tree: string, options: { readonly work: string }): Promise<void> {
  await buildXenTree(tree, { work: options.work, guest: 'hypervisor' });
  await buildRpms(PACKAGES, join(tree, 'Packages'), join(options.work, 'packages'));
  const groups = join(options.work, 'groups.xml');
  await writeFile(groups, GROUPS);
  await run(['createrepo_c', '--quiet', '--checksum', 'sha256', '--groupfile', groups, tree]);
  await signRepodata(tree);
}

/** As the vendor does: the key that .treeinfo names, and a signature beside repomd.xml. */
async function signRepodata(tree: string): Promise<void> {
  const gpg = await startGpg();
  try {
    const vendor = await gpg.makeKey('Vendor of the tests <vendor@kickstand.example>', 'ed25519');
    await writeFile(join(tree, 'RPM-GPG-KEY-lab'), await gpg.exportKey(vendor));
    const index = join(tree, 'repodata', 'repomd.xml');
    await writeFile(`${index}.asc`, await gpg.sign(await readFile(index), ['--local-user', vendor]));
  } finally {
    await gpg.close();
  }
}

const FROM = { version: '8.3.0', release: '1.xcpng8.3' };

/** Their names, for whoever looks for their files. */
export const PACKAGES: readonly LabPackage[] = [
  {
    ...{ ...FROM, name: 'filesystem' },
    directories: [
      '/boot',
      '/dev',
      '/etc/systemd/system',
      '/opt',
      '/proc',
      '/root',
      '/sys',
      '/tmp',
      '/usr/bin',
      '/var/log',
    ],
    files: {
      '/etc/passwd': { text: 'root:x:0:0:root:/root:/bin/bash\n', mode: 0o644, config: true },
      '/etc/shadow': { text: 'root:*:18353:0:99999:7:::\n', mode: 0o600, config: true },
    },
  },
  { ...FROM, name: 'xcp-ng-release', files: { '/etc/xcp-ng-release': 'XCP-ng release 8.3.0 (lab)\n' } },
  { ...FROM, name: 'kernel', files: { '/boot/vmlinuz-4.19.0+1': 'no machine boots this\n' } },
  {
    ...FROM,
    name: 'xen-hypervisor',
    files: { '/boot/xen-4.17.5.gz': 'nor this\n', '/boot/xen.gz': { link: 'xen-4.17.5.gz' } },
  },
  { ...FROM, name: 'xapi-core', files: { '/opt/xensource/bin/xapi': { text: '#!/bin/sh\n', mode: 0o755 } } },
  { ...FROM, name: 'xapi-xe', files: { '/usr/bin/xe': { text: '#!/bin/sh\n', mode: 0o755 } } },
  { ...FROM, name: 'xcp-networkd', files: { '/usr/sbin/xcp-networkd': { text: '#!/bin/sh\n', mode: 0o755 } } },
  { ...FROM, name: 'sm', files: { '/opt/xensource/sm/LVMSR': { text: '#!/usr/bin/python\n', mode: 0o755 } } },
];

const DOM0 = ['filesystem', 'xcp-ng-release', 'kernel', 'xen-hypervisor'];

function group(id: string, names: readonly string[]): string {
  const rows = names.map((name) => `<packagereq type="mandatory">${name}</packagereq>`).join('');
  return `<group><id>${id}</id><name>${id}</name><default>true</default><uservisible>true</uservisible><packagelist>${rows}</packagelist></group>`;
}

const GROUPS = `<?xml version="1.0" encoding="UTF-8"?>
<comps>
${group('xenserver_dom0', DOM0)}
${group(
  'xenserver_base',
  PACKAGES.map(({ name }) => name).filter((name) => !DOM0.includes(name)),
)}
</comps>
`;
