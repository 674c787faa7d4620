// The company's DHCP server names Kickstand as next-server and one boot file for all UEFI machines; Kickstand answers no DHCP.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBootableDisk } from '../../support/boot-media.ts';
import { BOOTED_FROM_DISK } from '../../support/boot-sector.ts';
import type { BootLab } from '../../support/lab-boots.ts';
import { BOOT_TEST_MS, SOON_MS, openBootLab } from '../../support/lab-boots.ts';
import { BOOT_TOOLS, needs } from '../../support/lab-needs.ts';

const here = needs(BOOT_TOOLS, 'boots');

describe.skipIf(here.skip)(`a UEFI machine told one boot file for all${here.note}`, { timeout: BOOT_TEST_MS }, () => {
  let boots: BootLab;

  beforeAll(async () => {
    const hosts = { armed: { tree: 'el9' }, unarmed: { tree: 'el9' } } as const;
    // dnsmasq names the file in option 67 alone: shim, which looks into the header, then asks for a bare grubx64.efi.
    boots = await openBootLab({ hosts, network: 'company', bootFile: 'shimx64.efi', mode: 'off' });
  }, 240_000);

  afterAll(() => boots.stop());

  test('is installed once it is armed', async () => {
    const marks = ['Fetching Netboot Image grubx64.efi', 'Welcome to GRUB!', 'firmware: uefi'];
    await boots.expectInstall('armed', { firmware: 'uefi' }, marks);
  });

  test('is led to its disk by GRUB while nobody armed it', async () => {
    const disk = join(boots.directory, 'disk.img');
    await buildBootableDisk(disk, 'uefi');
    await boots.withMachine('unarmed', { firmware: 'uefi', disk }, async (machine) => {
      for (const mark of ['Welcome to GRUB!', BOOTED_FROM_DISK]) await machine.waitFor(mark, SOON_MS);
      await machine.poweredOff(SOON_MS);
      expect(machine.serial()).not.toContain('kickstand-lab: quick guest');
    });
    expect(await boots.operator.phaseOf('unarmed')).toBe('disarmed');
  });
});
