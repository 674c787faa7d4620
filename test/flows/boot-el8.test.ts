// The main job on a tree in the shape of an EL 8: dracut's way to kickstart and second stage, two variants, a storage server with a disk for
// its data; and an install whose %post fails, with its log where the operator looks for it.

import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BOOTED_FROM_DISK } from '../support/boot-sector.ts';
import { buildEl8Tree } from '../support/el8-media.ts';
import { blocksOf, installedPackages, partitionsOf, withPartition } from '../support/lab-disk.ts';
import type { InstallLab } from '../support/lab-install.ts';
import { openInstallLab } from '../support/lab-install.ts';
import { MACHINE_TOOLS, needs } from '../support/lab-needs.ts';
import { run } from '../support/lab-run.ts';

const STORAGE = { mac: '52:54:00:a8:a8:02', address: '192.168.168.2' };
const BROKEN = { mac: '52:54:00:a8:a8:03', address: '192.168.168.3' };
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtpY2tzdGFuZC1sYWItb3duLWtleS1mb3ItdGVzdHM operator';

const here = needs(MACHINE_TOOLS, 'machine');

describe.skipIf(here.skip)(`a machine that gets an EL 8${here.note}`, { timeout: 600_000, concurrent: true }, () => {
  let lab: InstallLab;

  beforeAll(async () => {
    const prepare = async (directory: string, work: string): Promise<string> => {
      const tree = join(directory, 'rocky8');
      await buildEl8Tree(tree, { work });
      return siteText(tree);
    };
    lab = await openInstallLab({ machines: [STORAGE, BROKEN], prepare });
  }, 240_000);

  afterAll(() => lab.stop());

  test('becomes a storage server on disks that are named by serial number and by size, and touches no other', async () => {
    const disk = await lab.blankDisk('system', 16 * 1024);
    const data = await lab.blankDisk('data', 4 * 1024);
    const bystander = await lab.blankDisk('bystander', 64);
    await lab.operator.kickstand(['host', 'arm', 'nfs-01']);
    await lab.withMachine({ mac: STORAGE.mac, disk, moreDisks: [data, bystander] }, async (machine) => {
      await machine.waitFor('kickstand-lab: loader', 120_000);
      await machine.waitFor('%pre ended with 0', 120_000);
      await machine.waitFor('partitioning /dev/sdb', 60_000);
      expect(await lab.operator.phaseOf('nfs-01')).toBe('installing');
      await machine.waitFor(/installed \d+ packages/, 300_000);
      expect(machine.serial()).not.toContain('scriptlet failed');
      await machine.waitFor('%post ended with 0', 120_000);
      await machine.waitFor('kickstand-lab: rebooting', 60_000);
      expect(await lab.operator.phaseOf('nfs-01')).toBe('installed');
      await machine.waitFor(BOOTED_FROM_DISK, 120_000);
      await machine.poweredOff(30_000);
      expect(machine.serial().match(/kickstand-lab: loader/g)).toHaveLength(1);
    });
    expectDracut(lab.appliance.output());
    expect(JSON.parse(await lab.operator.kickstand(['host', 'receipt', 'nfs-01', '--json']))).toMatchObject({
      os: 'rocky-8.10-x86_64',
      packages: {
        names: expect.arrayContaining([expect.stringMatching(/^nfs-utils-2/), expect.stringMatching(/^vim-common-/)]),
      },
    });
    await expectSystem(disk);
    await expectData(data);
    expect(await blocksOf(bystander), 'the third disk was written to').toBe(0);
  });

  test('fails with a step of its %post, and says why', async () => {
    const disk = await lab.blankDisk('broken', 16 * 1024);
    await lab.operator.kickstand(['host', 'arm', 'broken-01']);
    await lab.withMachine({ mac: BROKEN.mac, disk }, async (machine) => {
      await machine.waitFor('%post ended with 1', 480_000);
      await machine.poweredOff(60_000);
    });
    const shown: unknown = JSON.parse(await lab.operator.kickstand(['host', 'show', 'broken-01', '--json']));
    expect(shown).toMatchObject({
      phase: 'failed',
      reason: 'its installer reported failure: post step broken ended with status 3',
    });
    const log = await lab.operator.kickstand(['host', 'log', 'broken-01']);
    // By syslog, what the installer itself said.
    expect(log).toMatch(/anaconda: .*%post ended with 1/);
    expect(log).toMatch(/ script: the reason is here\n.* broken FAILED with status 3/);
  });
});

/** What the appliance was asked for, in the order in which dracut (its hooks online/11 and online/80) and then dnf ask. */
function expectDracut(output: string): void {
  const lines = output.split('\n').filter((line) => line.includes(`"${STORAGE.address}"`));
  const log = lines.join('\n');
  const places = [
    /"host":"nfs-01","what":"kickstart"[^\n]*"msg":"instructions given"/,
    /"path":"\/trees\/rocky8\/\.treeinfo"/,
    /"path":"\/trees\/rocky8\/images\/install\.img"/,
    /"path":"\/trees\/rocky8\/images\/product\.img"/,
    /"path":"\/trees\/rocky8\/BaseOS\/repodata\/repomd\.xml"/,
    /"path":"\/trees\/rocky8\/AppStream\/Packages\/vim-enhanced-/,
  ].map((wanted) => log.search(wanted));
  expect(places).not.toContain(-1);
  expect(places).toEqual(places.toSorted((a, b) => a - b));
}

/** The system's disk: packages of both variants, the role's files, what the profile says besides. */
async function expectSystem(disk: string): Promise<void> {
  const partitions = await partitionsOf(disk);
  expect(partitions.map(({ type }) => type)).toEqual(['83', '82', '83']);
  const [, , system] = partitions;
  if (system === undefined) throw new Error('no third partition');
  await withPartition(disk, system, async (root) => {
    const text = (path: string): Promise<string> => readFile(join(root, path), 'utf8');
    const packages = await installedPackages(root);
    expect(packages).toEqual(
      expect.arrayContaining(['NetworkManager', 'chrony', 'nfs-utils', 'rpcbind', 'vim-common']),
    );
    expect(packages).toContain('vim-enhanced');
    expect(packages).not.toContain('tcpdump');
    expect(await text('etc/exports')).toMatch(/^\/export /m);
    expect(await text('etc/nfs.conf')).toContain('port=892');
    expect(await text('etc/hostname')).toBe('nfs-01.el8.example\n');
    expect(await text('etc/fstab')).toMatch(/^\/dev\/sdb1 \/export /m);
    expect(await text('etc/sysconfig/network-scripts/ifcfg-eth0')).toMatch(/IPADDR=192\.168\.168\.2\n/);
    expect(await text('etc/shadow')).toMatch(/^root:\$6\$/m);
    expect(await text('etc/group')).toMatch(/^wheel:x:10:ops$/m);
    expect(await text('home/ops/.ssh/authorized_keys')).toBe(`${KEY}\n`);
    expect(await text('etc/motd')).toBe('made by a step\n');
    const wants = await run(['ls', join(root, 'etc/systemd/system/multi-user.target.wants')]);
    expect(wants.trim().split('\n')).toEqual(expect.arrayContaining(['chronyd.service', 'nfs-server.service']));
  });
}

/** The data's disk: one file system, with what is exported. */
async function expectData(disk: string): Promise<void> {
  const [data, ...more] = await partitionsOf(disk);
  expect(more).toEqual([]);
  if (data === undefined) throw new Error('no partition for the data');
  await withPartition(disk, data, async (root) => {
    expect((await run(['ls', root])).trim().split('\n')).toEqual(['lost+found', 'primary', 'secondary']);
  });
}

function siteText(tree: string): string {
  return `site:
  name: el8
  domain: el8.example
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
  - { name: rocky8, directory: ${tree}, os: rocky-8.10-x86_64 }

profiles:
  - name: storage
    tree: rocky8
    role: nfs-storage
    packages: [vim-enhanced]
    storage:
      layout: whole
      disks: [disk/by-id/ata-QEMU_HARDDISK_QM00001]
      data: [{ at: /export, layout: whole, disks: [3G-5G] }]
    users: [{ name: ops, groups: [wheel], sshKeys: ["${KEY}"] }]
    steps: [{ name: motd, run: "echo made by a step > /etc/motd" }]
  - name: broken
    tree: rocky8
    role: minimal
    storage: { layout: whole, disks: [sda] }
    steps: [{ name: broken, run: "echo the reason is here; exit 3" }]

hosts:
  - { name: nfs-01, profile: storage, network: lab, address: ${STORAGE.address}, macs: ["${STORAGE.mac}"] }
  - { name: broken-01, profile: broken, network: lab, address: ${BROKEN.address}, macs: ["${BROKEN.mac}"] }
`;
}
