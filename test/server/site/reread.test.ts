// A site file read with the help of the text before it: always what the whole text says, and quick for the edits that people make.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { SiteReading } from '../../../server/site/parse.ts';
import { readSite } from '../../../server/site/parse.ts';
import { rereadSite } from '../../../server/site/reread.ts';

const HEAD = `site: { name: a, domain: b.c, appliance: 10.0.0.2 }
networks:
- { name: n, subnet: 10.0.0.0/8, gateway: 10.0.0.1, ranges: [{ name: r, use: hosts, from: 10.9.0.1, to: 10.9.0.9 }, { name: d, use: dynamic, from: 10.8.0.0, to: 10.8.0.9 }] }
- { name: m, subnet: 192.168.0.0/24 }
trees: [{ name: t, iso: t.iso, os: rhel-6.2-x86_64 }]
`;
const PROFILES = `profiles:
  - { name: p, tree: t, role: minimal, storage: { layout: whole, disks: [sda] } }
  - { name: q, tree: t, role: minimal, storage: { layout: whole, disks: [sdb] } }
`;

const mac = (index: number): string => `52:54:00:00:00:${index.toString(16).padStart(2, '0')}`;
const place = (index: number): string => (index % 3 === 2 ? 'range: r' : `address: 10.1.0.${index}`);

/** One host as people write it, its dash behind `indent`. */
function hostText(index: number, form: 'flow' | 'block' | 'folded', indent: string): string {
  const at = `${indent}- `;
  const inner = `${indent}  `;
  switch (form) {
    case 'flow':
      return `${at}{ name: h${index}, profile: p, network: n, ${place(index)}, macs: ["${mac(index)}"] }   # the ${index}th\n`;
    case 'folded':
      return `${at}{ name: h${index}, profile: p,\n${inner}  network: n, ${place(index)},\n${inner}  macs: ["${mac(index)}"] }\n\n`;
    case 'block':
      return `${at}name: h${index}\n${inner}profile: p\n${inner}network: n\n${inner}${place(index)}\n${inner}macs:\n${inner}- ${JSON.stringify(mac(index))}\n${indent}# a line about the next\n`;
  }
}

/** A site of nine hosts; its profiles stand behind them where `tail` says so. */
function siteText(
  form: 'flow' | 'block' | 'folded',
  indent = '  ',
  tail: 'hosts last' | 'profiles last' = 'hosts last',
): string {
  const hosts = `hosts:   # all of them\n\n${Array.from({ length: 9 }, (_, index) => hostText(index + 10, form, indent)).join('')}`;
  return tail === 'hosts last' ? `${HEAD}${PROFILES}${hosts}` : `${HEAD}${hosts}${PROFILES}`;
}

/** The text with an address of its own for each host: then no other host's address hangs on an edit. */
function withoutRanges(text: string): string {
  let last = 0;
  return text.replaceAll('range: r', () => `address: 10.2.0.${(last += 1)}`);
}

function readingOf(text: string): SiteReading {
  const read = readSite(text, 's');
  if (read.kind === 'problems') throw new Error(JSON.stringify(read.problems));
  return read;
}

function replaced(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`nothing to replace: ${from}`);
  return text.replace(from, () => to);
}

/** Reads `text` both ways: the same, or the quick way gives up. `signs` is an upper bound there. */
function expectSame(before: SiteReading, text: string): SiteReading | undefined {
  const reread = rereadSite(before, text);
  if (reread === undefined) return undefined;
  const whole = readSite(text, 's');
  if (whole.kind === 'problems') throw new Error(`taken, but refused: ${JSON.stringify([text, whole.problems])}`);
  expect(withoutSigns(reread.reading)).toStrictEqual(withoutSigns(whole));
  expect(reread.reading.signs).toBeGreaterThanOrEqual(whole.signs);
  return reread.reading;
}

function withoutSigns(reading: SiteReading): SiteReading {
  return { ...reading, signs: 0 };
}

const FORMS = ['flow', 'folded', 'block'] as const;
const LAYOUTS = FORMS.flatMap((form) =>
  ['', '  ', '    '].flatMap((indent) =>
    (['hosts last', 'profiles last'] as const).map((tail) => [form, indent, tail] as const),
  ),
);

test.each(LAYOUTS)('the quick way takes what people edit: hosts as %s, behind "%s", %s', (form, indent, tail) => {
  const text = siteText(form, indent, tail);
  const line = (index: number): string => hostText(index, form, indent);
  const edits: readonly (readonly [string, string])[] = [
    ['a MAC', replaced(text, mac(13), mac(99))],
    ['an address', replaced(text, 'address: 10.1.0.13', 'address: 10.1.0.113')],
    ['a range instead of an address', replaced(text, 'address: 10.1.0.13', 'range: r')],
    ['a name', replaced(text, 'h13', 'rack-3')],
    ['the first host', replaced(text, mac(10), mac(99))],
    ['the last host', replaced(text, mac(18), mac(99))],
    ['two neighbours', replaced(replaced(text, mac(13), mac(98)), mac(14), mac(99))],
    ['one more at the beginning', replaced(text, line(10), line(30) + line(10))],
    ['one more within', replaced(text, line(13), line(30) + line(13))],
    ['one more at the end', replaced(text, line(18), line(18) + line(30))],
    ['one less at the beginning', replaced(text, line(10), '')],
    ['one less within', replaced(text, line(13), '')],
    ['one less at the end', replaced(text, line(18), '')],
    ['two that change places', replaced(text, line(13) + line(14), line(14) + line(13))],
    ['a comment', replaced(text, line(13), `${line(13)}  # R&D: *this* one, at "home" {\n`)],
  ];
  const before = readingOf(text);
  const left = edits.filter(([, after]) => expectSame(before, after) === undefined);
  expect(left.map(([name]) => name)).toEqual([]);
});

describe('the whole text is read', () => {
  const text = siteText('flow', '  ', 'profiles last');
  const block = siteText('block', '  ');
  const fixed = withoutRanges(text);
  const host = hostText(13, 'flow', '  ');
  test.each<[string, string, string]>([
    ['for a change before the hosts', text, replaced(text, 'name: a', 'name: other')],
    ['for a change behind them', text, replaced(text, 'disks: [sdb]', 'disks: [sdc]')],
    ['for a change of their key', text, replaced(text, 'hosts:   # all', 'hosts: # all')],
    ['for changes in two sections', text, replaced(replaced(text, mac(13), mac(99)), 'sdb', 'sdc')],
    ['where nothing is left', text, replaced(text, /hosts:[\s\S]*?(?=profiles)/.exec(text)?.[0] ?? '', 'hosts:\n')],
    ['with a tab', text, replaced(text, ', network: n', ',\tnetwork: n')],
    ['with line ends of another system', text, replaced(text, host, host.replace('\n', '\r\n'))],
    ['with an anchor', text, replaced(text, 'profile: p', 'profile: &x p')],
    ['with an alias', replaced(text, 'name: p,', 'name: &p p,'), replaced(text, 'profile: p', 'profile: *p')],
    ['with a tag', text, replaced(text, 'profile: p', 'profile: !!str p')],
    ['with a text in a block', text, replaced(text, host, host.replace(/- .*/, '- name: |-\n      h13'))],
    ['with another indent', text, replaced(text, host, ` ${host}`)],
    [
      'where the first host loses its indent',
      block,
      replaced(block, hostText(10, 'block', '  '), hostText(10, 'block', '')),
    ],
    ['behind the end of the document', text, replaced(text, host, `${host}...\n`)],
    ['with a second document', text, replaced(text, host, `---\n${host}`)],
    ['with a key among the hosts', text, replaced(text, host, `repos: []\n${host}`)],
    ['with a bracket that does not end', text, replaced(text, '"] }', '"]  ')],
    ['with a quote that does not end', text, replaced(text, `"${mac(13)}"`, `"${mac(13)}`)],
    ['with a MAC that another host has', text, replaced(text, mac(13), mac(14))],
    ['with a name that another host has', text, replaced(text, 'h13', 'H14')],
    ['with an address that another host has', text, replaced(text, '10.1.0.13', '10.1.0.12')],
    [
      'with a name that another host has in capitals',
      replaced(text, 'h14', 'H14'),
      replaced(replaced(text, 'h14', 'H14'), 'h13', 'h14'),
    ],
    ['with an address that another host has, where no range is', fixed, replaced(fixed, '10.1.0.13', '10.1.0.12')],
    ['with an address outside', text, replaced(text, '10.1.0.13', '11.1.0.13')],
    ['with an address of a range for others', text, replaced(text, '10.1.0.13', '10.8.0.3')],
    ['with the address of the appliance', text, replaced(text, '10.1.0.13', '10.0.0.2')],
    ['with a range that is full', text, replaced(text, 'range: r', 'range: nobody')],
    ['with a profile that is none', text, replaced(text, 'profile: p', 'profile: nobody')],
    ['with an unknown key', text, replaced(text, 'profile: p', 'proflie: p')],
    ['with a number that loses its spelling', text, replaced(text, 'h13', '0x10')],
    [
      'where the hosts are in brackets',
      `${HEAD}${PROFILES}hosts: [\n  { name: h1, profile: p, network: n, range: r, macs: ["${mac(1)}"] }\n]\n`,
      `${HEAD}${PROFILES}hosts: [\n  { name: h2, profile: p, network: n, range: r, macs: ["${mac(1)}"] }\n]\n`,
    ],
    ['behind a directive', `%YAML 1.2\n---\n${text}`, `%YAML 1.2\n---\n${replaced(text, mac(13), mac(99))}`],
  ])('%s', (_, before, after) => {
    const read = readSite(before, 's');
    if (read.kind === 'reading') expect(rereadSite(read, after)).toBeUndefined();
    else expect(read.problems).toEqual([]);
  });
});

describe('a piece of a file is told from a whole one', () => {
  const isWhole = (text: string, after: string): boolean | undefined => rereadSite(readingOf(text), after)?.whole;
  const flow = siteText('flow');
  const block = siteText('block');
  const middle = siteText('block', '  ', 'profiles last');
  test.each<[string, string, string, boolean]>([
    ['a host is edited', flow, replaced(flow, mac(13), mac(99)), true],
    [
      'a host is added within',
      flow,
      replaced(flow, hostText(13, 'flow', '  '), hostText(13, 'flow', '  ') + hostText(30, 'flow', '  ')),
      true,
    ],
    [
      'hosts change places',
      flow,
      replaced(
        flow,
        hostText(13, 'flow', '  ') + hostText(14, 'flow', '  '),
        hostText(14, 'flow', '  ') + hostText(13, 'flow', '  '),
      ),
      true,
    ],
    ['a host is missing', flow, replaced(flow, hostText(13, 'flow', '  '), ''), false],
    ['a host has another name', flow, replaced(flow, 'h13', 'h99'), false],
    ['the last host is missing', flow, replaced(flow, hostText(18, 'flow', '  '), ''), false],
    ['the text ends after five hosts', flow, flow.slice(0, flow.indexOf(hostText(15, 'flow', '  '))), false],
    ['the last host is edited, and its bracket closed', flow, replaced(flow, mac(18), mac(99)), true],
    ['a last host is added, and its bracket closed', flow, flow + hostText(30, 'flow', '  '), true],
    ['the last host is edited, and nothing tells its end', block, replaced(block, mac(18), mac(99)), false],
    ['a last host is added, and nothing tells its end', block, block + hostText(30, 'block', '  '), false],
    ['the last host is edited, and another section follows', middle, replaced(middle, mac(18), mac(99)), true],
  ])('%s', (_, text, after, whole) => {
    expect(isWhole(text, after)).toBe(whole);
  });

  test('no beginning of an edited file is taken for the whole of it', () => {
    for (const form of FORMS) {
      const text = siteText(form);
      const before = readingOf(text);
      const after = replaced(replaced(text, mac(13), mac(99)), mac(18), mac(98));
      // What is missing behind the last bracket is a comment.
      const end = form === 'block' ? after.length : after.lastIndexOf('}') + 1;
      const lengths = Array.from({ length: end }, (_unused, length) => length);
      const taken = lengths.filter((length) => rereadSite(before, after.slice(0, length))?.whole === true);
      expect(taken).toEqual([]);
    }
  });
});

/** Words that mean something to YAML, or to the site file, or to neither. */
const WORDS = [
  ...[
    '\n',
    ' ',
    '  ',
    '    ',
    '- ',
    '  - ',
    '# ',
    ' #',
    ': ',
    ':',
    ',',
    '{',
    '}',
    '[',
    ']',
    '"',
    "'",
    '&a ',
    '*a',
    '!!str ',
    '|',
    '>-',
    '? ',
  ],
  ...[
    '---\n',
    '...\n',
    '\n---\n',
    '\n...\n',
    '%YAML 1.1\n',
    '\t',
    '\r',
    '\r\n',
    '\uFEFF',
    '\u2028',
    'ä',
    '0',
    '0x1F',
    '1e3',
    '~',
    'null',
    'yes',
    '<<: ',
  ],
  ...[
    'hosts:\n',
    'repos: []\n',
    'profiles:\n',
    'h12',
    'r',
    'q',
    'm',
    '10.1.0.13',
    '10.8.0.1',
    '192.168.0.9',
    mac(12),
    mac(77),
    mac(78),
  ],
  ...[
    'boot: { bios: ipxe }',
    '      boot: { uefi: grub }\n',
    ', boot: {}',
    'range: r',
    'address: 10.1.0.200',
    'profile: q',
    'macs: []',
  ],
  ...FORMS.flatMap((form) => ['', '  '].map((indent) => hostText(40, form, indent))),
];

type Edit = {
  readonly at: number;
  readonly length: number;
  readonly word: string;
  readonly unit: 'characters' | 'lines';
};

const anEdit: fc.Arbitrary<Edit> = fc.record({
  at: fc.nat(10_000),
  length: fc.oneof({ arbitrary: fc.constant(0), weight: 2 }, fc.nat(4), fc.nat(60)),
  word: fc.oneof({ arbitrary: fc.constantFrom(...WORDS), weight: 4 }, fc.constant(''), fc.string({ maxLength: 3 })),
  unit: fc.constantFrom('characters', 'lines'),
});

/** A character's edit stands anywhere in the hosts or at their ends; a line's edit replaces or moves whole lines. */
function applied(text: string, { at, length, word, unit }: Edit): string {
  const from = text.indexOf('hosts:');
  if (unit === 'characters') {
    const place = Math.max(0, from - 3) + (at % Math.max(1, text.length - from + 3));
    return text.slice(0, place) + word + text.slice(place + length);
  }
  const lines = text.split('\n');
  const first = lines.findIndex((one) => one.startsWith('hosts:'));
  const place = first + (at % Math.max(1, lines.length - first));
  const cut = lines.splice(place, length % 4);
  const to = word === '' ? Math.min(lines.length, place + 2) : place;
  lines.splice(to, 0, ...(word === '' ? cut : [word.trimEnd()]));
  return lines.join('\n');
}

/** An edit that a person makes: most of them are right. */
const aHost = fc.record({
  host: fc.integer({ min: 10, max: 18 }),
  what: fc.constantFrom('mac', 'name', 'place', 'lose', 'copy'),
  to: fc.integer({ min: 50, max: 90 }),
});

function edited(
  text: string,
  { host, what, to }: { readonly host: number; readonly what: string; readonly to: number },
): string {
  if (what === 'mac') return text.replace(mac(host), mac(to));
  if (what === 'name') return text.replace(`h${host}`, `h${to}`);
  if (what === 'place') return text.replace(place(host), `address: 10.1.0.${to}`);
  const own = FORMS.flatMap((form) => ['', '  ', '    '].map((indent) => hostText(host, form, indent))).find((one) =>
    text.includes(one),
  );
  if (own === undefined) return text;
  return text.replace(own, () =>
    what === 'lose'
      ? ''
      : own + own.replace(`h${host}`, `h${to}`).replace(mac(host), mac(to)).replace(place(host), 'range: r'),
  );
}

const aStart = fc.constantFrom(
  ...FORMS.map((form) => withoutRanges(siteText(form))),
  ...LAYOUTS.map(([form, indent, tail]) => siteText(form, indent, tail)),
  siteText('flow').trimEnd(),
);

describe('whatever is done to a site file', () => {
  test('the quick way says what the whole text says, or nothing', () => {
    let taken = 0;
    fc.assert(
      fc.property(
        aStart,
        fc.array(fc.oneof(anEdit, anEdit, aHost), { minLength: 1, maxLength: 12 }),
        (start, edits) => {
          let before = readingOf(start);
          for (const edit of edits) {
            const text = 'unit' in edit ? applied(before.text, edit) : edited(before.text, edit);
            const next = expectSame(before, text);
            if (next !== undefined) taken += 1;
            const read = next ?? readSite(text, 's');
            if (read.kind === 'reading') before = read;
          }
        },
      ),
      { numRuns: Number(process.env['REREAD_RUNS'] ?? 200) },
    );
    // The edits are not so wild that nothing was proved.
    expect(taken).toBeGreaterThan(100);
  });
});
