// The table against what each release's own parser said of 188 pieces, real kickstarts, and everything that is rendered here.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Finding } from '../../../kickstart/lint/finding.ts';
import { lintKickstart, lintRendered } from '../../../kickstart/lint/lint.ts';
import type { Release } from '../../../kickstart/lint/release.ts';
import { parseRelease } from '../../../kickstart/lint/release.ts';
import { COMMANDS, SECTIONS } from '../../../kickstart/lint/table.ts';
import { renderKickstart } from '../../../kickstart/render.ts';
import { isNo } from '../../../server/malformed.ts';
import { cs40, minimal, mirror, secrets } from '../../support/installs.ts';

const SAMPLES = fileURLToPath(new URL('../../../../shared/samples/own-kickstarts/', import.meta.url));
const GOLDENS = fileURLToPath(new URL('../../golden/kickstart/', import.meta.url));
const majors = [6, 7, 8, 9, 10];
const absent = !existsSync(SAMPLES);
/** The samples are beside the project, not in it: in CI they have to be there. */
const skip = absent && process.env['CI'] === undefined;

function release(name: string): Release {
  const found = parseRelease(name);
  if (found === undefined) throw new Error(`no release ${name}`);
  return found;
}

/** The words of the matrix. */
function verdictOf(findings: readonly Finding[]): string {
  const syntax = findings.filter(({ kind }) => kind === 'syntax').map(({ severity }) => severity);
  if (syntax.includes('error')) return 'ERR';
  return syntax.includes('deprecated') ? 'warn' : 'ok';
}

describe.skipIf(skip)('the matrix of real parsers', () => {
  const rows = absent ? [] : readFileSync(`${SAMPLES}kickstart-matrix.tsv`, 'utf8').trim().split('\n').slice(1);
  const cases = rows.map((row) => {
    const [item = '', text = '', ...verdicts] = row.split('\t');
    return [item, text, verdicts] as const;
  });

  test('is there', () => {
    expect(cases.length).toBeGreaterThanOrEqual(188);
  });

  test.each(cases)('%s: %s', (_item, text, verdicts) => {
    const said = majors.map((major) =>
      verdictOf(lintKickstart(text.replaceAll(String.raw`\n`, '\n'), release(`rhel${major}`))),
    );
    expect(said).toEqual(verdicts);
  });

  test.each<[string, string, readonly string[]]>([
    ['rhel6-bios-raid10.ks', 'rhel6.2', []],
    ['rhel7-uefi.ks', 'rhel7', []],
    ['rhel8.ks', 'rhel8', ['16 warning this wipes every disk of the machine']],
    ['rhel9.ks', 'rhel9', ['17 warning this wipes every disk of the machine']],
    ['rhel10.ks', 'rhel10', ['17 warning this wipes every disk of the machine']],
  ])('%s has no error and no deprecation for %s', (file, name, expected) => {
    const findings = lintKickstart(readFileSync(SAMPLES + file, 'utf8'), release(name));
    expect(findings.map(({ line, severity, message }) => `${line} ${severity} ${message}`)).toEqual(expected);
  });
});

describe('what is rendered here', () => {
  const goldens = readdirSync(GOLDENS).filter((name) => name.endsWith('.ks'));

  test.each(goldens)('%s has no error and no deprecation', (name) => {
    const text = readFileSync(GOLDENS + name, 'utf8');
    const version = /^# Kickstand: .*, [a-z]+ (\d+\.\d+) \S+$/m.exec(text)?.[1] ?? 'of no release';
    const findings = lintKickstart(text, release(`rhel${version}`));
    expect(findings.filter(({ severity }) => severity !== 'warning')).toEqual([]);
  });

  const versions = ['6.2', '7.9', '8.10', '9.6', '10.0'];
  test.each([
    ['cs40', cs40] as const,
    ...versions.map((version) => [`minimal ${version}`, minimal(version)] as const),
    ...versions.map((version) => [`mirrored ${version}`, minimal(version, mirror('sda', 'sdb'))] as const),
  ])('%s may be served', (_name, install) => {
    const text = renderKickstart(install, secrets);
    if (isNo(text)) throw new Error(text.reason);
    expect(lintRendered(text, install.os)).toEqual([]);
  });

  test('for another release it may not', () => {
    const text = readFileSync(`${GOLDENS}cs40.ks`, 'utf8');
    const found = lintRendered(text, minimal('9.6').os).map(({ message }) => message);
    expect(found).toEqual(
      expect.arrayContaining([
        'RHEL 9 has no install: RHEL 9 removed it',
        'authconfig is deprecated in RHEL 9',
        'RHEL 9 has no %packages --nobase: RHEL 8 removed it',
      ]),
    );
  });
});

describe('the table', () => {
  const all = [...COMMANDS, ...SECTIONS];

  test.each(all)('%s has a verdict for each release', (_name, spec) => {
    const verdicts = [spec.verdicts, ...[...spec.options.values()].map((option) => option.verdicts)];
    expect(verdicts.filter((one) => !/^[odl-][od-]{4}$/.test(one))).toEqual([]);
  });

  test.each(all)('%s names its options once', (_name, spec) => {
    expect([...spec.options.keys()].filter((name) => !/^--[A-Za-z0-9][A-Za-z0-9-]*$/.test(name))).toEqual([]);
  });
});

describe('RHEL 6.2 is stricter than late 6', () => {
  test.each<[string]>([
    ['network --device=bond0 --bondslaves=eth0,eth1'],
    ['network --device=eth0 --vlanid=5'],
    ['logvol none --name=p --vgname=v --size=1 --thinpool'],
    ['%pre-install\n%end'],
    ['%onerror\n%end'],
    ['%addon com_redhat_kdump --enable\n%end'],
  ])('%s', (text) => {
    expect([
      verdictOf(lintKickstart(text, release('rhel6'))),
      verdictOf(lintKickstart(text, release('rhel6.2'))),
    ]).toEqual(['ok', 'ERR']);
  });
});

test.each<[string, Release | undefined]>([
  ['rhel7', { major: 7, minor: undefined }],
  ['rhel6.2', { major: 6, minor: 2 }],
  ['rhel5', undefined],
  ['rhel11', undefined],
  ['fedora40', undefined],
  ['rhel', undefined],
])('%s is a release: %o', (name, expected) => {
  expect(parseRelease(name)).toEqual(expected);
});
