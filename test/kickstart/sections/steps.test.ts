// Steps run for real in a root with bash and busybox alone: each reported when it begins and when it has ended, a failure with its log.

import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stepFunctions, stepText } from '../../../kickstart/sections/steps.ts';
import type { Chroot } from '../../support/chroot.ts';
import { chrootWorks, makeChroot } from '../../support/chroot.ts';
import { cs40 } from '../../support/installs.ts';

const LOG = '/root/script.log';
const inCi = process.env['CI'] !== undefined;

/** A script of two steps, the second of which runs `commands`. */
function script(commands: string): string {
  const steps = [
    { name: 'one', why: 'First.', commands: 'echo doing one' },
    { name: 'two', why: 'Second.', commands },
  ];
  const functions = stepFunctions(cs40, { stage: 'post', log: LOG, onFailure: 'echo cleared up' });
  return `exec >>${LOG} 2>&1\n${functions}\n${steps.map(stepText).join('\n')}\necho end\n`;
}

describe.skipIf(!chrootWorks() && !inCi)('steps', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    root.stub('sleep');
    // What is posted, as curl would read it.
    root.stub('curl', 'for word in "$@"; do case $word in @*) cat "${word#@}" >/posted ;; esac; done');
  });
  afterEach(() => root.remove());

  const run = (commands: string): number => {
    root.put('/tmp/script', script(commands));
    return root.run('/tmp/script');
  };
  const reports = (): readonly string[] =>
    root.calls().map((call) => call.replace(/^.*&stage=/, '').replace(/=\d+\+s$/, '=SECONDS'));
  const log = (): string => root.read(LOG).replaceAll(/== .* (\d\d\d\d) /g, '== DATE ');

  test('that end well: each begins and ends, here and there, with the seconds it took', () => {
    expect(run('echo doing two')).toBe(0);
    expect(reports()).toEqual([
      'post.one',
      'post.one.done&message=SECONDS',
      'post.two',
      'post.two.done&message=SECONDS',
    ]);
    expect(log().replaceAll(/\d+ s$/gm, 'N s')).toBe(
      [
        '== DATE one',
        'doing one',
        '== DATE one done in N s',
        '== DATE two',
        'doing two',
        '== DATE two done in N s',
        'end',
        '',
      ].join('\n'),
    );
    expect(root.has('/posted')).toBe(false);
  });

  test('that fail: the log goes with the report, and nothing comes after', () => {
    expect(run('echo doing two\nfalse\necho never')).toBe(1);
    expect(reports().slice(-2)).toEqual(['post.two', 'failed&message=post+step+two+ended+with+status+1']);
    const posted = root.read('/posted');
    expect(posted).toMatch(
      / one\ndoing one\n.* one done in \d+ s\n.* two\ndoing two\n.* two FAILED with status 1 after \d+ s\n$/,
    );
    expect(log()).toMatch(/cleared up\n$/);
    expect(root.has(`${LOG}.sent`)).toBe(false);
  });

  test('that fail where nothing can be posted: the report goes without', () => {
    root.stub('curl', 'case "$*" in *data-binary*) exit 22 ;; esac');
    expect(run('exit 7')).toBe(1);
    const all = root.calls().filter((call) => call.startsWith('curl'));
    expect(all.slice(-4).map((call) => call.includes('data-binary'))).toEqual([true, true, true, false]);
    expect(all.at(-1)).toContain('&stage=failed&message=post+step+two+ended+with+status+7');
  });
});
