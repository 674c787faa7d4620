// Install trees in the console, in a real browser: sent and added, verified, removed; mirrored from a URL; filled by a path.

import { mkdtempSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ConsoleBench } from '../support/console.ts';
import { consoleBrowser, openConsole } from '../support/console.ts';
import type { FakeUpstream } from '../support/fake-upstream.ts';
import { startUpstream } from '../support/fake-upstream.ts';
import { makeIso, writeFiles } from '../support/iso.ts';
import { needs } from '../support/lab-needs.ts';
import { buildTree } from '../support/tree-fixture.ts';

const { skip, note } = needs(['chromium', 'xorriso'], 'none');
const KERNEL = 'images/pxeboot/vmlinuz';
const tree6 = buildTree('rhel6.2');
const browser = consoleBrowser(skip);
let bench: ConsoleBench;
let upstream: FakeUpstream;
let media = '';

const dialog = (): Locator => bench.page.getByRole('dialog');
const card = (name: string): Locator =>
  bench.page
    .locator('section.card')
    .filter({ has: bench.page.getByRole('heading', { name: `tree ${name}`, exact: true }) });
const told = (words: string | RegExp): Promise<void> => bench.page.getByText(words).first().waitFor();

beforeAll(async () => {
  if (skip) return;
  media = mkdtempSync(join(tmpdir(), 'kickstand-media-'));
  await writeFiles(join(media, 'tree'), Object.fromEntries(tree6));
  await makeIso(join(media, 'tree'), join(media, 'rhel-6.2.iso'));
  writeFileSync(join(media, 'words.iso'), 'no image at all');
});
afterAll(() => {
  if (media !== '') rmSync(media, { recursive: true });
});

afterEach(async () => {
  await bench?.close();
  await upstream?.close();
});

async function begin(width: number): Promise<void> {
  upstream = await startUpstream(tree6);
  bench = await openConsole(browser(), width);
  await bench.setUp();
  await bench.goTo('Content');
}

describe.skipIf(skip).each([1280, 390])(`at %i px${note}`, (width) => {
  beforeEach(() => begin(width));

  test('a tree is sent and added, verified, and removed', { timeout: 60_000 }, async () => {
    await bench.page.getByRole('button', { name: 'Add a tree …' }).click();
    await dialog().getByLabel('Name').fill('own');
    await dialog().getByLabel('ISO file').setInputFiles(join(media, 'words.iso'));
    await bench.expectUsable('tree-add');
    await dialog().getByRole('button', { name: 'Send and add' }).click();
    await dialog()
      .getByText(/words\.iso: .*ISO 9660/)
      .waitFor();
    expect(await dialog().getByLabel('An ISO that is here already').isChecked()).toBe(true);

    await dialog().getByLabel('An image sent from this computer').check();
    await dialog().getByLabel('ISO file').setInputFiles(join(media, 'rhel-6.2.iso'));
    await dialog().getByRole('button', { name: 'Send and add' }).click();
    await told('The tree own is there: rhel-6.2-x86_64.');
    await card('own').getByText('ready', { exact: true }).waitFor();
    expect(await card('own').textContent()).toContain('image uploaded/own-');
    expect((await fetch(`${bench.origin()}/trees/own/.treeinfo`)).status).toBe(200);

    await card('own').getByRole('button', { name: 'Verify … tree own' }).click();
    await dialog().getByRole('button', { name: 'Verify', exact: true }).click();
    await card('own').getByText('sound', { exact: true }).waitFor();
    await bench.expectUsable('trees');

    await card('own').getByRole('button', { name: 'Remove … tree own' }).click();
    await bench.expectUsable('tree-remove');
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await told('The tree own is gone.');
    await expect.poll(() => card('own').count()).toBe(0);
    expect(readdirSync(join(bench.siteFile, '..', 'data', 'media', 'uploaded'))).toEqual([]);
    expect(bench.failures).toEqual([]);
  });
});

test.skipIf(skip)(
  `a tree from a URL is synced as it is added, and a damaged file of it found and brought anew${note}`,
  {
    timeout: 60_000,
  },
  async () => {
    await begin(390);
    await bench.page.getByRole('button', { name: 'Add a tree …' }).click();
    await dialog().getByLabel('Name').fill('mirrored');
    await dialog().getByLabel('A URL to mirror').check();
    await dialog().getByRole('textbox', { name: /^URL/ }).fill(upstream.url);
    const held = Promise.withResolvers<void>();
    upstream.always(KERNEL, (_request, response, bytes) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 5000));
      void held.promise.then(() => response.end(bytes.subarray(5000)));
    });
    await dialog().getByRole('button', { name: 'Add', exact: true }).click();
    await told('The first sync of tree mirrored has begun.');
    await card('mirrored').getByRole('progressbar', { name: 'Sync of tree mirrored' }).waitFor();
    await card('mirrored')
      .getByText(/\d+ of \d+ files/)
      .waitFor();
    await card('mirrored').getByRole('button', { name: 'Cancel the sync of tree mirrored' }).click();
    await card('mirrored').getByText('cancelled', { exact: true }).waitFor();
    held.resolve();
    upstream.heal();
    await card('mirrored').getByRole('button', { name: 'Sync now tree mirrored' }).click();
    await card('mirrored').getByText('published', { exact: true }).waitFor();
    await card('mirrored').getByText('ready', { exact: true }).waitFor();
    await card('mirrored').getByRole('button', { name: 'Sync now tree mirrored' }).click();
    await card('mirrored').getByText('unchanged', { exact: true }).waitFor();

    const data = join(bench.siteFile, '..', 'data');
    writeFileSync(join(data, 'repos', 'tree@mirrored', 'EULA'), 'other terms');
    await card('mirrored')
      .getByRole('button', { name: /^Verify/ })
      .click();
    await dialog().getByRole('button', { name: 'Verify', exact: true }).click();
    await card('mirrored').getByText('damaged', { exact: true }).waitFor();
    await card('mirrored').getByRole('cell', { name: 'EULA' }).waitFor();
    await bench.expectUsable('tree-damaged');
    await card('mirrored')
      .getByRole('button', { name: /^Verify/ })
      .click();
    await dialog().getByLabel('Bring anew what is damaged').check();
    await dialog().getByRole('button', { name: 'Verify', exact: true }).click();
    await card('mirrored').getByText('sound', { exact: true }).waitFor();

    await card('mirrored')
      .getByRole('button', { name: /^Remove/ })
      .click();
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await told(/The tree mirrored is gone\. .* are free again\./);
    expect(bench.failures).toEqual([]);
  },
);

test.skipIf(skip)(
  `an absent tree of the site is filled by a path, and left absent again${note}`,
  { timeout: 60_000 },
  async () => {
    await begin(1280);
    await card('rhel6').getByText('What to do:').waitFor();
    await card('rhel6').getByRole('button', { name: 'Add its medium … tree rhel6' }).click();
    expect(await dialog().getByLabel('Name').inputValue()).toBe('rhel6');
    await dialog().getByLabel('A path on the appliance').check();
    await dialog().getByRole('textbox', { name: /^Path/ }).fill(join(media, 'words.iso'));
    await dialog().getByRole('button', { name: 'Add', exact: true }).click();
    await dialog().getByText('is no install medium that the appliance can read').waitFor();
    await dialog().getByRole('textbox', { name: /^Path/ }).fill(join(media, 'rhel-6.2.iso'));
    await dialog().getByRole('button', { name: 'Add', exact: true }).click();
    await card('rhel6').getByText('ready', { exact: true }).waitFor();
    await card('rhel6')
      .getByRole('button', { name: /^Remove/ })
      .click();
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await told('The medium of rhel6 is taken off.');
    await card('rhel6').getByText('absent', { exact: true }).waitFor();
    await card('rhel6')
      .getByRole('button', { name: /^Remove/ })
      .click();
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await dialog().getByText('the profile management installs from rhel6').waitFor();
    expect(bench.failures).toEqual([]);
  },
);

test.skipIf(skip)(`what is sent is paused, and goes on where it was${note}`, { timeout: 60_000 }, async () => {
  await begin(1280);
  // More than one piece, so that there is something to go on from.
  writeFileSync(join(media, 'tree', 'filler'), Buffer.alloc(18 * 1024 * 1024, 'filler'));
  await makeIso(join(media, 'tree'), join(media, 'large.iso'));
  const sizeBytes = statSync(join(media, 'large.iso')).size;
  const sent: number[] = [];
  await bench.page.route('**/templates/uploads/*', async (route) => {
    if (route.request().method() !== 'PATCH') return route.continue();
    sent.push(Number(route.request().headers()['upload-offset']));
    // The second piece never arrives: it is paused meanwhile.
    if (sent.length !== 2) return route.continue();
    return undefined;
  });
  const send = async (): Promise<void> => {
    await dialog().getByLabel('ISO file').setInputFiles(join(media, 'large.iso'));
    await dialog().getByRole('button', { name: 'Send and add' }).click();
  };
  await bench.page.getByRole('button', { name: 'Add a tree …' }).click();
  await dialog().getByLabel('Name').fill('large');
  await send();
  await dialog()
    .getByText(/^16\.8 MB of/)
    .waitFor();
  await dialog().getByRole('progressbar', { name: 'Upload' }).waitFor();
  await dialog().getByRole('button', { name: 'Pause' }).click();
  await dialog().getByText('Paused. Choose the same file again to go on.').waitFor();
  await send();
  await told('The tree large is there: rhel-6.2-x86_64.');
  const piece = 16 * 1024 * 1024;
  expect(sent).toEqual([0, piece, piece]);
  expect(
    Number((await fetch(`${bench.origin()}/templates/large.iso`, { method: 'HEAD' })).headers.get('content-length')),
  ).toBe(sizeBytes);
});

test.skipIf(skip)(`a verification that takes long is followed, and ended${note}`, { timeout: 60_000 }, async () => {
  await begin(390);
  // All holes: it takes no room, and long to read.
  await writeFiles(join(media, 'huge'), Object.fromEntries(tree6));
  truncateSync(join(media, 'huge', 'images', 'install.img'), 64 * 1024 ** 3);
  await bench.page.getByRole('button', { name: 'Add a tree …' }).click();
  await dialog().getByLabel('Name').fill('huge');
  await dialog().getByLabel('A path on the appliance').check();
  await dialog().getByRole('textbox', { name: /^Path/ }).fill(join(media, 'huge'));
  await dialog().getByRole('button', { name: 'Add', exact: true }).click();
  await card('huge').getByRole('button', { name: 'Verify … tree huge' }).click();
  await dialog().getByRole('button', { name: 'Verify', exact: true }).click();
  await card('huge').getByRole('progressbar', { name: 'Verification of tree huge' }).waitFor();
  await card('huge')
    .getByText(/ of 68\.7 GB/)
    .waitFor();
  await bench.expectUsable('tree-verifying');
  await card('huge').getByRole('button', { name: 'Cancel the verification of tree huge' }).click();
  await card('huge').getByText('cancelled', { exact: true }).waitFor();
  expect(bench.failures).toEqual([]);
});

test.skipIf(skip)(`a repo is verified in all its snapshots${note}`, { timeout: 60_000 }, async () => {
  await begin(1280);
  await bench.page.getByRole('button', { name: 'Sync now cloudstack' }).click();
  await bench.page.getByRole('button', { name: 'Verify … cloudstack' }).click();
  await dialog().getByLabel('Snapshots').selectOption('all of them');
  await dialog().getByRole('button', { name: 'Verify', exact: true }).click();
  await bench.page.getByText('sound', { exact: true }).waitFor();
  expect(bench.failures).toEqual([]);
});
