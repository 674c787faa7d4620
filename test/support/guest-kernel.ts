// The guest's kernel and initrd: Debian's kernel package, unpacked, with a busybox and the lab's loader.

import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { cached } from './lab-cache.ts';
import { run } from './lab-run.ts';

const SCRIPTS = join(import.meta.dirname, 'guest');

/** Drivers for QEMU's PC (so that the IDE disk is /dev/sda) and the file systems in use; their dependencies are found by modinfo. */
const MODULES = [
  'virtio_pci',
  'virtio_net',
  'e1000',
  'ata_piix',
  'sd_mod',
  'loop',
  'squashfs',
  'crc32c_generic',
  'ext4',
];

/** The kernel's and the initrd's path. The kernel package is fetched by apt once and kept; the initrd is made anew into `directory`. */
export async function guestKernel(directory: string): Promise<{ readonly kernel: string; readonly initrd: string }> {
  const name = await kernelPackage();
  const kept = await cached(name, (into) => unpackKernel(name, into));
  const initrd = join(directory, 'initrd.img');
  await buildInitrd(kept, directory, initrd);
  return { kernel: join(kept, 'vmlinuz'), initrd };
}

/** The name of Debian's current kernel package; apt's lists are fetched where they are not there yet. */
async function kernelPackage(): Promise<string> {
  const depends = (): Promise<string> => run(['apt-cache', 'depends', 'linux-image-amd64']);
  const answer = await depends().catch(async () => {
    await run(['apt-get', '-qq', 'update']);
    return depends();
  });
  const name = /Depends: (linux-image-\S+)/.exec(answer)?.[1];
  if (name === undefined) throw new Error('apt knows no linux-image-amd64: is this Debian on amd64?');
  return name;
}

async function unpackKernel(name: string, into: string): Promise<void> {
  const unpacked = join(into, 'unpacked');
  await run(['apt-get', '-o', 'APT::Sandbox::User=root', 'download', name], { cwd: into });
  const archive = (await readdir(into)).find((file) => file.endsWith('.deb'));
  if (archive === undefined) throw new Error(`apt-get download ${name} left no file`);
  await run(['dpkg-deb', '-x', join(into, archive), unpacked]);
  const images = await readdir(join(unpacked, 'boot'));
  const image = images.find((file) => file.startsWith('vmlinuz-'));
  if (image === undefined) throw new Error(`${name} has no kernel`);
  await copyFile(join(unpacked, 'boot', image), join(into, 'vmlinuz'));
  await copyModules(join(unpacked, 'lib', 'modules'), join(into, 'modules'));
  await run(['rm', '-r', unpacked, join(into, archive)]);
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

async function buildInitrd(kept: string, directory: string, initrd: string): Promise<void> {
  const root = join(directory, 'initrd');
  await mkdir(join(root, 'bin'), { recursive: true });
  await copyFile('/bin/busybox', join(root, 'bin', 'busybox'));
  for (const [script, name] of [
    ['init.sh', 'init'],
    ['udhcpc.sh', 'udhcpc.sh'],
  ] as const) {
    await writeFile(join(root, name), await readFile(join(SCRIPTS, script)), { mode: 0o755 });
  }
  await run(['cp', '-r', join(kept, 'modules'), root]);
  const names = ['.', ...(await readdir(root, { recursive: true }))].join('\n');
  await run(['cpio', '--quiet', '-o', '-H', 'newc', '-O', initrd], { cwd: root, input: names });
}
