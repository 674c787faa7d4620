// Signed packages, whole and broken: the same verdict as `rpmkeys --checksig`, on real ones and on those made here with rpmsign.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readKeyring, type Keyring } from '../../../mirror/openpgp/keyring.ts';
import type { Verdict } from '../../../mirror/openpgp/verdict.ts';
import { verifyPackage } from '../../../mirror/rpm/signature.ts';
import { Malformed } from '../../../server/malformed.ts';
import { startGpg, told, type Gpg } from '../../support/gpg.ts';
import { needs } from '../../support/lab-needs.ts';
import { run } from '../../support/lab-run.ts';
import { makeKey, signatureBody, packet, transferable, type TestKey } from '../../support/openpgp.ts';
import { buildRpms } from '../../support/rpms.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');
const here = needs(['rpm', 'rpmbuild', 'gpg'], 'none');
const NOW_MS = Date.now();
const TAG = {
  dsaHeader: 267,
  rsaHeader: 268,
  sha1: 269,
  sha256: 273,
  list: 278,
  size: 1000,
  pgp: 1002,
  md5: 1004,
} as const;

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** The verdict, or `malformed`. */
async function judge(
  bytes: Uint8Array,
  keys: Keyring,
  nowMs = NOW_MS,
): Promise<Verdict | { readonly kind: 'malformed' }> {
  try {
    return await verifyPackage(cut(bytes, 1500), 'a.rpm', { keys, nowMs });
  } catch (error) {
    if (error instanceof Malformed) return { kind: 'malformed' };
    throw error;
  }
}

/** Where the parts of a package lie. */
function layout(bytes: Buffer) {
  const sizeAt = (at: number): number => 16 + bytes.readUInt32BE(at + 8) * 16 + bytes.readUInt32BE(at + 12);
  const start = 96 + Math.ceil(sizeAt(96) / 8) * 8;
  const payload = start + sizeAt(start);
  return {
    signature: bytes.subarray(96, start),
    header: bytes.subarray(start, payload),
    payload: bytes.subarray(payload),
  };
}

/** The tags of a signature header that prove something. */
const PROOFS = new Set<number>([267, 268, 269, 273, 1002, 1004, 1005]);

/** Where one changed bit leaves a package good. */
async function acceptedFlips(bytes: Buffer, keys: Keyring): Promise<readonly number[]> {
  const accepted: number[] = [];
  for (let at = 0; at < bytes.length; at += 1) {
    const flipped = Buffer.from(bytes);
    flipped[at] = (flipped[at] ?? 0) ^ 0x10;
    if ((await judge(flipped, keys)).kind === 'good') accepted.push(at);
  }
  return accepted;
}

type Entry = { readonly tag: number; readonly at: number; readonly offset: number; readonly count: number };

/** The entries of a signature header; `offset` is in the package. */
function entriesOf(bytes: Buffer): readonly Entry[] {
  const data = 96 + 16 + bytes.readUInt32BE(96 + 8) * 16;
  return Array.from({ length: bytes.readUInt32BE(96 + 8) }, (_, index) => {
    const at = 96 + 16 + index * 16;
    const tag = bytes.readUInt32BE(at);
    // Of texts the count is one: those here are digests in hex.
    const count = { [TAG.sha1]: 40, [TAG.sha256]: 64 }[tag] ?? bytes.readUInt32BE(at + 12);
    return { tag, at, offset: data + bytes.readUInt32BE(at + 8), count };
  });
}

/** The package without what it has under these tags: they get numbers that mean nothing. */
function without(bytes: Buffer, ...tags: readonly number[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const { tag, at } of entriesOf(bytes)) if (tags.includes(tag)) copy.writeUInt32BE(1900 + (tag % 97), at);
  return copy;
}

/** A package of header and payload with a signature header of this: the form of rpm 6 and of packages older than any tool here. */
function repacked(
  { header, payload }: Pick<ReturnType<typeof layout>, 'header' | 'payload'>,
  tags: readonly (readonly [number, 'texts' | 'text' | 'bytes', Uint8Array])[],
): Buffer {
  const types = { text: 6, bytes: 7, texts: 8 } as const;
  const rows: Buffer[] = [];
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const [tag, type, value] of tags) {
    const row = Buffer.alloc(16);
    [tag, types[type], offset, type === 'bytes' ? value.length : 1].forEach((number, at) =>
      row.writeUInt32BE(number, at * 4),
    );
    rows.push(row);
    data.push(value);
    offset += value.length;
  }
  const intro = Buffer.from([0x8e, 0xad, 0xe8, 1, ...Array<number>(12).fill(0)]);
  intro.writeUInt32BE(rows.length, 8);
  intro.writeUInt32BE(offset, 12);
  const lead = Buffer.alloc(96);
  Buffer.from([0xed, 0xab, 0xee, 0xdb, 3]).copy(lead);
  lead[79] = 5;
  const signature = Buffer.concat([intro, ...rows, ...data]);
  return Buffer.concat([lead, signature, Buffer.alloc(-signature.length & 7), header, payload]);
}

describe.skipIf(!existsSync(SAMPLES))('a real package', () => {
  let keys: Keyring;
  beforeAll(async () => {
    const names = await readdir(join(SAMPLES, 'gpg-keys'));
    const files = names.map(async (name) => ({ name, bytes: await readFile(join(SAMPLES, 'gpg-keys', name)) }));
    keys = readKeyring(await Promise.all(files));
  });

  // V3 signatures, RSA: what openpgp.js does not even see.
  test.each([
    ['centos-release-6-0.el6.centos.5.x86_64.rpm', { kind: 'good', keyId: '0946FCA2C105B9DE', weak: [] }],
    ['epel-release-7-5.noarch.rpm', { kind: 'good', keyId: '24C6A8A7F4A80EB5', weak: [] }],
    ['filesystem-2.4.44-1.fc16.i686.rpm', { kind: 'unknown-key', keyIds: ['067F00B6A82BA4B7'] }],
    ['hello-2.0-1.x86_64-signed.rpm', { kind: 'unknown-key', keyIds: ['4344591E1964C5FC'] }],
    ['hello-2.0-1.x86_64-corrupted.rpm', { kind: 'bad', fault: 'content' }],
    ['payload-test-0.1-w9.gzdio.x86_64.rpm', { kind: 'missing' }],
  ])('%s', async (name, verdict) => {
    const path = join(SAMPLES, 'rpms', name);
    // While the key of CentOS 6 was alive.
    const trusted = { keys, nowMs: Date.UTC(2018, 0, 1) };
    expect(await verifyPackage(createReadStream(path), name, trusted)).toMatchObject(verdict);
  });

  test('of CentOS 6 is weak since its key expired, for rpm does not mind and GnuPG does', async () => {
    const path = join(SAMPLES, 'rpms/centos-release-6-0.el6.centos.5.x86_64.rpm');
    expect(await verifyPackage(createReadStream(path), 'a.rpm', { keys, nowMs: NOW_MS })).toMatchObject({
      kind: 'good',
      weak: ['key 0946FCA2C105B9DE (RPM-GPG-KEY-CentOS-6) is expired since 2021-06-30, after it signed'],
    });
  });

  test.skipIf(here.skip)(`of every kind gets the verdict of rpmkeys${here.note}`, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kickstand-rpmkeys-'));
    onTestFinished(() => rm(directory, { recursive: true, force: true }));
    const files = (await readdir(join(SAMPLES, 'rpms'), { recursive: true })).filter((name) => name.endsWith('.rpm'));
    expect(files.length).toBeGreaterThan(20);
    for (const name of await readdir(join(SAMPLES, 'gpg-keys'))) {
      await run(['rpmkeys', '--dbpath', directory, '--import', join(SAMPLES, 'gpg-keys', name)]);
    }
    for (const name of files) {
      const theirs = await told('rpmkeys', ['--dbpath', directory, '-Kv', join(SAMPLES, 'rpms', name)]);
      const verdict = await verifyPackage(createReadStream(join(SAMPLES, 'rpms', name)), name, { keys, nowMs: NOW_MS });
      expect([name, verdict.kind]).toEqual([name, kindOf(theirs)]);
    }
  });
});

/** What `rpmkeys -Kv` wrote, in our words. */
function kindOf(told: string): Verdict['kind'] {
  if (/: BAD/.test(told)) return 'bad';
  if (!/Signature, key ID/i.test(told)) return 'missing';
  return /NOKEY/.test(told) ? 'unknown-key' : 'good';
}

describe.skipIf(here.skip)(`a package signed by rpmsign${here.note}`, () => {
  let gpg: Gpg;
  let directory: string;
  let plain: string;
  beforeAll(async () => {
    gpg = await startGpg();
    directory = await mkdtemp(join(tmpdir(), 'kickstand-signed-'));
    await mkdir(join(directory, 'work'));
    const files = { '/usr/share/signed/text': 'as it was signed\n'.repeat(20) };
    await buildRpms(
      [{ name: 'signed', version: '1', release: '1', files }],
      join(directory, 'rpms'),
      join(directory, 'work'),
    );
    plain = join(directory, 'rpms', 'signed-1-1.x86_64.rpm');
  });
  afterAll(async () => {
    await gpg.close();
    await rm(directory, { recursive: true, force: true });
  });

  const signedBy = async (fingerprint: string, args: readonly string[], hash = 'sha256'): Promise<Buffer> => {
    const path = join(directory, `${fingerprint}-${args.join('')}-${hash}.rpm`);
    await copyFile(plain, path);
    const defines = { _gpg_name: fingerprint, _gpg_path: gpg.home, _gpg_digest_algo: hash, __gpg: '/usr/bin/gpg' };
    const flags = Object.entries(defines).flatMap(([name, value]) => ['--define', `${name} ${value}`]);
    await run(['rpmsign', ...flags, ...args, '--addsign', path], { env: { GNUPGHOME: gpg.home } });
    return readFile(path);
  };
  const keysOf = async (...fingerprints: readonly string[]): Promise<Keyring> =>
    readKeyring(await Promise.all(fingerprints.map(async (name) => ({ name, bytes: await gpg.exportKey(name) }))));
  const rpmSays = async (bytes: Uint8Array, ...fingerprints: readonly string[]): Promise<string> => {
    const work = await mkdtemp(join(directory, 'check-'));
    for (const fingerprint of fingerprints) {
      await writeFile(join(work, 'key'), await gpg.exportKey(fingerprint));
      await run(['rpmkeys', '--dbpath', join(work, 'db'), '--import', join(work, 'key')]);
    }
    await writeFile(join(work, 'a.rpm'), bytes);
    return told('rpmkeys', ['--dbpath', join(work, 'db'), '-Kv', join(work, 'a.rpm')]);
  };

  test.each([
    ['rsa2048', []],
    ['rsa4096', ['--rpmv3']],
    ['dsa2048', ['--rpmv3']],
    ['ed25519', []],
    ['ed25519', ['--rpmv3']],
  ] as const)('with %s %j is good with its key, unknown without, and rpm agrees', async (algorithm, args) => {
    const [own, stranger] = [
      await gpg.makeKey(`a ${algorithm} ${args.join('')}`, algorithm),
      await gpg.makeKey('b', 'ed25519'),
    ];
    const bytes = await signedBy(own, args);
    expect(await judge(bytes, await keysOf(own))).toMatchObject({ kind: 'good', fingerprint: own, weak: [] });
    expect(kindOf(await rpmSays(bytes, own))).toBe('good');
    expect(await judge(bytes, await keysOf(stranger))).toEqual({ kind: 'unknown-key', keyIds: [own.slice(-16)] });
    expect(kindOf(await rpmSays(bytes, stranger))).toBe('unknown-key');
    await gpg.run(['--delete-secret-and-public-key', stranger]);
  });

  test('with SHA-1 or a short key is weak', async () => {
    const [long, short] = [await gpg.makeKey('long', 'rsa2048'), await gpg.makeKey('short', 'rsa1024')];
    expect(await judge(await signedBy(long, [], 'sha1'), await keysOf(long))).toMatchObject({
      kind: 'good',
      weak: [expect.stringMatching(/signed with SHA-1/)],
    });
    expect(await judge(await signedBy(short, []), await keysOf(short))).toMatchObject({
      kind: 'good',
      weak: [expect.stringMatching(/only 1024 bits/)],
    });
  });

  test.each([
    ['the signature of its header', [], []],
    ['the signature of header and payload', ['--rpmv3'], [TAG.dsaHeader, TAG.rsaHeader]],
  ] as const)('is not good by %s with any byte changed that matters', async (title, args, left) => {
    const key = await gpg.makeKey(title, 'ed25519');
    const [bytes, keys] = [without(await signedBy(key, args), ...left), await keysOf(key)];
    expect(await judge(bytes, keys)).toMatchObject({ kind: 'good', weak: [] });
    const accepted = await acceptedFlips(bytes, keys);
    const start = 96 + layout(bytes).signature.length;
    expect(accepted.filter((at) => at >= start)).toEqual([]);
    const proofs = entriesOf(bytes).filter(({ tag }) => PROOFS.has(tag));
    expect(proofs.length).toBeGreaterThan(2);
    // The hint that names the key once more, outside of what is signed, may become a hint that says nothing.
    const hint = bytes.lastIndexOf(Buffer.from(`0910${key.slice(-16)}`, 'hex')) + 1;
    const inProofs = (at: number): boolean => proofs.some(({ offset, count }) => at >= offset && at < offset + count);
    expect(accepted.filter(inProofs).filter((at) => at !== hint)).toEqual([]);
  });

  test('cut off anywhere, or with bytes behind it, is not good', async () => {
    const key = await gpg.makeKey('cut', 'ed25519');
    const [bytes, keys] = [await signedBy(key, []), await keysOf(key)];
    for (let length = 0; length < bytes.length; length += 7) {
      expect((await judge(bytes.subarray(0, length), keys)).kind).not.toBe('good');
    }
    expect((await judge(Buffer.concat([bytes, Buffer.alloc(1)]), keys)).kind).toBe('bad');
  });

  describe('what covers its payload', () => {
    const crafted = async (): Promise<{ key: TestKey; keys: Keyring; parts: ReturnType<typeof layout> }> => {
      const key = makeKey('rsa', Math.floor(NOW_MS / 1000) - 1000);
      const keys = readKeyring([{ name: 'KEY', bytes: transferable(key) }]);
      return { key, keys, parts: layout(await readFile(plain)) };
    };
    const over = (key: TestKey, bytes: Uint8Array, version: 3 | 4 = 4): Buffer =>
      packet(2, signatureBody({ key, type: 0, createdS: Math.floor(NOW_MS / 1000) - 500, version }, bytes));

    test('its digest in the signed header, as rpm 6 signs: no tag from 1000 on', async () => {
      const { key, keys, parts } = await crafted();
      const list = Buffer.from(`${over(key, parts.header).toString('base64')}\0`);
      const six = repacked(parts, [[TAG.list, 'texts', list]]);
      expect(await judge(six, keys)).toMatchObject({ kind: 'good', weak: [] });
      const changed = Buffer.from(six);
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
      expect(await judge(changed, keys)).toMatchObject({
        kind: 'bad',
        reason: expect.stringMatching(/sha256 of its payload/) as string,
      });
    });

    test('one signature over both, as rpm 3 signed: the header needs none of its own', async () => {
      const { key, keys, parts } = await crafted();
      const whole = over(key, Buffer.concat([parts.header, parts.payload]), 3);
      expect(await judge(repacked(parts, [[TAG.pgp, 'bytes', whole]]), keys)).toMatchObject({ kind: 'good', weak: [] });
    });

    test('an MD5 that nobody signed is weak; nothing at all is bad', async () => {
      const { key, keys, parts } = await crafted();
      // A header without the payload's digest, of a package older than that: the tag is made another before it is signed.
      const header = Buffer.from(parts.header);
      for (let at = 16; at < 16 + header.readUInt32BE(8) * 16; at += 16) {
        if (header.readUInt32BE(at) === 5092) header.writeUInt32BE(5999, at);
      }
      const signature = over(key, header, 3);
      const md5 = createHash('md5').update(header).update(parts.payload).digest();
      const old = { header, payload: parts.payload };
      expect(
        await judge(
          repacked(old, [
            [TAG.rsaHeader, 'bytes', signature],
            [TAG.md5, 'bytes', md5],
          ]),
          keys,
        ),
      ).toMatchObject({
        kind: 'good',
        weak: ['only its header is signed: an MD5 that nobody signed covers its payload'],
      });
      expect(await judge(repacked(old, [[TAG.rsaHeader, 'bytes', signature]]), keys)).toMatchObject({
        kind: 'bad',
        reason: 'only its header is signed: nothing covers its payload',
      });
    });

    test('a good signature beside one by a given key that is wrong is bad', async () => {
      const { key, keys, parts } = await crafted();
      const right = over(key, parts.header);
      const wrong = over(key, Buffer.concat([parts.header, Buffer.from('other')]));
      expect(
        await judge(
          repacked(parts, [
            [TAG.rsaHeader, 'bytes', right],
            [TAG.pgp, 'bytes', wrong],
          ]),
          keys,
        ),
      ).toMatchObject({
        kind: 'bad',
        fault: 'content',
      });
    });

    test.each([
      ['in one entry', 1, 9],
      ['in entries of their own', 9, 1],
    ])(
      'of more than eight signatures %s it is refused: each costs a digest of all of it',
      async (_how, texts, each) => {
        const { key, keys, parts } = await crafted();
        const one = Buffer.concat(Array<Buffer>(each).fill(over(key, parts.header)));
        const list = Buffer.from(`${one.toString('base64')}\0`.repeat(texts));
        const bytes = repacked(parts, [[TAG.list, 'texts', list]]);
        // The entry's count of texts.
        bytes.writeUInt32BE(texts, 96 + 16 + 12);
        expect(await judge(bytes, keys)).toEqual({ kind: 'malformed' });
      },
    );

    test('a signature of the payload of another package counts for nothing', async () => {
      const { key, keys, parts } = await crafted();
      const bytes = repacked({ ...parts, payload: Buffer.from('another payload') }, [
        [TAG.rsaHeader, 'bytes', over(key, parts.header)],
      ]);
      expect(await judge(bytes, keys)).toMatchObject({ kind: 'bad', fault: 'content' });
    });
  });

  test('an unsigned one, or one that lost its signatures, is missing them', async () => {
    const key = await gpg.makeKey('lost', 'rsa2048');
    const [bytes, keys] = [await signedBy(key, ['--rpmv3']), await keysOf(key)];
    expect(await judge(await readFile(plain), keys)).toEqual({ kind: 'missing' });
    expect(await judge(without(bytes, TAG.rsaHeader, TAG.pgp), keys)).toEqual({ kind: 'missing' });
    expect(await judge(without(bytes, TAG.pgp), keys)).toMatchObject({ kind: 'good' });
  });
});
