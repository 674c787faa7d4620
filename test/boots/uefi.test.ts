// UEFI machines on a wire where Kickstand is the only DHCP server: the tree's own shim and GRUB over TFTP, and UEFI HTTP boot.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootLab } from '../support/lab-boots.ts';
import { BOOT_TEST_MS, openBootLab } from '../support/lab-boots.ts';
import { BOOT_TOOLS, needs } from '../support/lab-needs.ts';

const here = needs(BOOT_TOOLS, 'boots');

describe.skipIf(here.skip)(`a UEFI machine${here.note}`, { timeout: BOOT_TEST_MS }, () => {
  let boots: BootLab;

  beforeAll(async () => {
    // Debian's signed GRUB knows no HTTP; the one made like that of RHEL's media does.
    const hosts = {
      grub: { tree: 'el9' },
      http: { tree: 'el9-unsigned' },
      ix: { tree: 'el9', boot: '{ uefi: ipxe }' },
    } as const;
    boots = await openBootLab({ hosts, network: 'none', mode: 'server' });
  }, 240_000);

  afterAll(() => boots.stop());

  test("boots by its tree's shim and GRUB over TFTP", async () => {
    const serial = await boots.expectInstall('grub', { firmware: 'uefi' }, [
      'Start PXE over IPv4',
      /Fetching Netboot Image \S*grubx64\.efi/,
      'Welcome to GRUB!',
      'firmware: uefi',
      '192.168.168.2/24',
    ]);
    expect(serial).toContain('inst.ks=http://192.168.168.26/kickstart/grub?token=');
  });

  test('boots over HTTP from its first program to its initrd', async () => {
    const serial = await boots.expectInstall('http', { firmware: 'uefi-http' }, [
      'Start HTTP Boot over IPv4',
      /URI: http:\/\/192\.168\.168\.26\/\S+/,
      'Welcome to GRUB!',
      'firmware: uefi',
      '192.168.168.3/24',
    ]);
    expect(serial).not.toContain('PXE over');
    expect(boots.appliance.output()).not.toMatch(/192\.168\.168\.3\b.*tftp/i);
  });

  test('boots by iPXE where the site says so', async () => {
    await boots.expectInstall('ix', { firmware: 'uefi' }, [
      /NBP filename is \S*snponly\.efi/,
      /http:\/\/192\.168\.168\.26\/\S+vmlinuz\.\.\. ok/,
      'firmware: uefi',
    ]);
  });
});
