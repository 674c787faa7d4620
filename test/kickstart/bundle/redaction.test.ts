// No secret of any role gets into a bundle that anyone may read: every secret that an install can ask for, in every dress.

import { describe, expect, test } from 'vitest';
import { renderAnswerfile } from '../../../kickstart/answerfile.ts';
import type { BundleInput } from '../../../kickstart/bundle/contents.ts';
import { bundleContents } from '../../../kickstart/bundle/contents.ts';
import type { Bundle } from '../../../kickstart/bundle/entries.ts';
import { zoneOf } from '../../../kickstart/bundle/zone/zone.ts';
import { renderKickstart } from '../../../kickstart/render.ts';
import type { SecretForm } from '../../../kickstart/secrets.ts';
import { requiredSecrets } from '../../../kickstart/secrets.ts';
import type { Install, SecretLookup } from '../../../server/domain.ts';
import { NO_HYPERVISOR_OPTIONS } from '../../../server/hypervisor.ts';
import { isNo } from '../../../server/malformed.ts';
import {
  agentOn,
  hypervisorInstall,
  managementInstall,
  managementOn,
  minimalOn,
} from '../../support/bundle-installs.ts';
import { exampleSite, hostOf } from '../../support/example.ts';
import { storageServer } from '../../support/installs.ts';
import { traceOf } from '../../support/secret-scanner.ts';

/** With an account whose password is a secret of its own. */
function withUser(install: Install): Install {
  const user = { name: 'operator', password: { secret: 'operator' }, groups: ['wheel'], sshKeys: [] };
  return { ...install, custom: { ...install.custom, users: [user] } };
}

const mirrored = managementInstall();
const pool = { master: 'xs-01', password: { secret: 'xen-root' } };
const joining = { ...hypervisorInstall(), xenserver: { ...NO_HYPERVISOR_OPTIONS, pool } };
const ROLES: readonly [string, Install][] = [
  ['a management server of 4.0', withUser(managementInstall())],
  [
    'a management server that keeps its repos',
    { ...mirrored, cloudstack: { version: '4.0', hypervisor: 'xenserver', mirrorOnHost: true } },
  ],
  ['a management server on EL8', withUser(managementOn('8.10'))],
  ['a management server on EL9', managementOn('9.6')],
  ['a KVM host of 4.0', withUser(agentOn('6.2'))],
  ['a KVM host on EL9', agentOn('9.6')],
  ['a storage server on EL6', withUser(storageServer('6.2'))],
  ['a storage server on EL10', storageServer('10.0')],
  ['a minimal host', withUser(minimalOn('7.9'))],
  ['a XenServer', hypervisorInstall()],
  ['a XenServer that joins a pool', joining],
];

/** A value that nothing else could be, in the form that its place wants: made of the secret's name alone. */
const VALUES: { readonly [Form in SecretForm]: (name: string) => string } = {
  'crypt-hash': (name) => `$6$salt${name.length}$${`Hash.of/${name.replaceAll('-', '.')}/`.repeat(12).slice(0, 86)}`,
  'cloudstack-password': (name) => `Zq7-${name}%Xy=9+,^_/.w`,
  'root-password': (name) => `Root-of-${name}.9`,
  text: (name) => `Text of ${name} <&'"> ünlike`,
};

function secretsOfInstall(install: Install): ReadonlyMap<string, string> {
  return new Map(requiredSecrets(install).map(({ name, form }) => [name, VALUES[form](name)]));
}

const renderAnswer: BundleInput['renderAnswer'] = (install, secrets) => {
  const isXen = install.role === 'xenserver';
  const text = isXen ? renderAnswerfile(install, secrets) : renderKickstart(install, secrets);
  return isNo(text) ? text : { name: isXen ? 'answerfile.xml' : 'kickstart.ks', text };
};

function bundleOf(install: Install, secrets: SecretLookup | undefined): Bundle {
  const site = exampleSite();
  const zone = install.role === 'cloudstack-management' ? zoneOf(site, hostOf(site, 'cs40')) : undefined;
  const host = { host: install.host.name, install, bootEntries: [], zone };
  return bundleContents({ siteName: 'cs-cloud', content: { kind: 'host', host }, renderAnswer, secrets });
}

describe.each(ROLES)('the bundle of %s', (_, install) => {
  const values = secretsOfInstall(install);
  const texts = (bundle: Bundle): readonly string[] => bundle.entries.map(({ name, text }) => `${name}\n${text}`);

  test('is complete with and without secrets', () => {
    for (const secrets of [undefined, (name: string) => values.get(name)]) {
      const missing = bundleOf(install, secrets).entries.filter(({ name }) => name.endsWith('NOT-RENDERED.txt'));
      expect(missing.map(({ text }) => text)).toEqual([]);
    }
  });

  test('redacted, holds no secret in any dress', () => {
    const traces = texts(bundleOf(install, undefined)).flatMap((text) => traceOf([...values.values()], text));
    expect(traces).toEqual([]);
  });

  test('redacted, says at each place which secret belongs there', () => {
    const all = texts(bundleOf(install, undefined)).join('\n');
    for (const name of values.keys()) expect(all).toContain(`@SECRET:${name}@`);
  });

  test('with secrets, holds each of them, so that the scanner is known to see them; and lets nobody else read one', () => {
    const bundle = bundleOf(install, (name) => values.get(name));
    const found = new Set(
      texts(bundle).flatMap((text) => traceOf([...values.values()], text).map(({ secret }) => secret)),
    );
    expect(found).toEqual(new Set(values.values()));
    const open = bundle.entries.filter(
      ({ mode, text }) => (mode & 0o077) !== 0 && traceOf([...values.values()], text).length > 0,
    );
    expect(open.map(({ name }) => name)).toEqual([]);
  });
});
