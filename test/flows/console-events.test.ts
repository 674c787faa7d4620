// The events of the Activity view in a real browser: live, filtered, read on, led on from; what machines say is text.

import { afterEach, describe, expect, test } from 'vitest';
import type { ConsoleBench } from '../support/console.ts';
import { consoleBrowser, openConsole } from '../support/console.ts';
import { needs } from '../support/lab-needs.ts';

const { skip, note } = needs(['chromium'], 'none');
const HOSTILE = '<img src=x onerror="window.hostile=1">';
const browser = consoleBrowser(skip);
let bench: ConsoleBench;

afterEach(async () => bench?.close());

const hosts = () => bench.running().appliance.house.hosts;
const row = (name: RegExp) => bench.page.getByRole('row', { name });

describe.skipIf(skip).each([1280, 390])(`at %i px${note}`, (width) => {
  test('what happened by itself', { timeout: 120_000 }, async () => {
    bench = await openConsole(browser(), width);
    await bench.setUp();
    const now = Date.now();
    for (let index = 0; index < 70; index += 1)
      hosts().note('xs-01', { at: now - 60_000 - index, what: 'booted its disk', detail: `look ${index}.` });
    hosts().note('xs-02', { at: now, what: 'instructions refused', detail: HOSTILE });
    await bench.goTo('Activity');
    await bench.page.getByRole('link', { name: 'Events' }).click();
    await row(/host xs-02 instructions refused <img src=x.* wrong$/).waitFor();
    expect(new URL(bench.page.url()).search).toBe('?show=events');
    await bench.expectUsable('events');
    await readOn();
    await live();
    await filter();
    await bench.page.getByRole('link', { name: 'xs-02' }).click();
    await bench.page.getByRole('heading', { level: 1, name: 'xs-02' }).waitFor();
    expect(await bench.page.evaluate('window.hostile')).toBeUndefined();
    expect(bench.failures).toEqual([]);
  });
});

async function readOn(): Promise<void> {
  expect(await row(/look 69\./).count()).toBe(0);
  await bench.page.getByRole('button', { name: 'Show more' }).click();
  await row(/look 69\./).waitFor();
  expect(await bench.page.getByRole('button', { name: 'Show more' }).count()).toBe(0);
}

/** Sooner than it is looked for again, and with what was read on still there. */
async function live(): Promise<void> {
  hosts().apply('cs40', { kind: 'disarmed', now: Date.now(), reason: 'by a test' });
  await row(/host cs40 disarmed/).waitFor({ timeout: 8000 });
  expect(await row(/look 69\./).count()).toBe(1);
}

async function filter(): Promise<void> {
  await bench.page.getByLabel('Outcome').selectOption('wrong');
  await expect.poll(() => row(/look \d/).count()).toBe(0);
  await row(/xs-02/).waitFor();
  await bench.page.getByLabel('About').fill('xs-01');
  await bench.page.getByText('Nothing like that happened.').waitFor();
  await bench.page.getByLabel('About').fill('XS-0');
  await row(/xs-02/).waitFor();
  await bench.page.reload();
  await row(/xs-02/).waitFor();
  expect(await bench.page.getByLabel('About').inputValue()).toBe('XS-0');
  await bench.page.getByRole('link', { name: 'Changes' }).click();
  await row(/anna.*setUp/)
    .or(row(/setUp/))
    .first()
    .waitFor();
  await bench.page.goBack();
  await row(/xs-02/).waitFor();
}
