// What strangers say of themselves is cut and made plain before it is kept.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Firmware } from '../../../server/domain.ts';
import { boundSighting, describeFirmware } from '../../../server/hosts/sighting.ts';

const seen = { mac: '52:54:00:00:00:01', firstSeen: 1, lastSeen: 2 };

test.each<[string, string, string | undefined]>([
  ['what firmware says', 'PXEClient:Arch:00007:UNDI:003016', 'PXEClient:Arch:00007:UNDI:003016'],
  ['a terminal’s commands', '\u001b[2J\u001b]0;owned\u0007PXEClient', '?[2J?]0;owned?PXEClient'],
  ['markup, which the page escapes', '<script>alert(1)</script>', '<script>alert(1)</script>'],
  ['ten thousand letters', 'A'.repeat(10_000), 'A'.repeat(128)],
  ['ten thousand commands', '\u001b'.repeat(10_000), '?'.repeat(128)],
  ['letters that are no ASCII', 'Büro-Ω-💾', 'B?ro-?-??'],
  ['lines', 'a\r\nb\u2028c\u0085d', 'a??b?c?d'],
  ['bytes of no text', '\u0000\u007f\u00ff', '???'],
  ['a text that runs backwards', '\u202efdp.exe', '?fdp.exe'],
  ['nothing', '', undefined],
  ['blanks', '   ', undefined],
])('%s', (_, given, kept) => {
  const texts = { uuid: given, address: given, firmware: given, vendorClass: given, userClass: given, hostname: given };
  const { mac: _mac, firstSeen: _first, lastSeen: _last, ...bounded } = boundSighting({ ...seen, ...texts });
  expect(new Set(Object.values(bounded))).toEqual(new Set([kept]));
});

test('whatever was said, what is kept is short and plain, and keeping it again changes nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (vendorClass) => {
      const kept = boundSighting({ ...seen, vendorClass });
      expect(kept.vendorClass ?? 'none').toMatch(/^[ -~]{1,128}$/);
      expect(boundSighting(kept)).toEqual(kept);
    }),
  );
});

test.each<[string, Firmware]>([
  ['bios x86_64 over tftp', { platform: 'bios', arch: 'x86_64', transport: 'tftp', isIpxe: false }],
  ['uefi aarch64 over http', { platform: 'uefi', arch: 'aarch64', transport: 'http', isIpxe: false }],
  ['uefi x86_64 over tftp, in iPXE', { platform: 'uefi', arch: 'x86_64', transport: 'tftp', isIpxe: true }],
  [
    'uefi of an architecture that no tree is made for over tftp',
    { platform: 'uefi', arch: 'other', transport: 'tftp', isIpxe: false },
  ],
])('%s', (text, firmware) => {
  expect(describeFirmware(firmware)).toBe(text);
});
