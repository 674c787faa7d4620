// Machines that must not be installed: one that comes back again and again, one that nobody armed, one that nobody knows.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBootableDisk } from '../support/boot-media.ts';
import { BOOTED_FROM_DISK } from '../support/boot-sector.ts';
import type { BootLab } from '../support/lab-boots.ts';
import { BOOT_TEST_MS, SOON_MS, STRANGER, openBootLab } from '../support/lab-boots.ts';
import { BOOT_TOOLS, needs } from '../support/lab-needs.ts';

const here = needs(BOOT_TOOLS, 'boots');

describe.skipIf(here.skip)(`a machine that must not be installed${here.note}`, { timeout: BOOT_TEST_MS }, () => {
  let boots: BootLab;
  let disk: string;

  beforeAll(async () => {
    const hosts = { loops: { tree: 'el9' }, unarmed: { tree: 'el9' } } as const;
    boots = await openBootLab({ hosts, network: 'none', mode: 'server' });
    disk = join(boots.directory, 'disk.img');
    await buildBootableDisk(disk, 'bios');
  }, 240_000);

  afterAll(() => boots.stop());

  test('boots its disk after three installs that never reported', async () => {
    await boots.operator.kickstand(['host', 'arm', 'loops']);
    await boots.withMachine('loops', { disk, orders: 'silent+reboot' }, async (machine) => {
      for (let boot = 1; boot <= 3; boot += 1) {
        await machine.waitFor('kickstand-lab: told to report nothing', SOON_MS);
        await machine.waitFor('kickstand-lab: rebooting', SOON_MS);
      }
      await machine.waitFor(BOOTED_FROM_DISK, SOON_MS);
      await machine.poweredOff(SOON_MS);
      expect(machine.serial().match(/kickstand-lab: quick guest/g)).toHaveLength(3);
    });
    expect(await boots.show('loops')).toMatchObject({ phase: 'stalled', verdict: { health: 'wrong' } });
  });

  test('boots its disk while nobody armed it (BIOS)', async () => {
    await expectDisk('unarmed');
    expect(await boots.operator.phaseOf('unarmed')).toBe('disarmed');
  });

  test('goes on to its next boot entry at once while nobody armed it (UEFI)', async () => {
    await boots.withMachine('unarmed', { firmware: 'uefi' }, async (machine) => {
      // Told of a file that is not there: leased an address alone, it would ask for a minute more.
      await machine.waitFor('NBP filename is boot-your-own-disk', SOON_MS);
      await machine.waitFor(/failed to load Boot\d+ "UEFI PXEv4/, SOON_MS);
      expect(machine.serial()).not.toContain('GRUB');
    });
    expect(await boots.show('unarmed')).toMatchObject({ verdict: { health: 'fine' } });
  });

  test('boots its disk and is listed where nobody knows it', async () => {
    await expectDisk('stranger');
    const discovered: unknown = JSON.parse(await boots.operator.kickstand(['host', 'discovered', '--json']));
    expect(discovered).toMatchObject([{ mac: STRANGER.mac }]);
  });

  async function expectDisk(host: string): Promise<void> {
    await boots.withMachine(host, { disk }, async (machine) => {
      await machine.waitFor(BOOTED_FROM_DISK, SOON_MS);
      await machine.poweredOff(SOON_MS);
      expect(machine.serial()).not.toContain('kickstand-lab: quick guest');
    });
  }
});
