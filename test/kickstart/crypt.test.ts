// crypt.ts against the published vectors' form and against openssl.

import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sha512Crypt } from '../../kickstart/crypt.ts';
import { Malformed } from '../../server/malformed.ts';

const openssl = spawnSync('openssl', ['version']).status === 0;

describe.skipIf(!openssl && process.env['CI'] === undefined)('sha512Crypt and openssl passwd -6 agree', () => {
  test.each([
    ['password', 'saltsalt'],
    ['Grüße, 世界', './0123456789ABCD'],
    ['x'.repeat(63), 'abcdefgh'],
    ['x'.repeat(64), 'abcdefgh'],
    ['x'.repeat(65), 'abcdefgh'],
    ['y'.repeat(200), 'Z'],
  ])('%j with salt %s', (password, salt) => expect(sha512Crypt(password, salt)).toBe(opensslCrypt(password, salt)));

  test('random passwords and salts', () => {
    const saltCharacter = fc.constantFrom(...'./0123456789ABCXYZabcxyz'.split(''));
    const salt = fc.string({ unit: saltCharacter, minLength: 1, maxLength: 16 });
    const password = fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 100 });
    fc.assert(
      fc.property(password, salt, (password, salt) => {
        expect(sha512Crypt(password, salt)).toBe(opensslCrypt(password, salt));
      }),
      { numRuns: 15 },
    );
  });
});

describe('sha512Crypt', () => {
  // The vector with rounds from the published description of SHA-crypt.
  test('writes rounds that are not the default', () => {
    expect(sha512Crypt('Hello world!', 'saltstringsaltst', 10_000)).toBe(
      '$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v.',
    );
  });

  test.each([
    ['an empty salt', 'x', '', 5000],
    ['a salt that is too long', 'x', 'a'.repeat(17), 5000],
    ['a salt with a dollar', 'x', 'a$b', 5000],
    ['too few rounds', 'x', 'a', 999],
    ['half a round', 'x', 'a', 5000.5],
    ['NUL in the password', 'x\0y', 'a', 5000],
  ])('refuses %s', (_, password, salt, rounds) => expect(() => sha512Crypt(password, salt, rounds)).toThrow(Malformed));
});

function opensslCrypt(password: string, salt: string): string {
  const run = spawnSync('openssl', ['passwd', '-6', '-salt', salt, '-stdin'], { input: `${password}\n` });
  return run.stdout.toString().trim();
}
