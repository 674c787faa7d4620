// An install tree in the shape of a Rocky Linux 8 DVD: two variants with a repository each, an environment in comps, productmd's .treeinfo.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildGuest } from './guest-kernel.ts';
import { guestStage2 } from './guest-stage2.ts';
import { run } from './lab-run.ts';
import { realPrograms } from './media.ts';
import { EL8_CORE, appStreamPackages, baseOsPackages } from './rpms-el8.ts';
import type { LabPackage } from './rpms.ts';
import { buildRpms } from './rpms.ts';

const TIMESTAMP = '1716915127';
const RELEASE = { name: 'Rocky Linux', short: 'Rocky', version: '8.10' };

/** Builds the tree into `tree`, which must not exist yet; `work` is a scratch directory. A machine boots it over BIOS. */
export async function buildEl8Tree(tree: string, options: { readonly work: string }): Promise<void> {
  await mkdir(join(tree, 'images', 'pxeboot'), { recursive: true });
  const baseOs = { name: 'BaseOS', packages: baseOsPackages(await realPrograms()), comps: BASE_OS_COMPS };
  await buildVariant(tree, options.work, baseOs);
  await buildVariant(tree, options.work, { name: 'AppStream', packages: appStreamPackages(), comps: APP_STREAM_COMPS });
  const { kernel, initrd } = await buildGuest('installer', options.work);
  await copyFile(kernel, join(tree, 'images/pxeboot/vmlinuz'));
  await copyFile(initrd, join(tree, 'images/pxeboot/initrd.img'));
  await copyFile(await guestStage2(), join(tree, 'images/install.img'));
  await writeFile(join(tree, '.treeinfo'), treeinfo(await sumsOf(tree)));
  await writeFile(join(tree, '.discinfo'), `${TIMESTAMP}\n${RELEASE.version}\nx86_64\nALL\n`);
  await writeFile(
    join(tree, 'media.repo'),
    `[InstallMedia]\nname=Rocky Linux 8.10\nmediaid=${TIMESTAMP}\nmetadata_expire=-1\ngpgcheck=0\ncost=500\n`,
  );
}

type Variant = { readonly name: string; readonly packages: readonly LabPackage[]; readonly comps: string };

/** As EL 8 has it: primary as gzip, groups and databases as xz. */
async function buildVariant(tree: string, work: string, { name, packages, comps }: Variant): Promise<void> {
  const directory = join(tree, name);
  await buildRpms(packages, join(directory, 'Packages'), join(work, name));
  const groups = join(work, `comps-${name}.x86_64.xml`);
  await writeFile(groups, comps);
  const form = ['--checksum', 'sha256', '--database', '--xz', '--groupfile', groups];
  await run(['createrepo_c', '--quiet', ...form, directory]);
}

async function sumsOf(tree: string): Promise<readonly string[]> {
  const sums: string[] = [];
  for (const path of ['images/install.img', 'images/pxeboot/initrd.img', 'images/pxeboot/vmlinuz']) {
    const bytes = await readFile(join(tree, path));
    sums.push(`${path} = sha256:${createHash('sha256').update(bytes).digest('hex')}`);
  }
  return sums;
}

function group(id: string, packages: readonly string[]): string {
  const rows = packages.map((name) => `      <packagereq type="mandatory">${name}</packagereq>\n`).join('');
  return `  <group>
    <id>${id}</id>
    <name>${id}</name>
    <description>${id}</description>
    <default>false</default>
    <uservisible>false</uservisible>
    <packagelist>
${rows}    </packagelist>
  </group>
`;
}

const COMPS_HEAD = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE comps PUBLIC "-//Red Hat, Inc.//DTD Comps info//EN" "comps.dtd">
<comps>
`;

const BASE_OS_COMPS = `${COMPS_HEAD}${group('core', EL8_CORE)}${group('standard', ['cronie'])}  <environment>
    <id>minimal-environment</id>
    <name>Minimal Install</name>
    <description>Basic functionality.</description>
    <display_order>3</display_order>
    <grouplist>
      <groupid>core</groupid>
    </grouplist>
    <optionlist>
      <groupid>standard</groupid>
    </optionlist>
  </environment>
</comps>
`;

const APP_STREAM_COMPS = `${COMPS_HEAD}${group('network-tools', ['tcpdump'])}</comps>
`;

function treeinfo(sums: readonly string[]): string {
  const { name, short, version } = RELEASE;
  const images = 'initrd = images/pxeboot/initrd.img\nkernel = images/pxeboot/vmlinuz\n';
  const variant = (id: string): string =>
    `[variant-${id}]\nid = ${id}\nname = ${id}\npackages = ${id}/Packages\nrepository = ${id}\ntype = variant\nuid = ${id}\n`;
  return [
    `[checksums]\n${sums.join('\n')}\n`,
    `[general]\n; WARNING.0 = This section provides compatibility with pre-productmd treeinfos.\narch = x86_64\nfamily = ${name}\nname = ${name} ${version}\npackagedir = AppStream/Packages\nplatforms = x86_64,xen\nrepository = AppStream\ntimestamp = ${TIMESTAMP}\nvariant = AppStream\nvariants = AppStream,BaseOS\nversion = ${version}\n`,
    '[header]\ntype = productmd.treeinfo\nversion = 1.2\n',
    `[images-x86_64]\n${images}`,
    `[images-xen]\n${images}`,
    '[media]\ndiscnum = 1\ntotaldiscs = 1\n',
    `[release]\nname = ${name}\nshort = ${short}\nversion = ${version}\n`,
    '[stage2]\nmainimage = images/install.img\n',
    `[tree]\narch = x86_64\nbuild_timestamp = ${TIMESTAMP}\nplatforms = x86_64,xen\nvariants = AppStream,BaseOS\n`,
    variant('AppStream'),
    variant('BaseOS'),
  ].join('\n');
}
