// One PC under QEMU: SeaBIOS, the iPXE network ROM first, then one IDE disk; everything it prints comes over its serial port.

import { Daemon } from './lab-run.ts';
import type { Lab } from './lab.ts';

export type MachineOptions = { readonly mac: string; readonly disk: string; readonly memoryMb?: number };

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
 * port. A reboot inside goes through the firmware again, as on a real machine.
 */
export function startMachine(lab: Lab, options: MachineOptions): Machine {
  const qemu = new Daemon([...lab.onSwitch, 'qemu-system-x86_64', ...qemuArguments(lab, options)]);
  let seen = 0;
  return {
    serial: () => qemu.output,
    waitFor: async (wanted, timeoutMs) => {
      seen = await qemu.waitFor(wanted, { timeoutMs, from: seen });
    },
    poweredOff: (timeoutMs) => powerOff(qemu, timeoutMs),
    stop: () => qemu.stop(),
  };
}

function qemuArguments(lab: Lab, options: MachineOptions): readonly string[] {
  return [
    ...['-accel', 'tcg', '-machine', 'pc,graphics=off', '-smp', '1', '-m', String(options.memoryMb ?? 1024)],
    // rdrand: without it the guest's random numbers are not ready for a minute, and each UUID that mke2fs makes waits a second.
    ...['-cpu', 'qemu64,+rdrand', '-nodefaults', '-display', 'none', '-monitor', 'none', '-serial', 'stdio'],
    ...['-netdev', `tap,id=n0,ifname=${lab.tap},script=no,downscript=no`],
    ...['-device', `virtio-net-pci,netdev=n0,mac=${options.mac},bootindex=1`],
    ...['-drive', `if=none,id=d0,file=${options.disk},format=raw,cache=unsafe,discard=unmap`],
    ...['-device', 'ide-hd,drive=d0,bootindex=2'],
  ];
}

async function powerOff(qemu: Daemon, timeoutMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => resolve('late'), timeoutMs);
  const ended = await Promise.race([qemu.exited, late]);
  clearTimeout(timer);
  if (ended === 'late') throw new Error(`the machine did not power off:\n${qemu.output.slice(-3000)}`);
  if (ended !== 0) throw new Error(`QEMU ended with ${ended}:\n${qemu.output.slice(-3000)}`);
}
