// What installers fetch, told apart by its path; and the packages among it, by the names of their files.

import { expect, test } from 'vitest';
import { parseMac } from '../../../server/address.ts';
import { followContent } from '../../../server/assembly/followed.ts';
import { rememberMachines } from '../../../server/boot/machines.ts';
import type { Stage } from '../../../server/stages.ts';

const mac = parseMac('52:54:00:a8:a8:02');
const address = '192.168.168.2';

/** What is noted of one answer to the machine at `address`. */
function follow(path: string, of: { status?: number; complete?: boolean; method?: string; remote?: string } = {}) {
  const { status = 200, complete = true, method = 'GET', remote = address } = of;
  const stages: Stage[] = [];
  const packages: string[] = [];
  const machines = rememberMachines(() => 0);
  machines.learn(address, { mac, uuid: undefined, firmware: undefined });
  const rogues = { add: () => {}, list: () => [] };
  const transcript = { machines, rogues, note: (_machine: unknown, stage: Stage) => void stages.push(stage) };
  const served = followContent(transcript, (of, { name, bytes }) => void packages.push(`${of} ${name} ${bytes}`));
  served({ method, path, remote, status, bytes: 7, complete, fault: undefined });
  return { kind: stages.map((stage) => (stage.kind === 'content' ? `${stage.what} ${stage.outcome}` : '')), packages };
}

test.each<[string, string]>([
  ['/trees/rhel6/.treeinfo', 'treeinfo'],
  ['/trees/rhel6/images/install.img', 'stage2'],
  ['/trees/rhel7/LiveOS/squashfs.img', 'stage2'],
  ['/trees/rhel6/Server/repodata/repomd.xml', 'metadata'],
  ['/trees/rhel6/Packages/bash-4.1.2-8.el6.x86_64.rpm', 'package'],
  ['/trees/xenserver/XS-REPOSITORY-LIST', 'metadata'],
  ['/trees/xenserver/packages.main/XS-PACKAGES', 'metadata'],
  ['/trees/xenserver/packages.main/base.tar.bz2', 'package'],
  ['/trees/xenserver/packages.main/xen.rpm', 'package'],
  ['/templates/centos.tar.bz2', 'other'],
])('%s is %s', (path, what) => {
  expect(follow(path).kind).toEqual([`${what} sent`]);
});

test.each<[string, Parameters<typeof follow>[1], readonly string[]]>([
  ['sent whole', {}, [`${mac} cloud-client-4.0.0-0.el6.x86_64 7`]],
  ['sent in a part', { status: 206 }, [`${mac} cloud-client-4.0.0-0.el6.x86_64 7`]],
  ['broken off', { complete: false }, []],
  ['not there', { status: 404 }, []],
  ['only asked about', { method: 'HEAD' }, []],
  ['fetched by somebody who does not boot', { remote: '192.168.168.99' }, []],
])('a package %s', (_what, of, packages) => {
  expect(follow('/repos/cloudstack@s1/cloud-client-4.0.0-0.el6.x86_64.rpm', of).packages).toEqual(packages);
});
