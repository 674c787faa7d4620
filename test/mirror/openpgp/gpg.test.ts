// What GnuPG makes, proved without it: every algorithm, digest and form, and the same verdict as its own.

import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readKeyring } from '../../../mirror/openpgp/keyring.ts';
import type { Verdict } from '../../../mirror/openpgp/verdict.ts';
import { verifyDetached } from '../../../mirror/openpgp/verify.ts';
import { startGpg, type Gpg } from '../../support/gpg.ts';
import { needs } from '../../support/lab-needs.ts';

const here = needs(['gpg'], 'none');

const DOCUMENT = Buffer.from('<repomd>\r\n one \n  two\t \n\nthree</repomd>\n');
const OTHER = Buffer.from(DOCUMENT.toString().replace('two', 'twO'));
const NOW_MS = Date.now();

describe.skipIf(here.skip)(`GnuPG and we agree${here.note}`, () => {
  let gpg: Gpg;
  beforeAll(async () => {
    gpg = await startGpg();
  });
  afterAll(() => gpg.close());

  const verdictOf = async (
    document: Uint8Array,
    signature: Uint8Array,
    ...keys: readonly string[]
  ): Promise<Verdict> => {
    const files = await Promise.all(keys.map(async (name) => ({ name, bytes: await gpg.exportKey(name) })));
    return verifyDetached(document, signature, { keys: readKeyring(files), nowMs: NOW_MS });
  };

  test.each([
    ['rsa1024', ['SHA1', 'SHA256'], ['RSA key of only 1024 bits']],
    ['rsa2048', ['SHA1', 'RIPEMD160', 'SHA224', 'SHA256', 'SHA384', 'SHA512'], []],
    ['rsa4096', ['SHA512'], []],
    ['dsa1024', ['SHA1', 'SHA256', 'SHA512'], ['DSA key of only 1024 bits']],
    ['dsa2048', ['SHA256', 'SHA512'], []],
    ['ed25519', ['SHA256', 'SHA512'], []],
    ['nistp256', ['SHA256', 'SHA512'], []],
    ['nistp384', ['SHA384'], []],
    ['nistp521', ['SHA512'], []],
    ['brainpoolP256r1', ['SHA256'], []],
  ] as const)('on a key of %s with %j', async (algorithm, hashes, weak) => {
    const fingerprint = await gpg.makeKey(`a ${algorithm}`, algorithm);
    for (const hash of hashes) {
      for (const form of [[], ['--textmode']]) {
        const signature = await gpg.sign(DOCUMENT, ['-u', fingerprint, '--digest-algo', hash, ...form]);
        const verdict = await verdictOf(DOCUMENT, signature, fingerprint);
        expect([await gpg.verify(DOCUMENT, signature), verdict]).toMatchObject([
          'GOODSIG',
          { kind: 'good', fingerprint },
        ]);
        const told = verdict.kind === 'good' ? verdict.weak.join() : '';
        for (const word of weak) expect(told).toContain(word);
        expect(told.includes('signed with')).toBe(['SHA1', 'RIPEMD160'].includes(hash));
        expect(await gpg.verify(OTHER, signature)).toBe('BADSIG');
        expect(await verdictOf(OTHER, signature, fingerprint)).toMatchObject({ kind: 'bad', fault: 'content' });
      }
    }
  });

  test('on a text whose ends of lines were changed on the way', async () => {
    const fingerprint = await gpg.makeKey('of texts', 'ed25519');
    const text = Buffer.from('one\ntwo\n');
    const changed = Buffer.from('one\r\ntwo\r\n');
    for (const [form, word, kind] of [
      [['--textmode'], 'GOODSIG', 'good'],
      [[], 'BADSIG', 'bad'],
    ] as const) {
      const signature = await gpg.sign(text, ['-u', fingerprint, ...form]);
      expect([await gpg.verify(changed, signature), await verdictOf(changed, signature, fingerprint)]).toMatchObject([
        word,
        { kind },
      ]);
    }
  });

  test('on keys that expired, as time goes by', async () => {
    const atTime = '20200101T000000';
    const fingerprint = await gpg.makeKey('short-lived', 'ed25519', { expires: '1y', atTime });
    const signature = await gpg.sign(DOCUMENT, ['-u', fingerprint], '20200601T000000');
    const keys = readKeyring([{ name: 'short-lived', bytes: await gpg.exportKey(fingerprint) }]);
    const at = (nowMs: number) => verifyDetached(DOCUMENT, signature, { keys, nowMs });
    const [alive, over] = [Date.UTC(2020, 8, 1), Date.UTC(2021, 0, 2)];
    expect([await gpg.verify(DOCUMENT, signature, alive), at(alive)]).toMatchObject([
      'GOODSIG',
      { kind: 'good', weak: [] },
    ]);
    const weak = [expect.stringMatching(/is expired since 2020-12-31, after it signed/)];
    expect([await gpg.verify(DOCUMENT, signature, over), at(over)]).toMatchObject([
      'EXPKEYSIG',
      { kind: 'good', weak },
    ]);
  });

  test('on signing subkeys: good, expired, revoked', async () => {
    const atTime = '20200101T000000';
    const primary = await gpg.makeKey('with subkeys', 'ed25519', { atTime });
    await gpg.run(['--quick-add-key', primary, 'rsa2048', 'sign', '1y'], { atTime });
    const signature = await gpg.sign(DOCUMENT, ['-u', primary], '20200601T000000');
    const before = await verdictOf(DOCUMENT, signature, primary);
    expect(before).toMatchObject({ kind: 'good', weak: [expect.stringMatching(/a subkey of \w+ .* is expired/)] });
    expect(before.kind === 'good' && before.fingerprint !== primary).toBe(true);
    expect(await gpg.verify(DOCUMENT, signature)).toBe('EXPKEYSIG');
    await gpg.run(['--quick-add-key', primary, 'ed25519', 'sign', '0']);
    const second = await gpg.sign(DOCUMENT, ['-u', primary]);
    expect([await gpg.verify(DOCUMENT, second), await verdictOf(DOCUMENT, second, primary)]).toMatchObject([
      'GOODSIG',
      { kind: 'good', weak: [] },
    ]);
    const words = 'key 2\nrevkey\ny\n0\n\ny\nsave\n';
    await gpg.run(['--command-fd', '0', '--edit-key', primary], { input: words });
    expect([await gpg.verify(DOCUMENT, second), await verdictOf(DOCUMENT, second, primary)]).toMatchObject([
      'REVKEYSIG',
      { kind: 'bad', fault: 'key', reason: expect.stringContaining('was revoked') as string },
    ]);
  });

  test('on a signature by a key that nobody gave', async () => {
    const [known, unknown] = [await gpg.makeKey('known', 'ed25519'), await gpg.makeKey('unknown', 'ed25519')];
    const signature = await gpg.sign(DOCUMENT, ['-u', unknown]);
    expect(await verdictOf(DOCUMENT, signature, known)).toEqual({ kind: 'unknown-key', keyIds: [unknown.slice(-16)] });
    const both = await gpg.sign(DOCUMENT, ['-u', unknown, '-u', known]);
    expect(await verdictOf(DOCUMENT, both, known)).toMatchObject({ kind: 'good', fingerprint: known });
    expect(await verdictOf(OTHER, both, known)).toMatchObject({ kind: 'bad', fault: 'content' });
  });
});
