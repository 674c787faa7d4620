// secrets.ts: which secrets, in which form.

import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { sha512Crypt } from '../../kickstart/crypt.ts';
import {
  cryptScheme,
  isPlaceholder,
  redactedSecrets,
  requiredSecrets,
  secretProblem,
} from '../../kickstart/secrets.ts';
import { cs40, minimal, xs01 } from '../support/installs.ts';

describe('requiredSecrets', () => {
  test.each([
    ['a minimal host', minimal('9.6'), ['root']],
    ['a hypervisor', xs01, ['root']],
    ['a management server', cs40, ['root', 'cloud-db', 'mysql-root', 'cloud-management-key', 'cloud-database-key']],
    ['another name for root', { ...minimal('9.6'), rootPassword: { secret: 'lab-root' } }, ['lab-root']],
  ])('%s', (_, install, names) => expect(requiredSecrets(install).map(({ name }) => name)).toEqual(names));

  test('the operator sets root, the appliance can make up the others', () => {
    const generated = requiredSecrets(cs40).map(({ name, form, generated }) => [name, form, generated]);
    expect(generated[0]).toEqual(['root', 'crypt-hash', false]);
    expect(generated.slice(1).every(([, form, made]) => form === 'cloudstack-password' && made === true)).toBe(true);
  });
});

describe('a crypt hash', () => {
  test.each([
    [sha512Crypt('secret', 'saltsalt'), '6'],
    [sha512Crypt('secret', 'saltsalt', 10_000), '6'],
    [`$5$salt$${'a'.repeat(43)}`, '5'],
    [`$1$saltsalt$${'a'.repeat(22)}`, '1'],
    [`$2b$12$${'a'.repeat(53)}`, '2'],
    [`$y$j9T$${'a'.repeat(22)}$${'b'.repeat(43)}`, 'y'],
    [`$gy$j9T$${'a'.repeat(22)}$${'b'.repeat(43)}`, 'y'],
  ])('%s', (hash, scheme) => {
    expect(cryptScheme(hash)).toBe(scheme);
    expect(secretProblem('crypt-hash', hash)).toBeUndefined();
  });

  test.each([
    ['a plain password', 'hunter2'],
    ['nothing', ''],
    ['a hash cut short', '$6$saltsalt$abc'],
    ['a hash and a line break', `${sha512Crypt('secret', 'a')}\n`],
    ['a hash and an option', `${sha512Crypt('secret', 'a')} --lock`],
    ['a locked password', '!!'],
    ['a scheme of its own', `$7$salt$${'a'.repeat(86)}`],
    ['a placeholder', '@SECRET:root@'],
  ])('is not %s', (_, hash) => expect(secretProblem('crypt-hash', hash)).toBeTypeOf('string'));
});

describe('a CloudStack password keeps to what a shell reads as it is: cloud-setup-databases quotes nothing', () => {
  test.each(['abcDEF123', '%+,./=^_-', '0-a', 'a'.repeat(64)])('%s', (value) =>
    expect(secretProblem('cloudstack-password', value)).toBeUndefined(),
  );

  test.each([
    ...'\'"\\`$@:&*()[]{};<>?!#~| \t\nä'.split('').map((character) => `a${character}b`),
    ...['', '-a', 'a'.repeat(65)],
  ])('not %j', (value) => expect(secretProblem('cloudstack-password', value)).toBeTypeOf('string'));

  test('sh gives every character that may stand in one back unchanged', () => {
    const value = '^%+,./=_-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrs';
    expect(secretProblem('cloudstack-password', value)).toBeUndefined();
    const line = `printf %s --password=${value} ${value}`;
    expect(execFileSync('sh', ['-c', line]).toString()).toBe(`--password=${value}${value}`);
  });

  test('no problem repeats the secret', () =>
    expect(secretProblem('cloudstack-password', 'topsecret@x')).not.toContain('topsecret'));
});

test('redactedSecrets answers a placeholder for every name, and every secret form refuses it as a value', () => {
  expect(redactedSecrets('root')).toBe('@SECRET:root@');
  expect(isPlaceholder(redactedSecrets('root') ?? '')).toBe(true);
  expect(isPlaceholder('@SECRET:a@b@')).toBe(false);
  expect(secretProblem('cloudstack-password', '@SECRET:cloud-db@')).toBeTypeOf('string');
});
