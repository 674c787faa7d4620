// Kickstand as proxy beside the company's DHCP server (dnsmasq), which knows nothing of network boot.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildBootableDisk } from '../support/boot-media.ts';
import { BOOTED_FROM_DISK } from '../support/boot-sector.ts';
import type { BootLab } from '../support/lab-boots.ts';
import { BOOT_TEST_MS, SOON_MS, STRANGER, openBootLab } from '../support/lab-boots.ts';
import { BOOT_TOOLS, needs } from '../support/lab-needs.ts';

const here = needs(BOOT_TOOLS, 'boots');

describe.skipIf(here.skip)(`beside another DHCP server${here.note}`, { timeout: BOOT_TEST_MS }, () => {
  let boots: BootLab;

  beforeAll(async () => {
    const hosts = { bios: { tree: 'el9' }, uefi: { tree: 'el9' } } as const;
    boots = await openBootLab({ hosts, network: 'company-without-boot', mode: 'proxy' });
  }, 240_000);

  afterAll(() => boots.stop());

  test('a BIOS machine has its address from there and boots from here', async () => {
    await boots.expectInstall('bios', {}, ['192.168.168.2/255.255.255.0', 'firmware: bios', '192.168.168.2/24']);
  });

  test('a UEFI machine has its address from there and boots from here', async () => {
    const marks = ['Station IP address is 192.168.168.3', 'Server IP address is 192.168.168.26', 'firmware: uefi'];
    await boots.expectInstall('uefi', { firmware: 'uefi' }, marks);
  });

  test('a machine of no site is left alone, and listed', async () => {
    const disk = join(boots.directory, 'stranger.img');
    await buildBootableDisk(disk, 'bios');
    await boots.withMachine('stranger', { disk }, async (machine) => {
      await machine.waitFor(BOOTED_FROM_DISK, SOON_MS);
      await machine.poweredOff(SOON_MS);
      expect(machine.serial()).not.toContain('192.168.168.26');
    });
    const discovered: unknown = JSON.parse(await boots.operator.kickstand(['host', 'discovered', '--json']));
    expect(discovered).toMatchObject([{ mac: STRANGER.mac }]);
  });
});
