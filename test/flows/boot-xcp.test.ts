// The main job on a tree in the shape of XCP-ng's: Xen and its control domain over the network, an answerfile with its scripts, every package
// of the vendor's signed repository, and the disk it leaves behind.

import { createHash } from 'node:crypto';
import { readFile, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BOOTED_FROM_DISK } from '../support/boot-sector.ts';
import { startGpg } from '../support/gpg.ts';
import { blocksOf, partitionsOf, withPartition } from '../support/lab-disk.ts';
import type { InstallLab } from '../support/lab-install.ts';
import { openInstallLab } from '../support/lab-install.ts';
import { BOOT_TOOLS, MACHINE_TOOLS, needs } from '../support/lab-needs.ts';
import { run } from '../support/lab-run.ts';
import { PACKAGES, buildXcpTree } from '../support/xcp-media.ts';

/** What udev calls the first disk of such a machine. */
const DISK = 'ata-QEMU_HARDDISK_QM00001';
const HOST = { mac: '52:54:00:a8:a8:04', address: '192.168.168.4' };
const LACKING = { mac: '52:54:00:a8:a8:05', address: '192.168.168.5' };

const here = needs([...new Set([...MACHINE_TOOLS, ...BOOT_TOOLS, 'gpg'])], 'boots');

describe.skipIf(here.skip)(
  `a machine that becomes a hypervisor${here.note}`,
  { timeout: 600_000, concurrent: true },
  () => {
    let lab: InstallLab;
    let tree: string;

    beforeAll(async () => {
      const prepare = async (directory: string, work: string): Promise<string> => {
        tree = join(directory, 'xcp');
        await buildXcpTree(tree, { work });
        return siteText(tree);
      };
      lab = await openInstallLab({ machines: [HOST, LACKING], prepare });
    }, 240_000);

    afterAll(() => lab.stop());

    test("is given its vendor's repodata byte for byte, so that the signature stays good", async () => {
      const names = await readdir(join(tree, 'repodata'));
      for (const name of names) {
        const url = `http://${lab.lab.appliance}/trees/xcp83/repodata/${name}`;
        const sum = await run([...lab.lab.inCompany, 'bash', '-c', 'curl -fsS "$0" | sha256sum', url]);
        expect(sum, name).toBe(`${await sha256Of(join(tree, 'repodata', name))}  -\n`);
      }
      const served = async (path: string): Promise<Buffer> =>
        Buffer.from(
          await run([...lab.lab.inCompany, 'curl', '-fsS', `http://${lab.lab.appliance}/trees/xcp83/${path}`]),
        );
      const gpg = await startGpg();
      try {
        await gpg.import(await served('RPM-GPG-KEY-lab'));
        const index = await served('repodata/repomd.xml');
        expect(await gpg.verify(index, await served('repodata/repomd.xml.asc'))).toBe('GOODSIG');
      } finally {
        await gpg.close();
      }
    });

    test('is installed in the control domain and boots its disk from then on', async () => {
      const disk = await lab.blankDisk('system', 8 * 1024);
      const bystander = await lab.blankDisk('bystander', 64);
      await lab.operator.kickstand(['host', 'arm', 'xcp-01']);
      await lab.withMachine({ mac: HOST.mac, disk, moreDisks: [bystander], memoryMb: 2048 }, async (machine) => {
        await machine.waitFor(/Loading \S*xen\.gz\.\.\. ok/, 150_000);
        await machine.waitFor('kickstand-lab: answerfile', 150_000);
        await machine.waitFor('script of installation-start ended with 0', 60_000);
        await machine.waitFor('source: XCP-ng 8.3.0', 60_000);
        await machine.waitFor(await sha256Of(join(tree, 'repodata', 'repomd.xml')), 30_000);
        await machine.waitFor('partitioning /dev/sda', 60_000);
        expect(await lab.operator.phaseOf('xcp-01')).toBe('installing');
        await machine.waitFor(`installed ${PACKAGES.length} packages`, 120_000);
        await machine.waitFor('script of filesystem-populated ended with 0', 60_000);
        await machine.waitFor('script of installation-complete ended with 0', 60_000);
        await machine.waitFor('kickstand-lab: rebooting', 60_000);
        expect(await lab.operator.phaseOf('xcp-01')).toBe('installed');
        await machine.waitFor(BOOTED_FROM_DISK, 120_000);
        await machine.poweredOff(30_000);
      });
      await expectSystem(disk);
      await expectReceipt(lab);
      expect(await blocksOf(bystander), 'the second disk was written to').toBe(0);
    });

    test('that lacks one of its disks is not installed, and its installer says so', async () => {
      const disk = await lab.blankDisk('lacking', 8 * 1024);
      await lab.operator.kickstand(['host', 'arm', 'xcp-02']);
      await lab.withMachine({ mac: LACKING.mac, disk, memoryMb: 2048 }, async (machine) => {
        await machine.waitFor('installation failed: a guest disk is not there', 300_000);
        await machine.waitFor('script of installation-complete ended with 0', 60_000);
        await machine.poweredOff(60_000);
      });
      const shown: unknown = JSON.parse(await lab.operator.kickstand(['host', 'show', 'xcp-02', '--json']));
      expect(shown).toMatchObject({
        phase: 'failed',
        reason: 'its installer reported failure: the installer reports failure',
      });
      expect(await blocksOf(disk), 'its disk was written to').toBe(0);
    });
  },
);

async function sha256Of(path: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
}

/** It is written down with the packages it was given. */
async function expectReceipt({ operator }: InstallLab): Promise<void> {
  const receipt: unknown = JSON.parse(await operator.kickstand(['host', 'receipt', 'xcp-01', '--json']));
  expect(receipt).toMatchObject({
    os: 'xcp-ng-8.3.0-x86_64',
    machine: { macs: [HOST.mac], address: HOST.address },
    packages: { names: expect.arrayContaining(PACKAGES.map(({ name }) => expect.stringContaining(`${name}-8.3.0`))) },
  });
}

/** The files of every package, what the answerfile says, and what its scripts left. */
async function expectSystem(disk: string): Promise<void> {
  const partitions = await partitionsOf(disk);
  expect(partitions).toHaveLength(3); // the system, its backup, local storage
  const [system] = partitions;
  if (system === undefined) throw new Error('no partition');
  await withPartition(disk, system, async (root) => {
    const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
    for (const { name, files } of PACKAGES) {
      for (const path of Object.keys(files ?? {}))
        await stat(join(root, path)).catch(() => expect.fail(`${name}: ${path}`));
    }
    expect(await text('etc/hostname')).toBe('xcp-01\n');
    expect(await text('etc/firstboot.d/data/management.conf')).toContain(
      `IP='${HOST.address}'\nNETMASK='255.255.255.0'\n`,
    );
    expect(await text('etc/firstboot.d/data/default-storage.conf')).toBe("PARTITIONS='/dev/sda3'\nTYPE='ext'\n");
    expect(await text('etc/shadow')).toMatch(/^root:\$6\$/m);
    expect((await stat(join(root, 'opt/kickstand/first-boot'))).mode & 0o777).toBe(0o700);
    expect(await text('opt/kickstand/first-boot')).toContain('name_network eth0 cloud-private');
    const unit = '/etc/systemd/system/multi-user.target.wants/kickstand-firstboot.service';
    expect(await readlink(join(root, unit))).toMatch(/kickstand-firstboot\.service$/);
  });
}

function siteText(tree: string): string {
  return `site:
  name: xcp
  domain: xcp.example
  appliance: 192.168.168.26
  timezone: Asia/Shanghai
  language: en_US.UTF-8
  keyboard: us
  ntp: [192.168.168.1]
  rootPassword: { secret: root }

networks:
  - name: lab
    subnet: 192.168.168.0/24
    gateway: 192.168.168.1
    dns: [192.168.168.1]
    ranges:
      - { name: machines, use: hosts, from: 192.168.168.2, to: 192.168.168.15 }

trees:
  - { name: xcp83, directory: ${tree}, os: xcp-ng-8.3.0-x86_64 }

profiles:
  - name: hypervisor
    tree: xcp83
    role: xenserver
    storage: { layout: whole, disks: [disk/by-id/${DISK}], guest: [disk/by-id/${DISK}] }
    xenserver: { srType: ext, backend: bridge, labels: { eth0: cloud-private } }
  - name: lacking
    tree: xcp83
    role: xenserver
    storage: { layout: whole, disks: [sda], guest: [sdb] }

hosts:
  - { name: xcp-02, profile: lacking, network: lab, address: ${LACKING.address}, macs: ["${LACKING.mac}"] }
  - name: xcp-01
    profile: hypervisor
    network: lab
    address: ${HOST.address}
    macs: ["${HOST.mac}"]
    boot: { bios: pxelinux }
`;
}
