// The site's trees as they are now: found, recognised, refused with the remedy, and looked at anew when the medium changes.

import { describe, expect, test } from 'vitest';
import { expectedFacts } from '../../../mirror/tree/detect.ts';
import type { TreeFiles } from '../../../mirror/content/place.ts';
import type { MediumPath, ShelfParts } from '../../../mirror/tree/shelf.ts';
import { openShelf } from '../../../mirror/tree/shelf.ts';
import type { Tree } from '../../../server/domain.ts';
import { Malformed, no } from '../../../server/malformed.ts';
import { parseOs } from '../../../server/os.ts';

const tree: Tree = { name: 'rhel6', source: { kind: 'iso', path: 'a.iso' }, os: parseOs('rhel-6.2-x86_64') };
const facts = expectedFacts(parseOs('rhel-6.2-x86_64'));

/** A world with media at some paths; `found` changes what the root look-up answers. */
function world(media: Record<string, () => TreeFiles>, detect: ShelfParts['detect'] = async () => facts) {
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

function files(state: { replaced: boolean; closed: number } = { replaced: false, closed: 0 }): TreeFiles {
  return {
    find: async () => (state.replaced ? no('replaced') : { kind: 'directory', names: [] }),
    read: async () => new Uint8Array(),
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
    await shelf.status(tree);
    expect([opened.length, state.closed]).toEqual([2, 1]);
  });

  test('that was absent is there as soon as its medium is', async () => {
    const media: Record<string, () => TreeFiles> = {};
    const { shelf } = world(media);
    expect((await shelf.status(tree)).kind).toBe('absent');
    media['/data/media/a.iso'] = () => files();
    expect((await shelf.status(tree)).kind).toBe('ready');
  });
});

describe('an absent tree says why', () => {
  test.each<[string, Record<string, () => TreeFiles>, ShelfParts['detect'], Tree, string]>([
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
      'not mirrored in this version',
    ],
  ])('%s', async (_name, media, detect, wanted, reason) => {
    const status = await world(media, detect).shelf.status(wanted);
    expect(status).toMatchObject({ kind: 'absent', reason: expect.stringContaining(reason), expected: facts });
    expect(status.kind === 'absent' && status.remedy.length > 0).toBe(true);
  });
});
