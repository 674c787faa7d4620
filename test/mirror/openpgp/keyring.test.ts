// Key files and what several of them, or several signatures, say together.

import { describe, expect, test } from 'vitest';
import { readKeyring } from '../../../mirror/openpgp/keyring.ts';
import type { Verdict } from '../../../mirror/openpgp/verdict.ts';
import { verifyDetached } from '../../../mirror/openpgp/verify.ts';
import * as craft from '../../support/openpgp.ts';
import { armored, flags, makeKey, packet, signatureBody, transferable, u32 } from '../../support/openpgp.ts';

const DAY_S = 86_400;
const NOW_S = Math.floor(Date.now() / 1000);
const MADE_S = NOW_S - 1000 * DAY_S;
const DOCUMENT = Buffer.from('a list of files\n');
const alone = makeKey('ed25519', MADE_S);
const other = makeKey('ed25519', MADE_S);

function signed(key: craft.TestKey, more: Partial<craft.TestSignature> = {}): Buffer {
  return packet(2, signatureBody({ key, type: 0, createdS: MADE_S + DAY_S, ...more }, DOCUMENT));
}

const read = (bytes: Uint8Array | string) => readKeyring([{ name: 'KEY', bytes: Buffer.from(bytes) }]);

describe('a key file', () => {
  const key = transferable(alone);
  const text = armored('PGP PUBLIC KEY BLOCK', key);
  const idsOf = (bytes: Uint8Array | string) => read(bytes).certificates.map((certificate) => certificate.key.keyId);

  test.each([
    ['packets', key],
    ['armor', text],
    ['armor with the ends of lines of Windows and a byte order mark', `\ufeff${text.replaceAll('\n', '\r\n')}`],
    ['armor without its checksum', text.replace(/^=.{4}$/m, '')],
    [
      'armor with headers, among other text',
      `The key:\n${text.replace('-----\n', '-----\nVersion: 1\nComment: it\n')}\nEnd.`,
    ],
  ])('is read as %s', (_form, bytes) => {
    expect(idsOf(bytes)).toEqual([alone.keyId]);
  });

  test('holds many keys, in one block or several', () => {
    const two = [alone.keyId, other.keyId];
    expect(idsOf(Buffer.concat([key, transferable(other)]))).toEqual(two);
    expect(idsOf(armored('PGP PUBLIC KEY BLOCK', Buffer.concat([key, transferable(other)])))).toEqual(two);
    expect(idsOf(text + armored('PGP PUBLIC KEY BLOCK', transferable(other)))).toEqual(two);
  });

  test.each<[string, Uint8Array | string, RegExp]>([
    ['nothing', '', /no OpenPGP key \(KEY\)/],
    ['a web page', '<html>404</html>', /no OpenPGP key \(KEY\)/],
    ['armor with one letter changed', text.replace(/^(.{10})[a-z]/m, '$1A').replace(/^(.{20})[A-Z]/m, '$1a'), /KEY/],
    ['armor with another checksum', text.replace(/^=.{4}$/m, '=AAAA'), /another checksum \(KEY\)/],
    ['armor without its end', text.replace('-----END', '----END'), /without its end \(KEY\)/],
    ['armor without an empty line', text.replace('\n\n', '\n'), /empty line/],
    ['a private key', armored('PGP PRIVATE KEY BLOCK', key), /private key: keep that elsewhere .*KEY/],
    ['the packet of a private key', packet(5, alone.body), /private key/],
    ['a signature', signed(alone), /does not begin with a key/],
    ['a packet in parts', Buffer.concat([Buffer.from([0xc6, 0xe1]), key]), /in parts/],
    ['a packet without a length', Buffer.concat([Buffer.from([0x9b]), key]), /without a length/],
    ['half a key', key.subarray(0, 60), /ends too soon .*KEY/],
    [
      '20,001 packets',
      Buffer.concat(Array<Buffer>(20_001).fill(packet(12, Buffer.alloc(0)))),
      /more than 20000 packets/,
    ],
  ])('with %s is refused by its name', (_form, bytes, reason) => {
    expect(() => read(bytes)).toThrow(reason);
  });
});

describe('keys of several files', () => {
  const judge = (signature: Buffer, ...files: readonly Buffer[]): Verdict => {
    const keys = readKeyring(files.map((bytes, index) => ({ name: `KEY-${index + 1}`, bytes })));
    return verifyDetached(DOCUMENT, signature, { keys, nowMs: NOW_S * 1000 });
  };
  const revocation = (key: craft.TestKey, by: craft.TestKey): Buffer =>
    packet(2, signatureBody({ key: by, type: 0x20, createdS: NOW_S - DAY_S }, craft.overKey(key)));

  test('a revocation in one of them counts for the key in the other', () => {
    const whole = transferable(alone);
    const stolen = transferable(alone, { direct: [revocation(alone, alone)] });
    expect(judge(signed(alone), whole)).toMatchObject({ kind: 'good' });
    for (const files of [
      [whole, stolen],
      [stolen, whole],
    ]) {
      expect(judge(signed(alone), ...files)).toMatchObject({ kind: 'bad', fault: 'key' });
    }
  });

  test('a revoker that the key named may revoke it; nobody else, and not unseen', () => {
    const named: craft.Subpacket = [
      12,
      Buffer.concat([Buffer.from([0x80, 22]), Buffer.from(other.fingerprint, 'hex')]),
    ];
    const key = makeKey('ed25519', MADE_S);
    const dress = { selfHashed: [flags(3), named], direct: [revocation(key, other)] };
    const files = [transferable(key, dress), transferable(other)] as const;
    expect(judge(signed(key), ...files)).toMatchObject({
      kind: 'bad',
      reason: expect.stringContaining('revoked') as string,
    });
    expect(judge(signed(key), transferable(key, { ...dress, selfHashed: [flags(3)] }), files[1])).toMatchObject({
      kind: 'good',
    });
    expect(judge(signed(key), files[0])).toMatchObject({ kind: 'good' });
    expect(readKeyring([{ name: 'KEY', bytes: files[0] }]).notes).toEqual([
      `key ${key.keyId} (KEY) is said to be revoked by key ${other.keyId}, which no file holds`,
    ]);
  });

  test('one good signature is enough beside one whose key no longer counts, not beside one that is wrong', () => {
    const stolen = transferable(alone, { direct: [revocation(alone, alone)] });
    const both = Buffer.concat([signed(alone), signed(other)]);
    expect(judge(both, stolen, transferable(other))).toMatchObject({
      kind: 'good',
      keyId: other.keyId,
      notes: [expect.stringContaining('was revoked') as string],
    });
    const wrong = packet(
      2,
      signatureBody({ key: alone, type: 0, createdS: MADE_S + DAY_S }, Buffer.from('something else')),
    );
    expect(judge(Buffer.concat([signed(other), wrong]), transferable(alone), transferable(other))).toMatchObject({
      kind: 'bad',
      fault: 'content',
    });
  });

  test('the stronger of two signatures counts', () => {
    const weak = signed(alone, { hash: 'sha1' });
    expect(judge(Buffer.concat([weak, signed(other)]), transferable(alone), transferable(other))).toMatchObject({
      kind: 'good',
      keyId: other.keyId,
      weak: [],
    });
  });

  test('a V3 key is refused by its name, and so is what it signed', () => {
    const old = makeKey('rsa', MADE_S);
    const material = old.body.subarray(6);
    const v3 = packet(6, Buffer.concat([Buffer.from([3]), u32(MADE_S), Buffer.from([0, 0, 1]), material]));
    const modulusEnd = material
      .subarray(2 + 256 - 8, 2 + 256)
      .toString('hex')
      .toUpperCase();
    expect(() => readKeyring([{ name: 'OLD', bytes: v3 }])).toThrow(
      `key ${modulusEnd} (OLD) is an OpenPGP key of version 3, which is too old to be believed`,
    );
    const signature = signed({ ...old, keyId: modulusEnd }, { version: 3 });
    expect(judge(signature, Buffer.concat([v3, transferable(other)]))).toMatchObject({
      kind: 'bad',
      fault: 'key',
      reason: expect.stringContaining('of version 3') as string,
    });
  });

  test('a V6 signature is skipped: alone it proves nothing, beside another it is told', () => {
    const v6 = packet(2, Buffer.concat([Buffer.from([6]), Buffer.alloc(60)]));
    const key = transferable(alone);
    expect(judge(v6, key)).toMatchObject({ kind: 'bad', reason: expect.stringContaining('version 6') as string });
    expect(judge(Buffer.concat([v6, signed(alone)]), key)).toMatchObject({
      kind: 'good',
      notes: ['a signature of version 6 is skipped'],
    });
  });
});
