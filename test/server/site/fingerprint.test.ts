// What an arming agreed to: which later edits void it, and which it outlives.

import { describe, expect, test } from 'vitest';
import type { Arming, Install } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import { installFingerprint } from '../../../server/site/fingerprint.ts';
import { resolveArmed, resolveInstall } from '../../../server/site/resolve.ts';
import { hostOf, readyCatalog } from '../../support/example.ts';
import type { Edit } from './example.ts';
import { edited, siteOf } from './example.ts';

/** The install of cs40 under these edits. */
function installOf(edits: readonly Edit[]): Install {
  const site = siteOf(edited(...edits));
  const install = resolveInstall(site, readyCatalog(site), hostOf(site, 'cs40'));
  if (isNo(install)) throw new Error(install.reason);
  return install;
}

/** Does an arming given under `before` still install once the file says `after`? */
function outlives(before: readonly Edit[], after: readonly Edit[]): boolean {
  const arming: Arming = {
    token: 't',
    armedAt: 0,
    expiresAt: 1,
    pins: {},
    install: installFingerprint(installOf(before)),
  };
  const site = siteOf(edited(...after));
  return !isNo(resolveArmed(site, readyCatalog(site), { host: hostOf(site, 'cs40'), arming }));
}

const protect = (word: string): Edit => [
  '    role: cloudstack-management\n',
  `    role: cloudstack-management\n    protect: ${word}\n`,
];
const siteBoot = (boot: string): Edit => ['  keyboard: us', `  boot: ${boot}\n  keyboard: us`];
const lease: Edit = ['    gateway:', '    lease: 30m\n    gateway:'];

describe('an arming', () => {
  test.each<[string, boolean, readonly Edit[], readonly Edit[]]>([
    ['outlives no change', true, [], []],
    ['outlives protection turned on: less is wiped than was agreed to', true, [], [protect('true')]],
    [
      'is void when protection is turned off: data would be lost that nobody agreed to lose',
      false,
      [protect('true')],
      [protect('false')],
    ],
    ['is void when protection is taken out of the file', false, [protect('true')], []],
    ['with protection goes on with it', true, [protect('true')], [protect('true')]],
    [
      'is void when a protected profile gets another disk',
      false,
      [],
      [protect('true'), ['disks: [sda, sdb]', 'disks: [sda, sdc]']],
    ],
    ['outlives another loader', true, [], [siteBoot('{ bios: ipxe, uefi: grub }')]],
    ['outlives another boot order', true, [], [siteBoot('{ order: disk-first }')]],
    ['outlives another lease', true, [], [lease]],
    ['is void for another address', false, [], [['address: 192.168.168.2', 'address: 192.168.168.5']]],
  ])('%s', (_, expected, before, after) => {
    expect(outlives(before, after)).toBe(expected);
  });

  test('outlives that the appliance receives logs, or not', () => {
    const install = installOf([]);
    expect(installFingerprint({ ...install, syslog: '192.168.168.26:514' })).toBe(installFingerprint(install));
  });

  test('from before there was protection keeps its fingerprint', () => {
    // As written into state.db by the version before `protect`, for the same install.
    expect(installFingerprint(installOf([]))).toBe('koqnA51s13HxTWpQQw45pu');
  });
});
