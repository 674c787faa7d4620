// An install medium in the shape of a RHEL 6.2 DVD, with the lab's own packages and installer in it.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buildGuest } from './guest-kernel.ts';
import { guestStage2 } from './guest-stage2.ts';
import { exists } from './lab-cache.ts';
import { run } from './lab-run.ts';
import { CORE, basePackages } from './rpms-base.ts';
import { CLOUDSTACK } from './rpms-cloudstack.ts';
import { buildRpms, createRepository } from './rpms.ts';

const TIMESTAMP = '1321546114.510099';

/** Builds the CloudStack 4.0 repository, flat as the real one, into `directory`. */
export async function buildCloudstackRepository(directory: string, work: string): Promise<void> {
  await buildRpms(CLOUDSTACK, directory, join(work, 'cloudstack'));
  await createRepository(directory);
}

/** Builds the ISO into `iso`, using the scratch directory `work`. `installer: 'none'` leaves kernel and installer out, for tests without a machine. */
export async function buildMedium(
  iso: string,
  options: { readonly work: string; readonly installer: 'real' | 'none' },
): Promise<void> {
  const tree = join(options.work, 'tree');
  await mkdir(join(tree, 'images', 'pxeboot'), { recursive: true });
  await buildPackages(tree, options.work);
  await (options.installer === 'real' ? addInstaller(tree, options.work) : addEmptyInstaller(tree));
  await writeRelease(tree);
  await run([
    ...['xorriso', '-as', 'mkisofs', '-quiet', '-o', iso, '-R', '-J', '-joliet-long'],
    ...['-V', 'RHEL_6.2 x86_64 Disc 1', '-volset', 'RHEL_6.2 x86_64', '-A', 'RHEL_6.2 x86_64', '-sysid', 'LINUX', tree],
  ]);
}

async function buildPackages(tree: string, work: string): Promise<void> {
  await buildRpms(basePackages(await realPrograms()), join(tree, 'Packages'), join(work, 'base'));
  const comps = join(work, 'comps-rhel6-Server.xml');
  await writeFile(comps, compsXml());
  await createRepository(tree, comps);
  // The variant's directory holds its own repodata and reaches the packages through a link.
  await mkdir(join(tree, 'Server'));
  await run(['cp', '-r', join(tree, 'repodata'), join(tree, 'Server', 'repodata')]);
  await symlink('../Packages', join(tree, 'Server', 'Packages'));
}

async function addInstaller(tree: string, work: string): Promise<void> {
  const { kernel, initrd } = await buildGuest('installer', work);
  await copyFile(kernel, join(tree, 'images', 'pxeboot', 'vmlinuz'));
  await copyFile(initrd, join(tree, 'images', 'pxeboot', 'initrd.img'));
  await copyFile(await guestStage2(), join(tree, 'images', 'install.img'));
}

async function addEmptyInstaller(tree: string): Promise<void> {
  for (const path of IMAGES) await writeFile(join(tree, path), `${path}: no machine boots this\n`);
}

const IMAGES = ['images/pxeboot/initrd.img', 'images/pxeboot/vmlinuz', 'images/install.img'];

async function writeRelease(tree: string): Promise<void> {
  const sums: string[] = [];
  for (const path of IMAGES) {
    sums.push(
      `${path} = sha256:${createHash('sha256')
        .update(await readFile(join(tree, path)))
        .digest('hex')}`,
    );
  }
  await writeFile(join(tree, '.treeinfo'), treeinfo(sums));
  await writeFile(join(tree, '.discinfo'), `${TIMESTAMP}\nRed Hat Enterprise Linux 6.2\nx86_64\n1\n`);
  await writeFile(
    join(tree, 'media.repo'),
    `[InstallMedia]\nname=Red Hat Enterprise Linux 6.2\nmediaid=${TIMESTAMP}\nmetadata_expire=-1\ngpgcheck=0\ncost=500\n`,
  );
}

/** RHEL 6.2's dialect: sections in no order, `repository` naming the repodata directory itself, images twice. */
function treeinfo(sums: readonly string[]): string {
  const images = ['initrd = images/pxeboot/initrd.img', 'kernel = images/pxeboot/vmlinuz'];
  return [
    ...['[images-x86_64]', ...images, 'boot.iso = images/boot.iso', ''],
    ...[
      '[general]',
      'family = Red Hat Enterprise Linux',
      `timestamp = ${TIMESTAMP}`,
      'variant = Server',
      'totaldiscs = 1',
    ],
    ...['version = 6.2', 'discnum = 1', 'packagedir = Packages', 'variants = Server', 'arch = x86_64', ''],
    ...['[images-xen]', ...images, ''],
    ...['[variant-Server]', 'repository = Server/repodata', 'identity = Server/Server.cert', ''],
    ...['[checksums]', ...sums, ''],
    ...['[stage2]', 'mainimage = images/install.img', ''],
  ].join('\n');
}

function compsXml(): string {
  const packages = CORE.map((name) => `      <packagereq type="mandatory">${name}</packagereq>`);
  return [
    ...['<?xml version="1.0" encoding="UTF-8"?>', '<comps>', '  <group>', '    <id>core</id>', '    <name>Core</name>'],
    ...['    <description>Smallest possible installation</description>', '    <default>false</default>'],
    ...[
      '    <uservisible>false</uservisible>',
      '    <packagelist>',
      ...packages,
      '    </packagelist>',
      '  </group>',
      '</comps>',
      '',
    ],
  ].join('\n');
}

/** The programs of this machine that the packages carry. */
export async function realPrograms(): Promise<Parameters<typeof basePackages>[0]> {
  const busybox = '/bin/busybox';
  const bash = (await exists('/bin/bash-static')) ? '/bin/bash-static' : '/usr/bin/bash-static';
  const applets = (await run([busybox, '--list'])).trim().split('\n');
  const curl = '/usr/bin/curl';
  const libraries = (await run(['ldd', curl])).match(/\/\S+/g) ?? [];
  return { busybox, bash, applets, curl, libraries };
}
