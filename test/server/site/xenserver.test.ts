// The profile key xenserver: what it makes, how it is shown again, and every way in which it can be wrong.

import { describe, expect, test } from 'vitest';
import { siteOf, edited, expectProblems } from './example.ts';
import type { Edit, WrongFile } from './example.ts';
import { installFingerprint } from '../../../server/site/fingerprint.ts';
import { renderSite } from '../../../server/site/show.ts';
import { hypervisor } from '../../support/installs.ts';
import { everything, withOptions } from '../../support/hypervisors.ts';

const STORAGE = 'storage: { layout: whole, disks: [sda], guest: [sda] }';
/** Says `text` of the hypervisors of the example. */
const saying = (text: string): Edit => [STORAGE, `${STORAGE}\n    ${text}`];
const options = (text: string): Edit => saying(`xenserver: { ${text} }`);
const POOL = 'pool: { master: xs-01, password: { secret: xen-root } }';

describe('a profile', () => {
  const all = `srType: ext, backend: bridge, labels: { eth1: cloud-guest, eth0: cloud-private }, license: free.xslic, packs: [csp.iso], ${POOL}, dom0Memory: 2940M`;

  test('becomes options', () => {
    const site = siteOf(edited(options(all)));
    expect(site.profiles[1]?.xenserver).toEqual({
      srType: 'ext',
      backend: 'bridge',
      labels: [
        { device: 'eth0', label: 'cloud-private' },
        { device: 'eth1', label: 'cloud-guest' },
      ],
      license: 'free.xslic',
      packs: ['csp.iso'],
      pool: { master: 'xs-01', password: { secret: 'xen-root' } },
      dom0MemoryMb: 2940,
    });
    expect(site.profiles[0]?.xenserver).toBeUndefined();
  });

  test.each([[all], ['srType: lvm'], ['dom0Memory: 4G'], ['packs: []']])('{ %s } is shown as it was', (text) => {
    const site = siteOf(edited(options(text)));
    expect(siteOf(renderSite(site))).toEqual(site);
  });

  test('is part of what was agreed to', () => {
    const plain = hypervisor('xcp-ng', '8.3');
    const more = withOptions(plain, everything('8.3'));
    expect(installFingerprint(more)).not.toBe(installFingerprint(plain));
    expect(installFingerprint({ ...plain, xenserver: undefined })).toBe(installFingerprint(plain));
  });
});

const wrong: readonly WrongFile[] = [
  [
    'options of another role',
    [
      [
        'storage: { layout: raid1, disks: [sda, sdb] }',
        'storage: { layout: raid1, disks: [sda, sdb] }\n    xenserver: {}',
      ],
    ],
    ['51: profiles[0].xenserver: means nothing to the role cloudstack-management — leave it out'],
  ],
  [
    'a word that is not known',
    [options('srtype: ext')],
    ['56: profiles[1].xenserver.srtype: unknown key — did you mean srType?'],
  ],
  [
    'a kind of storage that is not known',
    [options('srType: zfs')],
    ['56: profiles[1].xenserver.srType: "zfs" is not known here — known: lvm, ext'],
  ],
  [
    'a label for what is no card',
    [options('labels: { bond0: a }')],
    ['56: profiles[1].xenserver.labels.bond0: "bond0" is no card or bridge of a hypervisor — such as eth0 or xenbr0'],
  ],
  [
    'one name for two networks',
    [options('labels: { eth0: a, eth1: a }')],
    ['56: profiles[1].xenserver.labels.eth1: "a" is the name of eth0\'s network — choose another'],
  ],
  [
    'a name with a line break',
    [options('labels: { eth0: "a\\nb" }')],
    ['56: profiles[1].xenserver.labels.eth0: "a\\nb" is no name of a network here — such as cloud-private'],
  ],
  [
    'a pack as it was downloaded',
    [options('packs: [csp.tgz]')],
    ['56: profiles[1].xenserver.packs[0]: "csp.tgz" is no supplemental pack — an ISO image; unpack a .tgz first'],
  ],
  [
    'a licence that leads upwards',
    [options('license: ../free.xslic')],
    ['56: profiles[1].xenserver.license: the path "../free.xslic" leads upwards — give an absolute path'],
  ],
  [
    'a licence for a release that takes none',
    [
      options('license: free.xslic'),
      ['os: xenserver-6.0.2', 'os: xcp-ng-8.3'],
      ['hypervisor: xenserver }', 'hypervisor: kvm }'],
    ],
    [
      '56: profiles[1].xenserver.license: XCP-ng 8.3 takes no licence file — leave it out; licences come from a licence server, where they are needed at all',
    ],
  ],
  [
    'little memory',
    [options('dom0Memory: 100M')],
    ['56: profiles[1].xenserver.dom0Memory: 100M is no memory for a control domain — from 752M to 128G'],
  ],
  [
    'the pool of nobody',
    [options('pool: { master: xs-1, password: { secret: xen-root } }')],
    ['56: profiles[1].xenserver.pool.master: there is no host called xs-1 — did you mean xs-01?'],
  ],
  [
    'the pool of a management server',
    [options('pool: { master: cs40, password: { secret: xen-root } }')],
    [
      '56: profiles[1].xenserver.pool.master: cs40 becomes no hypervisor: its profile has the role cloudstack-management — name a hypervisor',
    ],
  ],
  [
    "root's hash for its password",
    [options('pool: { master: xs-01, password: { secret: root } }')],
    [
      "56: profiles[1].xenserver.pool.password: the secret root is the crypt hash of root's password; a host joins by the password itself — kickstand secret set xen-root, and write { secret: xen-root }",
    ],
  ],
  [
    'the password itself, which is not repeated',
    [options('pool: { master: xs-01, password: 12345678 }')],
    [
      '56: profiles[1].xenserver.pool.password: must name a secret, not hold it — run kickstand secret set NAME, and write { secret: NAME }',
    ],
  ],
  [
    'the password itself in place of the name',
    [options('pool: { master: xs-01, password: { secret: 12345678 } }')],
    [
      '56: profiles[1].xenserver.pool.password.secret: must name a secret, not hold it — run kickstand secret set NAME, and write { secret: NAME }',
    ],
  ],
  [
    'a bridge of its own, and keys',
    [saying('link: { bridge: cloudbr0 }\n    sshKeys: []\n    packages: [vim]')],
    [
      '56: profiles[1].link.bridge: the installer of a hypervisor makes no bridge — leave it out: every network of a hypervisor is a bridge already',
      '57: profiles[1].sshKeys: sshKeys cannot be set on a hypervisor — leave it out',
      '58: profiles[1].packages: packages cannot be set on a hypervisor — leave it out',
    ],
  ],
  [
    'a VLAN on 6.0.2',
    [saying('link: { vlan: 12 }')],
    [
      '56: profiles[1].link.vlan: the installer of XenServer 6.0.2 cannot put the management interface into a VLAN — let the switch port carry that VLAN untagged',
    ],
  ],
];
describe('what is wrong with it', () => expectProblems(wrong));

describe('a master of another profile', () => {
  const moved: Edit = ['{ name: xs-01, profile: hypervisor,', '{ name: xs-01, profile: master,'];
  const master = (rest: string): Edit => [
    'hosts:\n',
    `  - { name: master, role: xenserver, storage: { layout: whole, disks: [sda] }, ${rest} }\n\nhosts:\n`,
  ];

  test('may have the same tree', () =>
    expect(siteOf(edited(options(POOL), master('tree: xenserver'), moved)).profiles).toHaveLength(3));

  expectProblems([
    [
      'may not have another',
      [
        options(POOL),
        master('tree: xcp'),
        moved,
        ['profiles:\n', '  - { name: xcp, directory: /media/xcp }\n\nprofiles:\n'],
      ],
      [
        '58: profiles[1].xenserver.pool.master: xs-01 is installed from another tree (xcp); a pool has one version — name a host of the same tree',
      ],
    ],
    [
      'may not join another itself',
      [
        options(POOL),
        master('tree: xenserver, xenserver: { pool: { master: xs-02, password: { secret: xen-root } } }'),
        moved,
      ],
      [
        '56: profiles[1].xenserver.pool.master: xs-01 itself joins the pool of xs-02 — name xs-02',
        '58: profiles[2].xenserver.pool.master: xs-02 itself joins the pool of xs-01 — name xs-01',
      ],
    ],
  ]);
});
