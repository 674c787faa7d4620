// Operators' passwords: which are taken, and their scrypt hashes (RFC 7914).

import { scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and about 80 ms of one core: what RFC 7914 §2 calls interactive, one step up. */
const COST = { N: 32_768, r: 8, p: 1 } as const;
const KEY_BYTES = 32;
/** scrypt needs 128·N·r bytes, and node:crypto refuses without being told so. */
const MEMORY_BYTES = 256 * COST.N * COST.r;

const LENGTH = { least: 10, most: 256 } as const;

/** What is wrong with a password, or undefined. Length is all that is asked for (NIST SP 800-63B §5.1.1.2), and that it is not the name. */
export function passwordProblem(password: string, name: string): string | undefined {
  if (password.length < LENGTH.least) return `it is shorter than ${LENGTH.least} characters`;
  if (password.length > LENGTH.most) return `it is longer than ${LENGTH.most} characters`;
  if (/[\u0000-\u001f\u007f]/.test(password)) return 'it holds control characters';
  if (new Set(password).size < 4) return 'it is made of fewer than four different characters';
  return password.toLowerCase().includes(name.toLowerCase()) && name.length > 3 ? 'it holds the name' : undefined;
}

/** The hash to keep, with its parameters: `scrypt$32768$8$1$SALT$KEY`. `salt` is 16 bytes of randomness. */
export async function hashPassword(password: string, salt: Uint8Array): Promise<string> {
  const { N, r, p } = COST;
  const key = await derive(password, salt, COST);
  return ['scrypt', N, r, p, Buffer.from(salt).toString('base64url'), key.toString('base64url')].join('$');
}

const FORM = /^scrypt\$(\d{4,7})\$(\d{1,2})\$(\d{1,2})\$([\w-]{8,64})\$([\w-]{40,64})$/;

/** Is it the password that `hash` was made of? Takes as long where there is no hash: nobody learns which names there are. */
export async function verifyPassword(password: string, hash: string | undefined): Promise<boolean> {
  const [, N, r, p, salt = '', kept = ''] = FORM.exec(hash ?? NOBODY) ?? [];
  if (N === undefined || password.length > LENGTH.most) return false;
  const key = await derive(password, Buffer.from(salt, 'base64url'), { N: Number(N), r: Number(r), p: Number(p) });
  const expected = Buffer.from(kept, 'base64url');
  return expected.length === key.length && timingSafeEqual(key, expected) && hash !== undefined;
}

/** A hash of nothing that anyone could give. */
const NOBODY = `scrypt$${COST.N}$${COST.r}$${COST.p}$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}`;

type Cost = { readonly N: number; readonly r: number; readonly p: number };

function derive(password: string, salt: Uint8Array, cost: Cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, KEY_BYTES, { ...cost, maxmem: MEMORY_BYTES }, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}
