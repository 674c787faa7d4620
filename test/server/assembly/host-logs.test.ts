// Whose a message is, when it is kept, and that neither the arming's token nor a secret of the site is in what is kept.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logView, openLogDesk } from '../../../server/assembly/host-logs.ts';
import type { House } from '../../../server/assembly/house.ts';
import { isNo } from '../../../server/malformed.ts';
import { exampleSite } from '../../support/example.ts';
import { houseOver } from '../../support/open-house.ts';

const TOKEN = 'aa11bb22';
const PLANNED = '192.168.168.2';
let directory: string;
let house: House;
let now: number;
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'kickstand-host-logs-'));
  const site = exampleSite();
  now = 1_000_000;
  house = { ...(await houseOver({ data: directory, site: () => site })), now: () => now };
});
afterEach(async () => {
  await house.close();
  rmSync(directory, { recursive: true });
});

function arm(host: string): void {
  const arming = { token: TOKEN, armedAt: now, expiresAt: now + 1000, pins: {}, install: 'F' };
  house.hosts.apply(host, { kind: 'armed', now, arming });
}
const begin = (host: string): void => void house.hosts.apply(host, { kind: 'booted', now, token: TOKEN });
const message = (text: string, missed = 0) => ({ host: 'cs40', missed, message: { severity: 6, source: 'a', text } });
const kept = (host = 'cs40'): readonly string[] => {
  const view = logView(house, host, { after: 0, limit: 100 });
  return isNo(view) ? [] : view.lines.map(({ text }) => text);
};

test('an address is a host’s while an install of it is under way', () => {
  const at = (): string | undefined => openLogDesk(house).hostAt(PLANNED);
  expect(at()).toBeUndefined();
  arm('cs40');
  expect(at()).toBeUndefined();
  begin('cs40');
  expect(at()).toBe('cs40');
  house.hosts.apply('cs40', { kind: 'disarmed', now, reason: 'x' });
  expect(at()).toBeUndefined();
});

test('an installer that has shown its token is known by where it asked from, after a restart as well', () => {
  arm('xs-01');
  begin('xs-01');
  const desk = openLogDesk(house);
  expect(desk.hostAt('10.9.9.9')).toBeUndefined();
  desk.follow('xs-01', { kind: 'installing', now, token: TOKEN, address: '10.9.9.9' });
  expect(desk.hostAt('10.9.9.9')).toBe('xs-01');
  expect(openLogDesk(house).hostAt('10.9.9.9')).toBe('xs-01');
  now += 13 * 3_600_000;
  expect(openLogDesk(house).hostAt('10.9.9.9')).toBeUndefined();
});

test('lines carry the install they belong to; no state is changed by any of them', () => {
  arm('cs40');
  begin('cs40');
  const before = house.hosts.state('cs40', now);
  openLogDesk(house).take(message('one', 3));
  const view = logView(house, 'cs40', { after: undefined, limit: 10 });
  expect(view).toMatchObject({
    host: 'cs40',
    install: now,
    lines: [{ source: 'kickstand' }, { text: 'one', kind: 'syslog' }],
  });
  expect(kept()[0]).toMatch(/^3 messages of this host were let go/);
  expect(house.hosts.state('cs40', now)).toEqual(before);
  expect(isNo(logView(house, 'nobody', { after: 0, limit: 1 }))).toBe(true);
});

test('no token and no secret is kept', async () => {
  await house.secrets.save('root', 'Correct-Horse-9');
  arm('cs40');
  begin('cs40');
  const desk = openLogDesk(house);
  await house.secrets.names();
  desk.take(message(`Command line: inst.ks=http://a/kickstart/cs40?token=${TOKEN}`));
  // Secrets are read beside: what waits for the disk in between is over by now.
  await expect.poll(() => (desk.take(message('it is Correct-Horse-9')), kept().at(-1))).toBe('it is (hidden)');
  desk.keepScript('cs40', `one ${TOKEN.length}\ntoken=${TOKEN}\nCorrect-Horse-9`);
  expect(kept()[0]).toBe('Command line: inst.ks=http://a/kickstart/cs40?token=(hidden)');
  expect(kept().slice(-3)).toEqual(['one 8', 'token=(hidden)', '(hidden)']);
});

test('what a script said is kept once, with the install it was said in', () => {
  arm('cs40');
  begin('cs40');
  const desk = openLogDesk(house);
  desk.keepScript('cs40', 'earlier');
  // Its answer was lost.
  desk.keepScript('cs40', 'earlier');
  const first = now;
  now += 5000;
  arm('cs40');
  begin('cs40');
  desk.keepScript('cs40', 'now');
  expect(kept()).toEqual(['earlier', 'now']);
  const page = logView(house, 'cs40', { after: undefined, limit: 10 });
  expect(isNo(page) ? page : page.lines.map(({ install, text }) => [text, install === first])).toEqual([
    ['earlier', true],
    ['now', false],
  ]);
});
