// SHA-512 crypt ($6$), as glibc and libxcrypt check it: a password and a salt in, the hash for /etc/shadow out.

import { createHash } from 'node:crypto';
import { Malformed } from '../server/malformed.ts';

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const DEFAULT_ROUNDS = 5000;
/** Written out in the hash when it is not the default; the algorithm's own bounds (Drepper, SHA-crypt, step 13). */
const ROUNDS = { least: 1000, most: 999_999_999 };
/** Which three bytes of the digest make each group of four characters (step 22e). */
const LAST_GROUP = 63;

/**
 * Hashes `password` with `salt` (1 to 16 characters of `./0-9A-Za-z`) in `rounds` rounds (default 5000). Throws `Malformed`
 * for another salt, for rounds outside 1000 to 999999999, and for a password with NUL, which login programs cut short.
 */
export function sha512Crypt(password: string, salt: string, rounds: number = DEFAULT_ROUNDS): string {
  if (!/^[./0-9A-Za-z]{1,16}$/.test(salt)) throw new Malformed('a salt is 1 to 16 of ./0-9A-Za-z', 'salt');
  if (!Number.isInteger(rounds) || rounds < ROUNDS.least || rounds > ROUNDS.most) {
    throw new Malformed(`rounds are ${ROUNDS.least} to ${ROUNDS.most}`, 'rounds');
  }
  if (password.includes('\0')) throw new Malformed('a password cannot hold NUL', 'password');
  const digest = stretched(Buffer.from(password), Buffer.from(salt), rounds);
  const prefix = rounds === DEFAULT_ROUNDS ? '' : `rounds=${rounds}$`;
  return `$6$${prefix}${salt}$${encoded(digest)}`;
}

// The step numbers are those of the published description of SHA-crypt.
function stretched(password: Buffer, salt: Buffer, rounds: number): Buffer {
  const alternate = sha512(password, salt, password); // 4–8
  const bits = password.length.toString(2).split('').toReversed();
  const first = bits.map((bit) => (bit === '1' ? alternate : password)); // 11
  let digest = sha512(password, salt, repeated(alternate, password.length), ...first); // 1–3, 9–12
  const p = repeated(sha512(repeated(password, password.length ** 2)), password.length); // 13–16
  const s = repeated(sha512(repeated(salt, salt.length * (16 + byteAt(digest, 0)))), salt.length); // 17–20
  for (let round = 0; round < rounds; round += 1) digest = sha512(...roundParts(round, { digest, p, s })); // 21
  return digest;
}

function roundParts(round: number, of: { digest: Buffer; p: Buffer; s: Buffer }): readonly Buffer[] {
  const odd = round % 2 === 1;
  const parts = [odd ? of.p : of.digest];
  if (round % 3 !== 0) parts.push(of.s);
  if (round % 7 !== 0) parts.push(of.p);
  parts.push(odd ? of.digest : of.p);
  return parts;
}

function encoded(digest: Buffer): string {
  const groups = Array.from({ length: 21 }, (_, group) => {
    const triple = [group, group + 21, group + 42].map((_, index, all) => all[(index + group) % 3] ?? 0);
    return base64(
      triple.reduce((sum, at) => sum * 256 + byteAt(digest, at), 0),
      4,
    );
  });
  return groups.join('') + base64(byteAt(digest, LAST_GROUP), 2);
}

// Six bits a character, lowest first.
function base64(value: number, characters: number): string {
  return Array.from({ length: characters }, (_, index) => ALPHABET[(value >>> (6 * index)) & 63] ?? '').join('');
}

function repeated(block: Buffer, length: number): Buffer {
  return Buffer.alloc(length, block);
}

function byteAt(bytes: Buffer, at: number): number {
  return bytes[at] ?? 0;
}

function sha512(...parts: readonly Buffer[]): Buffer {
  const hash = createHash('sha512');
  for (const part of parts) hash.update(part);
  return hash.digest();
}
