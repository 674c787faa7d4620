// A real browser for tests of pages: Debian's Chromium, headless, driven over its own protocol; and what axe-core says of a page.

import { mkdirSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { chromium } from 'playwright-core';

type Axe = typeof axe;

const CHROMIUM = '/usr/bin/chromium';

/**
 * Starts it; the caller closes it. It has no sandbox of its own: tests run as root, and on their own pages. `program` is what is run in
 * its place with its arguments: a script of one that starts it elsewhere.
 */
export function openBrowser(program = CHROMIUM): Promise<Browser> {
  return chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-gpu'] });
}

/** Starts it where `prefix`, the words before a command, runs it: in a network namespace. Its script lies in `directory`. */
export async function openBrowserIn(prefix: readonly string[], directory: string): Promise<Browser> {
  const program = join(directory, 'browser.sh');
  await writeFile(program, `#!/bin/sh\nexec ${prefix.join(' ')} ${CHROMIUM} "$@"\n`, { mode: 0o755 });
  return openBrowser(program);
}

/** What axe-core finds serious or critical on the page, with where. */
export async function seriousFaults(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: loaded } = globalThis as unknown as { axe: Axe };
    return (await loaded.run({ resultTypes: ['violations'] })).violations;
  });
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`),
    );
}

/** Does the page have to be scrolled sideways? Then something on it is wider than the window. */
export function isTooWide(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth > document.documentElement.clientWidth');
}

/** Keeps a picture of the page where `KICKSTAND_TEST_ARTEFACTS` names a directory for it. */
export async function keepPicture(page: Page, name: string): Promise<void> {
  const directory = process.env['KICKSTAND_TEST_ARTEFACTS'];
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}
