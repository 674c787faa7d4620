// The rules of whose signature counts, on keys and signatures that the test writes itself; GnuPG is asked about each of them too.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeyring } from '../../../mirror/openpgp/keyring.ts';
import type { Verdict } from '../../../mirror/openpgp/verdict.ts';
import { verifyDetached } from '../../../mirror/openpgp/verify.ts';
import { startGpg, type Gpg, type GpgWord } from '../../support/gpg.ts';
import { needs } from '../../support/lab-needs.ts';
import * as craft from '../../support/openpgp.ts';
import { flags, keyExpires, makeKey, packet, reason, signatureBody, transferable, u32 } from '../../support/openpgp.ts';

const here = needs(['gpg'], 'none');
const DAY_S = 86_400;
const NOW_S = Math.floor(Date.now() / 1000);
/** Keys are made then, and sign a hundred days later. */
const MADE_S = NOW_S - 1000 * DAY_S;
const SIGNED_S = MADE_S + 100 * DAY_S;
const DOCUMENT = Buffer.from('a list of files\n');

type Case = { readonly key: Buffer; readonly signature: Buffer };
type Expected = Partial<Record<'kind' | 'fault', string>> & { readonly reason?: RegExp; readonly weak?: RegExp };

const other = makeKey('ed25519', MADE_S);

/** A new key each time: what one case does to it must not touch the next. */
function fresh(): craft.TestKey {
  return makeKey('ed25519', MADE_S);
}

function signed(key: craft.TestKey, more: Partial<craft.TestSignature> = {}): Buffer {
  return packet(2, signatureBody({ key, type: 0, createdS: SIGNED_S, ...more }, DOCUMENT));
}

function ordinary(key: craft.TestKey, more: Partial<craft.TestSignature> = {}): Case {
  return { key: transferable(key), signature: signed(key, more) };
}

function dressed(dress: (key: craft.TestKey) => craft.Dress): Case {
  const key = fresh();
  return { key: transferable(key, dress(key)), signature: signed(key) };
}

function revoked(code: number | undefined, atS: number): Case {
  return dressed((key) => {
    const hashed = code === undefined ? [] : [reason(code)];
    return { direct: [packet(2, signatureBody({ key, type: 0x20, createdS: atS, hashed }, craft.overKey(key)))] };
  });
}

function bySubkey(make: (primary: craft.TestKey, subkey: craft.TestKey) => Buffer): Case {
  const [primary, subkey] = [fresh(), fresh()];
  return { key: transferable(primary, { more: [make(primary, subkey)] }), signature: signed(subkey) };
}

const bad = (fault: string, reason: RegExp): Expected => ({ kind: 'bad', fault, reason });
const good: Expected = { kind: 'good', weak: /^$/ };
const [V3, SHA1, MD5] = [{ version: 3 }, { hash: 'sha1' }, { hash: 'md5' }] as const;

// Title, the case, what we say, what GnuPG says. Where the two differ the row's title says why.
const ROWS: readonly (readonly [string, () => Case, Expected, GpgWord])[] = [
  ['V4, EdDSA', () => ordinary(fresh()), good, 'GOODSIG'],
  ['V4, RSA', () => ordinary(makeKey('rsa', MADE_S)), good, 'GOODSIG'],
  ['V4, ECDSA', () => ordinary(makeKey('p256', MADE_S)), good, 'GOODSIG'],
  ['V3, RSA', () => ordinary(makeKey('rsa', MADE_S), V3), good, 'GOODSIG'],
  ['V3, RSA, of a text', () => ordinary(makeKey('rsa', MADE_S), { ...V3, type: 1 }), bad('content', /wrong/), 'BADSIG'],
  [
    'V3, DSA, SHA-1',
    () => ordinary(makeKey('dsa', MADE_S), { ...V3, ...SHA1 }),
    { kind: 'good', weak: /SHA-1.*DSA key of only 1024/ },
    'GOODSIG',
  ],
  [
    'V3, DSA, SHA-512 cut to its 160 bits',
    () => ordinary(makeKey('dsa', MADE_S), { ...V3, hash: 'sha512' }),
    { kind: 'good', weak: /DSA/ },
    'GOODSIG',
  ],
  ['SHA-1', () => ordinary(fresh(), SHA1), { kind: 'good', weak: /signed with SHA-1/ }, 'GOODSIG'],
  [
    'MD5, which GnuPG never takes and the site may',
    () => ordinary(makeKey('rsa', MADE_S), MD5),
    { kind: 'good', weak: /MD5/ },
    'ERRSIG',
  ],
  [
    'a key whose time ended since',
    () => dressed(() => ({ selfHashed: [keyExpires(200 * DAY_S)] })),
    { kind: 'good', weak: /expired since/ },
    'EXPKEYSIG',
  ],
  [
    'a key whose time had ended before',
    () => dressed(() => ({ selfHashed: [keyExpires(50 * DAY_S)] })),
    bad('key', /expired since .* and signed later/),
    'EXPKEYSIG',
  ],
  [
    'an end of time that nobody signed',
    () => dressed(() => ({ selfUnhashed: [keyExpires(50 * DAY_S)] })),
    good,
    'GOODSIG',
  ],
  [
    'a key that was prolonged later',
    () =>
      dressed((key) => ({
        selfHashed: [keyExpires(50 * DAY_S), flags(3)],
        named: [
          packet(
            2,
            signatureBody(
              { key, type: 0x13, createdS: SIGNED_S, hashed: [flags(3)] },
              craft.overUserId(key, craft.NAME),
            ),
          ),
        ],
      })),
    good,
    'GOODSIG',
  ],
  [
    'a key cut short by a signature of its own over itself',
    () =>
      dressed((key) => ({
        direct: [
          packet(
            2,
            signatureBody(
              { key, type: 0x1f, createdS: SIGNED_S, hashed: [keyExpires(50 * DAY_S)] },
              craft.overKey(key),
            ),
          ),
        ],
      })),
    bad('key', /expired/),
    'EXPKEYSIG',
  ],
  ['revoked without a reason', () => revoked(undefined, SIGNED_S + DAY_S), bad('key', /was revoked on/), 'REVKEYSIG'],
  ['revoked as stolen, later', () => revoked(2, SIGNED_S + DAY_S), bad('key', /was revoked on/), 'REVKEYSIG'],
  ['superseded before', () => revoked(1, SIGNED_S - DAY_S), bad('key', /was given up on .* before/), 'REVKEYSIG'],
  ['superseded later, which GnuPG does not tell apart', () => revoked(1, SIGNED_S + DAY_S), good, 'REVKEYSIG'],
  ['retired later, which GnuPG does not tell apart', () => revoked(3, SIGNED_S + DAY_S), good, 'REVKEYSIG'],
  [
    'a revocation by a stranger',
    () =>
      dressed((key) => ({
        direct: [packet(2, signatureBody({ key: other, type: 0x20, createdS: SIGNED_S }, craft.overKey(key)))],
      })),
    good,
    'GOODSIG',
  ],
  [
    'a revocation of another key',
    () =>
      dressed((key) => ({
        direct: [packet(2, signatureBody({ key, type: 0x20, createdS: SIGNED_S }, craft.overKey(other)))],
      })),
    good,
    'GOODSIG',
  ],
  [
    'a key that only certifies',
    () => dressed(() => ({ selfHashed: [flags(1)] })),
    bad('key', /not for signing/),
    'ERRSIG',
  ],
  ['a key that says nothing of its use', () => dressed(() => ({ selfHashed: [] })), good, 'GOODSIG'],
  [
    'a key made after what it signed',
    () => ordinary(makeKey('ed25519', SIGNED_S + 10 * DAY_S)),
    bad('key', /was made on .* after/),
    'ERRSIG',
  ],
  [
    'a key with MD5 for itself',
    () => {
      const key = makeKey('rsa', MADE_S);
      return { key: transferable(key, { selfHash: 'md5' }), signature: signed(key) };
    },
    bad('key', /no valid signature of its own/),
    'ERRSIG',
  ],
  [
    'a name that was taken back',
    () =>
      dressed((key) => ({
        named: [packet(2, signatureBody({ key, type: 0x30, createdS: SIGNED_S }, craft.overUserId(key, craft.NAME)))],
      })),
    good,
    'GOODSIG',
  ],
  [
    'a self-signature with an unknown critical part',
    () => dressed(() => ({ selfHashed: [[99, Buffer.alloc(1), 'critical']] })),
    bad('key', /no valid signature of its own/),
    'ERRSIG',
  ],
  ['a signature with an unknown part', () => ordinary(fresh(), { hashed: [[99, Buffer.alloc(1)]] }), good, 'GOODSIG'],
  [
    'a signature with an unknown critical part',
    () => ordinary(fresh(), { hashed: [[99, Buffer.alloc(1), 'critical']] }),
    bad('content', /unknown subpacket 99/),
    'BADSIG',
  ],
  [
    'a signature past its own time',
    () => ordinary(fresh(), { hashed: [[3, u32(DAY_S)]] }),
    bad('key', /the signature by key .* is expired since/),
    'EXPSIG',
  ],
  [
    'a signature from the future, which GnuPG believes',
    () => ordinary(fresh(), { createdS: NOW_S + 3 * DAY_S }),
    bad('key', /is the clock right/),
    'GOODSIG',
  ],
  [
    'a certification in place of a signature',
    () => ordinary(fresh(), { type: 0x10 }),
    bad('content', /signs no document/),
    'ERRSIG',
  ],
  [
    'a subkey',
    () => bySubkey((primary, subkey) => craft.subkeyPackets(primary, subkey, { back: subkey })),
    good,
    'GOODSIG',
  ],
  [
    'a subkey that did not sign back',
    () => bySubkey((primary, subkey) => craft.subkeyPackets(primary, subkey, { back: 'none' })),
    bad('key', /never confirmed/),
    'ERRSIG',
  ],
  [
    'a subkey for which another signed back',
    () => bySubkey((primary, subkey) => craft.subkeyPackets(primary, subkey, { back: primary })),
    bad('key', /never confirmed/),
    'ERRSIG',
  ],
  [
    'a subkey for encryption',
    () => bySubkey((primary, subkey) => craft.subkeyPackets(primary, subkey, { back: subkey, hashed: [flags(0x0c)] })),
    bad('key', /not for signing/),
    'ERRSIG',
  ],
  [
    'a subkey bound by another key',
    () => bySubkey((_primary, subkey) => craft.subkeyPackets(other, subkey, { back: subkey })),
    bad('key', /not bound/),
    'ERRSIG',
  ],
  [
    'a subkey whose time had ended',
    () =>
      bySubkey((primary, subkey) =>
        craft.subkeyPackets(primary, subkey, { back: subkey, hashed: [flags(2), keyExpires(50 * DAY_S)] }),
      ),
    bad('key', /expired since/),
    'EXPKEYSIG',
  ],
  [
    'a subkey revoked as stolen',
    () =>
      bySubkey((primary, subkey) =>
        Buffer.concat([
          craft.subkeyPackets(primary, subkey, { back: subkey }),
          packet(
            2,
            signatureBody(
              { key: primary, type: 0x28, createdS: NOW_S - DAY_S, hashed: [reason(2)] },
              craft.overSubkey(primary, subkey),
            ),
          ),
        ]),
      ),
    bad('key', /a subkey of .* was revoked/),
    'REVKEYSIG',
  ],
  [
    'the subkey of a revoked key',
    () => {
      const [primary, subkey] = [fresh(), fresh()];
      const direct = [
        packet(2, signatureBody({ key: primary, type: 0x20, createdS: NOW_S - DAY_S }, craft.overKey(primary))),
      ];
      return {
        key: transferable(primary, { direct, more: [craft.subkeyPackets(primary, subkey, { back: subkey })] }),
        signature: signed(subkey),
      };
    },
    bad('key', /was revoked/),
    'REVKEYSIG',
  ],
];

const verdictOf = ({ key, signature }: Case): Verdict =>
  verifyDetached(DOCUMENT, signature, { keys: readKeyring([{ name: 'KEY', bytes: key }]), nowMs: NOW_S * 1000 });

describe(`a signature by${here.note}`, () => {
  let gpg: Gpg | undefined;
  beforeAll(async () => {
    if (!here.skip) gpg = await startGpg();
  });
  afterAll(() => gpg?.close());

  test.each(ROWS)('%s', async (_title, make, expected, word) => {
    const made = make();
    const verdict = verdictOf(made);
    const told = {
      ...verdict,
      reason: verdict.kind === 'bad' ? verdict.reason : undefined,
      weak: verdict.kind === 'good' ? verdict.weak.join() : undefined,
    };
    const matching = Object.entries(expected).map(([name, want]) => [
      name,
      want instanceof RegExp ? (expect.stringMatching(want) as unknown) : want,
    ]);
    expect(told).toMatchObject(Object.fromEntries(matching) as object);
    if (gpg === undefined) return;
    await gpg.import(made.key);
    expect(await gpg.verify(DOCUMENT, made.signature)).toBe(word);
  });
});
