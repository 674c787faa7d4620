// Stages of boots as rooms of the appliance would note them, with a word or two of difference each; for tests.

import { describe, expect, test } from 'vitest';
import type { HostState } from '../../../server/domain.ts';
import type { DoctorFacts } from '../../../server/doctor/rule.ts';
import { diagnose } from '../../../server/doctor/verdict.ts';
import { unarmed } from '../../../server/hosts/lifecycle.ts';
import type { FileRole, Stage, StageRecord } from '../../../server/stages.ts';

type Of<K extends Stage['kind']> = Extract<Stage, { kind: K }>;

export const MAC = '52:54:00:a8:a8:02';
/** When every story begins: 2026-11-22 14:00 UTC. */
export const START = Date.UTC(2026, 10, 22, 14);

const machine = { mac: MAC, address: '192.168.168.2' };

/** Stages with their seconds since `START`, as the records of one machine. */
export function tell(...told: readonly (readonly [number, Stage])[]): readonly StageRecord[] {
  return told.map(([seconds, stage]) => ({ at: START + seconds * 1000, machine, stage }));
}

export function asked(firmware: Partial<Of<'dhcp-asked'>['firmware']> = {}, port: 67 | 4011 = 67): Stage {
  const whole = { platform: 'uefi', arch: 'x86_64', transport: 'tftp', isIpxe: false, ...firmware } as const;
  return { kind: 'dhcp-asked', type: 'discover', port, firmware: whole, archCode: 7, vendorClass: '', userClass: '' };
}

export function answered(of: Partial<Of<'dhcp-answered'>>): Stage {
  const { mode = 'server', port = 67, file, reason = '' } = of;
  const address = 'address' in of ? of.address : '192.168.168.2';
  return { kind: 'dhcp-answered', mode, port, address, file, reason };
}

export function foreign(mode: 'proxy' | 'server'): Stage {
  return { kind: 'dhcp-foreign', server: '192.168.168.1', mode };
}

/** A file sent whole over TFTP, unless told otherwise. */
export function file(role: FileRole, name: string, of: Partial<Of<'file'>> = {}): Stage {
  const sizeBytes = of.sizeBytes ?? (role === 'initrd' ? 50_000_000 : 1_000_000);
  const bytes = of.bytes ?? (of.outcome === undefined || of.outcome === 'sent' ? sizeBytes : 0);
  const rest = { via: 'tftp', gave: '', outcome: 'sent', durationMs: 800, asked: '', granted: '', reason: '' } as const;
  return { kind: 'file', name, role, ...rest, ...of, sizeBytes, bytes };
}

export function lost(role: FileRole, name: string, of: Partial<Of<'file'>> = {}): Stage {
  return file(role, name, { outcome: 'not-found', reason: 'no such file', ...of });
}

export function script(told: 'install' | 'local', loader: Of<'script'>['loader'] = 'grub', reason = ''): Stage {
  return { kind: 'script', loader, told, reason };
}

export function given(what = 'kickstart'): Stage {
  return { kind: 'instructions', what, outcome: 'given', reason: '' };
}

export function content(what: Of<'content'>['what'], of: Partial<Of<'content'>> = {}): Stage {
  return { kind: 'content', what, name: `${what}.x`, outcome: 'sent', count: 1, bytes: 1000, ...of };
}

export function report(stage: string, message = ''): Stage {
  return { kind: 'report', stage, message };
}

/** Armed a minute before `START`. */
export function armed(of: Partial<HostState> = {}): HostState {
  const armedAt = START - 60_000;
  const arming = { token: 't', armedAt, expiresAt: armedAt + 7_200_000, pins: {}, install: 'F' };
  return { ...unarmed, phase: 'armed', arming, changedAt: armedAt, reason: 'armed by an operator', ...of };
}

const boot = { bios: 'auto', uefi: 'auto', order: 'network-first' } as const;

/** The facts at `seconds` after `START`; the host is armed unless another state, or none, is given. */
export function facts(
  records: readonly StageRecord[],
  of: { at: number; state?: HostState | 'unknown'; dhcpMode?: DoctorFacts['dhcpMode'] },
): DoctorFacts {
  const { state = armed(), dhcpMode = 'server' } = of;
  const host = state === 'unknown' ? undefined : { name: 'cs40', state, boot };
  return { records, host, now: START + of.at * 1000, dhcpMode };
}

// Beginnings that many stories share, each with the seconds it takes.

/** UEFI in server mode, up to the tree's shim (second 3). */
export const toShim = [
  [0, asked()],
  [1, answered({ file: 'bootx64.efi' })],
  [3, file('loader', 'bootx64.efi', { asked: 'blksize=1468', granted: 'blksize=1468' })],
] as const;
/** … up to its GRUB (second 4). */
export const toGrub = [...toShim, [4, file('second-loader', 'grubx64.efi')]] as const;
/** … up to a script that installs (second 6). */
export const toScript = [
  ...toGrub,
  [5, file('config', 'grub.cfg-01-52-54-00-a8-a8-02')],
  [6, script('install')],
] as const;
/** … up to the kernel (second 8) and the initrd (second 10). */
export const toKernel = [...toScript, [8, file('kernel', 'vmlinuz', { via: 'http' })]] as const;
export const toInitrd = [...toKernel, [10, file('initrd', 'initrd.img', { via: 'http' })]] as const;
/** … up to the kickstart (second 40), the second stage (50), the metadata (100) and 812 packages (until 300). */
export const toKickstart = [...toInitrd, [40, given()]] as const;
export const toStage2 = [...toKickstart, [50, content('stage2', { bytes: 700_000_000 })]] as const;
export const toMetadata = [...toStage2, [100, content('metadata')]] as const;
export const toPackages = [
  ...toMetadata,
  [300, content('package', { name: 'bash.rpm', count: 812, bytes: 900_000_000, firstAt: START + 110_000 })],
] as const;

export type Told = readonly (readonly [number, Stage])[];
type Situation = { at: number; state?: HostState | 'unknown'; dhcpMode?: DoctorFacts['dhcpMode'] };
/** What happened · what was seen and when it is asked · the rule, the health, and words of its summary or remedy. */
export type Row = readonly [string, Told, Situation, string, 'fine' | 'waiting' | 'wrong', ...RegExp[]];

/** A test for each row: the verdict is that one, in these words, and what is wrong has a remedy. */
export function judged(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    test.each(rows.map((row) => [row[0], row] as const))('%s', (_name, [, told, situation, rule, health, ...words]) => {
      const verdict = diagnose(facts(tell(...told), situation));
      expect([verdict.rule, verdict.health, verdict.summary]).toEqual([rule, health, expect.any(String)]);
      for (const part of words) expect(`${verdict.summary} | ${verdict.remedy ?? ''}`).toMatch(part);
      if (health === 'wrong') expect(verdict.remedy).toBeTruthy();
    });
  });
}

export const bios = { platform: 'bios', arch: 'i386' } as const;
export const disarmed: HostState = { ...unarmed, reason: 'the arming has ended before the machine asked' };
/** The same story, `seconds` later. */
export function later(seconds: number, told: Told): Told {
  return told.map(([at, stage]) => [at + seconds, stage] as const);
}
