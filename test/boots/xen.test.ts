// Xen and its control domain, by each loader that can start them; dom0 reads its answerfile, and the script it names reports.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootLab } from '../support/lab-boots.ts';
import { BOOT_TEST_MS, openBootLab } from '../support/lab-boots.ts';
import { BOOT_TOOLS, needs } from '../support/lab-needs.ts';

const here = needs(BOOT_TOOLS, 'boots');
const MEMORY = { memoryMb: 2048 };
/** What the guest says when it is the control domain: its UUID is all zeros. */
const IN_DOM0 = ['hypervisor: xen', 'domain: 00000000-0000-0000-0000-000000000000'];

describe.skipIf(here.skip)(`a machine that gets Xen${here.note}`, { timeout: BOOT_TEST_MS }, () => {
  let boots: BootLab;

  beforeAll(async () => {
    const hosts = {
      mboot: { tree: 'xen', boot: '{ bios: pxelinux }' },
      ix: { tree: 'xen', boot: '{ bios: ipxe }' },
      grub: { tree: 'xen' },
    } as const;
    boots = await openBootLab({ hosts, network: 'none', mode: 'server' });
  }, 240_000);

  afterAll(() => boots.stop());

  test('boots by mboot.c32 (BIOS)', async () => {
    const marks = ['PXELINUX 6', /Loading \S*xen\.gz\.\.\. ok/, ...IN_DOM0, answerfileOf('mboot')];
    await boots.expectInstall('mboot', MEMORY, marks);
  });

  test('boots by iPXE, which is given Xen unpacked (BIOS)', async () => {
    const marks = [/http:\/\/192\.168\.168\.26\/\S+\.\.\. ok/, ...IN_DOM0, answerfileOf('ix')];
    expect(await boots.expectInstall('ix', MEMORY, marks)).not.toContain('PXELINUX');
  });

  test("boots by the vendor's GRUB and multiboot2 (UEFI)", async () => {
    const marks = ['Start PXE over IPv4', 'Welcome to GRUB!', ...IN_DOM0, 'firmware: uefi', answerfileOf('grub')];
    await boots.expectInstall('grub', { ...MEMORY, firmware: 'uefi' }, marks);
  });
});

function answerfileOf(host: string): RegExp {
  return new RegExp(`instructions: \\d+ bytes from http://192\\.168\\.168\\.26/answerfile/${host}\\?token=`);
}
