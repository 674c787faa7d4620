// Loaders come as a whole set of one build, from trees first, and a missing package is named.

import { describe, expect, test } from 'vitest';
import type { LoaderOrigin } from '../../../server/boot/loaders.ts';
import { findLoaderSet, hostLoaderPaths, treeLoaderPaths } from '../../../server/boot/loaders.ts';
import { isNo, no } from '../../../server/malformed.ts';

const origin = (name: string, paths: LoaderOrigin<string>['paths'], has: readonly string[]): LoaderOrigin<string> => ({
  name,
  paths,
  find: (path) => Promise.resolve(has.includes(path) ? `${name}:${path}` : no('not there')),
});
const tree = (...has: string[]): LoaderOrigin<string> => origin('tree xs', treeLoaderPaths, has);
const host = (...has: string[]): LoaderOrigin<string> => origin('this system', hostLoaderPaths, has);
const debian = [
  '/usr/lib/PXELINUX/pxelinux.0',
  '/usr/lib/syslinux/modules/bios/ldlinux.c32',
  '/usr/lib/syslinux/modules/bios/mboot.c32',
];
const never = (): Promise<boolean> => Promise.resolve(false);

describe('the set comes from', () => {
  test.each<[string, LoaderOrigin<string>[], boolean, string | undefined]>([
    ["the host's packages", [host(...debian)], false, 'this system'],
    [
      'the tree that has a whole new set',
      [tree('boot/pxelinux/pxelinux.0', 'boot/pxelinux/ldlinux.c32'), host(...debian)],
      false,
      'tree xs',
    ],
    [
      'the tree with an old pxelinux, which needs no ldlinux',
      [tree('boot/pxelinux/pxelinux.0'), host(...debian)],
      true,
      'tree xs',
    ],
    [
      'not the tree whose new pxelinux lacks its ldlinux',
      [tree('boot/pxelinux/pxelinux.0'), host(...debian)],
      false,
      'this system',
    ],
    [
      'a RHEL system',
      [host('/usr/share/syslinux/pxelinux.0', '/usr/share/syslinux/ldlinux.c32')],
      false,
      'this system',
    ],
    ['nowhere', [tree(), host()], false, undefined],
  ])('%s', async (_name, origins, old, expected) => {
    const set = await findLoaderSet(origins, () => Promise.resolve(old));
    expect(isNo(set) ? undefined : set.origin).toBe(expected);
  });
});

test('modules of another origin are never mixed in', async () => {
  const set = await findLoaderSet(
    [tree('boot/pxelinux/pxelinux.0', 'boot/pxelinux/ldlinux.c32'), host(...debian)],
    never,
  );
  expect(isNo(set) ? [] : [...set.loaders.keys()]).toEqual(['pxelinux.0', 'ldlinux.c32']);
});

test('what is missing is named with the package that has it', async () => {
  expect(await findLoaderSet([host()], never)).toMatchObject({
    kind: 'no',
    remedy: expect.stringContaining('pxelinux and syslinux-common'),
  });
});
