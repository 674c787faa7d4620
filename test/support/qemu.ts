// One PC under QEMU: its firmware, the network first, then one SATA or IDE disk; everything it prints comes over its serial port.

import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Daemon } from './lab-run.ts';
import type { Lab } from './lab.ts';

/**
 * `bios`: SeaBIOS with the iPXE ROM of QEMU's network cards; `uefi`: edk2 with its own PXE, IPv4 and IPv6; `uefi-http`: the
 * same with HTTP boot alone; `secure-boot`: edk2 that enforces Secure Boot with Microsoft's keys.
 */
export type MachineFirmware = 'bios' | 'uefi' | 'uefi-http' | 'secure-boot';

export type MachineOptions = {
  readonly mac: string;
  readonly firmware?: MachineFirmware;
  /** A raw image: /dev/sda. Without one there is no disk. */
  readonly disk?: string;
  /** Raw images of further disks: /dev/sdb and so on, never booted from. */
  readonly moreDisks?: readonly string[];
  readonly memoryMb?: number;
  readonly uuid?: string;
  /** What the lab's guest is to do, as its chassis' asset tag (guest/quick.sh says which words it knows). */
  readonly orders?: string;
};

export type Machine = {
  /** Everything printed so far. */
  readonly serial: () => string;
  /** Waits for a line of the console that comes after the last one waited for. Throws, with the console's end, when it does not come. */
  readonly waitFor: (wanted: string | RegExp, timeoutMs: number) => Promise<void>;
  /** Waits until the machine has powered itself off. */
  readonly poweredOff: (timeoutMs: number) => Promise<void>;
  readonly stop: () => Promise<unknown>;
};

/**
 * Powers a machine on. TCG, not KVM: it must run in any container. `graphics=off` makes SeaBIOS, iPXE and pxelinux print on the serial
 * port. A reboot inside goes through the firmware again, as on a real machine; UEFI variables last until `stop`.
 */
export function startMachine(lab: Lab, options: MachineOptions): Machine {
  const scratch = mkdtempSync(join(tmpdir(), 'kickstand-machine-'));
  const line = join(scratch, 'serial');
  writeFileSync(line, '');
  const qemu = new Daemon([
    ...lab.onSwitch,
    'qemu-system-x86_64',
    ...qemuArguments(lab, options, scratch),
    ...serialLine(line),
  ]);
  const serial = new Daemon(['tail', '--bytes=+1', '--follow', `--pid=${qemu.pid}`, line]);
  let seen = 0;
  return {
    serial: () => serial.output,
    waitFor: async (wanted, timeoutMs) => {
      seen = await serial.waitFor(typeof wanted === 'string' ? onConsole(wanted) : wanted, { timeoutMs, from: seen });
    },
    poweredOff: async (timeoutMs) => {
      await powerOff(qemu, { timeoutMs, said: () => serial.output });
      await serial.exited;
    },
    stop: async () => {
      await qemu.stop();
      await serial.stop();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/**
 * `text` as a firmware's console prints it. SeaBIOS draws the last cell of what was printed before when its timer ticks, which may be
 * between two letters of what comes next: `Booting from Hard Disk..kickst.` and a line feed stand in the midst of a word then.
 */
function onConsole(text: string): RegExp {
  const letters = Array.from(text, (letter) => letter.replace(/[\\^$.*+?()[\]{}|/]/, String.raw`\$&`));
  return new RegExp(letters.join(String.raw`(?:\.?\n)?`));
}

/**
 * The serial port writes into a file, which never makes it wait. A pipe to this process holds 171 single bytes (it is a socket); a
 * busy reader then keeps the port waiting, and edk2 drops what it cannot send within a second (its PciSioSerialDxe).
 */
function serialLine(path: string): readonly string[] {
  return ['-chardev', `file,id=serial,path=${path},append=on`, '-serial', 'chardev:serial'];
}

function qemuArguments(lab: Lab, options: MachineOptions, scratch: string): readonly string[] {
  const firmware = options.firmware ?? 'bios';
  return [
    ...['-accel', 'tcg', '-smp', '1', '-m', String(options.memoryMb ?? 1024)],
    // rdrand: without it the guest's random numbers are not ready for a minute, and each UUID that mke2fs makes waits a second.
    ...['-cpu', 'qemu64,+rdrand', '-nodefaults', '-display', 'none', '-monitor', 'none'],
    ...(firmware === 'bios' ? ['-machine', 'pc,graphics=off'] : uefiArguments(firmware, scratch)),
    ...['-netdev', `tap,id=n0,ifname=${lab.tapOf(options.mac)},script=no,downscript=no`],
    // An empty romfile: else the card's iPXE takes the place of edk2's own network boot.
    ...['-device', `virtio-net-pci,netdev=n0,mac=${options.mac},bootindex=1${firmware === 'bios' ? '' : ',romfile='}`],
    ...disksOf(options).flatMap((path, index) => diskArguments(path, { index, firmware })),
    ...(options.uuid === undefined ? [] : ['-uuid', options.uuid]),
    ...(options.orders === undefined ? [] : ['-smbios', `type=3,asset=${options.orders.replaceAll(',', ',,')}`]),
  ];
}

function disksOf({ disk, moreDisks = [] }: MachineOptions): readonly string[] {
  return disk === undefined ? moreDisks : [disk, ...moreDisks];
}

type DiskPlace = { readonly index: number; readonly firmware: MachineFirmware };

/** An old PC has two disks on each of two channels, a newer one a port for each. The first is booted from, after the network. */
function diskArguments(path: string, { index, firmware }: DiskPlace): readonly string[] {
  const place = firmware === 'bios' ? `bus=ide.${Math.floor(index / 2)},unit=${index % 2}` : `bus=ide.${index}`;
  return [
    ...['-drive', `if=none,id=d${index},file=${path},format=raw,cache=unsafe,discard=unmap`],
    ...['-device', `ide-hd,drive=d${index},${place}${index === 0 ? ',bootindex=2' : ''}`],
  ];
}

const OVMF = '/usr/share/OVMF';

/** edk2 and a copy of its variables of the machine's own. Secure Boot needs SMM, which guards the variables. */
function uefiArguments(firmware: Exclude<MachineFirmware, 'bios'>, scratch: string): readonly string[] {
  const secure = firmware === 'secure-boot';
  const variables = join(scratch, 'variables.fd');
  copyFileSync(join(OVMF, secure ? 'OVMF_VARS_4M.ms.fd' : 'OVMF_VARS_4M.fd'), variables);
  const code = join(OVMF, secure ? 'OVMF_CODE_4M.secboot.fd' : 'OVMF_CODE_4M.fd');
  return [
    ...['-machine', `q35,smm=${secure ? 'on' : 'off'}`],
    ...(secure ? ['-global', 'driver=cfi.pflash01,property=secure,value=on'] : []),
    ...['-drive', `if=pflash,unit=0,format=raw,readonly=on,file=${code}`],
    ...['-drive', `if=pflash,unit=1,format=raw,file=${variables}`],
    ...(firmware === 'uefi-http' ? ['-fw_cfg', `name=${NO_PXE4},string=n`, '-fw_cfg', `name=${NO_PXE6},string=n`] : []),
  ];
}

/** OVMF's switches of its PXE clients: what is left is HTTP boot over IPv4 (OvmfPkg, PlatformBootManagerLib). */
const NO_PXE4 = 'opt/org.tianocore/IPv4PXESupport';
const NO_PXE6 = 'opt/org.tianocore/IPv6PXESupport';

type PowerOff = { readonly timeoutMs: number; readonly said: () => string };

async function powerOff(qemu: Daemon, { timeoutMs, said }: PowerOff): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), timeoutMs);
  const ended = await Promise.race([qemu.exited, late]);
  clearTimeout(timer);
  if (ended === 'late') throw new Error(`the machine did not power off:\n${said().slice(-3000)}`);
  if (ended !== 0) throw new Error(`QEMU ended with ${ended}:\n${qemu.output.slice(-3000)}`);
}
