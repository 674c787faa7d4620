// answerfile.ts: goldens, the versions' differences, what may have none, and its script run for real.

import { describe, expect, test } from 'vitest';
import { SaxesParser } from 'saxes';
import { renderAnswerfile } from '../../kickstart/answerfile.ts';
import { redactedSecrets } from '../../kickstart/secrets.ts';
import type { Install } from '../../server/domain.ts';
import { Malformed, isNo } from '../../server/malformed.ts';
import { golden } from '../support/golden.ts';
import { BARE } from '../support/bundle-installs.ts';
import {
  ROOT_HASH,
  SECRET_VALUES,
  TOKEN,
  cs40,
  hypervisor,
  mirror,
  oneDisk,
  secrets,
  secretsBut,
  xs01,
} from '../support/installs.ts';
import { traceOf } from '../support/secret-scanner.ts';

function rendered(install: Install, look = secrets): string {
  const text = renderAnswerfile(install, look);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

describe('goldens', () => {
  test('xs-01 of the example site', () => golden('kickstart/xs-01.xml', rendered(xs01)));
  test('XCP-ng 8.3 with a disk for guests', () =>
    golden(
      'kickstart/xcp-ng-8.3.xml',
      rendered(hypervisor('xcp-ng', '8.3', { layout: 'whole', disks: ['nvme0n1'], guest: ['nvme1n1'], ...BARE })),
    ));
});

describe('an answerfile', () => {
  test('is well-formed XML with what an unattended install must have', () => {
    const found = elementsOf(rendered(xs01));
    expect(found.get('primary-disk')).toEqual({ text: 'sda', attributes: { 'guest-storage': 'yes' } });
    expect(found.get('source')).toEqual({
      text: 'http://192.168.168.26/trees/xenserver/',
      attributes: { type: 'url' },
    });
    expect(found.get('root-password')).toEqual({ text: ROOT_HASH, attributes: { type: 'hash' } });
    expect(found.get('admin-interface')?.attributes).toEqual({ hwaddr: '52:54:00:a8:a8:03', proto: 'static' });
    expect(found.get('script')?.text).toBe(
      `http://192.168.168.26/hosts/xs-01/scripts/installation-complete?token=${TOKEN}`,
    );
  });

  test.each<[string, Install]>([
    ['6.0.2', xs01],
    ['7.2', hypervisor('xenserver', '7.2')],
    ['8.3', hypervisor('xcp-ng', '8.3')],
  ])('%s: says nothing of the bootloader', (_, install) => expect(rendered(install)).not.toContain('bootloader'));

  test.each<[Install['os']['family'], string, boolean]>([
    ['xenserver', '6.0.2', false],
    ['xenserver', '8.2.1', false],
    ['xenserver', '8.4.0', true],
    ['xcp-ng', '8.2.1', false],
    ['xcp-ng', '8.3', true],
  ])('%s %s says how it gets its time: %s', (family, version, said) =>
    expect(rendered(hypervisor(family, version)).includes('<ntp source="manual"/>')).toBe(said),
  );

  test('without guest disks the system disk holds no guests', () => {
    const found = elementsOf(rendered(hypervisor('xenserver', '6.0.2', oneDisk('sda'))));
    expect(found.get('primary-disk')?.attributes).toEqual({ 'guest-storage': 'no' });
    expect(found.has('guest-disk')).toBe(false);
  });

  test('hostile values stay text', () => {
    const timezone = `</timezone><primary-disk>sdb</primary-disk>&"`;
    const found = elementsOf(rendered({ ...xs01, site: { ...xs01.site, timezone } }));
    expect(found.get('timezone')?.text).toBe(timezone);
    expect(found.get('primary-disk')?.text).toBe('sda');
  });

  test('a character that XML cannot hold is refused', () =>
    expect(() => renderAnswerfile({ ...xs01, site: { ...xs01.site, keyboard: '\u0001' } }, secrets)).toThrow(
      Malformed,
    ));

  test('a preview holds no secret', () => {
    const text = rendered({ ...xs01, token: undefined }, redactedSecrets);
    expect(traceOf([...SECRET_VALUES, TOKEN], text)).toEqual([]);
    expect(text).toContain('@SECRET:root@');
  });
});

describe('no answerfile', () => {
  test.each<[string, Install, RegExp]>([
    ['RHEL', cs40, /installed by a kickstart/],
    ['another role', { ...xs01, role: 'minimal' }, /cannot have the role minimal/],
    ['a Linux tree', { ...xs01, tree: cs40.tree }, /does not boot Xen/],
    ['no gateway', { ...xs01, network: { ...xs01.network, gateway: undefined } }, /must name a gateway/],
    ['a mirror', hypervisor('xenserver', '6.0.2', mirror('sda', 'sdb')), /no software RAID/],
    [
      'two system disks',
      { ...xs01, storage: { layout: 'whole', disks: ['sda', 'sdb'], guest: [], ...BARE } },
      /on one disk/,
    ],
    ['no disk', { ...xs01, storage: { layout: 'whole', disks: [], guest: [], ...BARE } }, /no disk is named/],
    ['a disk elsewhere', hypervisor('xenserver', '6.0.2', oneDisk('../sda')), /not the name of a disk/],
  ])('%s', (_, install, reason) =>
    expect(renderAnswerfile(install, secrets)).toMatchObject({ reason: expect.stringMatching(reason) }),
  );

  test.each([
    ['unset', undefined],
    ['bcrypt, which its crypt does not know', `$2b$10$${'a'.repeat(53)}`],
  ])('root password: %s', (_, root) => {
    const answer = renderAnswerfile(xs01, secretsBut({ root }));
    expect(answer).toMatchObject({ remedy: expect.stringContaining('kickstand secret set root') });
  });
});

type Element = { text: string; attributes: Record<string, string> };

function elementsOf(document: string): Map<string, Element> {
  const found = new Map<string, Element>();
  const open: Element[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const element = { text: '', attributes: { ...attributes } };
    open.push(element);
    found.set(name, element);
  });
  parser.on('text', (text) => {
    const current = open.at(-1);
    if (current !== undefined) current.text += text;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(document).close();
  return found;
}
