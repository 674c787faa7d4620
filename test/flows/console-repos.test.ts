// Repos in the console, in a real browser: added with a mistake and without, synced, served, refused to go while needed, and removed.

import { readFileSync } from 'node:fs';
import type { Locator } from 'playwright-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConsoleBench } from '../support/console.ts';
import { consoleBrowser, openConsole } from '../support/console.ts';
import { needs } from '../support/lab-needs.ts';

const { skip, note } = needs(['chromium'], 'none');
const browser = consoleBrowser(skip);
let bench: ConsoleBench;

const dialog = (): Locator => bench.page.getByRole('dialog');
const field = (name: string): Locator => dialog().getByLabel(new RegExp(`^ *${name}`));
const press = (name: string): Promise<void> => dialog().getByRole('button', { name, exact: true }).click();
const card = (name: string): Locator =>
  bench.page.locator('section.card').filter({ has: bench.page.getByRole('heading', { name, exact: true }) });
const told = (words: string | RegExp): Promise<void> => bench.page.getByText(words).first().waitFor();

afterEach(() => bench?.close());

describe.skipIf(skip).each([1280, 390])(`at %i px${note}`, (width) => {
  beforeEach(async () => {
    bench = await openConsole(browser(), width);
    await bench.setUp();
    await bench.goTo('Content');
  });

  test('a repo is added, its mistakes told at their fields, synced, and removed', { timeout: 60_000 }, async () => {
    const before = readFileSync(bench.siteFile, 'utf8');
    await bench.page.getByRole('button', { name: 'Add a repo …' }).click();
    await field('Name').fill('extra');
    await field('Upstream').fill(bench.upstream.url.replace('http://', 'http://anna:secret@'));
    await field('Published at').fill('/api/');
    await field('Schedule').fill('daily');
    await field('Snapshots kept').fill('2');
    await press('Add');
    await dialog().getByText('the site would have problems').waitFor();
    const wrong = {
      Upstream: /holds a user or password — .*secret set/,
      'Published at': /own/,
      Schedule: /five fields/,
    };
    for (const [label, words] of Object.entries(wrong)) {
      expect(await field(label).getAttribute('aria-invalid')).toBe('true');
      await dialog().locator('label').filter({ hasText: label }).getByText(words).waitFor();
    }
    expect(await field('Name').getAttribute('aria-invalid')).toBe('false');
    await bench.expectUsable('repo-add-refused');
    expect(readFileSync(bench.siteFile, 'utf8')).toBe(before);

    await field('Upstream').fill(bench.upstream.url);
    await field('Published at').fill('/5.0/');
    await field('Schedule').fill('@daily');
    await press('Add');
    await told('The first sync of extra has begun.');
    await card('extra').getByText('published', { exact: true }).waitFor();
    const metadata = async (path: string): Promise<number> =>
      (await fetch(`${bench.origin()}${path}repodata/repomd.xml`)).status;
    expect([await metadata('/repos/extra/'), await metadata('/5.0/')]).toEqual([200, 200]);
    await bench.expectUsable('repos');

    await card('extra').getByRole('button', { name: 'Remove … extra' }).click();
    expect(await dialog().textContent()).toMatch(/\/repos\/extra\/ and \/5\.0\/ .*1 snapshot, .*\(published\)/);
    await bench.expectUsable('repo-remove');
    await press('Remove');
    await told(/The repo extra is gone\. .* are free again\./);
    await expect.poll(() => card('extra').count()).toBe(0);
    expect([await metadata('/repos/extra/'), await metadata('/5.0/')]).toEqual([404, 404]);
    expect(readFileSync(bench.siteFile, 'utf8')).toBe(before);
    expect(bench.failures).toEqual([]);
  });

  test('one is added without a sync; one that a profile names stays', { timeout: 60_000 }, async () => {
    await bench.page.getByRole('button', { name: 'Add a repo …' }).click();
    await field('Name').fill('CloudStack');
    await field('Upstream').fill(bench.upstream.url);
    await field('Sync it at once').uncheck();
    await press('Add');
    await dialog()
      .getByText(/CloudStack is already the name of/)
      .waitFor();
    await field('Name').fill('later');
    await press('Add');
    await told('The site names the repo later now.');
    await card('later').getByText('never synced').waitFor();
    await card('later').getByRole('button', { name: 'Sync now later' }).click();
    await card('later').getByText('published', { exact: true }).waitFor();

    await card('cloudstack').getByRole('button', { name: 'Remove … cloudstack' }).click();
    await dialog().getByText('Nothing was mirrored yet.').waitFor();
    await press('Remove');
    await dialog()
      .getByText(/the profile management uses the repo cloudstack/)
      .waitFor();
    await bench.expectUsable('repo-remove-refused');
    await press('Cancel');
    expect(await card('cloudstack').count()).toBe(1);
    expect(bench.failures).toEqual([]);
  });
});
