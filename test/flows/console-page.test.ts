// The console's page itself: it outlives a restart, is small and quick, works by keyboard, and offers each role what it may do.

import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConsoleBench } from '../support/console.ts';
import { consoleBrowser, openConsole, PASSWORD } from '../support/console.ts';
import { needs } from '../support/lab-needs.ts';

const { skip, note } = needs(['chromium'], 'none');
const browser = consoleBrowser(skip);
let bench: ConsoleBench;

afterEach(async () => bench?.close());

function focused(): Promise<string> {
  return bench.page.evaluate('document.activeElement.textContent');
}

describe.skipIf(skip)(`the page${note}`, () => {
  beforeEach(async () => {
    bench = await openConsole(browser(), 1280);
  });

  test('goes on after a restart of the appliance, without a reload', { timeout: 60_000 }, async () => {
    await bench.setUp();
    await bench.page.evaluate('window.isSamePage = true');
    await bench.restart(() => bench.page.getByText('The appliance does not answer.').waitFor());
    await expect
      .poll(() => bench.page.getByText('The appliance does not answer.').count(), { timeout: 15_000 })
      .toBe(0);
    await bench.goTo('Hosts');
    await bench.page.getByRole('row', { name: /cs40/ }).waitFor();
    expect(await bench.page.evaluate('window.isSamePage')).toBe(true);
    // Its session ends elsewhere: it asks for a login, and comes back to where it was.
    bench.running().appliance.accounts.store.setPassword('anna', 'x');
    await bench.page.waitForURL(/\/login\?to=%2Fhosts$/);
  });

  test('is small and quick, in either scheme, and works by keyboard alone', { timeout: 60_000 }, async () => {
    await bench.setUp();
    await bench.page.goto(`${bench.origin()}/hosts`);
    await bench.page.getByRole('row', { name: /cs40/ }).waitFor();
    const painted = await bench.page.evaluate<number>(
      'performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? 1e9',
    );
    const size = statSync(new URL('../../server/console/assets/app.js', import.meta.url)).size;
    expect(painted).toBeLessThan(1000);
    expect(size).toBeLessThan(300_000);

    await bench.page.keyboard.press('Tab');
    expect(await focused()).toBe('Skip to the content');
    await bench.page.getByRole('button', { name: /Colours: auto/ }).press('Enter');
    await bench.page.getByRole('button', { name: /Colours: light/ }).press('Enter');
    await bench.page.getByRole('button', { name: /Colours: dark/ }).waitFor();
    await bench.expectUsable('hosts-dark');
    await bench.page.getByLabel('Choose cs40').press('Space');
    await bench.page.getByRole('button', { name: 'Arm …', exact: true }).press('Enter');
    await bench.page.getByRole('dialog', { name: 'Arm cs40?' }).waitFor();
    await bench.page.keyboard.press('Escape');
    await expect.poll(() => bench.page.getByRole('dialog').count()).toBe(0);
    expect(await focused()).toBe('Arm …');
  });

  test(
    'lets an admin make accounts and tokens; who may only look is offered nothing else',
    { timeout: 60_000 },
    async () => {
      await bench.setUp();
      await bench.page.getByRole('link', { name: 'anna' }).click();
      await bench.page.getByRole('button', { name: 'Make a token …' }).click();
      await bench.page.getByLabel('Label').fill('backup');
      await bench.page.getByRole('button', { name: 'Make it' }).click();
      const secret = await bench.page.getByLabel('Token', { exact: true }).inputValue();
      const told = await fetch(`${bench.origin()}/api/v1/session`, { headers: { authorization: `Bearer ${secret}` } });
      expect(await told.json()).toEqual({ name: 'anna', role: 'viewer', via: 'token' });
      await bench.page.getByRole('button', { name: 'Close' }).click();
      await bench.page.getByRole('button', { name: 'End backup' }).click();
      await bench.page.getByText('opens nothing any more').waitFor();
      await bench.page.getByRole('button', { name: 'Add one …' }).click();
      await bench.page.getByLabel('Name').fill('ben');
      await bench.page
        .getByRole('dialog')
        .getByLabel(/^Password/)
        .fill(PASSWORD);
      await bench.page.getByRole('button', { name: 'Add', exact: true }).click();
      await bench.page.getByText('ben may log in now.').waitFor();

      await bench.page.getByRole('button', { name: 'Log out' }).click();
      await bench.page.waitForURL(/\/login/);
      await bench.page.getByLabel('Name').fill('ben');
      await bench.page.getByLabel('Password').fill(PASSWORD);
      await bench.page.getByRole('button', { name: 'Log in' }).click();
      await bench.page.getByRole('heading', { name: 'Account' }).waitFor();
      expect(await bench.page.getByRole('heading', { name: 'Operators' }).count()).toBe(0);
      for (const view of ['Hosts', 'Network', 'Content', 'Site', 'Activity']) {
        await bench.goTo(view);
        await bench.expectUsable(`viewer-${view}`);
        expect(await bench.page.getByRole('button', { name: /Arm|Sync|Enrol|Publish|save|Send/ }).count(), view).toBe(
          0,
        );
      }
      expect(bench.failures).toEqual([]);
    },
  );

  test('sends a template, and goes on with one that was broken off', { timeout: 60_000 }, async () => {
    await bench.setUp();
    await bench.goTo('Content');
    const file = {
      name: 'vm.qcow2',
      mimeType: 'application/octet-stream',
      buffer: Buffer.alloc(17 * 1024 * 1024, 'kickstand'),
    };
    let pieces = 0;
    await bench.page.route('**/templates/uploads/*', async (route) => {
      if (route.request().method() !== 'PATCH' || (pieces += 1) !== 2) return route.continue();
      return route.abort('connectionreset');
    });
    await bench.page.getByLabel('Send a file').setInputFiles(file);
    await bench.page.getByRole('button', { name: 'Send', exact: true }).click();
    await bench.page.getByText('vm.qcow2 is here.').waitFor();
    // The first piece was sent once: 16 MiB, the broken one, and the rest.
    expect(pieces).toBe(3);
    const served = await (await fetch(`${bench.origin()}/templates/vm.qcow2`)).arrayBuffer();
    expect(Buffer.from(served).equals(file.buffer)).toBe(true);
    await bench.page.getByRole('button', { name: 'Register vm.qcow2' }).click();
    expect(await bench.page.getByLabel('CloudMonkey').inputValue()).toContain('register template');
    await bench.expectUsable('template');
    await bench.page.getByRole('button', { name: 'Close' }).click();
    await bench.page.getByRole('button', { name: 'Remove vm.qcow2' }).click();
    await bench.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
    await bench.page.getByText('vm.qcow2 is gone.').waitFor();
    expect(bench.failures).toEqual([]);
  });
});
