// The whole story on a real machine: firmware, network boot, an unattended install from mirrored content, and the disk it leaves behind.

import { mkdir, mkdtemp, open, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BOOTED_FROM_DISK } from '../support/boot-sector.ts';
import { startUpstream } from '../support/fake-upstream.ts';
import type { Operator, RunningAppliance } from '../support/lab-appliance.ts';
import { filesBelow, labSite, operatorOf, startAppliance } from '../support/lab-appliance.ts';
import { installedPackages, partitionsOf, withPartition } from '../support/lab-disk.ts';
import { MACHINE_TOOLS, needs } from '../support/lab-needs.ts';
import type { Lab } from '../support/lab.ts';
import { startLab } from '../support/lab.ts';
import { buildCloudstackRepository, buildMedium } from '../support/media.ts';
import type { Machine } from '../support/qemu.ts';
import { startMachine } from '../support/qemu.ts';

const MACHINE = { mac: '52:54:00:a8:a8:02', address: '192.168.168.2' };
const DISK_BYTES = 32 * 1024 ** 3;

const here = needs(MACHINE_TOOLS, 'machine');

describe.skipIf(here.skip)(`a machine${here.note}`, () => {
  const undo: (() => Promise<unknown>)[] = [];
  let directory: string;
  let operator: Operator;
  let lab: Lab;
  let appliance: RunningAppliance;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kickstand-boot-'));
    undo.push(() => rm(directory, { recursive: true, force: true }));
    operator = await prepareContent(directory);
    lab = await startLab({ machines: [MACHINE], dhcp: 'company' });
    undo.push(() => lab.stop());
    const flags = ['--http-port', '80', '--tftp-port', '69', '--advertise', lab.appliance, '--log-level', 'debug'];
    appliance = await startAppliance(operator, { prefix: lab.inAppliance, flags });
    undo.push(() => appliance.stop());
  }, 180_000);

  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
  });

  test('is installed over the network and boots its disk from then on', { timeout: 600_000 }, async () => {
    const disk = join(directory, 'disk.img');
    await blankDisk(disk);
    expect(await operator.phaseOf('cs40')).toBe('disarmed');
    await operator.kickstand(['host', 'arm', 'cs40']);
    expect(await operator.phaseOf('cs40')).toBe('armed');

    await withMachine(disk, async (machine) => {
      await machine.waitFor(/pxelinux\.0 : \d+ bytes \[PXE-NBP\]/, 120_000);
      await machine.waitFor('Loading', 60_000);
      expect(await operator.phaseOf('cs40')).toBe('booting');
      await machine.waitFor('kickstand-lab: loader', 120_000);
      await machine.waitFor('%pre ended with 0', 120_000);
      await machine.waitFor('partitioning /dev/sda', 60_000);
      expect(await operator.phaseOf('cs40')).toBe('installing');
      const percent = await percentOf(operator);
      await machine.waitFor(/installed \d+ packages/, 300_000);
      expect(machine.serial()).not.toContain('scriptlet failed');
      // From the snapshot that was current when the host was armed, whatever a sync publishes meanwhile.
      // What was served tells it: a machine under load loses a letter of its serial line now and then.
      expect(appliance.output()).toMatch(/"path":"\/repos\/cloudstack@\d{8}T\d{6}Z-[0-9a-f]{8}\/cloud-client-4/);
      expect(appliance.output()).not.toMatch(/"path":"\/repos\/cloudstack\/cloud-client-4/);
      await machine.waitFor('%post ended with 0', 120_000);
      expect(await percentOf(operator)).toBeGreaterThan(percent);
      await machine.waitFor('kickstand-lab: rebooting', 60_000);
      expect(await operator.phaseOf('cs40')).toBe('installed');
      await machine.waitFor('Booting from local disk', 120_000);
      await machine.waitFor(BOOTED_FROM_DISK, 60_000);
      await machine.poweredOff(30_000);
      expect(machine.serial().match(/kickstand-lab: loader/g)).toHaveLength(1);
    });
    await expectInstalled(disk);
    await expectReceipt(operator);

    // Nobody armed it again: the second power-on goes to the disk, and nothing on it changes.
    const before = await sectorsWritten(disk);
    await withMachine(disk, async (machine) => {
      await machine.waitFor(BOOTED_FROM_DISK, 120_000);
      await machine.poweredOff(30_000);
      expect(machine.serial()).toContain('Booting from local disk');
      expect(machine.serial()).not.toContain('Loading');
    });
    expect(await sectorsWritten(disk)).toEqual(before);
    expect(await operator.phaseOf('cs40')).toBe('installed');
  });

  test('that nobody armed is not installed, however blank its disk', { timeout: 180_000 }, async () => {
    const disk = join(directory, 'unarmed.img');
    await blankDisk(disk);
    await operator.kickstand(['host', 'disarm', 'cs40']);
    await withMachine(disk, async (machine) => {
      await machine.waitFor('Booting from local disk', 120_000);
      await machine.waitFor('not a bootable disk', 60_000);
      expect(machine.serial()).not.toContain('Loading');
    });
    expect(await readFile(disk).then((bytes) => bytes.every((byte) => byte === 0))).toBe(true);
  });

  async function withMachine(disk: string, work: (machine: Machine) => Promise<void>): Promise<void> {
    const machine = startMachine(lab, { mac: MACHINE.mac, disk });
    try {
      await work(machine);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`${reason}\n--- appliance\n${appliance.output().slice(-4000)}`, { cause: error });
    } finally {
      await machine.stop();
    }
  }
});

/** Builds medium and repository, and does what an operator does before the first install. */
async function prepareContent(directory: string): Promise<Operator> {
  const work = join(directory, 'work');
  await mkdir(work);
  const iso = join(directory, 'rhel6.iso');
  await buildMedium(iso, { work, installer: 'real' });
  const repository = join(directory, 'repository');
  await buildCloudstackRepository(repository, work);
  const upstream = await startUpstream(await filesBelow(repository));
  try {
    const operator = await operatorOf(directory, labSite({ upstream: upstream.url, iso: 'RHEL6.2-Server-DVD1.iso' }));
    await operator.kickstand(['tree', 'add', 'rhel6', iso]);
    await operator.kickstand(['repo', 'sync', 'cloudstack']);
    await operator.kickstand(['secret', 'set', 'root', '--hash'], 'a password for tests\n');
    return operator;
  } finally {
    await upstream.close();
  }
}

/** How far the install of cs40 is, as `host show --json` tells it. */
async function percentOf(operator: Operator): Promise<number> {
  const shown = JSON.parse(await operator.kickstand(['host', 'show', 'cs40', '--json'])) as {
    phase: string;
    progress?: { percent: number };
  };
  return shown.progress?.percent ?? (shown.phase === 'installed' ? 100 : -1);
}

/** What it was installed from is written down: the snapshot it was armed with, and the packages that came from it. */
async function expectReceipt(operator: Operator): Promise<void> {
  const receipt: unknown = JSON.parse(await operator.kickstand(['host', 'receipt', 'cs40', '--json']));
  expect(receipt).toMatchObject({
    os: 'rhel-6.2-x86_64',
    attempts: 1,
    snapshots: { cloudstack: expect.stringMatching(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/) },
    machine: { macs: [MACHINE.mac], address: MACHINE.address },
    files: expect.arrayContaining([
      expect.objectContaining({ role: 'loader', name: 'pxelinux.0', sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }),
      expect.objectContaining({ role: 'initrd' }),
    ]),
    packages: {
      names: expect.arrayContaining([expect.stringMatching(/^bash-/), expect.stringMatching(/^cloud-client-4/)]),
    },
  });
}

async function blankDisk(path: string): Promise<void> {
  const file = await open(path, 'wx');
  await file.truncate(path.endsWith('unarmed.img') ? 64 * 1024 ** 2 : DISK_BYTES);
  await file.close();
}

/** What is on the disk, seen from outside: the packages, the role's files, the services that were switched on. */
async function expectInstalled(disk: string): Promise<void> {
  const partitions = await partitionsOf(disk);
  expect(partitions.map(({ type }) => type)).toEqual(['83', '82', '83']);
  const [, , system] = partitions;
  if (system === undefined) throw new Error('no third partition');
  await withPartition(disk, system, async (root) => {
    const packages = await installedPackages(root);
    expect(packages).toEqual(
      expect.arrayContaining(['bash', 'cloud-client', 'cloud-server', 'mysql-server', 'nfs-utils', 'ntp']),
    );
    expect(packages).not.toContain('cloud-agent');
    const hosts = await readFile(join(root, 'etc/hosts'), 'utf8');
    expect(hosts).toMatch(/^192\.168\.168\.2\s+cs40\.cs-cloud\.com cs40$/m);
    expect(await readFile(join(root, 'etc/my.cnf'), 'utf8')).toContain('max_connections');
    const calls = await readFile(join(root, 'var/log/stub-calls.log'), 'utf8');
    // First the package's own script, then %post.
    expect(calls).toMatch(/chkconfig --add cloud-management\n[^]*chkconfig mysqld on\n/);
  });
}

/** The modification time and the blocks of the image: a write of the machine changes one of them. */
async function sectorsWritten(disk: string): Promise<readonly number[]> {
  const file = await open(disk, 'r');
  const { mtimeMs, blocks } = await file.stat();
  await file.close();
  return [mtimeMs, blocks];
}
