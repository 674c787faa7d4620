// render.ts: goldens for each release, and what may have no kickstart.

import { describe, expect, test } from 'vitest';
import { renderKickstart } from '../../kickstart/render.ts';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import type { Install } from '../../server/domain.ts';
import { Malformed, isNo } from '../../server/malformed.ts';
import { golden } from '../support/golden.ts';
import { BARE } from '../support/bundle-installs.ts';
import {
  storageServer,
  MUCH,
  ROOT_HASH,
  SECRET_VALUES,
  TOKEN,
  cs40,
  minimal,
  mirror,
  oneDisk,
  secrets,
  secretsBut,
  xs01,
} from '../support/installs.ts';
import { bodyOf } from '../support/kickstart-text.ts';
import { traceOf } from '../support/secret-scanner.ts';

function rendered(install: Install, look = secrets): string {
  const text = renderKickstart(install, look);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

describe('goldens', () => {
  test('cs40 of the example site', () => golden('kickstart/cs40.ks', rendered(cs40)));

  test.each(['6.2', '7.9', '8.10', '9.6', '10.0'])('a minimal host on RHEL %s', (version) =>
    golden(`kickstart/minimal-${version}.ks`, rendered(minimal(version))),
  );

  test.each(['6.2', '7.9', '8.10', '9.6', '10.0'])('a storage server on RHEL %s', (version) =>
    golden(`kickstart/nfs-${version}.ks`, rendered(storageServer(version))),
  );

  test.each(['6.2', '7.9', '10.0'])('a mirrored minimal host on RHEL %s', (version) =>
    golden(`kickstart/storage-mirror-${version}.txt`, storageOf(rendered(minimal(version, mirror('sda', 'sdb'))))),
  );

  test('what %pre has more where the profile protects data', () => {
    const install = minimal('9.6', mirror('sda', 'sdb'));
    const pre = bodyOf(rendered({ ...install, protect: true }), 'pre');
    golden('kickstart/pre-protect.txt', pre.slice(pre.indexOf('# protect: true')));
    const [before = '', , after = ''] = pre.split(/(# protect: true[\s\S]*?\[ -z "\$kept" \].*\n\n)/);
    expect(`${before}${after}`).toBe(bodyOf(rendered(install), 'pre'));
  });

  test('two disks as a whole', () =>
    golden(
      'kickstart/storage-whole-two.txt',
      storageOf(rendered(minimal('6.2', { layout: 'whole', disks: ['sda', 'sdb'], guest: [], ...BARE }))),
    ));
});

describe('only the named disks', () => {
  test.each([
    ['one', minimal('6.2', oneDisk('vdb')), ['vdb']],
    ['a mirror', minimal('9.6', mirror('nvme0n1', 'nvme1n1')), ['nvme0n1', 'nvme1n1']],
    ['by id', minimal('7.9', oneDisk('disk/by-id/ata-X_1')), ['disk/by-id/ata-X_1']],
  ])('%s: ignoredisk, clearpart and every partition', (_, install, disks) => {
    const text = rendered(install);
    expect(text).toContain(`\nignoredisk --only-use=${disks.join(',')}\n`);
    expect(text).toContain(`\nclearpart --all --initlabel --drives=${disks.join(',')}\n`);
    const used = [...text.matchAll(/--ondisk=(\S+)/g)].map(([, disk]) => disk);
    expect(new Set(used)).toEqual(new Set(disks));
    const parts = text.match(/^part /gm) ?? [];
    expect(used.length).toBe(parts.length);
  });
});

describe('layouts', () => {
  test.each(['6.2', '7.9', '10.0'])('all at once on RHEL %s', (version) =>
    golden(`kickstart/storage-much-${version}.txt`, storageOf(rendered(minimal(version, MUCH)))),
  );

  test.each(['6.2', '9.6'])('file systems of their own on one disk, and on a volume group, on RHEL %s', (version) => {
    const mounts = [{ at: '/export', sizeMb: 102_400 }] as const;
    const plain = rendered(minimal(version, { ...oneDisk('sda'), mounts }));
    const lvm = rendered(minimal(version, { ...oneDisk('sda'), layout: 'lvm', mounts, rootMb: 10_240 }));
    golden(`kickstart/storage-mounts-${version}.txt`, `${storageOf(plain)}${storageOf(lvm)}`);
  });

  test.each(['6.2', '7.9', '8.10', '9.6', '10.0'])(
    'wipe and use what is named, all of it and nothing else, on RHEL %s',
    (version) => {
      const text = rendered(minimal(version, MUCH));
      const named = [...MUCH.disks, ...MUCH.data.flatMap(({ disks }) => disks)];
      for (const option of ['--only-use', '--drives']) {
        expect(new RegExp(` ${option}=(\\S+)`).exec(text)?.[1]?.split(',')).toEqual(named);
      }
      expect(new Set([...text.matchAll(/--ondisk=(\S+)/g)].map(([, disk]) => disk))).toEqual(new Set(named));
      expect([...text.matchAll(/^check_disk (\S+)$/gm)].map(([, disk]) => disk)).toEqual(named);
      const protect = rendered({ ...minimal(version, MUCH), protect: true });
      expect([...protect.matchAll(/^keep_data (\S+)$/gm)].map(([, disk]) => disk)).toEqual(named);
    },
  );

  test.each(['6.2', '9.6'])('name no array, group, volume or part twice on RHEL %s', (version) => {
    const text = rendered(minimal(version, MUCH));
    const names = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name);
    const devices = [...names(/^raid .*--device=(\S+)/gm), ...names(/^volgroup (\S+)/gm)];
    const parts = names(/^part ((?:raid|pv)\.\d+)/gm);
    for (const each of [devices, parts, names(/^logvol .*--name=(\S+)/gm)])
      expect(new Set(each).size).toBe(each.length);
    const members = [...text.matchAll(/^(?:raid|volgroup) .*$/gm)].flatMap(
      ([line]) => line.match(/\b(?:raid|pv)\.\d+/g) ?? [],
    );
    expect(new Set(members)).toEqual(new Set([...parts, 'pv.01']));
  });
});

describe('a mirror', () => {
  // blivet keeps one set of names for arrays and volume groups.
  test.each(['6.2', '7.9', '8.10', '9.6', '10.0'])('has no name twice on RHEL %s', (version) => {
    const text = rendered(minimal(version, mirror('sda', 'sdb')));
    const arrays = [...text.matchAll(/^raid .*--device=(\S+)/gm)].map(([, name]) => name);
    const groups = [...text.matchAll(/^volgroup (\S+)/gm)].map(([, name]) => name);
    expect([arrays.length, groups.length]).toEqual([2, 1]);
    expect(new Set([...arrays, ...groups]).size).toBe(3);
  });
});

describe('no kickstart', () => {
  test.each<[string, Install, RegExp]>([
    ['XenServer', xs01, /no kickstart is known for xenserver/],
    ['Fedora', { ...minimal('9.6'), os: { family: 'fedora', version: '40', major: 40, arch: 'x86_64' } }, /fedora 40/],
    ['RHEL 5', { ...minimal('6.2'), os: { family: 'rhel', version: '5.11', major: 5, arch: 'x86_64' } }, /rhel 5.11/],
    ['a hypervisor role', { ...minimal('6.2'), role: 'xenserver' }, /by an answerfile/],
    ['CloudStack on RHEL 7', { ...minimal('7.9'), role: 'cloudstack-management' }, /no CloudStack version/],
    [
      'a CloudStack too new',
      { ...cs40, cloudstack: { version: '4.19', hypervisor: 'kvm', mirrorOnHost: false } },
      /4.19 is not known/,
    ],
    ['CloudStack without options', { ...cs40, cloudstack: undefined }, /no CloudStack version/],
    ['a name without a dot', { ...cs40, host: { ...cs40.host, fqdn: 'cs40' } }, /no dot/],
    ['no disk', minimal('6.2', { layout: 'whole', disks: [], guest: [], ...BARE }), /no disk is named/],
    ['half a mirror', minimal('6.2', mirror('sda')), /raid1 needs 2 disks/],
    [
      'three quarters of RAID 10',
      minimal('9.6', { ...mirror('sda', 'sdb', 'sdc'), layout: 'raid10' }),
      /raid10 needs 4/,
    ],
    [
      'a data disk that holds the system',
      minimal('9.6', { ...oneDisk('sda'), data: [{ at: '/srv', layout: 'whole', disks: ['sda'] }] }),
      /twice/,
    ],
    ['a mirror with itself', minimal('6.2', mirror('sda', 'sda')), /twice/],
    ['a disk elsewhere', minimal('6.2', oneDisk('../sda')), /not the name of a disk/],
    ['a disk with a comma', minimal('6.2', oneDisk('sda,sdb')), /not the name of a disk/],
    ['guest disks', minimal('6.2', { layout: 'whole', disks: ['sda'], guest: ['sdb'], ...BARE }), /only a hypervisor/],
  ])('%s', (_, install, reason) => {
    expect(renderKickstart(install, secrets)).toMatchObject({ kind: 'no', reason: expect.stringMatching(reason) });
  });

  test.each<[string, string, string | undefined, RegExp]>([
    ['no root password', 'root', undefined, /the secret root is not set/],
    ['a plain root password', 'root', 'hunter2', /no complete crypt hash/],
    ['a hash cut short', 'root', '$6$saltsalt$abc', /no complete crypt hash/],
    ['no key', 'cloud-database-key', undefined, /cloud-database-key is not set/],
    ['an @ in the password', 'cloud-db', 'a@b', /cloud-setup-databases/],
  ])('%s', (_, name, value, reason) => {
    const answer = renderKickstart(cs40, secretsBut({ [name]: value }));
    expect(answer).toMatchObject({
      reason: expect.stringMatching(reason),
      remedy: expect.stringContaining(`kickstand secret set ${name}`),
    });
  });

  test.each([
    ['6.2', `$y$j9T$${'a'.repeat(22)}$${'b'.repeat(43)}`],
    ['8.10', `$y$j9T$${'a'.repeat(22)}$${'b'.repeat(43)}`],
    ['7.9', `$2b$10$${'a'.repeat(53)}`],
    ['10.0', `$1$saltsalt$${'a'.repeat(22)}`],
  ])('a hash that RHEL %s cannot check', (version, hash) => {
    const answer = renderKickstart(minimal(version), secretsBut({ root: hash }));
    expect(answer).toMatchObject({ reason: expect.stringContaining('cannot check a root password') });
    expect(JSON.stringify(answer)).not.toContain(hash);
  });
});

describe('secrets', () => {
  test('are all there for an armed host', () => {
    const text = rendered(cs40);
    for (const value of SECRET_VALUES) expect(text).toContain(value);
    expect(text).toContain(TOKEN);
    expect(text).not.toContain('@SECRET:');
  });

  test('are not there in a preview', () => {
    const text = rendered({ ...cs40, token: undefined }, redactedSecrets);
    expect(traceOf([...SECRET_VALUES, TOKEN], text)).toEqual([]);
    expect(text).toContain('rootpw --iscrypted @SECRET:root@\n');
    expect(text).toContain('/hosts/cs40/events?token=@TOKEN@');
  });

  test('a minimal host knows the root hash only', () => {
    const text = rendered(minimal('6.2'));
    expect(
      traceOf(
        SECRET_VALUES.filter((value) => value !== ROOT_HASH),
        text,
      ),
    ).toEqual([]);
  });
});

describe('hostile values', () => {
  const plain = minimal('7.9');
  test.each<[string, Install]>([
    ['a line break in the language', { ...plain, site: { ...plain.site, language: 'C\nzerombr' } }],
    ['a section in the name', { ...plain, host: { ...plain.host, fqdn: 'a\n%post\nreboot\n%end' } }],
    ['a line separator in the time zone', { ...plain, site: { ...plain.site, timezone: 'A\u2028%post' } }],
    ['an option as keyboard', { ...plain, site: { ...plain.site, keyboard: '-x' } }],
    ['a package that is a section', { ...plain, packages: ['%post'] }],
    ['a package on two lines', { ...plain, packages: ['a\n%end'] }],
    ['two time servers in one', { ...plain, site: { ...plain.site, ntp: ['a,b'] } }],
    ['a profile on two lines', { ...plain, profile: 'a\nclearpart --all' }],
  ])('%s is refused', (_, install) => expect(() => renderKickstart(install, secrets)).toThrow(Malformed));

  test('quotes and blanks stay inside their value', () => {
    const text = rendered({ ...plain, site: { ...plain.site, timezone: `A' --nontp "B` } });
    expect(text).toContain(`\ntimezone 'A'"'"' --nontp "B' --utc `);
  });

  test('a token is encoded', () => {
    expect(rendered({ ...plain, token: `'; reboot; '&` })).toContain('?token=%27%3B%20reboot%3B%20%27%26');
  });
});

function storageOf(text: string): string {
  const lines = text.slice(0, text.indexOf('%packages')).split('\n');
  return `${lines
    .slice(lines.findIndex((line) => line.startsWith('ignoredisk')))
    .join('\n')
    .trimEnd()}\n`;
}
