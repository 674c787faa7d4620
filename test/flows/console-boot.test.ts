// The main job as an operator sees it: a browser on the whole appliance, from the set-up link to a real machine installed before its eyes.

import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Locator } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildConsole } from '../../scripts/console-build.ts';
import { BOOTED_FROM_DISK } from '../support/boot-sector.ts';
import { keepPicture, openBrowserIn } from '../support/browser.ts';
import type { ConsoleWindow } from '../support/console-window.ts';
import { openWindow } from '../support/console-window.ts';
import { labSite } from '../support/lab-appliance.ts';
import type { InstallLab } from '../support/lab-install.ts';
import { openInstallLab } from '../support/lab-install.ts';
import { MACHINE_TOOLS, needs } from '../support/lab-needs.ts';
import { Daemon } from '../support/lab-run.ts';
import { buildCloudstackRepository, buildMedium } from '../support/media.ts';
import { createRepository } from '../support/rpms.ts';
import { percentsOf, phasesOf, watchInstall } from '../support/watched-install.ts';

const MAC = '52:54:00:a8:a8:02';
const DISK_MB = 32 * 1024;
const TEMPLATE_BYTES = 40 * 1024 ** 2;
const COMPANY = '192.168.168.1';
const PORT = '8000';
const CHILD = new URL('../support/upstream-child.ts', import.meta.url).pathname;
/** Watched by the eye of a person: nothing of it is a matter of a second. */
const SOON_MS = 60_000;

const here = needs([...MACHINE_TOOLS, 'chromium'], 'machine');
const undo: (() => Promise<unknown>)[] = [];
let lab: InstallLab;
let upstream: Daemon;
let seen: ConsoleWindow;

const directory = (): string => dirname(lab.operator.site);
const dialog = (): Locator => seen.page.getByRole('dialog');
const button = (name: string | RegExp): Locator => seen.page.getByRole('button', { name, exact: true });
/** A view is looked over, and its picture kept beside those of the other tests of the console. */
const expectUsable = (view: string): Promise<void> => seen.expectUsable(`real-${view}`);

beforeAll(async () => {
  if (here.skip) return;
  await buildConsole();
  lab = await openInstallLab({ machines: [{ mac: MAC, address: COMPANY }], prepare: prepareContent });
  undo.push(() => lab.stop());
  upstream = await startUpstream();
  undo.push(() => upstream.stop());
  const browser = await openBrowserIn(lab.lab.inCompany, directory());
  undo.push(() => browser.close());
  seen = await openWindow(browser, 1280);
}, 180_000);

afterAll(async () => {
  for (const step of undo.toReversed()) await step();
});

describe.skipIf(here.skip)(`a browser on the real appliance${here.note}`, () => {
  test('does all of the main job', { timeout: 400_000 }, async ({ onTestFailed }) => {
    onTestFailed(() => keepPicture(seen.page, 'real-failed'));
    await seen.setUp(setUpLink());
    await expectUsable('overview-new');
    await syncWatched();
    await addTree();
    const disk = await lab.blankDisk('cs40', DISK_MB);
    await beDiscovered(disk);
    await enrol();
    await rehearse();
    await arm();
    await expectInstalledLive(disk);
    await expectEvidence();
    await rollBack();
    await uploadInTwoSittings();
    await refuseMistake();
    await lookAtTheRest();
    expect(seen.failures).toEqual([]);
  });
});

/** The medium to add, the repository that upstream has, and a site that knows neither machine nor content yet. */
async function prepareContent(where: string, work: string): Promise<string> {
  await buildMedium(join(where, 'rhel6.iso'), { work, installer: 'real' });
  await buildCloudstackRepository(join(where, 'repository'), work);
  return labSite({ upstream: `http://${COMPANY}:${PORT}/repo/`, iso: 'RHEL6.2-Server-DVD1.iso' })
    .replace(
      'to: 192.168.168.250 }',
      'to: 192.168.168.249 }\n      - { name: strangers,  use: dynamic,            from: 192.168.168.250, to: 192.168.168.254 }',
    )
    .replace(
      /^ {2}- \{ name: cs40, .*$/m,
      '  - { name: cs39, profile: management, network: lab, address: 192.168.168.3, macs: ["52:54:00:a8:a8:03"] }',
    );
}

/** The company's mirror, a neighbour of the appliance. */
async function startUpstream(): Promise<Daemon> {
  const child = new Daemon([
    ...lab.lab.inCompany,
    process.execPath,
    CHILD,
    join(directory(), 'repository'),
    COMPANY,
    PORT,
  ]);
  await child.waitFor('serves at', { timeoutMs: 20_000 });
  return child;
}

function setUpLink(): string {
  const link = /set up +(http:\S+)/.exec(lab.appliance.output())?.[1];
  if (link === undefined) throw new Error('serve printed no set-up link');
  return link;
}

/** The repository comes slowly: its sync is seen to go on. */
async function syncWatched(): Promise<void> {
  await seen.goTo('Content');
  await button('Sync now cloudstack').click();
  await seen.page.getByText(/\d of \d+ files/).waitFor();
  await seen.page.getByRole('progressbar', { name: 'Sync of cloudstack' }).waitFor();
  await expectUsable('content-syncing');
  await seen.page.getByText('published', { exact: true }).first().waitFor({ timeout: SOON_MS });
}

/** The medium is sent from the browser; it is proved to be what the site says before it is the tree. */
async function addTree(): Promise<void> {
  await button('Add its medium … tree rhel6').click();
  await dialog().getByLabel('ISO file').setInputFiles(join(directory(), 'rhel6.iso'));
  await dialog().getByRole('button', { name: 'Send and add' }).click();
  await seen.page.getByText('The tree rhel6 is there: rhel-6.2-x86_64.').waitFor({ timeout: 2 * SOON_MS });
  await expect.poll(() => dialog().count()).toBe(0);
  await expectUsable('content');
}

/** A machine that nobody knows asks for a boot: it is told to boot its own disk, and the page shows it by itself. */
async function beDiscovered(disk: string): Promise<void> {
  await seen.goTo('Hosts');
  await lab.withMachine({ mac: MAC, disk }, async (machine) => {
    await button(`Enrol ${MAC}`).waitFor({ timeout: SOON_MS });
    await machine.waitFor('not a bootable disk', SOON_MS);
  });
  await expectUsable('hosts-discovered');
}

/** Two clicks. */
async function enrol(): Promise<void> {
  await button(`Enrol ${MAC}`).click();
  await expect.poll(() => dialog().getByLabel('Name').inputValue()).toBe('cs40');
  await expectUsable('enrol');
  await dialog().getByRole('button', { name: 'Enrol', exact: true }).click();
  await seen.page.getByText('cs40 is enrolled at 192.168.168.2. It is not armed.').waitFor();
  await seen.page.getByRole('row', { name: /cs40.*disarmed/ }).waitFor();
}

async function rehearse(): Promise<void> {
  await seen.page.getByRole('link', { name: 'cs40', exact: true }).click();
  await seen.page.getByRole('heading', { level: 1, name: 'cs40' }).waitFor();
  await seen.page.getByRole('link', { name: 'Rehearsal' }).click();
  await button('Rehearse now').click();
  await seen.page.getByText('cs40 would install.').waitFor({ timeout: SOON_MS });
  await expectUsable('host-rehearsal');
  await seen.page.getByRole('link', { name: 'Boot', exact: true }).click();
}

async function arm(): Promise<void> {
  await button('Arm …').click();
  await dialog().getByText('cs40 (management): sda (system, whole)').waitFor();
  await expectUsable('arm');
  await dialog().getByRole('button', { name: 'Arm: wipe at the next boot' }).click();
  await dialog().getByText('1 done').waitFor();
  await dialog().getByRole('button', { name: 'Close' }).click();
}

/** Nobody touches the page while the machine installs: what it shows comes by itself. */
async function expectInstalledLive(disk: string): Promise<void> {
  const watch = await watchInstall(seen.page);
  await lab.withMachine({ mac: MAC, disk }, async (machine) => {
    await machine.waitFor('partitioning /dev/sda', 3 * SOON_MS);
    await expectUsable('host-installing');
    await machine.waitFor('kickstand-lab: rebooting', 3 * SOON_MS);
    await machine.waitFor(BOOTED_FROM_DISK, SOON_MS);
    await machine.poweredOff(SOON_MS);
  });
  await expect.poll(async () => phasesOf(await watch.shown()).at(-1)).toBe('installed');
  const shown = await watch.shown();
  expect(phasesOf(shown)).toEqual(['armed', 'booting', 'installing', 'installed']);
  const percents = percentsOf(shown);
  expect(percents.length).toBeGreaterThan(4);
  expect(percents).toEqual(percents.toSorted((one, other) => one - other));
}

/** What became of it, on its page: the boot stage by stage, what its installer said, what it was installed from. */
async function expectEvidence(): Promise<void> {
  const transcript = async (name: string): Promise<string | null> =>
    seen.page.getByRole('group', { name, exact: true }).textContent();
  expect(await transcript('Last boot')).toContain('nothing to boot: installed');
  expect(await transcript('Boots before it')).toMatch(/ipxe script.*vmlinuz.*initrd\.img.*stage2.*package/s);
  await expectUsable('host-installed');
  await seen.page.getByRole('link', { name: 'Installer log' }).click();
  await seen.page.getByText(/anaconda: installation complete/).waitFor();
  await expectUsable('host-log');
  await seen.page.getByRole('link', { name: 'Instructions' }).click();
  await seen.page
    .getByText(/clearpart/)
    .first()
    .waitFor();
  await expectUsable('host-instructions');
  await seen.page.getByRole('link', { name: 'Installed from' }).click();
  await seen.page
    .getByRole('row', { name: /rhel-6\.2-x86_64 from rhel6, profile management.*cloudstack@\d{8}T/ })
    .waitFor();
  await expectUsable('host-receipt');
  await seen.page.getByRole('link', { name: 'History' }).click();
  await seen.page
    .getByRole('row', { name: /installed/ })
    .first()
    .waitFor();
  await expectUsable('host-history');
}

/** Upstream moves on, a sync publishes that, and the snapshot before it is published again. */
async function rollBack(): Promise<void> {
  await upstream.stop();
  await createRepository(join(directory(), 'repository'));
  upstream = await startUpstream();
  await seen.goTo('Content');
  await seen.page.getByRole('link', { name: /Show snapshots/ }).click();
  await button('Sync now cloudstack').click();
  const publish = button(/^Publish \S+/);
  await publish.waitFor({ timeout: SOON_MS });
  const older = ((await publish.getAttribute('aria-label')) ?? '').replace('Publish ', '');
  await publish.click();
  await dialog().getByRole('button', { name: 'Publish', exact: true }).click();
  await seen.page.getByText(`cloudstack is at ${older}.`).waitFor();
  await expect.poll(() => seen.page.getByRole('row', { name: older }).first().textContent()).toContain('published');
  await expectUsable('content-rolled-back');
}

/** The page is left in the middle of it; the same file, chosen again, goes on where it broke off. */
async function uploadInTwoSittings(): Promise<void> {
  const file = join(directory(), 'vm.qcow2');
  const bytes = randomBytes(TEMPLATE_BYTES);
  await writeFile(file, bytes);
  const offsets: number[] = [];
  seen.page.on('request', (request) => {
    if (request.method() === 'PATCH') offsets.push(Number(request.headers()['upload-offset']));
  });
  const wire = await seen.page.context().newCDPSession(seen.page);
  const speed = { offline: false, latency: 0, downloadThroughput: -1 };
  await wire.send('Network.emulateNetworkConditions', { ...speed, uploadThroughput: 8 * 1024 ** 2 });
  await seen.page.getByLabel('Send a file').setInputFiles(file);
  await button('Send').click();
  await expect.poll(() => offsets.length, { timeout: SOON_MS }).toBe(2);
  await expectUsable('template-sending');
  await seen.page.reload();
  await seen.page.getByText(/vm\.qcow2: .* of 41\.9 MB are here/).waitFor();
  await wire.send('Network.emulateNetworkConditions', { ...speed, uploadThroughput: -1 });
  await expectUsable('template-broken-off');
  await seen.page.getByLabel('Send a file').setInputFiles(file);
  await button('Send').click();
  await seen.page.getByText('vm.qcow2 is here.').waitFor({ timeout: SOON_MS });
  expect(offsets.slice(0, 3)).toEqual([0, expect.any(Number), expect.any(Number)]);
  expect(offsets[2]).toBeGreaterThanOrEqual(offsets[1] ?? Infinity);
  expect((await readFile(join(lab.operator.data, 'templates', 'vm.qcow2'))).equals(bytes)).toBe(true);
  await button('Register vm.qcow2').click();
  await expect.poll(() => dialog().getByLabel('CloudMonkey').inputValue()).toContain('register template');
  await expectUsable('template-register');
  await dialog().getByRole('button', { name: 'Close' }).click();
}

/** A mistake in the site file is shown where it is, and is not saved. */
async function refuseMistake(): Promise<void> {
  const before = await readFile(lab.operator.site, 'utf8');
  await seen.goTo('Site');
  const editor = seen.page.getByLabel('The site file');
  await expect.poll(() => editor.inputValue()).toBe(before);
  expect(before).toContain(`name: cs40`);
  await editor.fill(before.replace('gateway: 192.168.168.1', 'gateway: 192.168.186.1'));
  await seen.page
    .getByText(/^\d problems?$/)
    .first()
    .waitFor();
  await expectUsable('site-problem');
  await button('Review and save …').click();
  await dialog().getByText('A site with problems is not saved.').waitFor();
  expect(await dialog().getByRole('button', { name: 'Save the site file' }).isDisabled()).toBe(true);
  await expectUsable('site-refused');
  await dialog().getByRole('button', { name: 'Cancel' }).click();
  await button('Discard').click();
  expect(await readFile(lab.operator.site, 'utf8')).toBe(before);
}

async function lookAtTheRest(): Promise<void> {
  for (const view of ['Overview', 'Hosts', 'Network', 'Activity']) {
    await seen.goTo(view);
    await expectUsable(view.toLowerCase());
  }
  await seen.page.getByRole('link', { name: 'anna' }).first().click();
  await seen.page.getByRole('heading', { level: 1, name: 'Account' }).waitFor();
  await expectUsable('account');
}
