// The guest's kernel and initrd: Debian's kernel package, unpacked, with a busybox and the lab's loader.

import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bootSector } from './boot-sector.ts';
import { dependenciesOf, unpackPackages } from './debian.ts';
import { cached } from './lab-cache.ts';
import { run } from './lab-run.ts';

const SCRIPTS = join(import.meta.dirname, 'guest');

/** Drivers for QEMU's PCs (so that the disk is /dev/sda) and the file systems in use; their dependencies are found by modinfo. */
const MODULES = [
  'virtio_pci',
  'virtio_net',
  'e1000',
  'ata_piix',
  'ahci',
  'sd_mod',
  'loop',
  'squashfs',
  'crc32c_generic',
  'ext4',
];

export type Guest = { readonly kernel: string; readonly initrd: string };

/**
 * `installer`: the loader of the lab's own installer; `hypervisor`: the installer of a XenServer, whole; `quick`: proves that
 * it was booted, reads its instructions and reports.
 */
export type GuestKind = 'installer' | 'hypervisor' | 'quick';

/** The program that each starts with. */
const INIT: Readonly<Record<GuestKind, string>> = {
  installer: 'init.sh',
  hypervisor: 'hypervisor.sh',
  quick: 'quick.sh',
};

/** The path of the kernel and of an initrd, made anew into `directory`. The kernel package is fetched by apt once and kept. */
export async function buildGuest(kind: GuestKind, directory: string): Promise<Guest> {
  const name = (await dependenciesOf('linux-image-amd64')).find((package_) => package_.startsWith('linux-image-'));
  if (name === undefined) throw new Error('apt knows no linux-image-amd64: is this Debian on amd64?');
  const wanted = createHash('sha256').update(MODULES.join()).digest('hex').slice(0, 8);
  const kept = await cached(`${name}-${wanted}`, (into) => keepKernel(name, into));
  const initrd = join(directory, 'initrd.img');
  await buildInitrd(kept, { directory, init: INIT[kind], initrd });
  return { kernel: join(kept, 'vmlinuz'), initrd };
}

/** Debian's kernel, which is signed for Secure Boot, and the modules. */
async function keepKernel(name: string, into: string): Promise<void> {
  const unpacked = join(into, 'unpacked');
  await unpackPackages([name], unpacked);
  const image = (await readdir(join(unpacked, 'boot'))).find((file) => file.startsWith('vmlinuz-'));
  if (image === undefined) throw new Error(`${name} has no kernel`);
  await copyFile(join(unpacked, 'boot', image), join(into, 'vmlinuz'));
  await copyModules(join(unpacked, 'lib', 'modules'), join(into, 'modules'));
  await run(['rm', '-r', unpacked]);
}

/** Copies the wanted modules and what they need, and writes their order of loading. */
async function copyModules(from: string, into: string): Promise<void> {
  const all = await readdir(from, { recursive: true });
  const paths = new Map(all.filter((path) => path.endsWith('.ko')).map((path) => [moduleName(path), join(from, path)]));
  const order: string[] = [];
  const take = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (path === undefined || order.includes(`${name}.ko`)) return; // built into the kernel, or already taken
    const depends = await run(['modinfo', '-F', 'depends', path]);
    for (const needed of depends.trim().split(',')) await take(moduleName(needed));
    order.push(`${name}.ko`);
    await copyFile(path, join(into, `${name}.ko`));
  };
  await mkdir(into, { recursive: true });
  for (const name of MODULES) await take(name);
  await writeFile(join(into, 'order'), order.join('\n'));
}

function moduleName(path: string): string {
  return basename(path, '.ko').replaceAll('-', '_');
}

async function buildInitrd(
  kept: string,
  { directory, init, initrd }: { readonly directory: string; readonly init: string; readonly initrd: string },
): Promise<void> {
  const root = join(directory, 'initrd');
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
  for (const [script, name] of [
    [init, 'init'],
    ['machine.sh', 'machine.sh'],
    ['udhcpc.sh', 'udhcpc.sh'],
  ] as const) {
    await writeFile(join(root, name), await readFile(join(SCRIPTS, script)), { mode: 0o755 });
  }
  await writeFile(join(root, 'boot-sector'), await bootSector());
  await run(['cp', '-r', join(kept, 'modules'), root]);
  const names = ['.', ...(await readdir(root, { recursive: true }))].join('\n');
  await run(['cpio', '--quiet', '-o', '-H', 'newc', '-O', initrd], { cwd: root, input: names });
}
