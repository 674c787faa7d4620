// Upstreams of index pages alone, and of directories: every package that is whole is mirrored, and asked for again only where it may have changed.

import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { breakHalfWay, serveBytes, startUpstream, status } from '../../support/fake-upstream.ts';
import { needs } from '../../support/lab-needs.ts';
import type { RepoFiles } from '../../support/repo-fixture.ts';
import {
  ALL,
  ALL_PACKAGES,
  buildFarm,
  COMPS,
  cut,
  flipped,
  LAMB,
  LAMB2,
  readPublished,
  startScene,
  WOOL,
  withPages,
  writeAll,
  type Farm,
  type Scene,
} from './rig.ts';

const here = needs(['rpm', 'rpmbuild'], 'none');

describe.skipIf(here.skip)(`a rescue by index pages${here.note}`, () => {
  let farm: Farm;
  let scene: Scene;
  beforeAll(async () => {
    farm = await buildFarm();
  });
  afterAll(() => farm.remove());
  beforeEach(async () => {
    scene = await startScene();
  });
  afterEach(() => scene.close());

  const bytesOf = (name: string): Buffer => farm.packages.get(name) ?? Buffer.alloc(0);
  const rpms = (names: readonly string[] = ALL, directory = 'Packages/'): RepoFiles =>
    new Map(names.map((name) => [`${directory}${name}`, bytesOf(name)]));

  describe('of index pages alone', () => {
    test('takes every package that is whole, with comps found beside them', async () => {
      const files = new Map([
        ...rpms(),
        ['comps.xml', Buffer.from(COMPS)],
        ['broken/cut.rpm', cut(bytesOf(LAMB))],
        ['broken/flipped.rpm', flipped(bytesOf(LAMB))],
        ['broken/page.rpm', Buffer.from('<html>not found, said with 200</html>')],
        ['broken/a name with spaces.rpm', bytesOf(LAMB)],
      ]);
      expect(await scene.rescue(withPages(files))).toMatchObject({ kind: 'published', packages: 4 });
      expect(await scene.names()).toEqual(
        [...ALL.map((name) => `Packages/${name}`), 'broken/a name with spaces.rpm'].toSorted(),
      );
      expect(await scene.flaws()).toEqual([
        'broken broken/cut.rpm',
        'broken broken/flipped.rpm',
        'broken broken/page.rpm',
        'missing repodata/repomd.xml',
      ]);
      const { repomd } = await readPublished(scene.bench);
      expect(repomd.data.map(({ type }) => type)).toContain('group_gz');
    });

    test('nothing new on one page costs one request, however often', async () => {
      await scene.rescue(withPages(rpms(ALL, '')));
      const first = await scene.bench.published();
      for (let times = 0; times < 2; times += 1) {
        scene.upstream.clearLog();
        expect(await scene.rescue()).toMatchObject({ kind: 'unchanged' });
        expect(scene.upstream.log.map(({ path, headers }) => [path, headers['if-none-match'] === undefined])).toEqual([
          ['', false],
        ]);
      }
      scene.upstream.clearLog();
      expect(await scene.rescue(undefined, { fresh: 'always' })).toMatchObject({ kind: 'unchanged' });
      expect(await scene.bench.published()).toEqual(first);
    });

    test('a new package is fetched, the others are asked for by what their server said of them', async () => {
      await scene.rescue(withPages(rpms([LAMB, WOOL], '')));
      scene.upstream.clearLog();
      expect(await scene.rescue(withPages(rpms(ALL, '')))).toMatchObject({
        kind: 'published',
        packages: 3,
        filesFetched: 1,
      });
      expect(scene.upstream.log.filter(({ path }) => path === LAMB)).toHaveLength(1);
    });

    test('two contents of one package are both kept, and told', async () => {
      const other = await buildFarm('second');
      const files = new Map([...rpms([LAMB], 'a/'), [`b/${LAMB}`, other.packages.get(LAMB) ?? Buffer.alloc(0)]]);
      await other.remove();
      expect(await scene.rescue(withPages(files))).toMatchObject({ kind: 'published', packages: 2 });
      expect(await scene.flaws()).toContain(`twice b/${LAMB}`);
    });

    test('a filter chooses by what the packages call themselves', async () => {
      const files = withPages(new Map([['misnamed.rpm', bytesOf(LAMB2)], ...rpms([LAMB, WOOL], '')]));
      const filter = { ...ALL_PACKAGES, exclude: ['lamb2', 'wool'] };
      expect(await scene.rescue(files, { repo: { filter } })).toMatchObject({ kind: 'published', packages: 1 });
      expect(await scene.names()).toEqual([LAMB]);
    });

    test('a connection that breaks is gone on with; a package that came spoilt is fetched once more', async () => {
      const files = withPages(rpms(ALL, ''));
      scene.upstream.serve(files);
      scene.upstream.next(LAMB, breakHalfWay);
      scene.upstream.next(WOOL, serveBytes(flipped(bytesOf(WOOL))));
      expect(await scene.rescue()).toMatchObject({ kind: 'published', packages: 3 });
      expect(scene.upstream.log.filter(({ path }) => path === LAMB).at(-1)?.range).toMatch(/^bytes=/);
      expect(await scene.flaws()).toEqual(['missing repodata/repomd.xml']);
    });

    test('a package that came spoilt is then taken for what its server says of the whole one, its size too', async () => {
      const page = Buffer.concat([Buffer.from('<html>log in first</html>'), bytesOf(LAMB)]);
      scene.upstream.next(LAMB, serveBytes(page, { etag: '"page"' }));
      expect(await scene.rescue(withPages(rpms([LAMB], '')))).toMatchObject({ kind: 'published', packages: 1 });
      const { evidence } = await readPublished(scene.bench);
      expect(evidence?.unlisted).toMatchObject([{ path: LAMB, etag: expect.not.stringContaining('page') as string }]);
    });

    test('another server’s package is not believed, unless signatures are asked for', async () => {
      const other = await startUpstream(rpms(ALL, ''));
      scene.upstream.always(
        LAMB,
        (_request, response) => void response.writeHead(302, { location: `${other.url}${LAMB}` }).end(),
      );
      expect(await scene.rescue(withPages(rpms(ALL, '')))).toMatchObject({ kind: 'published', packages: 2 });
      expect(await scene.flaws()).toContain(`refused ${LAMB}`);
      expect(other.log).toEqual([]);
      await other.close();
    });

    test('loops between directories end', async () => {
      const files = withPages(rpms());
      const loop = Buffer.from('<a href="a/">a/</a><a href="Packages/">P</a>');
      for (const path of ['', 'a/', 'a/a/', 'a/a/a/']) files.set(path, loop);
      files.set('a/Packages/', Buffer.from(''));
      expect(await scene.rescue(files)).toMatchObject({ kind: 'published', packages: 3 });
      expect(await scene.flaws()).toContain('refused a/');
    });

    test('directories without end are left at the eighth', async () => {
      const files = withPages(rpms(ALL, ''), ['d/']);
      scene.upstream.serve(files);
      for (let depth = 1, path = 'd/'; depth < 20; depth += 1, path += `${depth}/`) {
        files.set(path, Buffer.from(`<a href="${depth + 1}/">x</a>`));
      }
      expect(await scene.rescue()).toMatchObject({ kind: 'published', packages: 3 });
      expect(
        scene.upstream.log.filter(({ path }) => path.endsWith('/')).map(({ path }) => path.split('/').length - 1),
      ).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect((await scene.flaws()).filter((line) => line.startsWith('refused'))).toHaveLength(1);
    });
  });

  test('of a directory of this machine lists it; links that lead out are passed over', async () => {
    const root = join(scene.bench.data, 'media');
    await writeAll(root, rpms());
    await symlink('/etc', join(root, 'out'));
    await symlink('..', join(root, 'Packages', 'loop'));
    expect(await scene.rescue(undefined, { repo: { upstream: root } })).toMatchObject({
      kind: 'published',
      packages: 3,
    });
    expect(await scene.rescue(undefined, { repo: { upstream: root } })).toMatchObject({ kind: 'unchanged' });
  });

  test('a run that was stopped goes on with the packages it had', async () => {
    const files = withPages(rpms(ALL, ''));
    scene.upstream.serve(files);
    scene.upstream.always(WOOL, status(503));
    expect(await scene.rescue()).toMatchObject({ kind: 'failed' });
    scene.upstream.heal();
    expect(await scene.rescue()).toMatchObject({ kind: 'published', packages: 3, filesFetched: 1 });
  });
});
