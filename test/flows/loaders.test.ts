// Loaders as machines get them, on a wire: arm64 from a tree of its own, UEFI over HTTP, and what a medium carries only in its packages.

import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientFiles, udhcpc } from '../server/dhcp/wire-clients.ts';
import type { ClientFiles } from '../server/dhcp/wire-clients.ts';
import { startWire } from '../support/dhcp-wire.ts';
import type { DhcpWire } from '../support/dhcp-wire.ts';
import { madeEfi } from '../support/efi.ts';
import { writeFiles } from '../support/iso.ts';
import type { Operator } from '../support/lab-appliance.ts';
import { operatorOf, startAppliance } from '../support/lab-appliance.ts';
import { needs } from '../support/lab-needs.ts';
import { run } from '../support/lab-run.ts';
import { buildRpm } from '../support/rpm-payload.ts';

const here = needs(['ip', 'busybox', 'setpriv', 'curl', 'rpmbuild', 'createrepo_c'], 'none');
const ARM64 = 0xaa64;
const X86_64 = 0x8664;
const ARM = { name: 'arm', mac: '52:54:00:a8:a8:02', address: '192.168.168.2' };
const PC = { name: 'pc', mac: '52:54:00:a8:a8:03', address: '192.168.168.3' };
const APPLIANCE = { name: 'srv', address: '192.168.168.26/24' };

/** What each loader is, told apart by its text. */
function shimFor(machine: number): Buffer {
  return madeEfi({ machine, signed: true, text: Buffer.from('\\mmx64.efi', 'utf16le') });
}
function grubFor(machine: number): Buffer {
  return madeEfi({ machine, text: Buffer.from('grub_mod_init') });
}

describe.skipIf(here.skip)(`loaders on a wire${here.note}`, { timeout: 60_000 }, () => {
  const undo: (() => Promise<unknown>)[] = [];
  let directory: string;
  let files: ClientFiles;
  let wire: DhcpWire;
  let operator: Operator;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kickstand-loaders-'));
    undo.push(() => rm(directory, { recursive: true, force: true }));
    await buildArmTree(join(directory, 'arm9'));
    await buildPackedTree(join(directory, 'el8'), join(directory, 'work'));
    files = await clientFiles();
    undo.push(() => files.remove());
    operator = await operatorOf(directory, siteText(directory));
    await operator.kickstand(['secret', 'set', 'root', '--hash'], 'a password for tests\n');
    await operator.kickstand(['host', 'arm', ARM.name, PC.name]);
    wire = await startWire([APPLIANCE, { name: ARM.name, mac: ARM.mac }, { name: PC.name, mac: PC.mac }]);
    undo.push(() => wire.stop());
    const appliance = await startAppliance(operator, { prefix: wire.in('srv'), flags: ['--dhcp', 'server'] });
    undo.push(() => appliance.stop());
  }, 120_000);

  afterAll(async () => {
    for (const step of undo.toReversed()) await step();
  });

  /** The file that DHCP names to a machine of architecture `code`. */
  async function offered(name: string, code: number): Promise<string> {
    const hex = code.toString(16).padStart(4, '0');
    const transport = code >= 15 ? 'HTTP' : 'PXE';
    const asks = ['-V', `${transport}Client:Arch:${String(code).padStart(5, '0')}:UNDI:003000`, '-x', `0x5d:${hex}`];
    const bound = await udhcpc(wire, name, files, [...asks, '-O', 'bootfile']);
    return bound.boot;
  }

  /** What a client that is not ours gets of the appliance; `curl` ends badly where there is nothing. */
  const fetched = (name: string, ...args: readonly string[]): Promise<string> =>
    run([...wire.in(name), 'curl', '-sS', '--fail', '--max-time', '20', ...args]);

  test.each<[string, number, string]>([
    ['arm', 11, 'loaders/arm9/shimaa64.efi'],
    ['arm', 19, 'http://192.168.168.26/boot/loaders/arm9/shimaa64.efi'],
    ['arm', 7, 'boot-your-own-disk'],
    ['pc', 0, 'pxelinux.0'],
    ['pc', 7, 'loaders/el8/shimx64.efi'],
    ['pc', 9, 'loaders/el8/shimx64.efi'],
    ['pc', 16, 'http://192.168.168.26/boot/loaders/el8/shimx64.efi'],
    ['pc', 11, 'boot-your-own-disk'],
    ['pc', 19, ''],
  ])('the machine %s of architecture %i is offered %j', async (name, code, file) => {
    expect(await offered(name, code)).toBe(file);
  });

  test('who is offered nothing finds the reason in host show', async () => {
    await offered('pc', 11);
    const shown = await operator.kickstand(['host', 'show', 'pc']);
    expect(shown).toContain('nothing to boot: the machine is aarch64 UEFI, and its tree el8 is x86_64');
  });

  test.each<[string, string, string]>([
    ['pc', 'pxelinux.0', 'pxelinux.0 of the medium'],
    ['pc', 'mboot.c32', 'mboot.c32 of the medium'],
    ['pc', 'boot/isolinux/ldlinux.c32', 'ldlinux.c32 of the medium'],
    ['pc', 'loaders/el8/bootx64.efi', shimFor(X86_64).toString()],
    ['pc', '/grubx64.efi', grubFor(X86_64).toString()],
    ['arm', 'EFI/BOOT/BOOTAA64.EFI', shimFor(ARM64).toString()],
    ['arm', 'grubaa64.efi', grubFor(ARM64).toString()],
  ])(
    'the machine %s has %s over TFTP: from the packages of its medium, or from its tree',
    async (name, file, content) => {
      expect(await fetched(name, `tftp://192.168.168.26/${file}`)).toBe(content);
    },
  );

  const EFI = 'application/efi';
  const TEXT = 'text/plain; charset=utf-8';
  test.each<[string, string]>([
    ['/boot/loaders/arm9/shimaa64.efi', EFI],
    ['/boot//loaders/arm9/grubaa64.efi', EFI],
    ['/boot/loaders/arm9//mmaa64.efi', EFI],
    ['/EFI/BOOT/BOOTAA64.EFI', EFI],
    ['/EFI//BOOT/grubaa64.efi', EFI],
    ['//EFI/BOOT/grub.cfg', TEXT],
    ['/EFI/xenserver/grub.cfg', TEXT],
    ['/grub/grub.cfg', TEXT],
    ['/grub2/grub.cfg-01-52-54-00-a8-a8-02', TEXT],
    ['/boot/autoexec.ipxe', TEXT],
    ['/boot/ipxe/52-54-00-a8-a8-02', TEXT],
    ['/EFI/BOOT/arm64-efi/command.lst', TEXT],
    ['/boot/trees/arm9/images/pxeboot/vmlinuz', 'application/octet-stream'],
  ])('HEAD and GET of %s: at once, without a redirect, with type and length', async (path, type) => {
    const url = `http://192.168.168.26${path}`;
    const head = await fetched('arm', '--path-as-is', '--head', url);
    const got = await fetched('arm', '--path-as-is', '-D', '-', '-o', '/dev/null', '-w', 'size=%{size_download}', url);
    const size = /size=(\d+)$/.exec(got)?.[1] ?? 'none';
    expect(Number(size)).toBeGreaterThan(0);
    for (const answer of [head, got]) {
      expect(answer).toMatch(/^HTTP\/1\.1 200 /);
      expect(answer).toContain(`Content-Type: ${type}\r\n`);
      expect(answer).toContain(`Content-Length: ${size}\r\n`);
    }
  });

  test('a HEAD of its script is no boot: what is counted is its GET', async () => {
    const shown = async (): Promise<unknown> => JSON.parse(await operator.kickstand(['host', 'show', 'pc', '--json']));
    const url = 'http://192.168.168.26/boot/ipxe/52-54-00-a8-a8-03';
    await fetched('pc', '--head', url);
    expect(await shown()).toMatchObject({ phase: 'armed', attempts: 0 });
    await fetched('pc', url);
    expect(await shown()).toMatchObject({ phase: 'booting', attempts: 1 });
  });

  test('the doctor, beside it, tells each loader with its package and its digest', async () => {
    const told = await run([...wire.in('srv'), ...DOCTOR, '--json', '--site', operator.site, '--data', operator.data]);
    const report: { loaders: { name: string; origin: string; sha256: string }[] } = JSON.parse(told);
    const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex');
    expect(report.loaders).toContainEqual(
      expect.objectContaining({
        name: 'mboot.c32',
        origin: 'tree el8, syslinux-tftpboot-6.04-1.el8.noarch',
        sha256: sha256('mboot.c32 of the medium'),
      }),
    );
    expect(report.loaders).toContainEqual(
      expect.objectContaining({ name: 'shimaa64.efi', origin: 'tree arm9', sha256: sha256(shimFor(ARM64)) }),
    );
    expect(report).toMatchObject({
      ok: true,
      checks: expect.arrayContaining([
        expect.objectContaining({ what: 'ports', found: 'an appliance runs: HTTP 80, TFTP 69, DHCP server' }),
      ]),
    });
  });
});

const DOCTOR = [resolve(import.meta.dirname, '..', '..', 'scripts', 'kickstand'), 'doctor'];

/** An EL 9 for arm64, its loaders where the medium has them. */
async function buildArmTree(tree: string): Promise<void> {
  await writeFiles(tree, {
    ...plainFiles('arm64'),
    'EFI/BOOT/BOOTAA64.EFI': shimFor(ARM64),
    'EFI/BOOT/grubaa64.efi': grubFor(ARM64),
    'EFI/BOOT/mmaa64.efi': madeEfi({ machine: ARM64 }),
    '.treeinfo': treeinfo('aarch64', '9.4'),
  });
  await run(['createrepo_c', '--quiet', join(tree, 'BaseOS')]);
}

/** An EL 8 whose loaders lie in its packages alone. */
async function buildPackedTree(tree: string, work: string): Promise<void> {
  await writeFiles(tree, { ...plainFiles('pc'), '.treeinfo': treeinfo('x86_64', '8.10') });
  const into = join(tree, 'BaseOS', 'Packages');
  const el8 = { release: '1.el8', payload: 'w7.xzdio' } as const;
  const vendor = '/boot/efi/EFI/redhat';
  const tftpboot = Object.fromEntries(
    ['pxelinux.0', 'ldlinux.c32', 'libcom32.c32', 'mboot.c32'].map((name) => [
      `/tftpboot/${name}`,
      `${name} of the medium`,
    ]),
  );
  await buildRpm({ name: 'syslinux-tftpboot', version: '6.04', ...el8, files: tftpboot }, into, work);
  const shim = { [`${vendor}/shimx64.efi`]: shimFor(X86_64), [`${vendor}/mmx64.efi`]: madeEfi({ machine: X86_64 }) };
  await buildRpm({ name: 'shim-x64', version: '15.8', arch: 'x86_64', ...el8, files: shim }, into, work);
  const grub = { [`${vendor}/grubx64.efi`]: grubFor(X86_64) };
  await buildRpm({ name: 'grub2-efi-x64', version: '2.02', arch: 'x86_64', ...el8, files: grub }, into, work);
  await run(['createrepo_c', '--quiet', join(tree, 'BaseOS')]);
}

function plainFiles(kernel: string): Record<string, string> {
  return {
    'images/pxeboot/vmlinuz': `kernel of ${kernel}`,
    'images/pxeboot/initrd.img': `initrd of ${kernel}`,
    'images/install.img': `second stage of ${kernel}`,
    'BaseOS/Packages/.keep': '',
  };
}

function treeinfo(arch: string, version: string): string {
  return [
    ...['[general]', `arch = ${arch}`, 'family = Rocky Linux', `version = ${version}`, 'variant = BaseOS', ''],
    ...['[header]', 'type = productmd.treeinfo', 'version = 1.2', ''],
    ...[`[images-${arch}]`, 'initrd = images/pxeboot/initrd.img', 'kernel = images/pxeboot/vmlinuz', ''],
    ...['[release]', 'name = Rocky Linux', 'short = Rocky', `version = ${version}`, ''],
    ...['[stage2]', 'mainimage = images/install.img', ''],
    ...['[tree]', `arch = ${arch}`, 'build_timestamp = 1714000000', `platforms = ${arch}`, 'variants = BaseOS', ''],
    ...['[variant-BaseOS]', 'id = BaseOS', 'name = BaseOS', 'packages = BaseOS/Packages', 'repository = BaseOS'],
    ...['type = variant', 'uid = BaseOS', ''],
  ].join('\n');
}

function siteText(directory: string): string {
  const profile = (name: string): string =>
    `  - { name: ${name}, tree: ${name}, role: minimal, storage: { layout: whole, disks: [sda] } }`;
  const host = ({ name, mac, address }: typeof ARM, tree: string): string =>
    `  - { name: ${name}, profile: ${tree}, network: lab, address: ${address}, macs: ["${mac}"] }`;
  return `site:
  name: loaders
  domain: loaders.example
  appliance: 192.168.168.26
  timezone: UTC
  language: en_US.UTF-8
  keyboard: us
  ntp: [192.168.168.1]
  rootPassword: { secret: root }
networks:
  - name: lab
    subnet: 192.168.168.0/24
    ranges:
      - { name: machines, use: hosts, from: 192.168.168.2, to: 192.168.168.15 }
trees:
  - { name: arm9, directory: ${join(directory, 'arm9')} }
  - { name: el8, directory: ${join(directory, 'el8')} }
profiles:
${profile('arm9')}
${profile('el8')}
hosts:
${host(ARM, 'arm9')}
${host(PC, 'el8')}
`;
}
