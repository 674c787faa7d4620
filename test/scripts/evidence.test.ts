// A rescued repo as an operator meets it: `rescue: true` in the site, a sync of a bare directory, and what was wrong with it.

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { kickstand } from '../support/command.ts';
import { exampleText } from '../support/example.ts';
import { needs } from '../support/lab-needs.ts';
import { buildFarm, writeAll, type Farm } from '../mirror/rescue/rig.ts';

const here = needs(['rpm', 'rpmbuild'], 'none');

describe.skipIf(here.skip)(`kickstand repo snapshots --evidence${here.note}`, () => {
  let farm: Farm;
  let place: string[] = [];
  beforeAll(async () => {
    farm = await buildFarm();
    const media = join(farm.directory, 'media');
    await writeAll(media, new Map([...farm.packages, ['cut.rpm', Buffer.from('no package')]]));
    await mkdir(join(farm.directory, 'data'));
    const site = exampleText.replace(/upstream: http:\S+/, `upstream: ${media}\n    rescue: true`);
    await writeFile(join(farm.directory, 'site.yaml'), site);
    place = ['--site', join(farm.directory, 'site.yaml'), '--data', join(farm.directory, 'data')];
  });
  afterAll(() => farm.remove());

  test('tells what was wrong with a rescued upstream, and how it was published all the same', async () => {
    const before = await kickstand(['repo', 'snapshots', 'cloudstack', '--evidence', ...place]);
    expect(before.out).toContain('no snapshot has evidence of anything wrong');
    const synced = await kickstand(['repo', 'sync', 'cloudstack', ...place]);
    expect([synced.code, synced.err]).toEqual([0, expect.anything()]);
    expect(synced.out).toMatch(/cloudstack: published \S+/);
    const text = await kickstand(['repo', 'snapshots', 'cloudstack', '--evidence', ...place]);
    expect(text.out).toMatch(/broken +cut\.rpm/);
    expect(text.out).toMatch(/missing +repodata\/repomd\.xml/);
    const json = await kickstand(['repo', 'snapshots', 'cloudstack', '--evidence', '--json', ...place]);
    expect(JSON.parse(json.out)).toMatchObject([{ evidence: { flaws: [{ what: 'missing' }, { what: 'broken' }] } }]);
    const again = await kickstand(['repo', 'sync', 'cloudstack', ...place]);
    expect(again.out).toContain('nothing new');
  }, 120_000);
});
