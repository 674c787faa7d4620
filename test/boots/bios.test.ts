// BIOS machines on a wire where Kickstand is the only DHCP server: pxelinux over TFTP, and iPXE over HTTP.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootLab } from '../support/lab-boots.ts';
import { BOOT_TEST_MS, openBootLab } from '../support/lab-boots.ts';
import { BOOT_TOOLS, needs } from '../support/lab-needs.ts';

const here = needs(BOOT_TOOLS, 'boots');

describe.skipIf(here.skip)(`a BIOS machine${here.note}`, { timeout: BOOT_TEST_MS }, () => {
  let boots: BootLab;

  beforeAll(async () => {
    const hosts = {
      px: { tree: 'el9', boot: '{ bios: pxelinux }' },
      ix: { tree: 'el9', boot: '{ bios: ipxe }' },
    } as const;
    boots = await openBootLab({ hosts, network: 'none', mode: 'server' });
  }, 240_000);

  afterAll(() => boots.stop());

  test('boots by pxelinux over TFTP', async () => {
    const serial = await boots.expectInstall('px', {}, [
      /pxelinux\.0 : \d+ bytes \[PXE-NBP\]/,
      'PXELINUX 6',
      'Loading',
      'firmware: bios',
      '192.168.168.2/24',
    ]);
    expect(serial).toContain('inst.ks=http://192.168.168.26/kickstart/px?token=');
  });

  test('boots by the iPXE of its network card, kernel and initrd over HTTP', async () => {
    const serial = await boots.expectInstall('ix', {}, [
      /http:\/\/192\.168\.168\.26\/\S+\.\.\. ok/,
      /http:\/\/192\.168\.168\.26\/\S+vmlinuz\.\.\. ok/,
      /http:\/\/192\.168\.168\.26\/\S+initrd\.img\.\.\. ok/,
      'firmware: bios',
      '192.168.168.3/24',
    ]);
    expect(serial).not.toContain('PXELINUX');
    expect(serial).not.toContain('tftp://');
  });
});
