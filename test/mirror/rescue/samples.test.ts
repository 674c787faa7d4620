// Real packages with something taken away: a zoo whose packages are partly gone, and what a rescue makes of it beside createrepo_c's own.

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { filesBelow } from '../../support/lab-appliance.ts';
import { metadataOf, readPublished, startScene, withPages, type Scene } from './rig.ts';

const SAMPLES = join(import.meta.dirname, '../../../../shared/samples');
const ZOO = join(SAMPLES, 'rpms/zoo');

describe.skipIf(!existsSync(ZOO))('the zoo', () => {
  let scene: Scene;
  beforeEach(async () => {
    scene = await startScene();
  });
  afterEach(() => scene.close());

  test('with packages gone keeps its groups, advisories and modules, and every other package', async () => {
    const files = await filesBelow(ZOO);
    for (const name of ['lion-0.3-0.8.noarch.rpm', 'walrus-5.21-1.noarch.rpm']) files.delete(name);
    expect(await scene.rescue(files)).toMatchObject({ kind: 'published' });
    expect((await scene.flaws()).filter((line) => line.startsWith('gone'))).toEqual([
      'gone lion-0.3-0.8.noarch.rpm',
      'gone walrus-5.21-1.noarch.rpm',
    ]);
    const { repomd, packages, root } = await readPublished(scene.bench);
    const types = repomd.data.map(({ type }) => type);
    expect(types).toEqual(
      expect.arrayContaining(['primary', 'filelists', 'other', 'group_gz', 'updateinfo', 'modules']),
    );
    expect(types.some((type) => /_(?:db|zck)$/.test(type))).toBe(false);
    expect(packages.length).toBeGreaterThan(15);
    const group = repomd.data.find(({ type }) => type === 'group_gz')?.path ?? '';
    expect(String(gunzipSync(await readFile(join(root, group))))).toContain('<id>bird</id>');
  });

  test('without repodata is the same, made by this program or by createrepo_c', async () => {
    const files = [...(await filesBelow(ZOO))].filter(([path]) => !path.includes('repodata'));
    const documents: string[] = [];
    for (const by of ['own', 'createrepo_c'] as const) {
      const result = await scene.rescue(withPages(new Map(files)), {
        metadata: metadataOf(scene.bench, by),
        fresh: 'always',
      });
      expect(result.kind).not.toBe('failed');
      const { repomd, packages } = await readPublished(scene.bench);
      documents.push(JSON.stringify(packages));
      expect(repomd.data.map(({ type }) => type)).toEqual(
        expect.arrayContaining(['group_gz', 'updateinfo', 'modules']),
      );
    }
    expect(documents[1]).toBe(documents[0]);
  });
});
