// The one decider: only a known, armed host with attempts left and an install that resolves is ever told to install.

import { describe, expect, test } from 'vitest';
import { installerArguments } from '../../../kickstart/kernel-arguments.ts';
import type { MacAddress } from '../../../server/address.ts';
import { parseMac } from '../../../server/address.ts';
import type { BootFacts } from '../../../server/boot/decide.ts';
import { decideBoot } from '../../../server/boot/decide.ts';
import { renderPxelinux } from '../../../server/boot/pxelinux.ts';
import type { Arming, BootDecision, HostState } from '../../../server/domain.ts';
import { unarmed } from '../../../server/hosts/lifecycle.ts';
import { no } from '../../../server/malformed.ts';
import { installFingerprint } from '../../../server/site/fingerprint.ts';
import { resolveInstall } from '../../../server/site/resolve.ts';
import { exampleSite, hostOf, readyCatalog } from '../../support/example.ts';

const site = exampleSite();
const catalog = readyCatalog(site);
const agreed = (name: string): string => {
  const install = resolveInstall(site, catalog, hostOf(site, name));
  if ('kind' in install) throw new Error(install.reason);
  return installFingerprint(install);
};
const arming: Arming = {
  token: 'TOKEN',
  armedAt: 0,
  expiresAt: 9,
  pins: { cloudstack: 's1' },
  install: agreed('cs40'),
};
const armed: HostState = { ...unarmed, phase: 'armed', arming, reason: 'armed' };
const cs40 = parseMac('52:54:00:a8:a8:02');

function decide(mac: MacAddress | undefined, state: HostState, change: Partial<BootFacts> = {}): BootDecision {
  const facts: BootFacts = {
    now: 5,
    site,
    catalog,
    stateOf: () => state,
    sameBoot: () => false,
    argumentsOf: installerArguments,
    ...change,
  };
  return decideBoot({ mac, uuid: undefined, address: '192.168.168.2' }, facts);
}

const withTree = (name: string, kind: 'absent' | 'gone'): Partial<BootFacts> => {
  const trees = new Map(catalog.trees);
  const status = catalog.trees.get(name);
  trees.delete(name);
  const expected = status?.kind === 'ready' ? status.facts : undefined;
  if (kind === 'absent')
    trees.set(name, { kind: 'absent', reason: 'the ISO is not there', remedy: 'put it there', expected });
  return { catalog: { ...catalog, trees } };
};

describe('told to boot its own disk', () => {
  test.each<[string, MacAddress | undefined, HostState, Partial<BootFacts>, string]>([
    ['a machine without a MAC', undefined, armed, {}, 'unknown'],
    ['a machine that is in no site, though every host is armed', parseMac('52:54:00:00:00:99'), armed, {}, 'unknown'],
    ['a host that was never armed', cs40, unarmed, {}, 'not-armed'],
    ['a host that is installed', cs40, { ...armed, phase: 'installed' }, {}, 'not-armed'],
    ['a host whose install failed', cs40, { ...armed, phase: 'failed' }, {}, 'not-armed'],
    ['a host that was stopped', cs40, { ...armed, phase: 'stalled' }, {}, 'not-armed'],
    ['a host whose state says armed but that has no arming', cs40, { ...unarmed, phase: 'armed' }, {}, 'not-armed'],
    [
      'a host on its fourth boot without success',
      cs40,
      { ...armed, phase: 'booting', attempts: 3 },
      {},
      'attempts-spent',
    ],
    [
      'a host whose tree is absent, though its facts are known',
      cs40,
      armed,
      withTree('rhel6', 'absent'),
      'cannot-install',
    ],
    ['a host whose tree is not in the catalog', cs40, armed, withTree('rhel6', 'gone'), 'cannot-install'],
    [
      'a host whose installer takes no arguments we know',
      cs40,
      armed,
      { argumentsOf: () => no('unknown release') },
      'cannot-install',
    ],
  ])('%s', (_name, mac, state, change, cause) => {
    expect(decide(mac, state, change)).toMatchObject({ kind: 'local', cause });
  });
});

describe('told to install', () => {
  test.each<[string, HostState, Partial<BootFacts>]>([
    ['an armed host', armed, {}],
    ['a host that boots again before it read its kickstart', { ...armed, phase: 'booting', attempts: 1 }, {}],
    ['a host that lost power while installing', { ...armed, phase: 'installing', attempts: 2 }, {}],
    [
      'a host that repeats the question of its third boot',
      { ...armed, phase: 'booting', attempts: 3 },
      { sameBoot: () => true },
    ],
  ])('%s', (_name, state, change) => {
    expect(decide(cs40, state, change)).toMatchObject({ kind: 'install', install: { host: { name: 'cs40' } } });
  });
});

test('an install is pinned to the snapshots and carries the token of its arming', () => {
  const decision = decide(cs40, armed);
  if (decision.kind !== 'install') throw new Error(decision.reason);
  expect(decision.install.token).toBe('TOKEN');
  expect(decision.install.repos).toEqual([
    { name: 'cloudstack', url: 'http://192.168.168.26/repos/cloudstack@s1/', snapshot: 's1', publish: '/4.0/' },
  ]);
});

describe('what was agreed to by arming is installed, or nothing', () => {
  const changed = (edit: (text: string) => string): Partial<BootFacts> => ({ site: exampleSite(edit) });
  test.each<[string, Partial<BootFacts>, string]>([
    [
      'another disk',
      changed((text) => text.replace('layout: raid1, disks: [sda, sdb]', 'layout: raid1, disks: [sda, sdc]')),
      'arm it again',
    ],
    [
      'another MAC beside its own',
      changed((text) =>
        text.replace('macs: ["52:54:00:a8:a8:02"]', 'macs: ["52:54:00:a8:a8:02", "52:54:00:a8:a8:22"]'),
      ),
      'arm it again',
    ],
    [
      'another address',
      changed((text) => text.replace('address: 192.168.168.2,', 'address: 192.168.168.14,')),
      'arm it again',
    ],
    [
      'another package',
      changed((text) =>
        text.replace('    role: cloudstack-management', '    packages: [vim]\n    role: cloudstack-management'),
      ),
      'arm it again',
    ],
    [
      'a snapshot that was pruned',
      { catalog: { ...catalog, repos: new Map([['cloudstack', { current: 's2', snapshots: ['s2'] }]]) } },
      'cloudstack@s1',
    ],
    [
      'an arming of another host',
      { stateOf: () => ({ ...armed, arming: { ...arming, install: agreed('xs-01') } }) },
      'arm it again',
    ],
  ])('%s', (_name, change, reason) => {
    expect(decide(cs40, armed, change)).toMatchObject({
      kind: 'local',
      cause: 'cannot-install',
      reason: expect.stringContaining(reason),
    });
  });

  test('a new snapshot, another host or another NTP server are no reason to refuse', () => {
    const newer = { ...catalog, repos: new Map([['cloudstack', { current: 's2', snapshots: ['s1', 's2'] }]]) };
    const later = exampleSite((text) =>
      text.replace('ntp: [192.168.168.1]', 'ntp: [192.168.168.9]').replace('name: xs-02', 'name: xs-22'),
    );
    expect(decide(cs40, armed, { catalog: newer, site: later })).toMatchObject({
      kind: 'install',
      install: { repos: [{ snapshot: 's1' }] },
    });
  });

  test('the MACs of two armed hosts swapped: neither machine is told to install', () => {
    const swapped = exampleSite((text) =>
      text
        .replace('52:54:00:a8:a8:02', '@@')
        .replace('52:54:00:a8:a8:03', '52:54:00:a8:a8:02')
        .replace('@@', '52:54:00:a8:a8:03'),
    );
    const stateOf = (host: string): HostState => ({ ...armed, arming: { ...arming, pins: {}, install: agreed(host) } });
    for (const mac of [cs40, parseMac('52:54:00:a8:a8:03')])
      expect(decide(mac, armed, { site: swapped, stateOf })).toMatchObject({ kind: 'local', cause: 'cannot-install' });
  });
});

describe('an arming that has ended', () => {
  test.each<[string, HostState, number]>([
    ['while it installed: it boots its disk', { ...armed, phase: 'installing', attempts: 1 }, 9],
    ['when the clock was set back years', armed, -1e12],
  ])('%s', (_name, state, now) => {
    expect(decide(cs40, state, { now })).toMatchObject({ kind: 'local', cause: 'not-armed' });
  });
});

describe('as pxelinux reads it', () => {
  test('an install of RHEL 6', () => {
    expect(renderPxelinux(decide(cs40, armed)).split('\n')).toEqual([
      '# install cs40 from rhel6',
      'DEFAULT install',
      'PROMPT 0',
      'LABEL install',
      '  KERNEL /trees/rhel6/images/pxeboot/vmlinuz',
      '  APPEND initrd=/trees/rhel6/images/pxeboot/initrd.img ks=http://192.168.168.26/kickstart/cs40?token=TOKEN ksdevice=52:54:00:a8:a8:02 kssendmac',
      '  IPAPPEND 2',
      '',
    ]);
  });

  test('an install of XenServer: three modules on one line', () => {
    const lines = renderPxelinux(
      decide(parseMac('52:54:00:a8:a8:03'), { ...armed, arming: { ...arming, pins: {}, install: agreed('xs-01') } }),
    ).split('\n');
    expect(lines[4]).toBe('  KERNEL mboot.c32');
    expect(lines[5]).toMatch(
      /^ {2}APPEND \/trees\/xenserver\/boot\/xen\.gz \S.* --- \/trees\/xenserver\/boot\/vmlinuz .*answerfile=\S+token=TOKEN .*install --- \/trees\/xenserver\/install\.img$/,
    );
    expect(lines).toHaveLength(7);
  });

  test('local boot, with its reason on one line whatever the reason holds', () => {
    const text = renderPxelinux({ kind: 'local', host: 'x', cause: 'not-armed', reason: 'a\nDEFAULT evil\r\u2028' });
    expect(text).toBe('# a DEFAULT evil  \nDEFAULT local\nPROMPT 0\nLABEL local\n  LOCALBOOT -1\n');
  });

  test('what pxelinux could not read back is refused, never pasted', () => {
    const decision = decide(cs40, armed);
    if (decision.kind !== 'install') throw new Error(decision.reason);
    const hostile = { ...decision, arguments: { kind: 'linux', kernel: ['ks=x\n  APPEND evil'] } } as const;
    expect(() => renderPxelinux(hostile)).toThrow('blanks or control characters');
  });
});
