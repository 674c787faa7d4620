// An install walked through without its machine: green where it would work, and the first thing that would stop it, with its remedy.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { installOf, type House } from '../../../server/assembly/house.ts';
import { rehearseHost, type Rehearsal } from '../../../server/assembly/rehearsal.ts';
import type { Site } from '../../../server/domain.ts';
import { kinOf } from '../../../server/hosts/receipts/kin.ts';
import { isNo } from '../../../server/malformed.ts';
import { writeMetadata, type MetadataPackage } from '../../support/closure-repos.ts';
import { exampleSite } from '../../support/example.ts';
import { BARE } from '../../support/bundle-installs.ts';
import { houseOver } from '../../support/open-house.ts';

const BASE: readonly MetadataPackage[] = [
  { name: 'filesystem', files: ['/etc/fstab'] },
  { name: 'bash', requires: ['filesystem'], files: ['/usr/bin/bash'] },
  { name: 'core-tools', requires: ['/usr/bin/bash'] },
  { name: 'vim-enhanced', requires: ['bash'] },
  { name: 'chrony', requires: ['bash'] },
];
const COMPS = `<?xml version="1.0"?><comps><group><id>core</id><name>Core</name><default>true</default><uservisible>false</uservisible>
<packagelist><packagereq type="mandatory">core-tools</packagereq></packagelist></group><environment><id>minimal-environment</id><name>Minimal</name>
<grouplist><groupid>core</groupid></grouplist></environment></comps>`;

let data = '';
let house: House;
let packages: readonly string[] = [];
let rootMb: number | undefined;
beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'kickstand-rehearsal-'));
  packages = ['vim-enhanced'];
  rootMb = undefined;
  await makeTree(BASE);
  house = await houseOver({ data, site });
  await house.secrets.save('root', `$6$saltsalt$${'a'.repeat(86)}`);
});
afterEach(async () => {
  await house.close();
  rmSync(data, { recursive: true });
});

function site(): Site {
  const example = exampleSite();
  const [like] = example.profiles;
  const [host] = example.hosts;
  if (like === undefined || host === undefined) throw new Error('the example site has no profile or host');
  const storage = { layout: 'whole', disks: ['sda'], guest: [], ...BARE, rootMb } as const;
  const plain = { ...like, role: 'minimal', cloudstack: undefined, repos: [], packages, storage } as const;
  return {
    ...example,
    repos: [],
    trees: [{ name: 'nine', source: { kind: 'directory', path: join(data, 'media') }, os: undefined }],
    profiles: [{ ...plain, name: 'node', tree: 'nine' }],
    hosts: [{ ...host, profile: 'node' }],
  };
}

const STAGE2 = 'the second stage';

/** An install tree of Rocky 9 with these packages; its .treeinfo vouches for stage 2. */
async function makeTree(of: readonly MetadataPackage[]): Promise<void> {
  const directory = join(data, 'media');
  const sum = createHash('sha256').update(STAGE2).digest('hex');
  const files = {
    '.treeinfo': `[general]\nfamily = Rocky Linux\nversion = 9.4\narch = x86_64\nvariant = BaseOS\nrepository = .\npackagedir = Packages\n[release]\nname = Rocky Linux\nshort = Rocky\nversion = 9.4\n[images-x86_64]\nkernel = images/pxeboot/vmlinuz\ninitrd = images/pxeboot/initrd.img\n[stage2]\nmainimage = images/install.img\n[checksums]\nimages/install.img = sha256:${sum}\n`,
    'images/pxeboot/vmlinuz': 'kernel',
    'images/pxeboot/initrd.img': 'initrd',
    'images/install.img': STAGE2,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  await writeMetadata(directory, of);
  const at = join(directory, 'repodata');
  writeFileSync(join(at, 'comps.xml'), COMPS);
  const repomd = await readFile(join(at, 'repomd.xml'), 'utf8');
  const digest = createHash('sha256').update(COMPS).digest('hex');
  const entry = `<data type="group"><checksum type="sha256">${digest}</checksum><location href="repodata/comps.xml"/><timestamp>1</timestamp><size>${Buffer.byteLength(COMPS)}</size></data>`;
  await writeFile(join(at, 'repomd.xml'), repomd.replace('</repomd>', `${entry}</repomd>`));
}

async function rehearse(): Promise<Rehearsal> {
  const found = await rehearseHost(house, 'cs40', { onStep: () => {}, signal: new AbortController().signal });
  if (isNo(found)) throw new Error(found.reason);
  return found;
}

/** Loaders are this machine's own: they are no matter of these tests. */
const reds = ({ steps }: Rehearsal) =>
  steps
    .filter(({ verdict, what }) => verdict === 'red' && !what.startsWith('loader'))
    .map(({ what, detail }) => `${what}: ${detail}`);

test('an install that would work is green, with the very packages it would install', async () => {
  const found = await rehearse();
  expect(reds(found)).toEqual([]);
  expect(found.packages?.map(({ name }) => name)).toEqual([
    'bash',
    'chrony',
    'core-tools',
    'filesystem',
    'vim-enhanced',
  ]);
  // By this the progress of such an install is told while it runs.
  const install = await installOf(house, 'cs40');
  const kin = isNo(install) ? '' : kinOf(install);
  expect(house.receipts.known({ kin, profile: 'node', tree: 'nine' }, Infinity).packages).toMatchObject({ count: 5 });
  const what = found.steps.map((step) => step.what);
  for (const part of [
    'arming',
    'boot script',
    'kernel and initrd',
    'stage 2',
    'kickstart',
    'addresses',
    'medium',
    'repositories',
    'packages',
  ]) {
    expect(what).toContain(part);
  }
  expect(found.steps.find((step) => step.what === 'medium')?.detail).toBe('1 checksums of its .treeinfo are right');
});

test.each<[string, () => void | Promise<void>, RegExp]>([
  [
    'a package that no repository has',
    () => void (packages = ['emacs']),
    /^packages: no repository has the package emacs$/,
  ],
  ['a group that none has', () => void (packages = ['@kde']), /^packages: no repository has the group @?kde$/],
  [
    'a package that cannot be installed',
    async () => {
      packages = ['broken'];
      await makeTree([...BASE, { name: 'broken', requires: ['libmissing.so.1()(64bit)'] }]);
    },
    /^packages: nothing provides libmissing\.so\.1\(\)\(64bit\) needed by broken-/,
  ],
  [
    'stage 2 that is not what its maker published',
    () => writeFile(join(data, 'media/images/install.img'), 'another second st'),
    /^medium: nine\/images\/install\.img is not what its maker published/,
  ],
  [
    'an empty initrd',
    () => writeFile(join(data, 'media/images/pxeboot/initrd.img'), ''),
    /^kernel and initrd: nine\/images\/pxeboot\/initrd\.img is empty$/,
  ],
  ['no metadata', () => rm(join(data, 'media/repodata/primary.xml')), /primary/],
  [
    'a kickstart that its installer would refuse',
    () => void (packages = ['@^no:such']),
    /^instructions: not a package/,
  ],
])('%s is red', async (_what, spoil, reason) => {
  await spoil();
  expect(reds(await rehearse()).join('\n')).toMatch(reason);
});

test.each([
  [undefined, undefined],
  [4096, 'green'],
  [0, 'red'],
])('a / of %s MiB: %s', async (given, verdict) => {
  rootMb = given;
  expect((await rehearse()).steps.find(({ what }) => what === 'room')?.verdict).toBe(verdict);
});

test('every address of this appliance in the kickstart is looked up', async () => {
  const { steps } = await rehearse();
  expect(steps.find(({ what }) => what === 'addresses')?.detail).toMatch(/^[1-9]\d* of this appliance/);
});

test('without its secret it could not be armed, and the rest is looked at all the same', async () => {
  rmSync(join(data, 'secrets/root'), { force: true });
  const found = await rehearse();
  expect(reds(found).join('\n')).toMatch(/^arming: .*root/);
  expect(found.packages).toHaveLength(5);
});

test('a host that is not there is none', async () => {
  const watch = { onStep: () => {}, signal: new AbortController().signal };
  expect(isNo(await rehearseHost(house, 'nobody', watch))).toBe(true);
});

test('a rehearsal that is no longer wanted ends', async () => {
  await expect(rehearseHost(house, 'cs40', { onStep: () => {}, signal: AbortSignal.abort() })).rejects.toThrow();
});
