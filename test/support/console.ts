// A whole appliance with a browser before it: what tests of the console drive and look at.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { expect } from 'vitest';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { isTooWide, keepPicture, seriousFaults } from './browser.ts';
import { exampleText } from './example.ts';
import type { FakeUpstream } from './fake-upstream.ts';
import { startUpstream } from './fake-upstream.ts';
import { buildRepo, fixtureBytes } from './repo-fixture.ts';

/** The first account's. */
export const PASSWORD = 'three small horses';

export type ConsoleBench = {
  readonly siteFile: string;
  readonly upstream: FakeUpstream;
  readonly page: Page;
  /** What scripts of the page threw, and what its policy refused. */
  readonly failures: readonly string[];
  readonly running: () => Running;
  readonly origin: () => string;
  /** Stops the appliance and starts another one over the same data, on the same port. */
  readonly restart: (between: () => Promise<unknown>) => Promise<void>;
  /** Makes the first account by the set-up link: it leads to the overview. */
  readonly setUp: () => Promise<void>;
  readonly goTo: (view: string) => Promise<void>;
  /** Nothing serious for who cannot see or cannot use a mouse, nothing to scroll sideways for. */
  readonly expectUsable: (name: string) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The repository that is synced; `second` is what it becomes. */
export function consoleRepository(seed: 'first' | 'second') {
  const packages = ['small', 'big'].map((name) => ({ name, bytes: fixtureBytes(`${seed}-${name}`, 90_000) }));
  return buildRepo({ packages, revision: seed === 'first' ? '1700000000' : '1700000001' });
}

/** Starts the appliance over the example site, and a window that is `width` pixels wide. The caller closes it. */
export async function openConsole(browser: Browser, width: number): Promise<ConsoleBench> {
  const directory = mkdtempSync(join(tmpdir(), 'kickstand-console-'));
  const siteFile = join(directory, 'site.yaml');
  const upstream = await startUpstream(consoleRepository('first'));
  writeFileSync(siteFile, exampleText.replace('http://cloudstack.apt-get.eu/rhel/4.0/', upstream.url));
  let running = await start(directory, 0);
  const failures: string[] = [];
  const context = await browser.newContext({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  const page = await context.newPage();
  watch(page, failures);
  const origin = (): string => `http://127.0.0.1:${running.httpPort}`;
  return {
    siteFile,
    upstream,
    page,
    failures,
    running: () => running,
    origin,
    restart: async (between) => {
      const { httpPort } = running;
      await running.close();
      await between();
      running = await start(directory, httpPort);
    },
    setUp: async () => {
      await page.goto(`${origin()}/setup#${running.appliance.accounts.desk.invite()}`);
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
    close: async () => {
      await context.close();
      await running.close();
      await upstream.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function watch(page: Page, failures: string[]): void {
  page.on('pageerror', (error) => failures.push(error.message));
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && /Content Security Policy|Uncaught/.test(text)) failures.push(text);
  });
}

function start(directory: string, httpPort: number): Promise<Running> {
  return serve(
    {
      siteFile: join(directory, 'site.yaml'),
      dataDirectory: join(directory, 'data'),
      listen: '127.0.0.1',
      httpPort,
      tftpPort: 0,
      advertise: undefined,
      dhcp: 'off',
      dhcpInterface: undefined,
      dhcpForce: false,
      syslogPort: undefined,
      httpsPort: undefined,
      logLevel: 'silent',
    },
    quietLog,
  );
}
