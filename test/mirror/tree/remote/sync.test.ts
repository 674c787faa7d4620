// Whole trees mirrored from a real server in every dialect: what is published, what a second sync asks, what stops one.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { asSha256 } from '../../../../mirror/rpm/checksum.ts';
import { detectTree } from '../../../../mirror/tree/detect.ts';
import { openTree } from '../../../../mirror/tree/store.ts';
import { parseOs, sameOs } from '../../../../server/os.ts';
import { isNo } from '../../../../server/malformed.ts';
import {
  breakHalfWay,
  serveBytes,
  startUpstream,
  status,
  type FakeUpstream,
  type Trick,
} from '../../../support/fake-upstream.ts';
import { fixtureBytes, type RepoFiles } from '../../../support/repo-fixture.ts';
import { filesDigest } from '../../../support/sync-bench.ts';
import { buildTree, changed, DIALECTS, edited, OS_OF } from '../../../support/tree-fixture.ts';
import { DEMO, startTreeBench, type TreeBench } from './rig.ts';

const KERNEL = 'images/pxeboot/vmlinuz';
const INSTALL = 'images/install.img';

let bench: TreeBench;
let upstream: FakeUpstream;
beforeEach(async () => {
  bench = await startTreeBench();
  upstream = await startUpstream(new Map());
});
afterEach(async () => {
  await upstream.close();
  await bench.close();
});

/** Sends the first half and falls silent: what ends a connection could overtake the bytes before it. */
const stopHalfWay: Trick = (_request, response, bytes) => {
  const etag = `"${bytes.length}-${bytes.subarray(0, 4).toString('hex')}"`;
  response.writeHead(200, { 'content-length': bytes.length, etag });
  response.write(bytes.subarray(0, bytes.length >> 1));
};

const asked = (): readonly string[] => upstream.log.map(({ path }) => path);

describe.each(DIALECTS)('a tree in the dialect of %s', (dialect) => {
  test('is published whole, byte for byte, and is recognised', async () => {
    const files = buildTree(dialect);
    upstream.serve(files);
    const result = await bench.sync(upstream.url, {
      tree: { name: 'demo', upstream: upstream.url, os: parseOs(OS_OF[dialect]) },
    });
    expect(result).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(files));
    const tree = await openTree({ kind: 'directory', path: `${bench.data}/repos/${DEMO}` });
    const facts = await detectTree(tree);
    if (isNo(facts)) throw new Error(facts.reason);
    expect(sameOs(facts.os, parseOs(OS_OF[dialect]))).toBe(true);
    await tree.close();
  });

  test('is asked for little when nothing is new, and changed where it changed', async () => {
    upstream.serve(buildTree(dialect));
    const first = await bench.sync(upstream.url);
    upstream.clearLog();
    expect(await bench.sync(upstream.url)).toEqual({
      kind: 'unchanged',
      snapshot: first.kind === 'published' ? first.snapshot : '',
      newest: first.kind === 'published' ? first.snapshot : '',
    });
    const lists = asked().filter((path) => !/(?:repomd\.xml|XS-PACKAGES|treeinfo|XS-REPOSITORY-LIST)$/.test(path));
    expect(lists).toEqual([]);
    const later = buildTree(dialect, 'b');
    upstream.serve(later);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(later));
  });
});

describe('nothing new', () => {
  test('is one conditional request where .treeinfo vouches for its repositories', async () => {
    upstream.serve(buildTree('rhel6.6'));
    await bench.sync(upstream.url);
    upstream.clearLog();
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'unchanged' });
    expect(upstream.log.map(({ path, headers }) => [path, typeof headers['if-none-match']])).toEqual([
      ['.treeinfo', 'string'],
    ]);
  });

  test('is not believed of a repository that changes under a .treeinfo that stays', async () => {
    upstream.serve(buildTree('rhel9'));
    await bench.sync(upstream.url);
    const [before, after] = [buildTree('rhel9'), buildTree('rhel9', 'b')];
    const updated: RepoFiles = new Map([
      ...before,
      ...[...after].filter(([path]) => /^(?:repodata|Packages)/.test(path)),
    ]);
    upstream.serve(updated);
    upstream.clearLog();
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(asked()).not.toContain(INSTALL);
  });
});

describe('what an upstream lacks', () => {
  test.each<[string, string, 'published' | 'failed', string]>([
    ['a kernel', KERNEL, 'failed', KERNEL],
    ['the second stage', INSTALL, 'failed', INSTALL],
    ['an image that .treeinfo names', 'images/boot.iso', 'published', 'images/boot.iso is named and left out'],
    ['a file that is merely usual', 'EFI/BOOT/grub.cfg', 'published', ''],
    ['the repository of its variant', 'repodata/repomd.xml', 'failed', 'repodata/repomd.xml'],
    ['a package', 'Packages/root-one-1.0-1.noarch.rpm', 'failed', 'root-one'],
  ])('%s: %s is %s', async (_what, path, kind, told) => {
    const files = changed(buildTree('rhel9'), { [path]: undefined });
    upstream.serve(files);
    const result = await bench.sync(upstream.url);
    expect(result.kind).toBe(kind);
    if (result.kind === 'failed') expect(result.reason).toContain(told);
    else {
      expect((await bench.notes()).join('\n')).toContain(told);
      expect(await bench.published()).toEqual(filesDigest(files));
    }
  });

  test('an add-on of RHEL 6 is told, and spoils nothing', async () => {
    const files = new Map([...buildTree('rhel6.2')].filter(([path]) => !path.startsWith('ResilientStorage/')));
    upstream.serve(files);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.notes()).toContain('the repository ResilientStorage is named and upstream has none there');
    expect(await bench.published()).toEqual(filesDigest(files));
  });

  test('links of a RHEL 6 medium: what Server shares with the root is fetched once', async () => {
    const whole = buildTree('rhel6.2');
    upstream.serve(new Map([...whole].filter(([path]) => !path.startsWith('Server/Packages/'))));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(whole));
  });
});

describe('what leads out of the tree', () => {
  test('a split AppStream and an image elsewhere are left out, and told', async () => {
    upstream.serve(edited(buildTree('rhel9'), (text) => text.replace('boot.iso = images', 'boot.iso = ../../isos')));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    const notes = (await bench.notes()).join('\n');
    expect(notes).toContain('AppStream lies outside the tree, at ../../../AppStream/x86_64/os/');
    expect(notes).toContain('../../isos/boot.iso lies outside the tree');
    expect(asked().filter((path) => path.includes('..') || path.includes('AppStream'))).toEqual([]);
  });

  test.each([
    ['a kernel', (text: string) => text.replaceAll('kernel = ', 'kernel = ../../'), 'a file outside of it'],
    ['an absolute kernel', (text: string) => text.replaceAll('kernel = ', 'kernel = /'), 'a file outside of it'],
    ['a stage 2 elsewhere', (text: string) => text.replace('mainimage = ', 'mainimage = http://x/'), 'outside of it'],
    ['an encoded way out', (text: string) => text.replaceAll('kernel = ', 'kernel = %2e%2e/'), 'encoded twice'],
  ])('%s is refused', async (_what, edit, reason) => {
    upstream.serve(edited(buildTree('rhel9'), edit));
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed', reason: expect.stringContaining(reason) });
    expect(await bench.published()).toBeUndefined();
  });
});

describe('what goes wrong leaves what is published', () => {
  const altered = Buffer.from(fixtureBytes('other', 20_000));
  test.each<[string, string, Trick, string]>([
    ['an image with a wrong byte', INSTALL, serveBytes(altered), 'sha256 is'],
    ['an image cut short', INSTALL, serveBytes(altered.subarray(1)), 'sha256 is'],
    ['an image that never comes', KERNEL, status(503), '503'],
    [
      'a package with a wrong byte',
      'Packages/root-one-1.0-1.noarch.rpm',
      serveBytes(altered.subarray(0, 3000)),
      'root-one',
    ],
    ['a page instead of .treeinfo', '.treeinfo', serveBytes(Buffer.from('<html>hello</html>')), '.treeinfo'],
    ['no .treeinfo any more', '.treeinfo', status(404), 'is it an install tree?'],
  ])('%s', async (_what, path, trick, reason) => {
    upstream.serve(buildTree('rhel9'));
    await bench.sync(upstream.url);
    const before = await bench.published();
    upstream.serve(buildTree('rhel9', 'b'));
    upstream.always(path, trick);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed', reason: expect.stringContaining(reason) });
    expect(await bench.published()).toEqual(before);
    upstream.heal();
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.published()).toEqual(filesDigest(buildTree('rhel9', 'b')));
  });

  test('a repomd.xml that is not the one .treeinfo vouches for', async () => {
    const files = buildTree('rhel6.6');
    const other = buildTree('rhel6.6', 'b').get('HighAvailability/repodata/repomd.xml');
    upstream.serve(changed(files, { 'HighAvailability/repodata/repomd.xml': other }));
    expect(await bench.sync(upstream.url)).toMatchObject({
      kind: 'failed',
      file: 'HighAvailability/repodata/repomd.xml',
      reason: expect.stringContaining('the tree says'),
    });
    expect(await bench.published()).toBeUndefined();
  });

  test('another system than the site says', async () => {
    upstream.serve(buildTree('rhel9'));
    const tree = { name: 'demo', upstream: upstream.url, os: parseOs('rhel-8.10-x86_64') };
    expect(await bench.sync(upstream.url, { tree })).toMatchObject({
      kind: 'failed',
      reason: 'upstream has rhel-9.0-x86_64, the site says rhel-8.10-x86_64',
    });
    expect(await bench.published()).toBeUndefined();
  });
});

describe('a file without a checksum', () => {
  test('is told, and is whole by its size', async () => {
    upstream.serve(buildTree('centos6'));
    upstream.next(INSTALL, stopHalfWay);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(await bench.notes()).toContain(`${INSTALL} has no checksum: its size alone was checked`);
    expect(await bench.published()).toEqual(filesDigest(buildTree('centos6')));
    expect(upstream.log.find(({ path, range }) => path === INSTALL && range !== undefined)?.ifRange).toBeDefined();
  });

  test.each<[string, Trick, string]>([
    [
      'of no told size',
      (_request, response, bytes) => {
        response.write(bytes);
        response.end();
      },
      'neither a checksum nor its size is told',
    ],
    [
      'of another server',
      (_request, response) => void response.writeHead(302, { location: 'http://127.0.0.2:1/x' }).end(),
      INSTALL,
    ],
    ['that always breaks off', breakHalfWay, INSTALL],
  ])('%s is not taken', async (_what, trick, reason) => {
    upstream.serve(buildTree('centos6'));
    upstream.always(INSTALL, trick);
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed', reason: expect.stringContaining(reason) });
    expect(await bench.published()).toBeUndefined();
  });
});

describe('a tree that changes during its sync', () => {
  test.each(['.treeinfo', 'repodata/repomd.xml', KERNEL])(
    'seen at %s: what is published is the new one',
    async (path) => {
      const after = buildTree('rhel9', 'b');
      upstream.serve(buildTree('rhel9'));
      const turn: Trick = () => {
        upstream.serve(after);
        return false;
      };
      // The trick is played after the bytes for this answer were taken.
      upstream.next(path, turn);
      expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
      expect(await bench.published()).toEqual(filesDigest(after));
    },
  );

  test('again and again is given up', async () => {
    let generation = 0;
    upstream.serve(buildTree('rhel9'));
    upstream.always('.treeinfo', () => {
      generation += 1;
      upstream.serve(edited(buildTree('rhel9'), (text) => `${text}; ${generation}\n`));
      return false;
    });
    expect(await bench.sync(upstream.url)).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('changed 4 times'),
    });
  });
});

describe('the network', () => {
  test('redirects lead to files that checksums prove', async () => {
    const files = buildTree('rhel9');
    const other = await startUpstream(files);
    upstream.serve(files);
    upstream.always(INSTALL, (_request, response) => {
      response.writeHead(302, { location: `${other.url}${INSTALL}` }).end();
    });
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(other.log.map(({ path }) => path)).toEqual([INSTALL]);
    await other.close();
  });

  test('a broken-off image is continued, in this sync and in the next', async () => {
    upstream.serve(buildTree('rhel9'));
    upstream.always(INSTALL, (request, response, bytes) =>
      request.headers.range === undefined
        ? stopHalfWay(request, response, bytes)
        : status(503)(request, response, bytes),
    );
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'failed' });
    upstream.heal();
    upstream.clearLog();
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(upstream.log.find(({ path }) => path === INSTALL)?.range).toMatch(/^bytes=\d+-$/);
    expect(await bench.published()).toEqual(filesDigest(buildTree('rhel9')));
  });
});

describe('hosts that may be installing', () => {
  test('keep their tree: nothing replaces it under them', async () => {
    upstream.serve(buildTree('rhel9'));
    await bench.sync(upstream.url, { installing: async () => ['cs40'] });
    const before = await bench.published();
    expect(before).toEqual(filesDigest(buildTree('rhel9')));
    upstream.serve(buildTree('rhel9', 'b'));
    upstream.clearLog();
    expect(await bench.sync(upstream.url, { installing: async () => ['cs40'] })).toMatchObject({
      kind: 'failed',
      reason: expect.stringContaining('cs40'),
    });
    expect(asked()).toEqual(['.treeinfo']);
    const armedMeanwhile = (() => {
      let times = 0;
      return async () => (++times > 1 ? ['cs40'] : []);
    })();
    expect(await bench.sync(upstream.url, { installing: armedMeanwhile })).toMatchObject({ kind: 'failed' });
    expect(await bench.published()).toEqual(before);
    upstream.clearLog();
    expect(await bench.sync(upstream.url)).toMatchObject({ kind: 'published' });
    expect(asked()).not.toContain(INSTALL);
    expect(asked().filter((path) => path.endsWith('.rpm'))).toEqual([]);
  });
});

describe('what is kept', () => {
  test('the tree before stays beside the new one, and no longer; nothing of a repo is touched', async () => {
    const ids: string[] = [];
    for (const seed of ['a', 'b', 'c']) {
      upstream.serve(buildTree('rhel7', seed));
      const result = await bench.sync(upstream.url);
      if (result.kind === 'published') ids.push(result.snapshot);
    }
    expect((await bench.store.repoStatus(DEMO)).snapshots).toEqual(ids.slice(1));
    expect(await bench.store.repoStatus('demo')).toEqual({ current: undefined, snapshots: [] });
    const gone = asSha256(filesDigest(buildTree('rhel7'))['LiveOS/squashfs.img'] ?? '');
    expect(gone === undefined ? undefined : await bench.pool.sizeOf(gone)).toMatchObject({ kind: 'no' });
    const lock = await bench.store.lockRepo(DEMO);
    expect(await bench.store.drop(DEMO)).toEqual(ids.slice(1));
    if (lock.kind === 'lock') lock.release();
    await bench.store.sweepPool();
    expect(await bench.published()).toBeUndefined();
    expect(await bench.store.repoNames()).toEqual([]);
  });
});
