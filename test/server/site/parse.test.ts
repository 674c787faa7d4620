// The example site, the plan it came from with its lost digits, and what no text can make parseSite do.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { renderPlan } from '../../../server/site/plan-text.ts';
import { planAddresses } from '../../../server/site/plan.ts';
import { parseSite } from '../../../server/site/parse.ts';
import { siteJsonSchema } from '../../../server/site/schema.ts';
import { renderSite, showSite } from '../../../server/site/show.ts';
import { golden } from '../../support/golden.ts';
import type { Edit } from './example.ts';
import { edited, example, problemsOf, siteOf } from './example.ts';

describe('the example', () => {
  test('parses to the site of the golden file', () => {
    golden('site/example.json', `${JSON.stringify(siteOf(example), null, 2)}\n`);
  });

  test('has the plan of the golden file', () => {
    golden('site/example-plan.txt', renderPlan(planAddresses(siteOf(example))));
  });

  test('is shown as the golden file, which is the same site again', () => {
    const shown = renderSite(siteOf(example));
    golden('site/example-shown.yaml', shown);
    const again = siteOf(shown);
    expect(again).toEqual(siteOf(example));
  });

  test('is shown as a value that JSON keeps', () => {
    const shown = showSite(siteOf(example));
    expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
  });

  test('has a JSON Schema', () => {
    golden('site/schema.json', `${JSON.stringify(siteJsonSchema(), null, 2)}\n`);
  });
});

describe('the plan as it was published, with 92.168.168.x', () => {
  const pasted = edited(
    ['192.168.168.16', '92.168.168.16'],
    ['192.168.168.20 }', '92.168.168.20 }'],
    ['192.168.168.21', '92.168.168.21'],
    ['192.168.168.25', '92.168.168.25'],
    ['192.168.168.30', '92.168.168.30'],
    ['192.168.168.250', '92.168.168.250'],
  );

  test('has both ends of its three ranges outside the subnet, each with the address that was meant', () => {
    expect(problemsOf(pasted)).toEqual(
      (
        [
          [26, 'ranges[3].from', '16'],
          [26, 'ranges[3].to', '20'],
          [27, 'ranges[4].from', '21'],
          [27, 'ranges[4].to', '25'],
          [28, 'ranges[5].from', '30'],
          [28, 'ranges[5].to', '250'],
        ] as const
      ).map(
        ([line, at, last]) =>
          `${line}: networks[0].${at}: 92.168.168.${last} lies outside 192.168.168.0/24 — did you mean 192.168.168.${last}?`,
      ),
    );
  });

  test('is right again when each proposal is followed', () => {
    const mended = problemsOf(pasted).reduce((text, line) => {
      const [, wrong = '', right = ''] = /: (\S+) lies outside .* did you mean (\S+)\?$/.exec(line) ?? [];
      return text.replace(` ${wrong}`, ` ${right}`);
    }, pasted);
    expect(mended).toBe(example);
  });
});

const EVERY_REPO_KEY: Edit = [
  'upstream: http://cloudstack.apt-get.eu/rhel/4.0/',
  [
    'mirrorlist: https://mirrors.example/list?repo=x&arch=y',
    'proxy: http://10.0.0.9:3128',
    'ca: corp.pem',
    'login: { user: me, password: { secret: cdn } }',
    'connections: 4',
    'rate: 10M',
    'gpg: [packages, metadata]',
    'keys: [RPM-GPG-KEY-CentOS-6]',
    'weakKeys: accept',
    'architectures: [x86_64, noarch]',
    'newest: 2',
    'include: ["kernel*", bash]',
    'exclude: ["*-debuginfo"]',
    'sources: false',
    'strict: true',
  ].join('\n    '),
];

describe('right files that differ from the example', () => {
  test.each<[string, string]>([
    ['only a site', 'site: { name: a, domain: b.c, appliance: 10.0.0.1 }'],
    ['Windows line ends', example.replaceAll('\n', '\r\n')],
    ['a MAC with dashes and capitals', edited(['"52:54:00:a8:a8:02"', '52-54-00-A8-A8-02'])],
    [
      'an anchor and its alias',
      edited(['[sda, sdb]', '&two [sda, sdb]'], ['disks: [sda], guest: [sda]', 'disks: [sda], guest: *two']),
    ],
    ['JSON', JSON.stringify(showSite(siteOf(example)))],
    ['a time zone under an old name', edited(['Asia/Shanghai', 'Asia/Calcutta'])],
    ['no ranges at all', edited([/    ranges:\n(?: {6}.*\n)+/, ''], ['range: hypervisors', 'address: 192.168.168.4'])],
    ['an appliance behind a router', edited(['appliance: 192.168.168.26', 'appliance: 10.1.2.3'])],
    ['a name server elsewhere', edited(['dns: [192.168.168.1]', 'dns: [8.8.8.8]'])],
    ['an explicit text tag', edited(['"4.0"', '!!str 4.0'])],
    ['XenServer 6.0', edited(['os: xenserver-6.0.2', 'os: xenserver-6.0'])],
    ['XenServer 6.2 under CloudStack 4.4', edited(['os: xenserver-6.0.2', 'os: xenserver-6.2.0'], ['"4.0"', '"4.4"'])],
    [
      'a directory to mirror',
      edited(['upstream: http://cloudstack.apt-get.eu/rhel/4.0/', 'upstream: /srv/cloudstack']),
    ],
    ['a schedule by nickname', edited(['"0 3 * * *"', '"@daily"'])],
    [
      'all that a boot can be told',
      edited(
        ['  keyboard: us', '  boot: { bios: pxelinux, uefi: grub, order: disk-first }\n  keyboard: us'],
        ['macs: ["52:54:00:a8:a8:02"] }', 'macs: ["52:54:00:a8:a8:02"], boot: { bios: ipxe } }'],
        ['    role: xenserver\n', '    role: xenserver\n    protect: true\n'],
        ['    gateway:', '    lease: 30m\n    gateway:'],
      ),
    ],
    ['all that a repo can be told', edited(EVERY_REPO_KEY)],
    ['a lease in bare seconds', edited(['    gateway:', '    lease: "600"\n    gateway:'])],
    ['a time server that is a host', edited(['ntp: [192.168.168.1]', 'ntp: [192.168.168.2]'])],
    ['an address for strangers', edited(['use: cloudstack-guest', 'use: dynamic'])],
    ['a disk by its place', edited(['disks: [sda],', 'disks: ["disk/by-path/pci-0000:00:1f.2-ata-1"],'])],
  ])('%s', (_, text) => {
    expect(problemsOf(text)).toEqual([]);
  });

  test.each([
    ['2m', 120],
    ['90m', 5400],
    ['12h', 43_200],
    ['7d', 604_800],
    ['"600"', 600],
  ])('a lease of %s has %i seconds, and is shown as one that has them too', (lease, seconds) => {
    const site = siteOf(edited(['    gateway:', `    lease: ${lease}\n    gateway:`]));
    expect(site.networks[0]?.leaseSeconds).toBe(seconds);
    expect(siteOf(renderSite(site))).toEqual(site);
  });

  test('what a repo can be told is read, and shown as the same', () => {
    const site = siteOf(edited(EVERY_REPO_KEY));
    expect(site.repos[0]).toMatchObject({
      upstream: 'https://mirrors.example/list?repo=x&arch=y',
      upstreamKind: 'mirrorlist',
      access: { login: { user: 'me', password: { secret: 'cdn' } }, connections: 4, bytesPerSecond: 10_000_000 },
      trust: { checks: ['metadata', 'packages'], weakKeys: 'accept' },
      filter: { architectures: ['x86_64', 'noarch'], newest: 2, sources: false },
      strict: true,
    });
    expect(siteOf(renderSite(site))).toEqual(site);
  });

  test('what a host needs otherwise is shown with it', () => {
    const boot: Edit = ['macs: ["52:54:00:a8:a8:02"] }', 'macs: ["52:54:00:a8:a8:02"], boot: { bios: ipxe } }'];
    const site = siteOf(edited(boot));
    expect(site.hosts.map((host) => host.boot)).toEqual([{ bios: 'ipxe' }, {}, {}]);
    expect(siteOf(renderSite(site))).toEqual(site);
  });

  test('the MAC is kept in one spelling', () => {
    const site = siteOf(edited(['"52:54:00:a8:a8:02"', '52-54-00-A8-A8-02']));
    expect(site.hosts[0]?.macs).toEqual(['52:54:00:a8:a8:02']);
  });
});

describe('no text makes parseSite throw', () => {
  const mutation = fc.record({
    at: fc.nat(example.length),
    cut: fc.nat(40),
    insert: fc.oneof(
      fc.string({ maxLength: 8 }),
      fc.constantFrom(
        '\n',
        '  ',
        '- ',
        ': ',
        '{',
        '}',
        '[',
        ']',
        '&a ',
        '*a',
        '"',
        "'",
        '#',
        '|\n',
        '<<: ',
        '!!',
        '~',
        '007',
        '1e3',
        '__proto__: ',
        'constructor: ',
        '\t',
        '\u0000',
      ),
    ),
  });

  test('of the example, mutated', () => {
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        const text = mutations.reduce(
          (text, { at, cut, insert }) => text.slice(0, at) + insert + text.slice(at + cut),
          example,
        );
        const parsed = parseSite(text, 'site.yaml');
        if (parsed.kind === 'problems') expect(parsed.problems.length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  test('of any shape', () => {
    const section = fc.oneof(
      fc.jsonValue(),
      fc.array(
        fc.dictionary(
          fc.constantFrom('name', 'tree', 'ranges', 'macs', 'network', 'storage', 'range', 'address', 'subnet'),
          fc.jsonValue(),
        ),
      ),
    );
    const value = fc.dictionary(
      fc.constantFrom('site', 'networks', 'repos', 'trees', 'profiles', 'hosts', '__proto__'),
      section,
    );
    fc.assert(
      fc.property(value, (value) => {
        expect(parseSite(JSON.stringify(value), 'site.yaml').kind).toBe('problems');
      }),
      { numRuns: 300 },
    );
  });

  test.each<[string, string, string]>([
    [
      'aliases that expand without bound',
      [
        'a: &a [x, x, x, x, x, x, x, x, x]',
        ...'bcdefgh'.split('').map((name, at) => `${name}: &${name} [${`*${'abcdefg'[at] ?? ''}, `.repeat(9)}x]`),
      ].join('\n'),
      'the aliases of this file expand without bound',
    ],
    ['an alias of nothing', 'site: *nowhere', 'nowhere'],
    ['an alias of what it stands in', 'site: &a { name: *a }', 'site.domain: is missing'],
    ['brackets without end', '['.repeat(50_000), ''],
    ['brackets that end', '['.repeat(20_000) + ']'.repeat(20_000), ''],
    ['nothing', '', 's is empty'],
    ['a comment', '# nothing', 's is empty'],
    ['a list as a key', '? [a]\n: b', 'a key must be one word'],
    ['a merge key', `${example}\n<<: { x: 1 }`, '<<'],
  ])('%s', (_, text, part) => {
    expect(problemsOf(text).join('\n')).toContain(part);
  });
});
