// What a sync is told of signatures: the site's policy on weak ones, and reasons that an operator can act on.

import { createReadStream, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readKeyring } from '../../../mirror/openpgp/keyring.ts';
import { createTrust, type Trust, type TrustOptions } from '../../../mirror/sync/trust.ts';
import { armored, flags, keyExpires, makeKey, packet, signatureBody, transferable } from '../../support/openpgp.ts';
import type { Hash, TestKey } from '../../support/openpgp.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');
const MADE_S = Date.UTC(2011, 0, 1) / 1000;
const SIGNED_S = Date.UTC(2012, 0, 1) / 1000;
const NOW_MS = Date.UTC(2026, 0, 1);
const REPOMD = Buffer.from('<repomd/>\n');

const key = makeKey('ed25519', MADE_S);
const stranger = makeKey('ed25519', MADE_S);
const keys = readKeyring([{ name: 'RPM-GPG-KEY-site', bytes: transferable(key) }]);

function signed(by: TestKey, hash: Hash = 'sha256', document = REPOMD): Buffer {
  const body = signatureBody({ key: by, type: 0, createdS: SIGNED_S, hash }, document);
  return Buffer.from(armored('PGP SIGNATURE', packet(2, body)));
}

function trust(options: Partial<TrustOptions> = {}): Trust {
  return createTrust({ checks: ['metadata', 'packages'], weakKeys: 'refuse', keys, nowMs: NOW_MS, ...options });
}

describe('metadata', () => {
  test('signed by a key of the site is good, and nothing is to be said', () => {
    expect(trust().checkMetadata(REPOMD, signed(key))).toEqual({ kind: 'good', notes: [] });
  });

  const brief = readKeyring([
    { name: 'BRIEF', bytes: transferable(key, { selfHashed: [flags(3), keyExpires(3 * 365 * 86_400)] }) },
  ]);
  test.each([
    [
      'unsigned',
      undefined,
      {},
      'repomd.xml is not signed: upstream has no repomd.xml.asc; where that is so, the repo may say gpg: packages',
    ],
    [
      'signed by a stranger',
      signed(stranger),
      {},
      `repomd.xml is signed by key ${stranger.keyId}, whose key none of the site's files holds`,
    ],
    [
      'another than was signed',
      signed(key, 'sha256', Buffer.from('<other/>')),
      {},
      `the signature by key ${key.keyId} (RPM-GPG-KEY-site) is wrong: what it signed was changed`,
    ],
    ['signed by a page of HTML', Buffer.from('<html>'), {}, 'no OpenPGP signature (signature)'],
    [
      'signed with SHA-1',
      signed(key, 'sha1'),
      {},
      `key ${key.keyId} (RPM-GPG-KEY-site) signed with SHA-1: too weak to count unless the repo says weakKeys: accept`,
    ],
    [
      'signed by a key that expired since',
      signed(key),
      { keys: brief },
      `key ${key.keyId} (BRIEF) is expired since 2013-12-31, after it signed: too weak to count unless the repo says weakKeys: accept`,
    ],
  ] as const)('%s is bad', (_title, signature, options, reason) => {
    expect(trust(options).checkMetadata(REPOMD, signature)).toEqual({ kind: 'bad', reason });
  });

  test('that is weak is said aloud where the site accepts it', () => {
    expect(trust({ weakKeys: 'accept' }).checkMetadata(REPOMD, signed(key, 'sha1'))).toEqual({
      kind: 'good',
      notes: [`accepted as weak: key ${key.keyId} (RPM-GPG-KEY-site) signed with SHA-1`],
    });
  });

  test('is not looked at where the site does not ask', () => {
    expect(trust({ checks: ['packages'] }).checkMetadata(REPOMD, undefined)).toEqual({ kind: 'good', notes: [] });
  });
});

describe('a package', () => {
  async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
    yield bytes;
  }

  test('that is none is bad; one that cannot be read is a fault', async () => {
    expect(await trust().checkPackage('a.rpm', () => chunks(Buffer.from('<html>')))).toEqual({
      kind: 'bad',
      reason: 'it ends 90 bytes too soon (a.rpm)',
    });
    const gone = trust().checkPackage('a.rpm', () => createReadStream('/nonexistent/a.rpm'));
    await expect(gone).rejects.toThrow('ENOENT');
    expect(await trust({ checks: ['metadata'] }).checkPackage('a.rpm', () => chunks(Buffer.alloc(0)))).toMatchObject({
      kind: 'good',
    });
  });

  test('closes what it was read from, also where the verdict comes early', async () => {
    let isClosed = false;
    const endless = async function* (): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(1 << 16);
      } finally {
        isClosed = true;
      }
    };
    expect(await trust().checkPackage('a.rpm', endless)).toMatchObject({ kind: 'bad' });
    expect(isClosed).toBe(true);
  });

  test.skipIf(!existsSync(SAMPLES))('of CentOS 6 is refused since its key expired, or accepted aloud', async () => {
    const file = join(SAMPLES, 'rpms/centos-release-6-0.el6.centos.5.x86_64.rpm');
    const bytes = await readFile(join(SAMPLES, 'gpg-keys/RPM-GPG-KEY-CentOS-6'));
    const centos = { keys: readKeyring([{ name: 'RPM-GPG-KEY-CentOS-6', bytes }]) };
    const check = (options: Partial<TrustOptions>) =>
      trust({ ...centos, ...options }).checkPackage('a.rpm', () => createReadStream(file));
    const title = 'key 0946FCA2C105B9DE (RPM-GPG-KEY-CentOS-6)';
    expect(await check({})).toEqual({
      kind: 'bad',
      reason: `${title} is expired since 2021-06-30, after it signed: too weak to count unless the repo says weakKeys: accept`,
    });
    expect(await check({ weakKeys: 'accept' })).toEqual({
      kind: 'good',
      notes: [
        `accepted as weak: ${title} is expired since 2021-06-30, after it signed`,
        `${title} describes itself by signatures with SHA-1`,
      ],
    });
    expect(await check({ nowMs: Date.UTC(2020, 0, 1) })).toMatchObject({ kind: 'good' });
  });
});
