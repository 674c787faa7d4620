// Files out of real packages: every compressor rpmbuild has, real samples against rpm2cpio, and no damage ever yields a loader.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { extractFromRpm } from '../../../mirror/rpm/extract.ts';
import { nevraOf, openRpm } from '../../../mirror/rpm/package.ts';
import { sourceOf, sourceOfBytes } from '../../../mirror/rpm/source.ts';
import { openIsoTree } from '../../../mirror/tree/store.ts';
import { Malformed } from '../../../server/malformed.ts';
import { makeIso, makeRoom, skipWithout } from '../../support/iso.ts';
import { fixtureBytes } from '../../support/repo-fixture.ts';
import { buildRpm } from '../../support/rpm-payload.ts';

const options = { limitBytes: 1 << 26, limitFileBytes: 1 << 24, breathe: turn };
const skip = skipWithout('rpmbuild', 'rpm2cpio', 'cpio', 'xorriso');
const PAYLOADS = ['w9.gzdio', 'w9.bzdio', 'w7.xzdio', 'w7.lzdio', 'w19.zstdio', 'w.ufdio'];
const FILES = {
  '/usr/share/syslinux/pxelinux.0': fixtureBytes('pxelinux', 26_000),
  '/usr/share/syslinux/mboot.c32': fixtureBytes('mboot', 40_001),
  '/usr/share/syslinux/empty': '',
  '/usr/share/syslinux/linked.c32': 'linked',
  '/usr/bin/syslinux': Buffer.alloc(200_000, 'syslinux '),
};
const WANTED = ['pxelinux.0', 'mboot.c32', 'empty', 'linked.c32', 'second.c32', 'way.c32', 'none.c32', 'ghost'].map(
  (name) => `/usr/share/syslinux/${name}`,
);
const built = new Map<string, Buffer>();
const room = makeRoom();

beforeAll(async () => {
  if (skip) return;
  const { path } = await room;
  for (const payload of PAYLOADS) {
    const entry = { name: 'syslinux', version: '4.05', release: '15.el7', epoch: 1, arch: 'x86_64', files: FILES };
    const links = {
      '/usr/share/syslinux/second.c32': '=/usr/share/syslinux/linked.c32',
      '/usr/share/syslinux/way.c32': 'mboot.c32',
    };
    const all = { ...entry, links, ghosts: ['/usr/share/syslinux/ghost'], payload };
    const withGhost = { ...all, files: { ...FILES, '/usr/share/syslinux/ghost': 'not packed' } };
    const name = await buildRpm(withGhost, join(path, payload), path);
    built.set(payload, await readFile(join(path, payload, name)));
  }
});
afterAll(async () => (await room).remove());

const extract = (bytes: Uint8Array, wanted: readonly string[] = WANTED) =>
  extractFromRpm(sourceOfBytes(bytes, 'a.rpm'), new Set(wanted), options);
const bytesOf = (payload: string): Buffer => built.get(payload) ?? Buffer.alloc(0);

describe.skipIf(skip).each(PAYLOADS)('%s', (payload) => {
  test('gives every wanted regular file, and nothing else', async () => {
    const found = await extract(bytesOf(payload));
    const texts = Object.fromEntries([...found].map(([path, bytes]) => [path, Buffer.from(bytes).toString('hex')]));
    const { '/usr/bin/syslinux': _unwanted, ...wanted } = FILES;
    const expected = { ...wanted, '/usr/share/syslinux/second.c32': 'linked' };
    expect(texts).toEqual(
      Object.fromEntries(
        Object.entries(expected).map(([path, content]) => [path, Buffer.from(content).toString('hex')]),
      ),
    );
  });

  test('cut anywhere it is Malformed', async () => {
    const whole = bytesOf(payload);
    for (let length = 0; length < whole.length; length += length < 6000 ? 97 : 9999) {
      await expect(extract(whole.subarray(0, length)), `${length} bytes`).rejects.toThrow(Malformed);
    }
    await expect(extract(whole.subarray(0, -1))).rejects.toThrow(Malformed);
  });

  test('a byte turned round is Malformed, or was none of the files', async () => {
    const whole = bytesOf(payload);
    const right = await extract(whole);
    let refused = 0;
    for (let at = 0; at < whole.length; at += at < 8000 ? 487 : 2999) {
      const outcome = await extract(flipped(whole, at)).catch((error: unknown) => error);
      if (outcome instanceof Map) expect(outcome, `byte ${at}`).toEqual(right);
      else expect(outcome, `byte ${at}`).toBeInstanceOf(Malformed);
      if (outcome instanceof Malformed) refused += 1;
    }
    expect(refused).toBeGreaterThan(15);
  });
});

describe.skipIf(skip)('a package', () => {
  test('tells what it is', async () => {
    const rpm = await openRpm(sourceOfBytes(bytesOf('w7.xzdio'), 'a.rpm'));
    expect(nevraOf(rpm)).toBe('syslinux-4.05-15.el7.x86_64');
    expect(rpm).toMatchObject({ epoch: 1, payload: { compressor: 'xz', digest: { type: 'sha256' } } });
    expect(rpm.files.find(({ path }) => path.endsWith('mboot.c32'))).toMatchObject({ kind: 'file', sizeBytes: 40_001 });
  });

  test('whose headers are turned round anywhere is Malformed, or says the same of its files', async () => {
    const whole = bytesOf('w.ufdio');
    const right = await openRpm(sourceOfBytes(whole, 'a.rpm'));
    for (let at = 0; at < right.payload.offset; at += 1) {
      const outcome = await openRpm(sourceOfBytes(flipped(whole, at), 'a.rpm')).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome, `byte ${at}`).toBeInstanceOf(Malformed);
      else expect(outcome, `byte ${at}`).toMatchObject({ files: right.files, headerSha256: right.headerSha256 });
    }
  });

  test('is read where it lies inside an image', async () => {
    const { path } = await room;
    const iso = join(path, 'medium.iso');
    await makeIso(join(path, 'w7.xzdio'), iso);
    const files = await openIsoTree(iso);
    try {
      const place = await files.find('syslinux-4.05-15.el7.x86_64.rpm');
      if (place.kind !== 'file') throw new Error('no such file in the image');
      const found = await extractFromRpm(sourceOf(files, place, place.file), new Set(WANTED), options);
      expect(found).toEqual(await extract(bytesOf('w7.xzdio')));
    } finally {
      await files.close();
    }
  });

  test.each<[string, Partial<typeof options>, string]>([
    ['of one file', { limitFileBytes: 40_000 }, 'more than is unpacked'],
    ['of all wanted files', { limitBytes: 50_000 }, 'more than is unpacked'],
    ['of the payload', { limitBytes: 70_000 }, 'unpacks to more than 70000 bytes'],
  ])('over the limit %s is Malformed', async (_name, limits, reason) => {
    const source = sourceOfBytes(bytesOf('w9.gzdio'), 'a.rpm');
    await expect(extractFromRpm(source, new Set(WANTED), { ...options, ...limits })).rejects.toThrow(reason);
  });

  test('damaged where nothing wanted lies is refused all the same', async () => {
    const whole = bytesOf('w.ufdio');
    const at = whole.indexOf('syslinux syslinux ', 20_000);
    await expect(extract(flipped(whole, at))).rejects.toThrow('the payload has another digest');
  });

  test('without anything that is wanted is not unpacked', async () => {
    expect(await extract(bytesOf('w9.gzdio'), ['/nowhere'])).toEqual(new Map());
  });
});

const samples = new URL('../../../../shared/samples/rpms/', import.meta.url).pathname;
const real = existsSync(samples)
  ? ['.', 'zoo'].flatMap((directory) =>
      readdirSync(join(samples, directory))
        .filter((name) => /\.rpm$/.test(name) && !/corrupted|\.src\.rpm$/.test(name))
        .map((name) => join(directory, name)),
    )
  : [];

describe.skipIf(real.length === 0 || skipWithout('rpm2cpio', 'cpio'))('real packages', () => {
  test.each(real)('%s gives what rpm2cpio and cpio give', async (name) => {
    const bytes = readFileSync(join(samples, name));
    const rpm = await openRpm(sourceOfBytes(bytes, name));
    const wanted = rpm.files.filter((file) => file.kind === 'file' && !file.isGhost).map((file) => file.path);
    const found = await extract(bytes, wanted);
    expect(found.size).toBe(wanted.length);
    const archive = execFileSync('rpm2cpio', [join(samples, name)], { maxBuffer: 1 << 28 });
    for (const path of wanted.slice(0, 6)) {
      const expected = execFileSync('cpio', ['-i', '--quiet', '--to-stdout', `.${path}`, path.slice(1)], {
        input: archive,
        maxBuffer: 1 << 28,
      });
      expect(Buffer.from(found.get(path) ?? '').equals(expected), path).toBe(true);
    }
  });

  test('a damaged one is Malformed', async () => {
    const bytes = readFileSync(join(samples, 'hello-2.0-1.x86_64-corrupted.rpm'));
    await expect(extract(bytes, ['/usr/bin/hello'])).rejects.toThrow(Malformed);
  });
});

function flipped(bytes: Buffer, at: number): Buffer {
  const damaged = Buffer.from(bytes);
  damaged[at] = (damaged[at] ?? 0) ^ 0x55;
  return damaged;
}
