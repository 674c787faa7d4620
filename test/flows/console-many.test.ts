// The console over a site of hundreds of hosts: a long list comes in pages, and what was chosen on them is armed together.

import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, expect, test } from 'vitest';
import type { ConsoleBench } from '../support/console.ts';
import { consoleBrowser, openConsole } from '../support/console.ts';
import { needs } from '../support/lab-needs.ts';

const MANY = 450;
const NETWORK =
  '  - { name: wide, subnet: 10.0.0.0/16, gateway: 10.0.0.1, ranges: [{ name: wide, use: hosts, from: 10.0.1.0, to: 10.0.9.0 }] }';

const { skip, note } = needs(['chromium'], 'none');
const browser = consoleBrowser(skip);
let bench: ConsoleBench;

afterEach(async () => bench?.close());

/** The example's hosts, and so many more. */
function withMany(text: string): string {
  const hosts = Array.from({ length: MANY }, (_, index) => {
    const byte = (index % 256).toString(16).padStart(2, '0');
    const mac = `52:54:01:00:0${index >> 8}:${byte}`;
    return `  - { name: node-${index + 1}, profile: hypervisor, network: wide, address: 10.0.${1 + (index >> 8)}.${index & 255}, macs: ["${mac}"] }\n`;
  });
  return `${text.replace('\nrepos:', `${NETWORK}\n\nrepos:`)}${hosts.join('')}`;
}

test.skipIf(skip).each([1280, 390])(
  `a long list comes in pages, at %i px${note}`,
  { timeout: 60_000 },
  async (width) => {
    bench = await openConsole(browser(), width);
    const { page } = bench;
    await bench.setUp();
    writeFileSync(bench.siteFile, withMany(readFileSync(bench.siteFile, 'utf8')));
    await bench.goTo('Hosts');
    const pages = page.getByRole('navigation', { name: 'Pages of hosts' });
    await pages.getByText('1 to 200 of 453').waitFor();
    await expect.poll(() => page.getByRole('row').count()).toBe(201);
    await page.getByLabel('Choose node-1', { exact: true }).check();
    await pages.getByRole('link', { name: 'Next' }).click();
    await pages.getByRole('link', { name: 'Next' }).click();
    await pages.getByText('401 to 453 of 453').waitFor();
    expect(await pages.getByRole('link', { name: 'Next' }).count()).toBe(0);
    await page.getByLabel('Choose node-450').check();
    await page.getByText('2 hosts chosen').waitFor();
    await bench.expectUsable('hosts-many');

    // A filter begins at its first page; all that it finds can be chosen at once.
    await page.getByLabel('Filter').fill('node');
    await pages.getByText('1 to 200 of 450').waitFor();
    await page.getByRole('button', { name: 'Choose all 450 found' }).click();
    await page.getByRole('button', { name: 'Arm …', exact: true }).click();
    const dialog = page.getByRole('dialog', { name: 'Arm 450 hosts?' });
    await dialog.getByLabel(/^Type 450/).fill('45');
    expect(await dialog.getByRole('button', { name: /^Arm: wipe/ }).isDisabled()).toBe(true);
    expect(bench.failures).toEqual([]);
  },
);
