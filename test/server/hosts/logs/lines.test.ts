// When a host's lines are kept, what is hidden in them, and a script's log as lines.

import { describe, expect, test } from 'vitest';
import type { HostPhase, HostState } from '../../../../server/domain.ts';
import { unarmed } from '../../../../server/hosts/lifecycle.ts';
import { installHeard, lineWords, redact, scriptLines } from '../../../../server/hosts/logs/lines.ts';

const arming = { token: 't', armedAt: 5, expiresAt: 10, pins: {}, install: 'F' };
const HOUR = 3_600_000;

describe('lines are kept', () => {
  test.each<[HostPhase, number, number | undefined]>([
    ['disarmed', 0, undefined],
    ['armed', 0, undefined],
    ['booting', 0, 5],
    ['installing', 0, 5],
    ['installing', 9 * HOUR, 5],
    ['installed', HOUR - 1, 5],
    ['installed', HOUR, undefined],
    ['failed', HOUR - 1, 5],
    ['failed', HOUR, undefined],
    ['stalled', 0, undefined],
  ])('%s, %d ms after that began', (phase, now, install) => {
    const state: HostState = { ...unarmed, phase, arming, changedAt: 0 };
    expect(installHeard(state, now)).toBe(install);
  });

  test('of no install that nobody armed', () => {
    expect(installHeard({ ...unarmed, phase: 'installing' }, 1)).toBeUndefined();
  });
});

describe('hidden', () => {
  test.each([
    [
      'a token on the command line',
      'Command line: inst.ks=http://a/kickstart/cs40?token=00ff11 inst.ks.sendmac',
      'Command line: inst.ks=http://a/kickstart/cs40?token=(hidden) inst.ks.sendmac',
    ],
    ['a crypt hash', 'rootpw --iscrypted $6$salt$abc.DEF/ghi012 x', 'rootpw --iscrypted (hidden) x'],
    ['an MD5 hash', "usermod -p '$1$salt$abcdefgh' root", "usermod -p '(hidden)' root"],
    ['a secret of the site, each time', 'open Sesame42 and Sesame42', 'open (hidden) and (hidden)'],
    ['no text so short that it is part of any word', 'abc abcdef', 'abc abcdef'],
    ['no amount of money', 'costs $6 and $5', 'costs $6 and $5'],
  ])('%s', (_name, text, shown) => {
    expect(redact(text, ['Sesame42', 'abc', ''])).toBe(shown);
  });
});

test("a script's log: its last lines, each one line, none empty", () => {
  const text = `${'old\n'.repeat(3000)}a\u001b[1mb\r\n\n  \nlast`;
  const lines = scriptLines(text);
  expect(lines.slice(-2)).toEqual(['a [1mb', 'last']);
  expect(lines.length).toBeLessThanOrEqual(2000);
  expect(scriptLines('x'.repeat(9000))[0]).toHaveLength(4000);
});

test('a line in words: its severity where it matters', () => {
  expect(lineWords({ severity: 6, source: 'anaconda', text: 'x' })).toBe('anaconda: x');
  expect(lineWords({ severity: 3, source: '', text: 'x' })).toBe('[error] x');
});
