// Keys and signatures as a hostile network writes them: every prefix, every changed byte, noise. A verdict or `Malformed`, nothing else.

import { constants, createPublicKey, privateEncrypt, publicDecrypt } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArmor } from '../../../mirror/openpgp/armor.ts';
import { readKeyring } from '../../../mirror/openpgp/keyring.ts';
import { readPackets } from '../../../mirror/openpgp/packets.ts';
import { parseSignature } from '../../../mirror/openpgp/signature.ts';
import { canonicalText } from '../../../mirror/openpgp/text.ts';
import { readSignatures, verifyDetached } from '../../../mirror/openpgp/verify.ts';
import { Malformed } from '../../../server/malformed.ts';
import { armored, makeKey, packet, signatureBody, subkeyPackets, transferable } from '../../support/openpgp.ts';

const NOW_S = Math.floor(Date.now() / 1000);
const MADE_S = NOW_S - 86_400;
const DOCUMENT = Buffer.from('a list of files\n');
/** Of the packets that `packet` writes. */
const HEAD = 6;
const KINDS = ['rsa', 'dsa', 'ed25519', 'p256'] as const;

const signers = KINDS.map((kind) => {
  const key = makeKey(kind, MADE_S);
  const bytes = transferable(key);
  const make = (version: 3 | 4): Buffer =>
    packet(2, signatureBody({ key, type: 0, createdS: NOW_S - 60, version }, DOCUMENT));
  return { kind, key, bytes, keys: readKeyring([{ name: 'KEY', bytes }]), v3: make(3), v4: make(4) };
});

/** Whatever is returned is fine; only `Malformed` may be thrown. */
function unlessMalformed<T>(attempt: () => T): T | undefined {
  try {
    return attempt();
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}

function* prefixes(bytes: Uint8Array): Generator<Buffer> {
  for (let length = 0; length < bytes.length; length += 1) yield Buffer.from(bytes.subarray(0, length));
}

function* flips(bytes: Uint8Array, masks: readonly number[]): Generator<readonly [at: number, flipped: Buffer]> {
  for (let at = 0; at < bytes.length; at += 1) {
    for (const mask of masks) {
      const flipped = Buffer.from(bytes);
      flipped[at] = (flipped[at] ?? 0) ^ mask;
      yield [at, flipped];
    }
  }
}

describe.each(signers)('$kind', ({ keys, v3, v4, bytes }) => {
  test.each([
    ['V3', v3],
    ['V4', v4],
  ])('a %s signature is good whole, and no prefix of it', (_version, signature) => {
    const judge = (candidate: Uint8Array) => verifyDetached(DOCUMENT, candidate, { keys, nowMs: NOW_S * 1000 });
    expect(judge(signature).kind).toBe('good');
    for (const prefix of prefixes(signature)) expect(judge(prefix).kind).not.toBe('good');
  });

  test.each([
    ['V3', v3],
    ['V4', v4],
  ])('a %s signature with one changed byte is good only where nothing of it depends on that', (_version, signature) => {
    const body = readPackets(signature, 'signature')[0]?.body ?? new Uint8Array();
    const parsed = parseSignature(body);
    if (parsed.kind !== 'signature') throw new Error('not a signature');
    // A count of bits that means as many bytes, and the critical bit of the known hint that names the key.
    const harmless = new Set<number>();
    if (parsed.version === 4) harmless.add(HEAD + 6 + (body[5] ?? 0) + 2 + 5);
    let end = signature.length;
    for (const number of parsed.numbers.toReversed()) {
      end -= number.length + 2;
      for (const at of [end, end + 1]) harmless.add(at);
    }
    for (const [at, flipped] of flips(signature, [0x01, 0x80])) {
      const verdict = verifyDetached(DOCUMENT, flipped, { keys, nowMs: NOW_S * 1000 });
      if (verdict.kind === 'good') expect(harmless).toContain(at);
    }
  });

  test('a key with one changed byte never makes another document good', () => {
    const changed = Buffer.from('another list of files\n');
    for (const [, flipped] of flips(bytes, [0x20])) {
      const read = unlessMalformed(() => readKeyring([{ name: 'KEY', bytes: flipped }]));
      if (read !== undefined)
        expect(verifyDetached(changed, v4, { keys: read, nowMs: NOW_S * 1000 }).kind).not.toBe('good');
    }
    for (const prefix of prefixes(bytes)) unlessMalformed(() => readKeyring([{ name: 'KEY', bytes: prefix }]));
  });
});

describe('noise', () => {
  const subkey = makeKey('p256', MADE_S);
  const primary = makeKey('ed25519', MADE_S);
  const whole = transferable(primary, { more: [subkeyPackets(primary, subkey, { back: subkey })] });
  const text = Buffer.from(armored('PGP PUBLIC KEY BLOCK', whole));

  test('with one changed byte an armored key with a subkey is refused, or is the same key', () => {
    for (const [, flipped] of flips(text, [0x04])) {
      const read = unlessMalformed(() => readKeyring([{ name: 'KEY', bytes: flipped }]));
      expect([undefined, primary.keyId]).toContain(read?.certificates[0]?.key.keyId);
    }
  });

  test('of any kind is a value or Malformed', () => {
    const noise = fc.uint8Array({ maxLength: 400 });
    const packets = fc
      .array(fc.tuple(fc.nat(63), noise), { maxLength: 6 })
      .map((list) => Buffer.concat(list.map(([tag, body]) => packet(tag, body))));
    fc.assert(
      fc.property(fc.oneof(noise, packets), (bytes) => {
        unlessMalformed(() => readPackets(bytes, 'x'));
        unlessMalformed(() => readKeyring([{ name: 'x', bytes }]));
        unlessMalformed(() => readSignatures(bytes, 'x'));
        unlessMalformed(() => parseSignature(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  test('in armor is a value or Malformed', () => {
    const line = fc.constantFrom(
      '-----BEGIN PGP SIGNATURE-----',
      '-----END PGP SIGNATURE-----',
      '',
      'a: b',
      'AAAA',
      '=AAAA',
      'A=',
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        unlessMalformed(() => readArmor(Buffer.from(lines.join('\n')), 'x'));
      }),
      { numRuns: 2000 },
    );
  });

  test('after a signed key, of the form of a signature, is a value or Malformed', () => {
    const body = fc.tuple(
      fc.constantFrom(3, 4),
      fc.nat(255),
      fc.constantFrom(1, 17, 19, 22, 27),
      fc.constantFrom(2, 8),
      fc.uint8Array({ maxLength: 300 }),
    );
    fc.assert(
      fc.property(body, ([version, type, algorithm, hash, rest]) => {
        const bytes = packet(2, Buffer.concat([Buffer.from([version, type, algorithm, hash]), rest]));
        unlessMalformed(() => readKeyring([{ name: 'x', bytes: Buffer.concat([whole, bytes]) }]));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('numbers that no honest signer writes', () => {
  // Zero, one, the order itself … over each scheme: false, never a fault.
  test.each(signers)('$kind', ({ key, keys, kind }) => {
    const values = [
      Buffer.alloc(0),
      Buffer.from([1]),
      Buffer.alloc(32, 0xff),
      Buffer.alloc(256, 0xff),
      Buffer.alloc(2048, 0xff),
    ];
    const body = signatureBody({ key, type: 0, createdS: NOW_S - 60 }, DOCUMENT);
    const parsed = parseSignature(body);
    if (parsed.kind !== 'signature') throw new Error('not a signature');
    const head = body.subarray(0, body.length - parsed.numbers.reduce((sum, number) => sum + number.length + 2, 0));
    const one = (value: Buffer): Buffer =>
      Buffer.concat([Buffer.from([(value.length * 8) >> 8, (value.length * 8) & 0xff]), value]);
    for (const first of values) {
      for (const second of kind === 'rsa' ? [undefined] : values) {
        const forged = Buffer.concat([head, one(first), ...(second === undefined ? [] : [one(second)])]);
        const verdict = verifyDetached(DOCUMENT, packet(2, forged), { keys, nowMs: NOW_S * 1000 });
        expect(verdict).toMatchObject({ kind: 'bad', fault: 'content' });
      }
    }
  });
});

describe('a block that RSA signed', () => {
  const key = makeKey('rsa', MADE_S);
  const keys = readKeyring([{ name: 'KEY', bytes: transferable(key) }]);
  const body = signatureBody({ key, type: 0, createdS: NOW_S - 60 }, DOCUMENT);
  const honest = publicDecrypt(
    { key: createPublicKey(key.privateKey), padding: constants.RSA_NO_PADDING },
    body.subarray(-256),
  );
  const info = honest.subarray(-51);

  // Whoever parses the block instead of comparing it takes one of these; the owner's private key made them all.
  test.each<[string, Buffer, string]>([
    ['of the right form', honest, 'good'],
    [
      'filled with too little, and rubbish behind',
      Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(8, 0xff), Buffer.alloc(1), info, Buffer.alloc(194)]),
      'bad',
    ],
    [
      'without the name of the hash',
      Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(221, 0xff), Buffer.alloc(1), info.subarray(-32)]),
      'bad',
    ],
    [
      'filled with something else',
      Buffer.concat([Buffer.from([0, 1]), Buffer.alloc(202, 0xfe), Buffer.alloc(1), info]),
      'bad',
    ],
    [
      'of the form for encryption',
      Buffer.concat([Buffer.from([0, 2]), Buffer.alloc(202, 0xff), Buffer.alloc(1), info]),
      'bad',
    ],
  ])('%s', (_form, block, kind) => {
    const number = privateEncrypt({ key: key.privateKey, padding: constants.RSA_NO_PADDING }, block);
    const forged = Buffer.concat([body.subarray(0, -258), Buffer.from([8, 0]), number]);
    expect(verifyDetached(DOCUMENT, packet(2, forged), { keys, nowMs: NOW_S * 1000 }).kind).toBe(kind);
  });
});

test('a text is brought to its form however it is cut', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom('a', '\r', '\n', '\r\n'), { maxLength: 12 }), fc.nat(12), (parts, cut) => {
      const text = Buffer.from(parts.join(''));
      const canonical = canonicalText();
      const cutText = Buffer.concat([canonical(text.subarray(0, cut)), canonical(text.subarray(cut))]);
      expect(cutText.toString()).toBe(text.toString().replaceAll(/\r?\n/g, '\r\n'));
    }),
  );
});
