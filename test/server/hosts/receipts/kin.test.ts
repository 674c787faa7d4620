// Which installs are alike: of one profile, tree and snapshots, whatever host they are for.

import { expect, test } from 'vitest';
import type { Install } from '../../../../server/domain.ts';
import { kinOf } from '../../../../server/hosts/receipts/kin.ts';
import { cs40 } from '../../../support/installs.ts';

const [repo, ...repos] = cs40.repos;
if (repo === undefined) throw new Error('cs40 has no repo');

test.each<[string, Partial<Install>, 'alike' | 'other']>([
  ['another host', { host: { ...cs40.host, name: 'cs41', fqdn: 'cs41.cs-cloud.com' } }, 'alike'],
  ['another arming', { token: 'another' }, 'alike'],
  ['another origin', { origin: 'http://10.0.0.1' }, 'alike'],
  ['other disks', { storage: { ...cs40.storage, disks: ['nvme0n1', 'nvme1n1'] } }, 'alike'],
  ['another snapshot', { repos: [{ ...repo, snapshot: 's2' }, ...repos] }, 'other'],
  ['one repo fewer', { repos }, 'other'],
  ['another package', { packages: [...cs40.packages, 'vim'] }, 'other'],
  ['another profile', { profile: 'other' }, 'other'],
  ['another tree', { tree: { ...cs40.tree, name: 'rhel6-copy' } }, 'other'],
  ['another release', { os: { ...cs40.os, version: '6.10' } }, 'other'],
])('%s is %s', (_what, change, verdict) => {
  expect(kinOf({ ...cs40, ...change }) === kinOf(cs40)).toBe(verdict === 'alike');
});
