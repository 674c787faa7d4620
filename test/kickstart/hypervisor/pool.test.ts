// Joining a pool: who joins whom, what the password must look like, and that it is the one whose hash root has.

import { describe, expect, test } from 'vitest';
import { sha512Crypt } from '../../../kickstart/crypt.ts';
import { joiningOf, poolPasswordRefusal } from '../../../kickstart/hypervisor/pool.ts';
import { requiredSecrets, secretProblem } from '../../../kickstart/secrets.ts';
import type { Install } from '../../../server/domain.ts';
import { POOL_HASH, POOL_PASSWORD, everything, joining, withOptions } from '../../support/hypervisors.ts';
import { ROOT_HASH, hypervisor } from '../../support/installs.ts';

const member = joining('xcp-ng', '8.3');
const master = withOptions(hypervisor('xcp-ng', '8.3'), everything('8.3'));
const lost: Install = { ...member, site: { ...member.site, hosts: [] } };

test.each<[string, Install, unknown]>([
  ['a later host', member, { master: 'xs-01', address: '192.168.168.3', secret: 'xen-root' }],
  ['the master', master, undefined],
  ['a host without a pool', withOptions(member, {}), undefined],
  ['a host whose master is gone', lost, undefined],
])('%s joins', (_, install, joined) => expect(joiningOf(install)).toEqual(joined));

test.each<[string, Install, readonly string[]]>([
  ['a later host', member, ['root', 'xen-root']],
  ['the master', master, ['root']],
  ['another role with such options', { ...member, role: 'minimal' }, ['root']],
])('%s needs', (_, install, names) => expect(requiredSecrets(install).map(({ name }) => name)).toEqual(names));

test.each<[string, string | undefined]>([
  [POOL_PASSWORD, undefined],
  ['sixsix', undefined],
  ['short', 'it is shorter than six characters'],
  ['', 'it is empty'],
  ['with a blank', 'xe takes only printable ASCII without blanks, commas, backslashes'],
  ['comma,comma', 'xe takes only printable ASCII without blanks, commas, backslashes'],
  ['back\\slash', 'xe takes only printable ASCII without blanks, commas, backslashes'],
  ['ünlikely', 'xe takes only printable ASCII without blanks, commas, backslashes'],
  ['x'.repeat(65), 'it is longer than 64 characters'],
  [ROOT_HASH, 'it is a crypt hash: a host joins a pool by the password itself'],
])('a password %j: %s', (value, problem) => expect(secretProblem('root-password', value)).toBe(problem));

describe('the password', () => {
  const refusal = (hash: string, password: string, install = member) =>
    poolPasswordRefusal(
      install,
      new Map([
        ['root', hash],
        ['xen-root', password],
      ]),
    );
  const wrong = { reason: expect.stringContaining('is not the password whose hash root is') };

  test.each<[string, string, string, unknown]>([
    ['that the hash is of', POOL_HASH, POOL_PASSWORD, undefined],
    ['that it is not of', POOL_HASH, 'another', wrong],
    ['with the usual rounds written out', POOL_HASH.replace('$6$', '$6$rounds=5000$'), POOL_PASSWORD, undefined],
    ['with more rounds', sha512Crypt('another', 'salt', 6000), 'another', undefined],
    ['with more rounds, wrong', sha512Crypt('another', 'salt', 6000), 'others', wrong],
    ['with more rounds than are worth it', '$6$rounds=999999$s$x', 'another', undefined],
    ['by another scheme', `$5$salt$${'a'.repeat(43)}`, 'another', undefined],
    ['of a preview', '@SECRET:root@', '@SECRET:xen-root@', undefined],
  ])('%s', (_, hash, password, answer) =>
    expect(refusal(hash, password)).toEqual(answer === undefined ? undefined : expect.objectContaining(answer)),
  );

  test('is no matter of the master, and a master that is gone is one', () => {
    expect(refusal(POOL_HASH, 'another', master)).toBeUndefined();
    expect(refusal(POOL_HASH, POOL_PASSWORD, lost)).toMatchObject({ reason: expect.stringContaining('no host xs-01') });
  });
});
