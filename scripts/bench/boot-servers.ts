// The two ways to boot the bench's machine: Kickstand, and dnsmasq with pxelinux over TFTP. The same kernel, initrd and firmware.

import { copyFile, link, mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { randomFillSync } from 'node:crypto';
import { join } from 'node:path';
import { buildLinuxTree } from '../../test/support/boot-media.ts';
import { operatorOf, startAppliance, type Operator } from '../../test/support/lab-appliance.ts';
import { Daemon, run } from '../../test/support/lab-run.ts';
import type { Lab, LabMachine } from '../../test/support/lab.ts';
import { sha256Of } from '../../mirror/rpm/checksum.ts';
import { benchSite } from './bench-site.ts';

export const MACHINE: LabMachine = { mac: '52:54:00:a8:a8:02', address: '192.168.168.2' };

/** Ready to boot the machine once, until `stop`. */
export type BootServer = { stop(): Promise<unknown> };

const TREE = 'el9';
const KERNEL = 'images/pxeboot/vmlinuz';
const INITRD = 'images/pxeboot/initrd.img';

/** An EL 9 tree in `directory` whose initrd is filled up to `initrdBytes` with what no packer makes smaller. Its path. */
export async function buildTree(directory: string, initrdBytes: number): Promise<string> {
  const [tree, work, padding] = [join(directory, 'tree'), join(directory, 'work'), join(directory, 'padding')];
  await mkdir(work);
  await mkdir(padding);
  await buildLinuxTree(tree, { work, grub: 'signed' });
  const initrd = join(tree, INITRD);
  const before = await readFile(initrd);
  await writeFile(join(padding, 'padding'), randomFillSync(Buffer.alloc(initrdBytes - before.byteLength)));
  // The kernel unpacks one archive after the other (Documentation/driver-api/early-userspace/buffer-format.rst).
  const archive = join(directory, 'padding.cpio');
  await run(['cpio', '--quiet', '-o', '-H', 'newc', '-O', archive], { cwd: padding, input: 'padding\n' });
  const padded = Buffer.concat([before, await readFile(archive)]);
  await writeFile(initrd, padded);
  const treeinfo = join(tree, '.treeinfo');
  const sums = await readFile(treeinfo, 'utf8');
  await writeFile(treeinfo, sums.replace(`sha256:${sha256Of(before)}`, `sha256:${sha256Of(padded)}`));
  return tree;
}

/** The operator of a site with one host, which boots by iPXE. */
export async function bootOperator(directory: string, tree: string): Promise<Operator> {
  const operator = await operatorOf(directory, siteText(tree));
  await operator.kickstand(['secret', 'set', 'root', '--hash'], 'a password for benches\n');
  return operator;
}

/** Kickstand as the only DHCP server, the host armed. */
export async function startKickstand(lab: Lab, operator: Operator): Promise<BootServer> {
  const ports = ['--http-port', '80', '--tftp-port', '69', '--advertise', lab.appliance];
  const flags = [...ports, '--dhcp', 'server', '--dhcp-interface', 'eth0'];
  const appliance = await startAppliance(operator, { prefix: lab.inAppliance, flags });
  await operator.kickstand(['host', 'arm', 'bench']);
  return appliance;
}

/** dnsmasq for DHCP and TFTP, with pxelinux; a busybox for the kickstart, as both need one over HTTP. */
export async function startDnsmasq(lab: Lab, directory: string, tree: string): Promise<BootServer> {
  const root = await mkdtemp(join(directory, 'dnsmasq-'));
  const [tftp, www] = [join(root, 'tftp'), join(root, 'www')];
  await mkdir(join(tftp, 'pxelinux.cfg'), { recursive: true });
  await mkdir(www);
  await copyFile('/usr/lib/PXELINUX/pxelinux.0', join(tftp, 'pxelinux.0'));
  await copyFile('/usr/lib/syslinux/modules/bios/ldlinux.c32', join(tftp, 'ldlinux.c32'));
  await link(join(tree, KERNEL), join(tftp, 'vmlinuz'));
  await link(join(tree, INITRD), join(tftp, 'initrd.img'));
  const ks = `inst.ks=http://${lab.appliance}/ks.cfg`;
  const entry = ['DEFAULT install', 'LABEL install', '  KERNEL vmlinuz', `  APPEND initrd=initrd.img ${ks}`, ''];
  await writeFile(join(tftp, 'pxelinux.cfg', 'default'), entry.join('\n'));
  await writeFile(join(www, 'ks.cfg'), `events_url='http://${lab.appliance}/events?host=bench'\n`);
  await writeFile(join(www, 'events'), 'noted\n');
  const dnsmasq = new Daemon([...lab.inAppliance, ...dnsmasqArgv(tftp)]);
  const web = new Daemon([...lab.inAppliance, 'busybox', 'httpd', '-f', '-p', `${lab.appliance}:80`, '-h', www]);
  await dnsmasq.waitFor('TFTP root is', { timeoutMs: 10_000 });
  return { stop: () => Promise.all([dnsmasq.stop(), web.stop()]) };
}

function dnsmasqArgv(root: string): readonly string[] {
  return [
    ...['dnsmasq', '--no-daemon', '--conf-file=/dev/null', '--pid-file=', '--user=root', '--port=0'],
    ...['--interface=eth0', '--bind-interfaces', '--leasefile-ro', '--dhcp-range=192.168.168.0,static'],
    ...[`--dhcp-host=${MACHINE.mac},${MACHINE.address}`, '--dhcp-boot=pxelinux.0'],
    ...['--enable-tftp', `--tftp-root=${root}`],
  ];
}

function siteText(tree: string): string {
  return benchSite(`    ranges:
      - { name: machines, use: hosts, from: 192.168.168.2, to: 192.168.168.15 }

trees:
  - { name: ${TREE}, directory: ${JSON.stringify(tree)} }

profiles:
  - { name: ${TREE}, tree: ${TREE}, role: minimal, storage: { layout: whole, disks: [sda] } }

hosts:
  - name: bench
    profile: ${TREE}
    network: lab
    address: ${MACHINE.address}
    macs: ["${MACHINE.mac}"]
    boot: { bios: ipxe }
`);
}
