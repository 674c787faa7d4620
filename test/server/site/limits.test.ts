// Files with far too much in them, or far too much wrong: what is told, and that no part of parseSite runs away or throws.

import { describe, expect, test } from 'vitest';
import type { Problem } from '../../../server/malformed.ts';
import { parseSite } from '../../../server/site/parse.ts';
import { MAX_SITE_BYTES } from '../../../server/site/text/store.ts';
import { problemsOf, siteOf } from './example.ts';

const SITE = 'site: { name: a, domain: b.c, appliance: 10.0.0.1 }\n';
const NETWORK =
  'networks: [{ name: n, subnet: 10.0.0.0/8, ranges: [{ name: r, use: hosts, from: 10.1.0.0, to: 10.9.0.0 }] }]\n';
const PROFILE =
  'trees: [{ name: t, iso: t.iso, os: rhel-6.2-x86_64 }]\nprofiles: [{ name: p, tree: t, role: minimal, storage: { layout: whole, disks: [sda] } }]\n';

/** `count` texts, one after another. */
function many(count: number, item: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => item(index)).join('');
}

/** As many as fit into a site file behind `head`. */
function full(head: string, item: string, tail = ''): string {
  return head + item.repeat(Math.floor((MAX_SITE_BYTES - head.length - tail.length) / item.length)) + tail;
}

function mac(index: number): string {
  return `02:00:00:${[16, 8, 0].map((shift) => ((index >> shift) & 255).toString(16).padStart(2, '0')).join(':')}`;
}

function problems(text: string): readonly Problem[] {
  const parsed = parseSite(text, 's');
  return parsed.kind === 'problems' ? parsed.problems : [];
}

describe('a hundred problems are told, and how many more there are', () => {
  test.each<[string, string, string]>([
    [
      '60,000 keys that mean nothing',
      many(60_000, (index) => `k${index}: 1\n`),
      's: … and 59901 more problems — mend these first',
    ],
    [
      'hosts without anything',
      `${SITE}hosts:\n${many(2000, () => '- {}\n')}`,
      's: … and 7900 more problems — mend these first',
    ],
    [
      'hosts that point nowhere',
      `${SITE}hosts:\n${many(200, (index) => `- { name: h${index}, profile: x, network: y, address: 10.2.0.${index}, macs: ["${mac(index)}"] }\n`)}`,
      's: … and 300 more problems — mend these first',
    ],
    ['keys twice', many(300, (index) => `k${index % 100}: 1\n`), 's: … and 100 more problems — mend these first'],
    ['tags', `a:\n${many(300, (index) => `- !x${index} y\n`)}`, 's: … and 200 more problems — mend these first'],
    [
      'so many that the rest is not looked at',
      `${SITE}hosts:\n${many(20_000, () => '- {}\n')}`,
      's: … and at least 9900 more problems — mend these first',
    ],
    [
      'faults without number',
      `a:\n${many(2000, () => '- !x y\n')}`,
      's: … and at least 900 more problems — mend these first',
    ],
  ])('%s', (_, text, last) => {
    const told = problemsOf(text);
    expect(told).toHaveLength(101);
    expect(told.at(-1)).toBe(last);
  });

  test('of which twenty come with a guess', () => {
    const guesses = problems(many(60_000, (index) => `colour${index}: 1\n`)).filter(({ remedy }) =>
      remedy?.startsWith('known: '),
    );
    expect(guesses.length).toBe(19); // the first problem is the missing site
  });

  test('and a hundred are no more than a hundred', () => {
    expect(problems(`${SITE}${many(100, (index) => `k${index}: 1\n`)}`)).toHaveLength(100);
  });
});

describe('a list has an end', () => {
  const hosts = (lists: string): string => `${SITE}${NETWORK}${PROFILE}hosts:\n${lists}`;
  test.each<[string, string, string]>([
    ['hosts', `${SITE}hosts:\n${many(20_001, () => '- 1\n')}`, '2: hosts: has 20001 entries; at most 20000 are taken'],
    [
      'networks',
      `${SITE}networks:\n${many(1001, (index) => `- { name: n${index} }\n`)}`,
      '2: networks: has 1001 entries; at most 1000 are taken',
    ],
    [
      "a network's ranges",
      `${SITE}networks:\n- name: n\n  ranges:\n${many(101, () => '  - {}\n')}`,
      '4: networks[0].ranges: has 101 entries; at most 100 are taken',
    ],
    [
      "a host's MACs",
      hosts(`- { name: h, macs: [${many(150_000, () => 'x,')}] }`),
      '6: hosts[0].macs: has 150000 entries; at most 64 are taken',
    ],
    ['time servers', `site: { ntp: [${many(17, () => 'a,')}] }`, '1: site.ntp: has 17 entries; at most 16 are taken'],
  ])('%s', (_, text, problem) => {
    expect(problemsOf(text)).toEqual([problem]);
  });

  test('10,000 hosts with two MACs each, one on a line as in the example, are not too large a file', () => {
    const line = (index: number): string =>
      `  - { name: xs-${index}, profile: hypervisor, network: lab, address: 192.168.168.3, macs: ["${mac(index)}", "${mac(index)}"] }   # rack ${index}\n`;
    expect(many(10_000, line).length).toBeLessThan(MAX_SITE_BYTES);
  });

  test('20,000 hosts are a site', () => {
    const text =
      SITE +
      NETWORK +
      PROFILE +
      `hosts:\n${many(20_000, (index) => `- { name: h${index}, profile: p, network: n, range: r, macs: ["${mac(index)}"] }\n`)}`;
    const site = siteOf(text);
    expect(site.hosts).toHaveLength(20_000);
    expect(new Set(site.hosts.map(({ address }) => address)).size).toBe(20_000);
  });
});

describe('collisions of one value with many', () => {
  const ranges = many(15, (index) => `  - { name: r${index}, use: dynamic, from: 10.1.0.0, to: 10.9.0.0 }\n`);
  const network = `networks:\n- name: n\n  subnet: 10.0.0.0/8\n  ranges:\n${ranges}`;

  test('a range tells of ten others that it overlaps', () => {
    const told = problems(`${SITE}${network}`).filter(({ path }) => path === 'networks[0].ranges[14]');
    expect(told).toHaveLength(10);
  });

  test('a host tells of one range that its address is in', () => {
    const host = `hosts: [{ name: h, profile: p, network: n, address: 10.2.0.0, macs: ["${mac(1)}"] }]\n`;
    const two = network.split('\n').slice(0, 6).join('\n');
    expect(problemsOf(`${SITE}${two}\n${PROFILE}${host}`).filter((line) => line.includes('hosts[0]'))).toEqual([
      '10: hosts[0].address: 10.2.0.0 lies in r0, which is for dynamic — choose one outside that range',
    ]);
  });

  test('name servers at a thousand addresses of a range are ten problems', () => {
    const networks = many(
      100,
      (index) =>
        `- { name: n${index}, subnet: 1${index}.0.0.0/8, dns: [${many(10, (at) => `9.0.${index}.${at}, `)}] }\n`,
    );
    const text = `${SITE}networks:\n${networks}- name: m\n  subnet: 9.0.0.0/8\n  ranges:\n  - { name: r, use: dynamic, from: 9.0.0.0, to: 9.9.9.9 }\n`;
    const given = problems(text).filter(({ message }) => message.startsWith('r would give away'));
    expect(given.map(({ message }) => message).slice(0, 2)).toEqual([
      'r would give away 9.0.0.0, which is a name server of n0',
      'r would give away 9.0.0.1, which is a name server of n0',
    ]);
    expect(given).toHaveLength(10);
  });
});

describe('a file that is no site is refused before it takes long', () => {
  test.each<[string, string, string]>([
    ['more words than any site', full('', 'k: 1\n'), 'has more than 2000000 words and signs'],
    ['commas', full('a: [', ','), 'has more than 2000000 words and signs'],
    ['brackets', '['.repeat(MAX_SITE_BYTES), '1: nested too deeply'],
    ['brackets that end', `${'['.repeat(200)}${']'.repeat(200)}`, '1: nested too deeply'],
    ['lists in lists', '- '.repeat(500_000), '1: nested too deeply'],
    ['keys of keys', '? '.repeat(500_000), '1: nested too deeply'],
    ['maps in maps', many(1400, (index) => `${' '.repeat(index)}a:\n`), 'nested too deeply'],
    ['closing brackets', ']\n'.repeat(500_000), 'more problems'],
    [
      'more aliases than a site needs',
      `a: &a 1\nb:\n${many(1001, () => '- *a\n')}`,
      'this file has more than 1000 aliases',
    ],
    [
      'a list of thousands, hundreds of times',
      `hosts:\n- macs: &m [${many(5000, () => 'x, ')}]\n${many(500, () => '- macs: *m\n')}`,
      'the aliases of this file expand without bound',
    ],
    [
      'a word of a megabyte',
      `site: ${'x'.repeat(MAX_SITE_BYTES - 6)}`,
      '1: site: must be a mapping with keys, not a text',
    ],
    ['a text of a megabyte', full('site: "', '\\n', '"'), '1: site: must be a mapping with keys, not a text'],
    [
      'a schedule of a megabyte',
      `${SITE}repos: [{ name: r, upstream: /a, schedule: "0 0 ${'31,'.repeat(150_000)}31 ${'2,'.repeat(200_000)}2 *" }]`,
      'is too long for a schedule',
    ],
  ])('%s', (_, text, part) => {
    const told = problemsOf(text);
    expect(told.join('\n')).toContain(part);
    expect(told.length).toBeLessThanOrEqual(101);
  });

  test('an alias may be used some hundred times', () => {
    const hosts = many(
      300,
      (index) => `- { name: h${index}, profile: *p, network: n, range: r, macs: ["${mac(index)}"] }\n`,
    );
    const text = `${SITE}${NETWORK}${PROFILE.replace('name: p', 'name: &p p')}hosts:\n${hosts}`;
    expect(siteOf(text).hosts).toHaveLength(300);
  });
});
