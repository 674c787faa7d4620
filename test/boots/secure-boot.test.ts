// Secure Boot enforced: a signed chain boots, an unsigned GRUB is refused by the machine, and the boot doctor names the cause.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BootLab } from '../support/lab-boots.ts';
import { BOOT_TEST_MS, SOON_MS, openBootLab } from '../support/lab-boots.ts';
import { BOOT_TOOLS, needs } from '../support/lab-needs.ts';

const here = needs(BOOT_TOOLS, 'boots');

describe.skipIf(here.skip)(`a machine that enforces Secure Boot${here.note}`, { timeout: BOOT_TEST_MS }, () => {
  let boots: BootLab;

  beforeAll(async () => {
    const hosts = { signed: { tree: 'el9' }, unsigned: { tree: 'el9-unsigned' } } as const;
    boots = await openBootLab({ hosts, network: 'none', mode: 'server' });
  }, 240_000);

  afterAll(() => boots.stop());

  test("boots by its tree's signed shim, GRUB and kernel", async () => {
    await boots.expectInstall('signed', { firmware: 'secure-boot' }, [
      /Fetching Netboot Image \S*grubx64\.efi/,
      'Welcome to GRUB!',
      'kernel on secure boot: Secure boot enabled',
      'kernel: locked down',
    ]);
  });

  test('refuses an unsigned GRUB, and the doctor says so', async () => {
    await boots.operator.kickstand(['host', 'arm', 'unsigned']);
    await boots.withMachine('unsigned', { firmware: 'secure-boot' }, async (machine) => {
      await machine.waitFor(/Fetching Netboot Image \S*grubx64\.efi/, SOON_MS);
      await machine.waitFor(/Security Violation|Verification failed/, SOON_MS);
      // It waits at shim's message for a key; the doctor waits until it would have asked for a configuration.
      await expect
        .poll(() => boots.show('unsigned'), { timeout: SOON_MS, interval: 3000 })
        .toMatchObject({ verdict: { rule: 'secure-boot-rejected-grub', health: 'wrong' } });
      expect(machine.serial()).not.toContain('Welcome to GRUB!');
    });
    expect(await boots.operator.phaseOf('unsigned')).not.toBe('installed');
  });
});
