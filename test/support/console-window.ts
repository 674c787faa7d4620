// One window of a browser on a console, whichever appliance serves it: opened, led from view to view, looked over.

import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { isTooWide, keepPicture, seriousFaults } from './browser.ts';

/** The first account's. */
export const PASSWORD = 'three small horses';

export type ConsoleWindow = {
  readonly page: Page;
  /** What scripts of the page threw, and what its policy refused. */
  readonly failures: readonly string[];
  /** Makes the first account, `anna`, by the set-up link: it leads to the overview. */
  readonly setUp: (link: string) => Promise<void>;
  readonly goTo: (view: string) => Promise<void>;
  /** Nothing serious for who cannot see or cannot use a mouse, nothing to scroll sideways for; a picture is kept. */
  readonly expectUsable: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** A window that is `width` pixels wide. The caller closes it. */
export async function openWindow(browser: Browser, width: number): Promise<ConsoleWindow> {
  const failures: string[] = [];
  const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  watch(page, failures);
  return {
    page,
    failures,
    setUp: async (link) => {
      await page.goto(link);
      await page.getByLabel('Name').fill('anna');
      await page.getByLabel('Password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Make the account' }).click();
      await page.getByRole('heading', { name: 'Overview' }).waitFor();
    },
    goTo: async (view) => {
      await page.getByRole('navigation', { name: 'Views' }).getByRole('link', { name: view }).click();
      await page.getByRole('heading', { level: 1, name: view }).waitFor();
    },
    expectUsable: async (view) => {
      await keepPicture(page, `${view}-${width}`);
      expect({ view, faults: await seriousFaults(page), isTooWide: await isTooWide(page) }).toEqual({
        view,
        faults: [],
        isTooWide: false,
      });
    },
    close: () => context.close(),
  };
}

function watch(page: Page, failures: string[]): void {
  page.on('pageerror', (error) => failures.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(text)) failures.push(text);
  });
}
