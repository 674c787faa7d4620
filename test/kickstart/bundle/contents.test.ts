// What a bundle holds for one host and for a site; above all, that a bundle for everyone holds no secret.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { describe, expect, test } from 'vitest';

import { renderAnswerfile } from '../../../kickstart/answerfile.ts';
import type { BundleHost, BundleInput } from '../../../kickstart/bundle/contents.ts';
import { bundleContents } from '../../../kickstart/bundle/contents.ts';
import type { Bundle } from '../../../kickstart/bundle/entries.ts';
import { configFiles } from '../../../kickstart/bundle/files.ts';
import { renderKickstart } from '../../../kickstart/render.ts';
import type { Install, SecretLookup } from '../../../server/domain.ts';
import { isNo, no } from '../../../server/malformed.ts';
import { hypervisorInstall, managementInstall, minimalOn } from '../../support/bundle-installs.ts';
import { golden } from '../../support/golden.ts';
import { traceOf } from '../../support/secret-scanner.ts';

const SECRETS: Readonly<Record<string, string>> = {
  root: `$6$saltsalt$${'Abcdefgh.'.repeat(9)}Zyxwv`,
  'cloud-db': 'Pw-cloud-db-4711',
  'mysql-root': 'Pw-mysql-root-0815',
  'cloud-management-key': 'Key-management-1234',
  'cloud-database-key': 'Key-database-5678',
};
const realSecrets: SecretLookup = (name) => SECRETS[name];

const renderAnswer: BundleInput['renderAnswer'] = (install, secrets) => {
  const xenserver = install.role === 'xenserver';
  const text = xenserver ? renderAnswerfile(install, secrets) : renderKickstart(install, secrets);
  return isNo(text) ? text : { name: xenserver ? 'answerfile.xml' : 'kickstart.ks', text };
};

function host(install: Install): BundleHost {
  const path = `pxelinux.cfg/01-${install.host.macs[0].replaceAll(':', '-')}`;
  return { host: install.host.name, install, bootEntries: [{ path, text: 'default local\n' }] };
}

function hostBundle(bundleHost: BundleHost, secrets?: SecretLookup): Bundle {
  return bundleContents({ siteName: 'cs-cloud', content: { kind: 'host', host: bundleHost }, renderAnswer, secrets });
}

function siteBundle(hosts: readonly BundleHost[], secrets?: SecretLookup): Bundle {
  const siteFile = 'repos:\n  - upstream: https://bob:Pw-upstream-99@mirror.example/x/\n  - upstream: http://h/a@b\n';
  return bundleContents({
    siteName: 'cs-cloud',
    content: { kind: 'site', hosts, siteFile, addressPlan: 'plan\n' },
    renderAnswer,
    secrets,
  });
}

const namesOf = (bundle: Bundle): readonly string[] => bundle.entries.map(({ name }) => name);
function textOf(bundle: Bundle, name: string): string {
  const entry = bundle.entries.find((entry) => entry.name === name);
  if (entry === undefined) throw new Error(`no entry ${name}`);
  return entry.text;
}

const EVERYONE = [host(managementInstall()), host(hypervisorInstall()), host({ ...minimalOn('9.6'), ...named('el9') })];

function named(name: string): Pick<Install, 'host'> {
  const install = managementInstall();
  return { host: { ...install.host, name, fqdn: `${name}.cs-cloud.com` } };
}

describe('one host', () => {
  test('its files lie at their places, with the repo files and boot entries beside them', () => {
    const names = namesOf(hostBundle(host(managementInstall())));
    expect(names).toEqual(
      expect.arrayContaining([
        'cs40/README.txt',
        'cs40/boot/pxelinux.cfg/01-52-54-00-a8-a8-02',
        'cs40/files/etc/hosts',
        'cs40/files/etc/my.cnf',
        'cs40/files/etc/sysconfig/network-scripts/ifcfg-eth0',
        'cs40/kickstart.ks',
        'cs40/repo-files/cloudstack.repo',
        'cs40/repo-files/rhel6.repo',
        'manifest.json',
      ]),
    );
    expect(names).toEqual(names.toSorted());
    expect(names.filter((name) => name.includes('NOT-RENDERED'))).toEqual([]);
  });

  test('its files are those that the kickstart writes and those that the installer makes', () => {
    const install = managementInstall();
    const bundle = hostBundle(host(install), realSecrets);
    const files = bundle.entries.filter(({ name }) => name.startsWith('cs40/files/'));
    expect(files.map(({ name, mode, text }) => ({ path: name.slice('cs40/files'.length), mode, text }))).toEqual(
      configFiles(install, realSecrets),
    );
  });

  test('a hypervisor has an answerfile and no files', () => {
    expect(namesOf(hostBundle(host(hypervisorInstall())))).toEqual([
      'manifest.json',
      'xs-01/README.txt',
      'xs-01/answerfile.xml',
      'xs-01/boot/pxelinux.cfg/01-52-54-00-a8-a8-03',
    ]);
  });

  test.each([
    ['management-el6', managementInstall()],
    ['hypervisor', hypervisorInstall()],
  ])('the README of %s', (name, install) => {
    golden(`bundle/readme-${name}.txt`, textOf(hostBundle(host(install)), `${install.host.name}/README.txt`));
  });

  test('the commands of the README place the files, and change nothing about the directories that are there', () => {
    const root = mkdtempSync(join(tmpdir(), 'kickstand-by-hand-'));
    try {
      const bundle = hostBundle(host(managementInstall()), realSecrets);
      unpack(bundle, join(root, 'unpacked'));
      mkdirSync(join(root, 'system/etc'), { recursive: true });
      chmodSync(join(root, 'system/etc'), 0o711);
      mkdirSync(join(root, 'bin'));
      for (const stub of ['chkconfig', 'restorecon']) {
        writeFileSync(join(root, 'bin', stub), `#!/bin/sh\necho "${stub} $*" >>'${root}/calls'\n`, { mode: 0o755 });
      }
      const commands = byHand(textOf(bundle, 'cs40/README.txt')).replace('-C / ', `-C '${root}/system' `);
      const env = { PATH: `${join(root, 'bin')}:${process.env['PATH'] ?? ''}` };
      execFileSync('sh', ['-ec', `umask 077\n${commands}`], { cwd: join(root, 'unpacked/cs40'), env });
      for (const { path, mode, text } of configFiles(managementInstall(), realSecrets)) {
        expect(readFileSync(join(root, 'system', path), 'utf8'), path).toBe(text);
        expect(statSync(join(root, 'system', path)).mode & 0o7777, path).toBe(mode);
      }
      expect(statSync(join(root, 'system/etc')).mode & 0o7777).toBe(0o711);
      expect(readFileSync(join(root, 'calls'), 'utf8')).toBe(
        'restorecon -R /etc\nchkconfig --add kickstand-firstboot\nchkconfig kickstand-firstboot on\n',
      );
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  test('a host without a first-boot script has none to register', () => {
    expect(textOf(hostBundle(host(minimalOn('6.2'))), 'cs40/README.txt')).not.toContain('chkconfig');
  });

  test('the manifest tells the site, the host, its OS and its snapshots, and no time', () => {
    const manifest: unknown = JSON.parse(textOf(hostBundle(host(managementInstall())), 'manifest.json'));
    expect(manifest).toMatchObject({
      format: 1,
      kind: 'host',
      site: 'cs-cloud',
      secrets: 'redacted',
      hosts: [{ host: 'cs40', os: 'rhel-6.2-x86_64', snapshots: { cloudstack: '20261122T030000Z-1a2b3c4d' } }],
    });
  });

  test('the manifest’s sums are those of the entries', () => {
    const bundle = hostBundle(host(managementInstall()));
    const manifest = JSON.parse(textOf(bundle, 'manifest.json')) as {
      entries: { name: string; mode: string; sizeBytes: number; sha256: string }[];
    };
    const expected = bundle.entries
      .filter(({ name }) => name !== 'manifest.json')
      .map(({ name, mode, text }) => ({
        name,
        mode: mode.toString(8).padStart(4, '0'),
        sizeBytes: Buffer.byteLength(text),
        sha256: createHash('sha256').update(text).digest('hex'),
      }));
    expect(manifest.entries).toEqual(expected);
  });

  test('the same input gives the same bundle', () => {
    expect(hostBundle(host(managementInstall()))).toEqual(hostBundle(host(managementInstall())));
  });
});

function unpack(bundle: Bundle, directory: string): void {
  for (const { name, mode, text } of bundle.entries) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
    chmodSync(join(directory, name), mode);
  }
}

/** The commands of a README: the lines set off further than its text. */
function byHand(readme: string): string {
  return [...readme.matchAll(/^ {17}(\S.*)$/gm)].map(([, command]) => command).join('\n');
}

describe('parts that cannot be rendered', () => {
  test('an install that cannot be resolved leaves only the reason', () => {
    const bundle = hostBundle({
      host: 'cs40',
      install: no('no tree rhel6', 'tree add rhel6'),
      bootEntries: no('same'),
    });
    expect(namesOf(bundle)).toEqual(['cs40/NOT-RENDERED.txt', 'manifest.json']);
    expect(textOf(bundle, 'cs40/NOT-RENDERED.txt')).toBe(
      'Not everything of cs40 is here:\n\nno tree rhel6\n  tree add rhel6\n',
    );
  });

  test('a refused kickstart and boot entry leave the other parts', () => {
    const input = { ...host(managementInstall()), bootEntries: no('no kernel in the tree') };
    const bundle = bundleContents({
      siteName: 'cs-cloud',
      content: { kind: 'host', host: input },
      renderAnswer: () => no('the secret root is not set'),
      secrets: undefined,
    });
    const reasons = textOf(bundle, 'cs40/NOT-RENDERED.txt');
    expect(reasons).toContain('the secret root is not set');
    expect(reasons).toContain('no kernel in the tree');
    expect(namesOf(bundle)).toContain('cs40/files/etc/hosts');
  });

  test('a hostile value in one host does not take the other hosts’ files', () => {
    const install = managementInstall();
    const repos = [{ name: '../../../etc/cron.d/x', url: 'http://h/', snapshot: undefined }];
    const bundle = siteBundle([host({ ...install, repos }), host(hypervisorInstall())]);
    expect(textOf(bundle, 'cs40/NOT-RENDERED.txt')).toContain('not a repo id');
    expect(namesOf(bundle)).toContain('xs-01/answerfile.xml');
    expect(namesOf(bundle).join('\n')).not.toContain('cron.d');
  });

  test.each(['../x', '/etc/x', 'a/../../x', 'a//b', 'a\\b', ''])(
    'a boot entry called %j is told, not written',
    (path) => {
      const bundle = hostBundle({ ...host(managementInstall()), bootEntries: [{ path, text: 'x' }] });
      expect(textOf(bundle, 'cs40/NOT-RENDERED.txt')).toContain('not a name for a file in a bundle');
      expect(namesOf(bundle).filter((name) => name.startsWith('cs40/boot'))).toEqual([]);
    },
  );

  test('a fault of ours is not made into a reason', () => {
    const broken: BundleInput = {
      siteName: 'cs-cloud',
      content: { kind: 'host', host: host(managementInstall()) },
      renderAnswer: () => {
        throw new TypeError('bug');
      },
      secrets: undefined,
    };
    expect(() => bundleContents(broken)).toThrow(TypeError);
  });
});

describe('the site', () => {
  test('holds every host, the site file and the plan', () => {
    const names = namesOf(siteBundle(EVERYONE));
    expect(names).toEqual(
      expect.arrayContaining(['README.txt', 'address-plan.txt', 'cs40/README.txt', 'el9/README.txt', 'site.yaml']),
    );
  });

  test('an upstream’s login is taken out of the site file, and nothing else', () => {
    expect(textOf(siteBundle([]), 'site.yaml')).toBe(
      'repos:\n  - upstream: https://REDACTED@mirror.example/x/\n  - upstream: http://h/a@b\n',
    );
    expect(textOf(siteBundle([], realSecrets), 'site.yaml')).toContain('bob:Pw-upstream-99@');
  });
});

describe('secrets', () => {
  const all = [...Object.values(SECRETS), 'Pw-upstream-99'];

  test('a bundle without secrets holds none, in any dress', () => {
    for (const bundle of [siteBundle(EVERYONE), ...EVERYONE.map((one) => hostBundle(one))]) {
      const traces = bundle.entries.flatMap(({ name, text }) => traceOf(all, `${name}\n${text}`));
      expect(traces).toEqual([]);
    }
  });

  test('the scanner would have found them', () => {
    const bundle = siteBundle(EVERYONE, realSecrets);
    const found = new Set(bundle.entries.flatMap(({ text }) => traceOf(all, text)).map(({ secret }) => secret));
    expect([...found].toSorted()).toEqual(all.toSorted());
  });

  test('a bundle for everyone is complete all the same', () => {
    expect(namesOf(siteBundle(EVERYONE)).filter((name) => name.includes('NOT-RENDERED'))).toEqual([]);
    expect(textOf(siteBundle(EVERYONE), 'cs40/kickstart.ks')).toContain('@SECRET:root@');
  });

  test('without a secret that is needed, the reason stands where the kickstart would', () => {
    const bundle = hostBundle(host(managementInstall()), () => undefined);
    expect(textOf(bundle, 'cs40/NOT-RENDERED.txt')).toContain('the secret root is not set');
    expect(namesOf(bundle)).not.toContain('cs40/kickstart.ks');
  });

  test('a bundle with secrets says so, and lets nobody else read them', () => {
    const bundle = hostBundle(host(managementInstall()), realSecrets);
    expect(bundle.secrets).toBe('included');
    expect(textOf(bundle, 'cs40/README.txt')).toContain('HOLDS SECRETS');
    // Its sums would let a reader of the manifest alone try out passwords.
    expect(bundle.entries.find(({ name }) => name === 'manifest.json')?.mode).toBe(0o600);
    const readable = bundle.entries.filter(({ mode, text }) => (mode & 0o077) !== 0 && traceOf(all, text).length > 0);
    expect(readable.map(({ name }) => name)).toEqual([]);
  });

  test('an arming’s token is in no bundle', () => {
    const armed = host({ ...managementInstall(), token: 'token-0123456789abcdef' });
    for (const bundle of [hostBundle(armed), hostBundle(armed, realSecrets)]) {
      expect(JSON.stringify(bundle)).not.toContain('token-0123456789abcdef');
    }
  });
});
