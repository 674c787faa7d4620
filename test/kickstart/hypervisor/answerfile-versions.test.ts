// Answerfiles of every release held against what their installers' parsers read: a small table of elements and attributes.

import { SaxesParser } from 'saxes';
import { describe, expect, test } from 'vitest';
import { renderAnswerfile } from '../../../kickstart/answerfile.ts';
import { redactedSecrets } from '../../../kickstart/secrets.ts';
import type { Install } from '../../../server/domain.ts';
import { isNo } from '../../../server/malformed.ts';
import { golden } from '../../support/golden.ts';
import { POOL_HASH, POOL_PASSWORD, RELEASES, hypervisorSecrets, joining } from '../../support/hypervisors.ts';
import { BARE } from '../../support/bundle-installs.ts';
import { TOKEN, hypervisor, mirror, oneDisk } from '../../support/installs.ts';
import { traceOf } from '../../support/secret-scanner.ts';

type Element = {
  readonly path: string;
  readonly attributes: Readonly<Record<string, string>>;
  text: string;
};

/** A rule for one element: how often, what text, which attributes with which values. */
type Rule = { readonly most: number; readonly text?: RegExp; readonly attributes?: Readonly<Record<string, RegExp>> };

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
const DISK = /^[A-Za-z0-9][A-Za-z0-9/_.:+-]*$/;
const BOOL = /^(?:yes|no)$/;

/** What every release from 6.0 on reads (answerfile.py of 2011-10). */
const COMMON: Readonly<Record<string, Rule>> = {
  installation: { most: 1, attributes: { mode: /^fresh$/, 'sr-type': /^(?:lvm|ext)$/ } },
  'installation/primary-disk': { most: 1, text: DISK, attributes: { 'guest-storage': BOOL } },
  'installation/guest-disk': { most: 256, text: DISK },
  'installation/keymap': { most: 1, text: /^[a-z0-9-]+$/ },
  'installation/root-password': { most: 1, text: /^\$6\$/, attributes: { type: /^hash$/ } },
  'installation/source': { most: 1, text: /^http:\/\/\S+\/$/, attributes: { type: /^url$/ } },
  'installation/admin-interface': {
    most: 1,
    attributes: { hwaddr: /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/, proto: /^(?:static|dhcp)$/ },
  },
  'installation/admin-interface/ip': { most: 1, text: IPV4 },
  'installation/admin-interface/subnet-mask': { most: 1, text: IPV4 },
  'installation/admin-interface/gateway': { most: 1, text: IPV4 },
  'installation/name-server': { most: 16, text: IPV4 },
  'installation/hostname': { most: 1, text: /^[A-Za-z0-9-]+$/ },
  'installation/timezone': { most: 1, text: /^[A-Z][A-Za-z]+(?:\/[A-Z][A-Za-z]+)?$/ },
  'installation/ntp-server': { most: 16, text: /^\S+$/ },
  'installation/network-backend': { most: 1, text: /^(?:bridge|openvswitch)$/ },
  'installation/script': {
    most: 3,
    text: /^http:\/\/\S+$/,
    attributes: { stage: /^(?:installation-start|filesystem-populated|installation-complete)$/, type: /^url$/ },
  },
};

const NTP = { 'installation/ntp': { most: 1, attributes: { source: /^manual$/ } } };
const VLAN = { vlan: /^(?:[1-9]\d{0,2}|[1-3]\d{3}|40[0-8]\d|409[0-4])$/ };

/** With what came later, by release. */
function rulesOf([family, version]: (typeof RELEASES)[number]): Readonly<Record<string, Rule>> {
  const late = family === 'xcp-ng' ? version === '8.3' : version === '8.4.0';
  const admin = COMMON['installation/admin-interface'];
  const primary = COMMON['installation/primary-disk'];
  return {
    ...COMMON,
    ...(late ? NTP : {}),
    ...(version.startsWith('6') ? {} : { 'installation/admin-interface': withAttributes(admin, VLAN) }),
    ...(version === '8.4.0'
      ? { 'installation/primary-disk': { ...withAttributes(primary, { swraid: BOOL }), text: /^\w+,\w+$|^\w+$/ } }
      : {}),
    ...(family === 'xcp-ng'
      ? {
          'installation/raid': { most: 1, attributes: { device: /^md\d+$/ } },
          'installation/raid/disk': { most: 2, text: DISK },
        }
      : {}),
  };
}

function withAttributes(rule: Rule | undefined, more: Readonly<Record<string, RegExp>>): Rule {
  return { most: 1, ...rule, attributes: { ...rule?.attributes, ...more } };
}

const MANDATORY = ['primary-disk', 'source', 'admin-interface', 'root-password', 'keymap', 'timezone', 'hostname'];

/** What the release's parser would not read, or would miss. */
function complaints(document: string, rules: Readonly<Record<string, Rule>>): readonly string[] {
  const elements = elementsOf(document);
  const counts = new Map<string, number>();
  const found = elements.flatMap(({ path, attributes, text }) => {
    counts.set(path, (counts.get(path) ?? 0) + 1);
    const rule = rules[path];
    if (rule === undefined) return [`${path} is not read`];
    const odd = Object.entries(attributes).flatMap(([name, value]) =>
      rule.attributes?.[name]?.test(value) === true ? [] : [`${path}: attribute ${name}="${value}"`],
    );
    const isRead = rule.text === undefined ? text.trim() === '' : rule.text.test(text);
    return [...odd, ...(isRead ? [] : [`${path}: text ${text}`])];
  });
  const many = [...counts]
    .filter(([path, count]) => count > (rules[path]?.most ?? 0))
    .map(([path]) => `${path} too often`);
  const missing = MANDATORY.filter((name) => !counts.has(`installation/${name}`)).map((name) => `no ${name}`);
  return [...found, ...many, ...missing];
}

function elementsOf(document: string): readonly Element[] {
  const all: Element[] = [];
  const open: Element[] = [];
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', ({ name, attributes }) => {
    const above = open.at(-1);
    const element = {
      path: above === undefined ? name : `${above.path}/${name}`,
      attributes: { ...attributes },
      text: '',
    };
    open.push(element);
    all.push(element);
  });
  parser.on('text', (text) => {
    const current = open.at(-1);
    if (current !== undefined) current.text += text;
  });
  parser.on('closetag', () => {
    open.pop();
  });
  parser.write(document).close();
  return all;
}

function rendered(install: Install): string {
  const text = renderAnswerfile(install, hypervisorSecrets);
  if (isNo(text)) throw new Error(text.reason);
  return text;
}

const linked = (install: Install, link: Partial<Install['custom']['link']>): Install => ({
  ...install,
  custom: { ...install.custom, link: { ...install.custom.link, ...link } },
});

describe.each(RELEASES.map((release) => ({ release, name: release.join(' ') })))('$name', ({ release }) => {
  const [family, version] = release;
  const rules = rulesOf(release);
  const guests = { layout: 'whole', disks: ['sda'], guest: ['sda', 'disk/by-id/wwn-0x5'], ...BARE } as const;

  test('reads all of a plain answerfile', () => {
    expect(complaints(rendered(hypervisor(family, version, oneDisk('sda'))), rules)).toEqual([]);
  });

  test('reads all of one with everything', () => {
    const text = rendered({ ...joining(family, version), storage: guests });
    expect(complaints(text, rules)).toEqual([]);
    golden(`kickstart/hypervisors/${family}-${version}.xml`, text);
  });

  test('asks for its address where it has to', () => {
    const text = rendered(linked(joining(family, version), { bootproto: 'dhcp' }));
    expect(complaints(text, rules)).toEqual([]);
    expect(text).toContain('proto="dhcp"></admin-interface>');
    expect(text).not.toContain('<ip>');
    expect(text).not.toContain('<name-server>');
  });

  test('puts the management interface into a VLAN, or says that it cannot', () => {
    const answer = renderAnswerfile(linked(joining(family, version), { vlan: 4094 }), hypervisorSecrets);
    if (version.startsWith('6')) expect(answer).toMatchObject({ reason: expect.stringContaining('into a VLAN') });
    else expect(complaints(isNo(answer) ? answer.reason : answer, rules)).toEqual([]);
  });

  test('mirrors two disks in its own way, or says that it cannot', () => {
    const storage = { ...mirror('sda', 'sdb'), guest: ['sdb', 'sdc'] };
    const answer = renderAnswerfile({ ...joining(family, version), storage }, hypervisorSecrets);
    if (family === 'xcp-ng' || version === '8.4.0') {
      const text = isNo(answer) ? answer.reason : answer;
      expect(complaints(text, rules)).toEqual([]);
      expect(text).toContain('<guest-disk>sdc</guest-disk>');
      expect(text).not.toContain('<guest-disk>sdb</guest-disk>');
      expect(text).toMatch(family === 'xcp-ng' ? />md127<\/primary-disk>/ : /swraid="yes">sda,sdb</);
    } else expect(answer).toMatchObject({ reason: expect.stringContaining('no software RAID') });
  });

  test('never says the password of its pool', () => {
    expect(traceOf([POOL_PASSWORD], rendered(joining(family, version)))).toEqual([]);
    const redacted = renderAnswerfile({ ...joining(family, version), token: undefined }, redactedSecrets);
    expect(traceOf([POOL_PASSWORD, POOL_HASH, TOKEN], isNo(redacted) ? redacted.reason : redacted)).toEqual([]);
  });
});

test('the table finds what a parser would not read', () => {
  const rules = rulesOf(['xenserver', '6.0.2']);
  const text = rendered(joining('xcp-ng', '8.3'));
  expect(complaints(text, rules)).toEqual(['installation/ntp is not read', 'installation/ntp too often']);
  expect(complaints('<installation mode="upgrade"/>', rules)).toContain('installation: attribute mode="upgrade"');
  expect(complaints('<installation/>', rules)).toContain('no primary-disk');
});
