// Two bundles compared: archives read back, hostile ones refused, and what a person is shown of each change.

import { gzipSync } from 'node:zlib';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { pack, type Header } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import { archiveBytes } from '../../../kickstart/bundle/archive.ts';
import { diffBundles } from '../../../kickstart/bundle/diff.ts';
import type { BundleEntry } from '../../../kickstart/bundle/entries.ts';
import { sealBundle } from '../../../kickstart/bundle/entries.ts';
import { readArchive } from '../../../kickstart/bundle/unpack.ts';
import { Malformed } from '../../../server/malformed.ts';

const entry = (name: string, text: string, mode = 0o644): BundleEntry => ({ name, mode, text });

type Entry = Partial<Header> & { readonly name: string; readonly text?: string };

async function tarOf(...headers: readonly Entry[]): Promise<Buffer> {
  const packing = pack();
  for (const { text = '', ...header } of headers) packing.entry(header, text);
  packing.finalize();
  return gzipSync(await buffer(packing));
}

describe('an archive', () => {
  test('is read back as it was made', async () => {
    const entries = [
      entry('a/files/etc/hosts', '127.0.0.1 localhost\n'),
      entry('a/secret', 'ü\0\n', 0o600),
      entry('b', ''),
    ];
    expect(await readArchive(await archiveBytes(entries, 'tar.gz'), 'x')).toEqual(entries);
  });

  test.each<[string, () => Buffer | Promise<Buffer>, RegExp]>([
    ['a zip', () => archiveBytes([entry('a', 'b')], 'zip'), /not a bundle as tar.gz/],
    ['no archive', () => gzipSync('hello'), /not a bundle|^$/],
    [
      'one cut short',
      async () => (await archiveBytes([entry('a', 'b'.repeat(5000))], 'tar.gz')).subarray(0, 60),
      /not a bundle/,
    ],
    ['one that climbs', () => tarOf({ name: '../../etc/passwd', text: 'x' }), /not a name for a file in a bundle/],
    ['one that is absolute', () => tarOf({ name: '/etc/passwd', text: 'x' }), /not a name for a file in a bundle/],
    ['a link', () => tarOf({ name: 'a', type: 'symlink', linkname: '/etc/passwd' }), /"a" is no file/],
    ['a device', () => tarOf({ name: 'a', type: 'character-device', devmajor: 1, devminor: 3 }), /"a" is no file/],
    ['one that unpacks to more than is taken', () => tarOf({ name: 'a', text: '\0'.repeat(100_001) }), /too large/],
    [
      'more files than are taken',
      () => tarOf(...Array.from({ length: 11 }, (_, n) => ({ name: `f${n}` }))),
      /too many/,
    ],
  ])('%s is refused', async (_what, make, reason) => {
    await expect(readArchive(await make(), 'x.tar.gz', { entries: 10, bytes: 100_000 })).rejects.toThrow(Malformed);
    await expect(readArchive(await make(), 'x.tar.gz', { entries: 10, bytes: 100_000 })).rejects.toThrow(reason);
  });

  test('any bytes are read or refused', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 2000 }), async (bytes) => {
        const read = await readArchive(gzipSync(bytes), 'x').catch((error: unknown) => error);
        expect(Array.isArray(read) || read instanceof Malformed).toBe(true);
      }),
      { numRuns: 50 },
    );
  });
});

describe('what differs', () => {
  test('is told by name, as a unified diff', () => {
    const before = [entry('hosts', 'one\ntwo\nthree\n'), entry('gone', 'x\n'), entry('same', 's\n')];
    const after = [entry('hosts', 'one\nTWO\nthree\n'), entry('new', 'y\n'), entry('same', 's\n')];
    expect(diffBundles(before, after)).toEqual([
      { name: 'gone', kind: 'removed', text: '--- a/gone\n+++ /dev/null\n@@ -1,1 +0,0 @@\n-x\n' },
      { name: 'hosts', kind: 'changed', text: '--- a/hosts\n+++ b/hosts\n@@ -1,3 +1,3 @@\n one\n-two\n+TWO\n three\n' },
      { name: 'new', kind: 'added', text: '--- /dev/null\n+++ b/new\n@@ -0,0 +1,1 @@\n+y\n' },
    ]);
  });

  test('a mode alone is told too', () => {
    expect(diffBundles([entry('a', 'x')], [entry('a', 'x', 0o600)])).toEqual([
      { name: 'a', kind: 'changed', text: 'mode of a: 0644 -> 0600\n' },
    ]);
  });

  test('nothing, where nothing does', () => {
    expect(diffBundles([entry('a', 'x')], [entry('a', 'x')])).toEqual([]);
  });

  test('of the manifest only what the bundle is of', () => {
    const host = { host: 'cs40', os: null, tree: null, profile: null, role: null };
    const sealed = (snapshot: string | null, text: string) =>
      sealBundle(
        { kind: 'host', site: 'lab', secrets: 'redacted', hosts: [{ ...host, snapshots: { cloudstack: snapshot } }] },
        [entry('a', text)],
      ).entries;
    expect(diffBundles(sealed(null, 'x'), sealed(null, 'y')).map(({ name }) => name)).toEqual(['a']);
    const [change, ...others] = diffBundles(sealed(null, 'x'), sealed('20261122T000000Z-00000000', 'x'));
    expect([change?.name, others]).toEqual(['manifest.json', []]);
    expect(change?.text).toContain('+        "cloudstack": "20261122T000000Z-00000000"\n');
    expect(change?.text).not.toContain('sha256');
  });
});
