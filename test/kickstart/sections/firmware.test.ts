// One kickstart serves BIOS and UEFI: what %pre adds by the firmware it finds, for every release and role.

import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderKickstart } from '../../../kickstart/render.ts';
import type { Install } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import { agentOn, managementOn } from '../../support/bundle-installs.ts';
import type { Chroot } from '../../support/chroot.ts';
import { chrootWorks, makeChroot } from '../../support/chroot.ts';
import { cs40, minimal, mirror, secrets, storageServer } from '../../support/installs.ts';
import { bodyOf } from '../../support/kickstart-text.ts';

const inCi = process.env['CI'] !== undefined;
const RELEASES = ['6.2', '7.9', '8.10', '9.6', '10.0'];
const INSTALLS: readonly Install[] = [
  ...RELEASES.flatMap((version) => [minimal(version, mirror('sda', 'sdb')), storageServer(version)]),
  cs40,
  ...['8.10', '9.6'].map((version) => managementOn(version)),
  ...['6.2', '8.10', '9.6'].map((version) => agentOn(version)),
];

describe.skipIf((!chrootWorks() || process.getuid?.() !== 0) && !inCi)('%pre', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['curl', 'sleep']) root.stub(command);
    root.put('/proc/mounts', '');
    for (const [index, name] of ['sda', 'sdb', 'sdc'].entries()) {
      root.put(`/sys/class/block/${name}/size`, `${500 * 2_097_152}\n`);
      execFileSync('mknod', [join(root.path, 'dev', name), 'b', '7', String(120 + index)]);
    }
  });
  afterEach(() => root.remove());

  const included = (install: Install): string => {
    const text = renderKickstart(install, secrets);
    if (isNo(text)) throw new Error(text.reason);
    root.put('/pre', bodyOf(text, 'pre'));
    expect(root.run('/pre')).toBe(0);
    return root.read('/tmp/kickstand-checked.ks').replaceAll(/^#.*\n/gm, '');
  };

  test.each(INSTALLS.map((install) => [install.role, install.os.version, install] as const))(
    'of %s on RHEL %s',
    (_, version, install) => {
      expect(included(install), 'BIOS').toBe('');
      mkdirSync(join(root.path, 'sys/firmware/efi'), { recursive: true });
      // From 7 on `reqpart` makes what the firmware boots from.
      const [disk] = install.storage.disks;
      const wanted = version.startsWith('6.') ? `part /boot/efi --fstype=efi --size=200 --ondisk=${disk}\n` : '';
      expect(included(install), 'UEFI').toBe(wanted);
    },
  );
});
