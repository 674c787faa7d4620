// UEFI programs: what real and made ones tell of themselves, and that no bytes at all do worse than Malformed.

import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { efiKind, readEfi, sbatSummary } from '../../../mirror/loaders/pe.ts';
import { Malformed } from '../../../server/malformed.ts';
import { madeEfi } from '../../support/efi.ts';

const SBAT =
  'sbat,1,SBAT Version,sbat,1,https://example.org\nshim,4,UEFI shim,shim,1,https://example.org\nshim.rh,2,x,y,1,z\n';

describe('a program', () => {
  test.each<[string, Parameters<typeof madeEfi>[0], ReturnType<typeof readEfi>]>([
    [
      'signed, with SBAT',
      { machine: 0x8664, sbat: SBAT, signed: true },
      { machine: 'x86_64', isSigned: true, sbat: SBAT },
    ],
    ['unsigned', { machine: 0xaa64, sbat: SBAT }, { machine: 'aarch64', isSigned: false, sbat: SBAT }],
    ['without SBAT', { machine: 0x8664, signed: true }, { machine: 'x86_64', isSigned: true, sbat: undefined }],
    ['of 32 bits', { machine: 0x14c, sbat: SBAT, signed: true }, { machine: 'i386', isSigned: true, sbat: SBAT }],
    ['of another machine', { machine: 0x5064 }, { machine: 'other', isSigned: false, sbat: undefined }],
  ])('%s', (_name, made, expected) => {
    expect(readEfi(madeEfi(made), 'x.efi')).toEqual(expected);
  });

  test('cut anywhere, or with any byte turned round, it is read or Malformed', () => {
    const whole = madeEfi({ machine: 0x8664, sbat: SBAT, signed: true });
    for (let length = 0; length < whole.length; length += 1) readOrMalformed(whole.subarray(0, length));
    for (let at = 0; at < whole.length; at += 1) {
      const damaged = Buffer.from(whole);
      damaged[at] = (damaged[at] ?? 0) ^ 0xff;
      readOrMalformed(damaged);
    }
  });

  test('any bytes at all: property', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => readOrMalformed(Buffer.from(bytes))));
  });
});

function readOrMalformed(bytes: Uint8Array): void {
  try {
    readEfi(bytes, 'x.efi');
  } catch (error) {
    expect(error).toBeInstanceOf(Malformed);
  }
}

test('SBAT is told by component and generation, and stays short and printable', () => {
  expect(sbatSummary(SBAT)).toBe('shim 4, shim.rh 2');
  expect(sbatSummary('gr\u001b[2Jub,1\nok,x\n\n')).toBe('ok ?');
  expect(sbatSummary(Array.from({ length: 50 }, (_, index) => `c${index},1`).join('\n')).split(', ')).toHaveLength(8);
});

test.each<[string, Buffer, ReturnType<typeof efiKind>]>([
  ['a shim', madeEfi({ machine: 0x8664, text: Buffer.from('\\mmx64.efi', 'utf16le') }), 'shim'],
  ['an older shim', madeEfi({ machine: 0x8664, text: Buffer.from('\\MokManager.efi', 'utf16le') }), 'shim'],
  ['a GRUB', madeEfi({ machine: 0x8664, text: Buffer.from('grub_mod_init') }), 'grub'],
  ['a GRUB of the old kind', madeEfi({ machine: 0x8664, text: Buffer.from('GNU GRUB  version 0.97') }), 'other'],
])('%s is told by what it names', (_name, bytes, expected) => {
  expect(efiKind(bytes)).toBe(expected);
});

const grub = '/usr/lib/grub/x86_64-efi/monolithic/grubnetx64.efi';

test.skipIf(!existsSync(grub))("Debian's GRUB", () => {
  const bytes = readFileSync(grub);
  const { machine, isSigned, sbat } = readEfi(bytes, grub);
  expect([machine, isSigned, efiKind(bytes)]).toEqual(['x86_64', false, 'grub']);
  expect(sbatSummary(sbat ?? '')).toMatch(/^grub \d+, grub\.debian \d+/);
});
