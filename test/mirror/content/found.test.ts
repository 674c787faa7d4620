// Between finding a file and sending it: what is found anew when it has moved, what is refused, and what may be remembered at all.

import { readdir, readlink, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { isLocalDisk, LIMITS, openContentFiles, type ContentFiles } from '../../../mirror/content/cache/store.ts';
import { keptOf } from '../../../mirror/content/kept.ts';
import type { FilePlace, Place, Spot } from '../../../mirror/content/place.ts';
import { createContentHandler, type Served } from '../../../mirror/content/routes.ts';
import { quietLog } from '../../../server/log.ts';
import { no } from '../../../server/malformed.ts';
import { ask, makeDirectory, patternBytes, removeDirectory, serve } from './rig.ts';

const LENGTH = 300_000;
let root = '';
let files: ContentFiles;

beforeAll(async () => {
  root = await makeDirectory({ here: patternBytes(LENGTH), other: patternBytes(LENGTH) });
  await utimes(join(root, 'here'), 1e9, 1e9);
  files = openContentFiles({ ...LIMITS, settledMs: 0 });
});

afterAll(async () => {
  files.close();
  await removeDirectory(root);
});

const about = (name: string) => stat(join(root, name), { bigint: true });

function placeOf(file: string, rest: Partial<FilePlace> = {}): FilePlace {
  const extents = [{ offset: 0, length: LENGTH }];
  return { kind: 'file', file: join(root, file), extents, sizeBytes: LENGTH, modifiedMs: 1e12, ...rest };
}

/** Asks for one file where `places` are what it is found at, first and after; the answer, and how often it was looked for. */
async function askAt(places: readonly Place[], spot?: Spot) {
  let looks = 0;
  const served: Served[] = [];
  const handler = createContentHandler({
    publishPaths: () => new Map(),
    locate: async () => places[Math.min(looks++, places.length - 1)] ?? no('not there'),
    spot: () => spot,
    files,
    log: quietLog,
    onServed: (one) => served.push(one),
  });
  const server = await serve((request, response) => void handler.handle(request, response));
  const { status, body } = await ask(server.port, '/repos/base/file.rpm');
  await server.close();
  await vi.waitFor(() => expect(served).toHaveLength(1));
  return { status, whole: body.equals(patternBytes(LENGTH)), looks, fault: served[0]?.fault };
}

describe('a file that is not where it was found', () => {
  test.each([
    ['there: looked for once', ['here'], { status: 200, whole: true, looks: 1 }],
    [
      'pruned meanwhile, and in the snapshot published since: sent from there',
      ['gone', 'here'],
      { status: 200, looks: 2 },
    ],
    ['gone for good: 404', ['gone'], { status: 404, looks: 2 }],
    ['another by now, and found as such: sent', ['other', 'here'], { status: 200, whole: true, looks: 2 }],
    ['another each time: refused', ['other'], { status: 500, looks: 2, fault: 'the file changed after it was found' }],
  ])('%s', async (_, names, expected) => {
    expect(await askAt(names.map((name) => placeOf(name)))).toMatchObject(expected);
  });

  test('not there any more at the second look: as if at the first', async () => {
    expect(await askAt([placeOf('gone'), no('not in the tree')])).toMatchObject({ status: 404, looks: 2 });
  });
});

test('a file that lies elsewhere than its spot, as in an older snapshot: sent each time', async () => {
  const spot = { key: 'nowhere', file: join(root, 'nowhere') };
  for (const _ of ['once', 'again']) {
    expect(await askAt([placeOf('here')], spot)).toMatchObject({
      status: 200,
      whole: true,
      looks: 1,
      fault: undefined,
    });
  }
});

describe('a file of an image', () => {
  const inside = { extents: [{ offset: 100_000, length: 1000 }], sizeBytes: 1000 };

  test('is sent from the image it was found in, whatever its own date', async () => {
    expect(await askAt([placeOf('here', { ...inside, image: await about('here') })])).toMatchObject({ status: 200 });
  });

  test('is never read out of another image, were it of the same size and date', async () => {
    await utimes(join(root, 'other'), 1e9, 1e9);
    const stale = placeOf('other', { ...inside, image: await about('here') });
    expect(await askAt([stale])).toMatchObject({ status: 500, fault: 'the file changed after it was found' });
    const anew = placeOf('other', { ...inside, image: await about('other') });
    expect(await askAt([stale, anew])).toMatchObject({ status: 200, looks: 2 });
    await utimes(join(root, 'other'), 2e9, 2e9);
  });
});

describe.runIf(process.platform === 'linux')('what may be remembered', () => {
  test.each([
    ['a temporary directory', () => root, true],
    ['the file system of processes, where stat may wait', () => '/proc', false],
    ['that of devices and drivers', () => '/sys', false],
  ])('on %s', async (_, path, local) => {
    expect(await isLocalDisk(path())).toBe(local);
  });

  test('a file on a local disk is; on any other it is found anew each time', async () => {
    const own = openContentFiles({ ...LIMITS, settledMs: 0 });
    for (const [file, held] of [
      ['/proc/version', 0],
      [join(root, 'here'), 1],
    ] as const) {
      const seen = await stat(file, { bigint: true });
      const place: FilePlace = { kind: 'file', file, extents: [], sizeBytes: 0, modifiedMs: 0 };
      const spot = { key: file, file };
      await own.remember(spot, keptOf(place, { about: seen, name: 'x' }));
      expect(own.holding().files).toBe(held);
      expect(own.recall(spot) !== undefined).toBe(held === 1);
    }
    own.close();
  });

  test('is recalled only as long as all else is as it was', async () => {
    const own = openContentFiles({ ...LIMITS, settledMs: 0 });
    let still = true;
    const spot = { key: 'k', file: join(root, 'here'), still: () => still };
    await own.remember(spot, keptOf(placeOf('here'), { about: await about('here'), name: 'x' }));
    expect(own.recall(spot)).toBeDefined();
    still = false;
    expect([own.recall(spot), own.holding().files]).toEqual([undefined, 0]);
    own.close();
  });
});

test.runIf(process.platform === 'linux')(
  'a file given back while it is read is read to the end, and closed then',
  async () => {
    const SIZE = 4_000_000;
    await writeFile(join(root, 'big'), patternBytes(SIZE));
    const { mtimeMs } = await stat(join(root, 'big'));
    const own = openContentFiles({ ...LIMITS, settledMs: 0 });
    const whole = { extents: [{ offset: 0, length: SIZE }], sizeBytes: SIZE, modifiedMs: mtimeMs };
    const file = await own.open(placeOf('big', whole));
    // Far more than there are threads: most of them have not begun when the file is given back.
    const targets = Array.from({ length: 32 }, () => Buffer.alloc(SIZE));
    const reads = targets.map((target) => file.readAt(target, 0));
    file.release();
    own.close();
    await Promise.all(reads);
    const wanted = patternBytes(SIZE);
    expect(targets.every((target) => target.equals(wanted))).toBe(true);
    await vi.waitFor(async () => {
      const fds = await Promise.all(
        (await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')),
      );
      expect(fds).not.toContain(join(root, 'big'));
    });
  },
);
