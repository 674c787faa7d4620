// A tree from a URL in the open house and by the commands: absent, synced, booted from, kept while hosts install, and taken off.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openContentFiles } from '../../../mirror/content/cache/store.ts';
import { parseContentPath } from '../../../mirror/content/path.ts';
import { contentParts } from '../../../server/assembly/content.ts';
import { installOf, type House } from '../../../server/assembly/house.ts';
import { pruneRepos } from '../../../server/assembly/pruning.ts';
import { treeFileOf } from '../../../server/assembly/tree-files.ts';
import { syncTreeNow } from '../../../server/assembly/trees.ts';
import { treeViews } from '../../../server/assembly/views.ts';
import type { Tree } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import { kickstand } from '../../support/command.ts';
import { exampleSite, exampleText } from '../../support/example.ts';
import { startUpstream, type FakeUpstream } from '../../support/fake-upstream.ts';
import { buildTree } from '../../support/tree-fixture.ts';
import { houseOver } from '../../support/open-house.ts';

const KERNEL = 'images/pxeboot/vmlinuz';
const tree6 = buildTree('rhel6.2');
const watch = { onProgress: () => {}, signal: new AbortController().signal };

let data = '';
let upstream: FakeUpstream;
let house: House;
const fromUrl = (text: string): string => text.replace(/iso: RHEL6[^ ]*/, `upstream: ${upstream.url}`);
const rhel6 = (): Tree => house.site().trees[0] ?? expect.fail('no tree');

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'kickstand-trees-'));
  upstream = await startUpstream(tree6);
  const site = exampleSite(fromUrl);
  house = await houseOver({ data, site: () => site });
});
afterEach(async () => {
  await house.close();
  await upstream.close();
  rmSync(data, { recursive: true });
});

/** What `/trees/rhel6/PATH` is answered with. */
async function served(path: string): Promise<Buffer | string> {
  const parsed = parseContentPath(`/trees/rhel6/${path}`, new Map());
  if (parsed.kind === 'other') return 'no content';
  const files = openContentFiles();
  try {
    const place = await contentParts(house, files).locate(parsed);
    return place.kind === 'file' ? await readFile(place.file) : place.kind;
  } finally {
    files.close();
  }
}

describe('a tree from a URL', () => {
  test('is absent, with what to do and what to expect, until it is synced', async () => {
    expect(await house.shelf.status(rhel6())).toMatchObject({
      kind: 'absent',
      remedy: 'kickstand tree sync rhel6',
      expected: { os: { version: '6.2' } },
    });
    expect(await served(KERNEL)).toBe('no');
  });

  test('is booted from as soon as it is published, and again when another is', async () => {
    expect(await syncTreeNow(house, rhel6(), watch)).toMatchObject({ kind: 'published' });
    expect(await house.shelf.status(rhel6())).toMatchObject({ kind: 'ready', facts: { stage2: 'images/install.img' } });
    const boot = await treeFileOf(house, 'rhel6', KERNEL);
    if (isNo(boot)) throw new Error(boot.reason);
    expect(await readFile(boot.file.file)).toEqual(tree6.get(KERNEL));
    for (const path of ['.treeinfo', 'images/install.img', 'Server/repodata/repomd.xml'])
      expect(await served(path)).toEqual(tree6.get(path));
    expect(await installOf(house, 'cs40')).toMatchObject({ tree: { url: 'http://127.0.0.1/trees/rhel6/' } });
    const later = buildTree('rhel6.2', 'b');
    upstream.serve(later);
    expect(await syncTreeNow(house, rhel6(), watch)).toMatchObject({ kind: 'published' });
    expect(await served(KERNEL)).toEqual(later.get(KERNEL));
  });

  test('stays as it is while a host is armed to install from it', async () => {
    await syncTreeNow(house, rhel6(), watch);
    upstream.serve(buildTree('rhel6.2', 'b'));
    const now = house.now();
    const arming = { token: 'T', armedAt: now, expiresAt: now + 3_600_000, pins: {}, install: 'F' };
    house.hosts.apply('xs-01', { kind: 'armed', now, arming });
    house.hosts.apply('cs40', { kind: 'armed', now, arming });
    const refused = await syncTreeNow(house, rhel6(), watch);
    expect(refused).toMatchObject({ kind: 'failed', reason: expect.stringMatching(/: cs40$/) });
    expect(await served(KERNEL)).toEqual(tree6.get(KERNEL));
    house.hosts.apply('cs40', { kind: 'disarmed', now, reason: 'test' });
    expect(await syncTreeNow(house, rhel6(), watch)).toMatchObject({ kind: 'published' });
  });

  test('is told with its snapshot and notes, and is no stranger to pruning', async () => {
    expect((await treeViews(house))[0]).toMatchObject({ ready: false, synced: undefined });
    const synced = await syncTreeNow(house, rhel6(), watch);
    expect((await treeViews(house))[0]).toMatchObject({
      source: { kind: 'upstream', url: upstream.url },
      ready: true,
      synced: { snapshot: synced.kind === 'published' ? synced.snapshot : '', notes: [] },
    });
    expect(await pruneRepos(house)).toMatchObject({ strangers: [], freed: 0 });
    expect(await served(KERNEL)).toEqual(tree6.get(KERNEL));
  });

  test('only, is synced', async () => {
    const xenserver = house.site().trees[1] ?? expect.fail('no tree');
    expect(await syncTreeNow(house, xenserver, watch)).toMatchObject({ kind: 'failed' });
  });
});

describe('the commands', () => {
  test('add, list, sync, verify and remove it', async () => {
    const siteFile = join(data, 'own.yaml');
    writeFileSync(siteFile, exampleText);
    const run = (...args: string[]) => kickstand(['tree', ...args, '--site', siteFile, '--data', data]);
    const added = await run('add', 'dvd', upstream.url);
    expect([added.code, added.out]).toEqual([0, expect.stringContaining('kickstand tree sync dvd')]);
    const synced = await run('sync');
    expect([synced.code, synced.out]).toEqual([0, expect.stringMatching(/^dvd: published \S+: \d+ packages/)]);
    expect((await run('list')).out).toMatch(/dvd +ready +rhel-6\.2-x86_64 +http:\S+ +\d{4}-/);
    expect(await run('sync', 'dvd', '--json')).toMatchObject({ code: 0, out: expect.stringContaining('"unchanged"') });
    expect((await run('history', 'dvd')).out).toMatch(/command +unchanged[^]+command +published/);
    const history = JSON.parse((await run('history', 'dvd', '--json')).out) as unknown;
    expect(history).toMatchObject([{ tree: 'dvd' }, { tree: 'dvd' }]);
    expect(await run('cancel', 'dvd')).toMatchObject({
      code: 1,
      err: expect.stringContaining('no sync of the tree dvd runs'),
    });
    const medium = await run('sync', 'xenserver');
    expect([medium.code, medium.err]).toEqual([2, expect.stringContaining('xenserver is no tree from a URL')]);
    const [id] = (await house.content.repoStatus('tree@dvd')).snapshots;
    writeFileSync(join(data, 'snapshots', 'tree@dvd', id ?? '', 'EULA'), 'other terms');
    const verified = await run('verify', 'dvd');
    expect([verified.code, verified.out]).toEqual([1, expect.stringContaining('EULA: bad')]);
    const repaired = await run('verify', 'dvd', '--repair');
    expect([repaired.code, repaired.out]).toEqual([0, expect.stringContaining('the whole tree: good')]);
    expect(await readFile(join(data, 'repos', 'tree@dvd', 'EULA'))).toEqual(tree6.get('EULA'));
    const removed = await run('remove', 'dvd');
    expect([removed.code, removed.out]).toEqual([0, expect.stringContaining('what was fetched of it is removed')]);
    expect(readFileSync(siteFile, 'utf8')).not.toContain('dvd');
    expect(await house.content.repoNames()).toEqual([]);
  }, 120_000);
});
