// Storage of a profile: sizes as texts, a storage written out and read back, and that arming agrees to each disk of it.

import { expect, test } from 'vitest';
import { installFingerprint } from '../../../server/site/fingerprint.ts';
import { buildStorage, showStorage, storage } from '../../../server/site/storage.ts';
import { formatSizeMb } from '../../../server/size.ts';
import { readSize } from '../../../server/site/storage-values.ts';
import { BARE } from '../../support/bundle-installs.ts';
import { minimal, mirror, MUCH, oneDisk } from '../../support/installs.ts';

test.each([
  ['512M', 512],
  ['20G', 20_480],
  ['2T', 2_097_152],
  ['511M', undefined],
  ['1G ', undefined],
  ['1.5G', undefined],
  ['0G', undefined],
  ['1025T', undefined],
  ['20', undefined],
  ['20g', undefined],
])('%j is %s MiB', (text, sizeMb) => {
  expect(readSize(text)).toBe(sizeMb);
  if (sizeMb !== undefined) expect(formatSizeMb(sizeMb)).toBe(text);
});

test.each([
  ['one disk', oneDisk('sda')],
  ['everything', MUCH],
])('%s, written out, is read back as the same', (_what, made) => {
  const written: unknown = JSON.parse(JSON.stringify(showStorage(made)));
  expect(buildStorage(storage.parse(written))).toEqual(made);
});

test('each part of the storage is agreed to; an arming from before there were such parts still holds', () => {
  const bare = mirror('sda', 'sdb');
  const variants = [
    bare,
    { ...bare, layout: 'lvm' as const },
    { ...bare, rootMb: 20_480 },
    { ...bare, mounts: [{ at: '/export', sizeMb: 512 }] },
    { ...bare, data: [{ at: '/export', layout: 'whole' as const, disks: ['sdc'] }] },
    { ...bare, data: [{ at: '/export', layout: 'whole' as const, disks: ['sdd'] }] },
  ];
  const prints = variants.map((variant) => installFingerprint(minimal('9.6', variant)));
  expect(new Set(prints).size).toBe(variants.length);
  expect(installFingerprint(minimal('9.6', { ...bare, ...BARE }))).toBe(prints[0]);
});
