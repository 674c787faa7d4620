// The site's trees as they are now: found, recognised, refused with the remedy, and looked at anew when the medium changes.

import { mkdir, rename, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectedFacts } from '../../../mirror/tree/detect.ts';
import { readSmall } from '../../../mirror/tree/identify.ts';
import type { MediumPath, OpenedTree, Shelf, ShelfParts } from '../../../mirror/tree/shelf.ts';
import { openShelf } from '../../../mirror/tree/shelf.ts';
import { openTree } from '../../../mirror/tree/store.ts';
import type { Tree } from '../../../server/domain.ts';
import { isNo, Malformed, no } from '../../../server/malformed.ts';
import { formatOs, parseOs } from '../../../server/os.ts';
import { makeIso, makeRoom, skipWithout, writeFiles } from '../../support/iso.ts';

const tree: Tree = { name: 'rhel6', source: { kind: 'iso', path: 'a.iso' }, os: parseOs('rhel-6.2-x86_64') };
const facts = expectedFacts(parseOs('rhel-6.2-x86_64'));

/** A world with media at some paths. */
function world(media: Record<string, () => OpenedTree>, detect: ShelfParts['detect'] = async () => facts) {
  const opened: string[] = [];
  const shelf = openShelf({
    open: async (medium: MediumPath) => {
      opened.push(medium.path);
      const make = media[medium.path];
      if (make === undefined) throw Object.assign(new Error('not there'), { code: 'ENOENT' });
      return make();
    },
    detect,
    expected: expectedFacts,
    candidates: () => ['/data/media/a.iso', '/site/a.iso'].map((path) => ({ kind: 'iso', path })),
    mediaDirectory: '/data/media',
  });
  return { shelf, opened };
}

function files(state: { replaced: boolean; closed: number } = { replaced: false, closed: 0 }): OpenedTree {
  return {
    find: async () => ({ kind: 'directory', names: [] }),
    read: async () => new Uint8Array(),
    isCurrent: async () => !state.replaced,
    close: async () => {
      state.closed += 1;
    },
  };
}

describe('a tree', () => {
  test('is ready from the first place that has its medium', async () => {
    const { shelf, opened } = world({ '/site/a.iso': () => files() });
    expect(await shelf.status(tree)).toEqual({ kind: 'ready', facts });
    expect(opened).toEqual(['/data/media/a.iso', '/site/a.iso']);
  });

  test('is opened once, however many ask at once', async () => {
    const { shelf, opened } = world({ '/data/media/a.iso': () => files() });
    await Promise.all([shelf.status(tree), shelf.files(tree), shelf.status(tree)]);
    await shelf.status(tree);
    expect(opened).toEqual(['/data/media/a.iso']);
  });

  test('is looked at anew when its medium was replaced, and the old one is closed', async () => {
    const state = { replaced: false, closed: 0 };
    const { shelf, opened } = world({ '/data/media/a.iso': () => files(state) });
    await shelf.status(tree);
    state.replaced = true;
    await Promise.all([shelf.status(tree), shelf.files(tree)]);
    expect([opened.length, state.closed]).toEqual([2, 1]);
  });

  test('moves to a better place as soon as its medium is there', async () => {
    const state = { replaced: false, closed: 0 };
    const media: Record<string, () => OpenedTree> = { '/site/a.iso': () => files(state) };
    const { shelf } = world(media);
    const before = await shelf.files(tree);
    media['/data/media/a.iso'] = () => files();
    expect(await shelf.files(tree)).not.toBe(before);
    expect(state.closed).toBe(1);
  });

  test('that was absent is there as soon as its medium is', async () => {
    const media: Record<string, () => OpenedTree> = {};
    const { shelf } = world(media);
    expect((await shelf.status(tree)).kind).toBe('absent');
    media['/data/media/a.iso'] = () => files();
    expect((await shelf.status(tree)).kind).toBe('ready');
  });
});

describe('an absent tree says why', () => {
  test.each<[string, Record<string, () => OpenedTree>, ShelfParts['detect'], Tree, string]>([
    ['no medium', {}, async () => facts, tree, 'a.iso is not there'],
    [
      'a broken medium',
      {
        '/data/media/a.iso': () => {
          throw new Malformed('2048 bytes are missing', 'volume');
        },
      },
      async () => facts,
      tree,
      '2048 bytes are missing',
    ],
    [
      'a medium that may not be read',
      {
        '/data/media/a.iso': () => {
          throw Object.assign(new Error('permission denied'), { code: 'EACCES' });
        },
      },
      async () => facts,
      tree,
      'permission denied',
    ],
    [
      'a medium of something else',
      { '/data/media/a.iso': () => files() },
      async () => no('no installable tree'),
      tree,
      'no installable tree',
    ],
    [
      'a medium that cannot be understood',
      { '/data/media/a.iso': () => files() },
      async () => {
        throw new Malformed('no section', '.treeinfo');
      },
      tree,
      'no section',
    ],
    [
      'another system than the site says',
      { '/data/media/a.iso': () => files() },
      async () => expectedFacts(parseOs('rhel-6.3-x86_64')),
      tree,
      'holds rhel-6.3-x86_64, the site says rhel-6.2-x86_64',
    ],
    [
      'a tree from a URL',
      {},
      async () => facts,
      { ...tree, source: { kind: 'upstream', url: 'http://x/' } },
      'not fetched from its upstream yet',
    ],
  ])('%s', async (_name, media, detect, wanted, reason) => {
    const status = await world(media, detect).shelf.status(wanted);
    expect(status).toMatchObject({ kind: 'absent', reason: expect.stringContaining(reason), expected: facts });
    expect(status.kind === 'absent' && status.remedy.length > 0).toBe(true);
  });
});

describe('a tree on disk is what its medium is now', () => {
  let room: Awaited<ReturnType<typeof makeRoom>>;
  const at = (name: string): string => join(room.path, name);
  beforeAll(async () => {
    room = await makeRoom();
    for (const os of ['rhel-6.2-x86_64', 'rhel-7.9-x86_64']) {
      await writeFiles(room.path, { [`${os}/.treeinfo`]: os, [`${os}-x/.treeinfo`]: os });
      if (!skipWithout('xorriso')) await makeIso(at(os), at(`${os}.iso`));
    }
  });
  afterAll(() => room.remove());

  /** A shelf whose trees are what their .treeinfo says, in one word. */
  const shelfAt = (kind: 'iso' | 'directory', path: string): { shelf: Shelf; tree: Tree } => ({
    shelf: openShelf({
      open: openTree,
      detect: async (opened) => ({
        ...facts,
        os: parseOs(Buffer.from((await readSmall(opened, '.treeinfo', 100)) ?? []).toString()),
      }),
      expected: expectedFacts,
      candidates: () => [{ kind, path: at(path) }],
      mediaDirectory: room.path,
    }),
    tree: { name: 'x', source: { kind, path }, os: undefined },
  });
  /** What the status says, and what is served. */
  const seen = async ({ shelf, tree }: ReturnType<typeof shelfAt>): Promise<readonly [string, string]> => {
    const status = await shelf.status(tree);
    const opened = await shelf.files(tree);
    const served = isNo(opened) ? 'absent' : Buffer.from((await readSmall(opened, '.treeinfo', 100)) ?? []).toString();
    return [status.kind === 'ready' ? formatOs(status.facts.os) : 'absent', served];
  };
  const OLD = ['rhel-6.2-x86_64', 'rhel-6.2-x86_64'];
  const NEW = ['rhel-7.9-x86_64', 'rhel-7.9-x86_64'];
  const GONE = ['absent', 'absent'];
  const link = async (target: string, name: string): Promise<void> => {
    await symlink(at(target), at(`${name}.staged`));
    await rename(at(`${name}.staged`), at(name));
  };

  test.each<[string, string, () => Promise<void>, () => Promise<void>, readonly string[]]>([
    [
      'a link pointed elsewhere',
      'link',
      () => link('rhel-6.2-x86_64', 'link'),
      () => link('rhel-7.9-x86_64', 'link'),
      NEW,
    ],
    ['a link taken away', 'gone', () => link('rhel-6.2-x86_64', 'gone'), () => rm(at('gone')), GONE],
    [
      'a directory put in its place',
      'swapped',
      () => writeFiles(room.path, { 'swapped/.treeinfo': 'rhel-6.2-x86_64' }),
      async () => {
        await rename(at('swapped'), at('swapped-before'));
        await rename(at('rhel-7.9-x86_64-x'), at('swapped'));
      },
      NEW,
    ],
    [
      'a .treeinfo written over, as long as it was',
      'written',
      async () => {
        await writeFiles(room.path, { 'written/.treeinfo': 'rhel-6.2-x86_64' });
        await utimes(at('written/.treeinfo'), 1, 1);
      },
      () => writeFile(at('written/.treeinfo'), 'rhel-7.9-x86_64'),
      NEW,
    ],
  ])('directory: %s', async (_what, path, first, change, then) => {
    await first();
    const given = shelfAt('directory', path);
    expect(await seen(given)).toEqual(OLD);
    await change();
    expect(await seen(given)).toEqual(then);
    await given.shelf.close();
  });

  describe.skipIf(skipWithout('xorriso'))('image', () => {
    test.each<[string, () => Promise<void>, readonly string[]]>([
      ['a link pointed elsewhere', () => link('rhel-7.9-x86_64.iso', 'media/a.iso'), NEW],
      ['a link taken away', () => rm(at('media/a.iso')), GONE],
      ['another in its place', () => rename(at('rhel-7.9-x86_64-copy.iso'), at('media/a.iso')), NEW],
    ])('%s, while others hold its files', async (_what, change, then) => {
      await mkdir(at('media'), { recursive: true });
      await makeIso(at('rhel-7.9-x86_64'), at('rhel-7.9-x86_64-copy.iso'));
      await link('rhel-6.2-x86_64.iso', 'media/a.iso');
      const given = shelfAt('iso', 'media/a.iso');
      expect(await seen(given)).toEqual(OLD);
      const held = await given.shelf.files(given.tree);
      await change();
      // Whoever still holds the old files must not use up the notice.
      if (!isNo(held)) expect(await held.find('')).toMatchObject({ kind: 'no' });
      expect(await seen(given)).toEqual(then);
      await given.shelf.close();
    });
  });
});
