// The console in a real browser over the whole appliance: from the set-up link to an edited site, at the width of a desk and of a telephone.

import { readFileSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConsoleBench } from '../support/console.ts';
import { consoleBrowser, consoleRepository, openConsole } from '../support/console.ts';
import { needs } from '../support/lab-needs.ts';

const { skip, note } = needs(['chromium'], 'none');
const MAC = '52:54:00:00:00:77';
const OTHER_MAC = '52:54:00:00:00:78';
const BIG = 'Packages/big-1.0-1.noarch.rpm';
const HOSTILE = '<img src=x onerror="window.hostile=1">';
const browser = consoleBrowser(skip);
let bench: ConsoleBench;

afterEach(async () => bench?.close());

describe.skipIf(skip).each([1280, 390])(`at %i px${note}`, (width) => {
  beforeEach(async () => {
    bench = await openConsole(browser(), width);
  });

  test('from the set-up link to a saved site', { timeout: 120_000 }, async () => {
    await bench.setUp();
    await bench.page.getByText('Nothing installs.').waitFor();
    await bench.expectUsable('overview');

    await bench.goTo('Hosts');
    const row = bench.page.getByRole('row', { name: /cs40/ });
    await expect.poll(() => row.textContent()).toMatch(/192\.168\.168\.2.*disarmed.*never armed/);
    await bench.page.getByLabel('Filter').fill('cs40');
    await expect.poll(() => bench.page.getByRole('row').count()).toBe(2);
    await bench.expectUsable('hosts');
    await armRefused();
    await syncAndRollBack();
    await enrol();
    await editSite();

    await bench.goTo('Activity');
    await bench.page
      .getByRole('row', { name: /anna.*saveSite/ })
      .first()
      .waitFor();
    await bench.expectUsable('activity');
    await bench.page.getByLabel('What', { exact: true }).fill('publishSnapshot');
    await expect.poll(() => bench.page.getByRole('row', { name: /saveSite/ }).count()).toBe(0);
    await bench.page.getByRole('row', { name: /anna.*publishSnapshot.* → .*done/ }).waitFor();
    await bench.page.getByLabel('Outcome').selectOption('refused');
    await bench.page.getByText('Nothing like that was done.').waitFor();
    await bench.page.reload();
    await expect.poll(() => bench.page.getByLabel('What', { exact: true }).inputValue()).toBe('publishSnapshot');
    await bench.page.getByRole('link', { name: 'anna' }).click();
    await bench.page.getByRole('heading', { name: 'Operators' }).waitFor();
    await bench.expectUsable('account');
    expect(bench.failures).toEqual([]);
  });

  test(
    'a host installs live, and its page tells all of it; what machines say is text',
    { timeout: 60_000 },
    async () => {
      await bench.setUp();
      await bench.goTo('Hosts');
      install('cs40');
      await bench.page.getByRole('row', { name: /cs40.*installing/ }).waitFor();
      await bench.page.getByRole('link', { name: 'cs40' }).click();
      await bench.page.getByRole('heading', { level: 1, name: 'cs40' }).waitFor();
      await bench.expectUsable('host');
      await bench.page.getByRole('link', { name: 'Installer log' }).click();
      await bench.page.getByText(`anaconda: ${HOSTILE}`).waitFor();
      await bench.expectUsable('host-log');
      await bench.page.getByRole('link', { name: 'Instructions' }).click();
      await bench.page
        .getByText(/does not|not there|is missing|nothing is wrong|finding/)
        .first()
        .waitFor();
      await bench.expectUsable('host-instructions');
      await bench.page.getByRole('link', { name: 'Rehearsal' }).click();
      await bench.page.getByRole('button', { name: 'Rehearse now' }).click();
      await bench.page.getByText(/cs40 would not install: \d+ problem/).waitFor();
      await bench.expectUsable('host-rehearsal');
      await bench.page.reload();
      await bench.page.getByRole('heading', { level: 1, name: 'cs40' }).waitFor();
      await bench.page.getByRole('link', { name: 'History' }).click();
      await bench.page.getByRole('cell', { name: /read by/ }).waitFor();

      bench.running().appliance.house.hosts.apply('cs40', {
        kind: 'reported',
        now: Date.now(),
        stage: 'failed',
        message: HOSTILE,
      });
      await bench.page.goto(`${bench.origin()}/`);
      await bench.page.getByText(HOSTILE).first().waitFor();
      await bench.expectUsable('overview-stuck');
      expect(await bench.page.evaluate('window.hostile')).toBeUndefined();
      expect(bench.failures).toEqual([]);
    },
  );
});

async function armRefused(): Promise<void> {
  await bench.page.getByLabel('Filter').fill('');
  await bench.page.getByLabel('Choose cs40').check();
  await bench.page.getByLabel('Choose xs-01').check();
  await bench.page.getByRole('button', { name: 'Arm …', exact: true }).click();
  const dialog = bench.page.getByRole('dialog');
  await dialog.getByText('sda, sdb (system, raid1)').waitFor();
  const arm = dialog.getByRole('button', { name: 'Arm: wipe at the next boot' });
  expect(await arm.isDisabled()).toBe(true);
  await bench.expectUsable('arm');
  await dialog.getByLabel(/^Type 2/).fill('2');
  await arm.click();
  await dialog.getByText('0 done, 2 refused.').waitFor();
  expect(await dialog.textContent()).toMatch(/cs40: .*RHEL6\.2.*(?:tree add|put)/);
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect.poll(() => bench.page.getByRole('dialog').count()).toBe(0);
}

async function syncAndRollBack(): Promise<void> {
  const held = Promise.withResolvers<void>();
  bench.upstream.always(BIG, (_request, response, bytes) => {
    response.writeHead(200, { 'content-length': bytes.length });
    response.write(bytes.subarray(0, 40_000));
    void held.promise.then(() => response.end(bytes.subarray(40_000)));
  });
  await bench.goTo('Content');
  await bench.page.getByRole('button', { name: 'Sync now cloudstack' }).click();
  await bench.page.getByText(/\d of \d+ files/).waitFor();
  await bench.page.getByRole('progressbar', { name: 'Sync of cloudstack' }).waitFor();
  await bench.expectUsable('content-syncing');
  held.resolve();
  await bench.page.getByText('published', { exact: true }).first().waitFor();
  bench.upstream.heal();
  bench.upstream.serve(consoleRepository('second'));
  await bench.page.getByRole('link', { name: /Show snapshots/ }).click();
  await bench.page.getByRole('button', { name: 'Sync now cloudstack' }).click();
  const publish = bench.page.getByRole('button', { name: /^Publish \S+/ });
  await publish.waitFor();
  const older = ((await publish.getAttribute('aria-label')) ?? '').replace('Publish ', '');
  await publish.click();
  await bench.page.getByRole('dialog').getByRole('button', { name: 'Publish', exact: true }).click();
  await bench.page.getByText(`cloudstack is at ${older}.`).waitFor();
  await expect.poll(() => bench.page.getByRole('row', { name: older }).first().textContent()).toContain('published');
  await bench.expectUsable('content');
}

async function enrol(): Promise<void> {
  await fetch(`${bench.origin()}/boot/pxelinux.cfg/01-${MAC.replaceAll(':', '-')}`);
  await bench.goTo('Hosts');
  await bench.page.getByRole('button', { name: `Enrol ${MAC}` }).click();
  const dialog = bench.page.getByRole('dialog');
  await expect.poll(() => dialog.getByLabel('Name').inputValue()).toBe('xs-03');
  await bench.expectUsable('enrol');
  await dialog.getByRole('button', { name: 'Enrol', exact: true }).click();
  await bench.page.getByText('xs-03 is enrolled at 192.168.168.5.').waitFor();
  await bench.page.getByRole('row', { name: /xs-03.*disarmed/ }).waitFor();
  await bench.goTo('Network');
  await bench.page
    .getByRole('gridcell')
    .getByRole('button', { name: '192.168.168.5: host xs-03, range hypervisors (hosts)' })
    .click();
  await bench.page.getByRole('link', { name: 'Its page' }).waitFor();
  await bench.page.keyboard.press('ArrowRight');
  expect(await bench.page.evaluate('document.activeElement.getAttribute("aria-label")')).toMatch(
    /^192\.168\.168\.6: free/,
  );
  await bench.expectUsable('network');
  // Another one is put where the picture was clicked.
  await fetch(`${bench.origin()}/boot/pxelinux.cfg/01-${OTHER_MAC.replaceAll(':', '-')}`);
  await bench.page
    .getByRole('gridcell')
    .getByRole('button', { name: /^192\.168\.168\.9: free/ })
    .click();
  await bench.page.getByRole('button', { name: 'Enrol a machine here …' }).click();
  await expect.poll(() => dialog.getByLabel('Address').inputValue()).toBe('192.168.168.9');
  await dialog.getByLabel('Name').fill('xs-09');
  await dialog.getByRole('button', { name: 'Enrol', exact: true }).click();
  await bench.page.getByText('xs-09 is enrolled at 192.168.168.9.').waitFor();
}

async function editSite(): Promise<void> {
  await bench.goTo('Site');
  const editor = bench.page.getByLabel('The site file');
  const text = await editor.inputValue();
  expect(text).toContain('name: xs-03');
  await editor.fill(text.replace('timezone: Asia/Shanghai', 'timezone: Asia/Shangri-La'));
  await bench.page.getByText('1 problem', { exact: true }).waitFor();
  await bench.page.getByRole('button', { name: 'Line 11' }).waitFor();
  await bench.expectUsable('site-problem');
  await bench.page.getByRole('button', { name: 'Review and save …' }).click();
  const dialog = bench.page.getByRole('dialog');
  await dialog.getByText('A site with problems is not saved.').waitFor();
  expect(await dialog.getByRole('button', { name: 'Save the site file' }).isDisabled()).toBe(true);
  await dialog.getByRole('button', { name: 'Cancel' }).click();

  await editor.fill(text.replace('timezone: Asia/Shanghai', 'timezone: Europe/Oslo'));
  await bench.page.getByText('Nothing is wrong with it.').waitFor();
  // Somebody else saves first: this one is not saved over it.
  writeFileSync(bench.siteFile, `${text}# a colleague was here\n`);
  await bench.page.getByText('was changed by somebody else').waitFor();
  await bench.page.getByRole('button', { name: 'Review and save …' }).click();
  await dialog.getByRole('button', { name: 'Save the site file' }).click();
  await dialog.getByText('the site file was changed meanwhile').waitFor();
  await dialog.getByRole('button', { name: 'Cancel' }).click();
  await bench.page.getByRole('button', { name: 'Compare with theirs' }).click();
  await bench.page.getByRole('button', { name: 'Review and save …' }).click();
  await dialog.getByText('# a colleague was here').waitFor();
  await bench.expectUsable('site-review');
  await dialog.getByRole('button', { name: 'Save the site file' }).click();
  await bench.page.getByText('The site file is saved.').waitFor();
  expect(readFileSync(bench.siteFile, 'utf8')).toContain('timezone: Europe/Oslo');
  await takeBack();
}

/** After a reload, and what somebody else changed too: the appliance knows what the file said. */
async function takeBack(): Promise<void> {
  const dialog = bench.page.getByRole('dialog');
  const history = bench.page.getByRole('group', { name: 'Versions' });
  await bench.page.reload();
  await bench.page.getByRole('button', { name: 'Take the last save back …' }).click();
  await dialog.getByRole('row', { name: /added.*Asia\/Shanghai/ }).waitFor();
  await dialog.getByRole('button', { name: 'Put it back' }).click();
  await bench.page.getByText(/The site file says what version \d+ said\./).waitFor();
  expect(readFileSync(bench.siteFile, 'utf8')).toContain('a colleague was here');
  await history.getByRole('row', { name: /anna.*undoSite.*as it is now/ }).waitFor();

  const byHand = readFileSync(bench.siteFile, 'utf8').replace('keyboard: us', 'keyboard: "no"');
  writeFileSync(bench.siteFile, byHand);
  const newest = history.getByRole('row', { name: /on disk.*as it is now/ });
  await newest.getByRole('button', { name: /^Show version/ }).click();
  await dialog.getByRole('row', { name: /removed.*keyboard: us/ }).waitFor();
  await bench.expectUsable('site-version');
  await dialog.getByRole('button', { name: 'Close' }).click();
  await bench.expectUsable('site-history');
  await history
    .getByRole('row', { name: /anna.*saveSite/ })
    .first()
    .getByRole('button', { name: /^Put back version/ })
    .click();
  await dialog.getByRole('row', { name: /added.*Europe\/Oslo/ }).waitFor();
  await dialog.getByRole('button', { name: 'Put it back' }).click();
  await expect.poll(() => readFileSync(bench.siteFile, 'utf8')).toContain('timezone: Europe/Oslo');
}

/** The host reads its instructions, and says things nobody should believe. */
function install(host: string): void {
  const { hosts, logs, now } = bench.running().appliance.house;
  const at = now();
  const arming = { token: 't'.repeat(22), armedAt: at, expiresAt: at + 3_600_000, pins: {}, install: 'x' };
  hosts.apply(host, { kind: 'armed', now: at, arming });
  hosts.apply(host, { kind: 'booted', now: at, token: arming.token });
  hosts.apply(host, { kind: 'installing', now: at, token: arming.token, address: '192.168.168.2' });
  logs.note(host, { at, install: at, kind: 'syslog', severity: 3, source: 'anaconda', text: HOSTILE });
}
