// A whole appliance with a browser before it: what tests of the console drive and look at.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll } from 'vitest';
import { buildConsole } from '../../scripts/console-build.ts';
import { quietLog } from '../../server/log.ts';
import type { Running } from '../../server/main.ts';
import { serve } from '../../server/main.ts';
import { openBrowser } from './browser.ts';
import type { ConsoleWindow } from './console-window.ts';
import { openWindow } from './console-window.ts';
import { exampleText } from './example.ts';
import type { FakeUpstream } from './fake-upstream.ts';
import { startUpstream } from './fake-upstream.ts';
import { buildRepo, fixtureBytes } from './repo-fixture.ts';
import { onLoopback } from './loopback.ts';

export { PASSWORD } from './console-window.ts';

export type ConsoleBench = Omit<ConsoleWindow, 'setUp'> & {
  readonly siteFile: string;
  readonly upstream: FakeUpstream;
  readonly running: () => Running;
  readonly origin: () => string;
  /** Stops the appliance and starts another one over the same data, on the same port. */
  readonly restart: (between: () => Promise<unknown>) => Promise<void>;
  /** Makes the first account by the set-up link: it leads to the overview. */
  readonly setUp: () => Promise<void>;
};

/** The repository that is synced; `second` is what it becomes. */
export function consoleRepository(seed: 'first' | 'second') {
  const packages = ['small', 'big'].map((name) => ({ name, bytes: fixtureBytes(`${seed}-${name}`, 90_000) }));
  return buildRepo({ packages, revision: seed === 'first' ? '1700000000' : '1700000001' });
}

/** A browser for the tests of a file, and the console built for it: asked for where they run. Nothing is started where they are skipped. */
export function consoleBrowser(skip: boolean): () => Browser {
  let browser: Browser | undefined;
  beforeAll(async () => {
    if (skip) return;
    await buildConsole();
    browser = await openBrowser();
  });
  afterAll(() => browser?.close());
  return () => {
    if (browser === undefined) throw new Error('the browser is started before the tests');
    return browser;
  };
}

/** Starts the appliance over the example site, and a window that is `width` pixels wide. The caller closes it. */
export async function openConsole(browser: Browser, width: number): Promise<ConsoleBench> {
  const directory = mkdtempSync(join(tmpdir(), 'kickstand-console-'));
  const siteFile = join(directory, 'site.yaml');
  const upstream = await startUpstream(consoleRepository('first'));
  writeFileSync(siteFile, exampleText.replace('http://cloudstack.apt-get.eu/rhel/4.0/', upstream.url));
  let running = await start(directory, 0);
  const window = await openWindow(browser, width);
  const origin = (): string => `http://127.0.0.1:${running.httpPort}`;
  return {
    ...window,
    siteFile,
    upstream,
    running: () => running,
    origin,
    restart: async (between) => {
      const { httpPort } = running;
      await running.close();
      await between();
      running = await start(directory, httpPort);
    },
    setUp: () => window.setUp(`${origin()}/setup#${running.appliance.accounts.desk.invite()}`),
    close: async () => {
      await window.close();
      await running.close();
      await upstream.close();
      rmSync(directory, { recursive: true });
    },
  };
}

function start(directory: string, httpPort: number): Promise<Running> {
  return serve({ ...onLoopback(directory), httpPort }, quietLog);
}
