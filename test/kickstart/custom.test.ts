// What a profile says beyond its role: accounts, keys, services, firewall, SELinux, kernel arguments and steps of its own.

import { readFileSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { renderKickstart } from '../../kickstart/render.ts';
import { lintKickstart } from '../../kickstart/lint/lint.ts';
import { releaseOf } from '../../kickstart/lint/release.ts';
import type { Customization } from '../../server/customization.ts';
import type { Install } from '../../server/domain.ts';
import { isNo } from '../../server/malformed.ts';
import type { Chroot } from '../support/chroot.ts';
import { chrootWorks, makeChroot } from '../support/chroot.ts';
import { ROOT_HASH, minimal, secretsBut } from '../support/installs.ts';
import { bodyOf } from '../support/kickstart-text.ts';

const inCi = process.env['CI'] !== undefined;
const KEY = `ssh-ed25519 ${'A'.repeat(68)} ops@example`;
const secrets = secretsBut({ 'ops-password': ROOT_HASH });

function customised(version: string, custom: Partial<Customization>): Install {
  const install = minimal(version);
  return { ...install, custom: { ...install.custom, ...custom } };
}

function textOf(install: Install): string {
  const text = renderKickstart(install, secrets);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

const OPS = { name: 'ops', password: { secret: 'ops-password' }, groups: ['wheel', 'adm'], sshKeys: [KEY] } as const;
const ALL: Partial<Customization> = {
  users: [OPS, { name: 'deploy', password: undefined, groups: [], sshKeys: [KEY] }],
  sshKeys: [KEY],
  services: { enabled: ['httpd'], disabled: ['postfix'] },
  firewall: { services: ['http'], ports: ['8443/tcp', '5900-6100/tcp'] },
  selinux: 'permissive',
  kernelArguments: ['console=ttyS0,115200', 'net.ifnames=0'],
  steps: [{ name: 'motd', run: 'echo hello > /etc/motd' }],
};

describe('lines', () => {
  test.each([
    [`user --name=ops --groups=wheel,adm --password=${ROOT_HASH} --iscrypted`],
    ['user --name=deploy --lock'],
    ['selinux --permissive'],
    ['firewall --enabled --service=ssh,http --port=8443:tcp,5900-6100:tcp'],
    ["--append='console=ttyS0,115200 net.ifnames=0'"],
    [',httpd --disabled=postfix'],
  ])('%s', (line) => {
    for (const version of ['6.2', '7.9', '8.10', '9.6', '10.0']) {
      const text = textOf(customised(version, ALL));
      expect(text, version).toContain(line);
    }
  });

  test.each(['6.2', '6.10', '7.9', '8.10', '9.6', '10.0'])('all of it lints clean on RHEL %s', (version) => {
    const install = customised(version, ALL);
    const release = releaseOf(install.os);
    expect(release && lintKickstart(textOf(install), release)).toEqual([]);
  });

  test('a service that the profile switches off is not switched on', () => {
    expect(textOf(customised('9.6', { services: { enabled: [], disabled: ['chronyd'] } }))).not.toMatch(
      /enabled=\S*chronyd/,
    );
  });

  test('a hash that the release cannot check is refused, with the name of its secret', () => {
    const yescrypt = `$y$j9T$${'a'.repeat(22)}$${'b'.repeat(43)}`;
    const refused = renderKickstart(customised('7.9', { users: [OPS] }), secretsBut({ 'ops-password': yescrypt }));
    expect(refused).toMatchObject({ kind: 'no', remedy: expect.stringContaining('ops-password') });
  });

  test('a password that is not set is asked for', () => {
    expect(renderKickstart(customised('7.9', { users: [OPS] }), secretsBut({}))).toMatchObject({
      kind: 'no',
      reason: expect.stringContaining('the password of ops'),
    });
  });
});

describe.skipIf(!chrootWorks() && !inCi)('%post', () => {
  let root: Chroot;
  beforeEach(() => {
    root = makeChroot();
    for (const command of ['curl', 'sleep', 'chkconfig']) root.stub(command);
    for (const applet of ['cut', 'tail'])
      if (!root.has(`/bin/${applet}`)) symlinkSync('busybox', join(root.path, 'bin', applet));
    root.stub(
      'getent',
      'case $2 in root) echo root:x:0:0:root:/root:/bin/bash ;; ops) echo ops:x:0:0::/home/ops:/bin/bash ;; deploy) echo deploy:x:0:0::/home/deploy:/bin/sh ;; esac',
    );
    rmSync(join(root.path, 'bin/chown')); // else the stub would be written where the link leads: onto busybox
    root.stub('chown');
  });
  afterEach(() => root.remove());
  const run = (install: Install): number => {
    root.put('/tmp/script', bodyOf(textOf(install), 'post'));
    return root.run('/tmp/script');
  };
  const stages = (): readonly (string | undefined)[] =>
    root.calls().flatMap((call) => /stage=([^&\s]+)/.exec(call)?.[1] ?? []);

  test('places keys that sshd takes, and runs the steps', () => {
    expect(run(customised('8.10', ALL))).toBe(0);
    for (const home of ['/root', '/home/ops', '/home/deploy']) {
      expect(root.read(`${home}/.ssh/authorized_keys`)).toBe(`${KEY}\n`);
      expect(statSync(join(root.path, home, '.ssh/authorized_keys')).mode & 0o777).toBe(0o600);
      expect(statSync(join(root.path, home, '.ssh')).mode & 0o777).toBe(0o700);
    }
    expect(root.read('/etc/motd')).toBe('hello\n');
    expect(stages()).toEqual(
      expect.arrayContaining(['post.ssh-keys', 'post.ssh-keys.done', 'post.motd', 'post.motd.done', 'installed']),
    );
  });

  test('a key for an account that is not there fails the install', () => {
    root.stub('getent', 'exit 2');
    expect(run(customised('8.10', { users: [OPS] }))).toBe(1);
    expect(stages()).toContain('failed');
  });

  test.each([
    ['a quote that never ends', "echo 'never ends"],
    ['an end that belongs to nobody', ')\nfi\n}\nexit 0\n'],
    ['a failing command in its middle', 'false\ntouch /went-on\n'],
    ['what would end the kickstart', 'echo ok\n%end\n%post\nfalse\n'],
  ])('a step with %s fails alone, is named, and nothing after it runs', (_, body) => {
    const steps = [
      { name: 'broken', run: body },
      { name: 'later', run: 'touch /later' },
    ];
    expect(run(customised('9.6', { steps }))).toBe(1);
    expect(root.has('/later')).toBe(false);
    expect(root.has('/went-on')).toBe(false);
    expect(readFileSync(join(root.path, 'calls'), 'utf8')).toMatch(/stage=failed&message=post\+step\+broken\+ended/);
  });

  test('a step reads nothing of the script it stands in', () => {
    expect(run(customised('9.6', { steps: [{ name: 'reader', run: 'cat > /read' }] }))).toBe(0);
    // /dev/null is a file there, with whatever was thrown away last.
    expect(root.read('/read')).not.toContain('report');
    expect(stages().at(-1)).toBe('installed');
  });
});
