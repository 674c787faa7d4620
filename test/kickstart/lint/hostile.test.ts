// Whatever the text: lint tells, never throws, points inside it, ends soon, and repeats no password.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lintKickstart } from '../../../kickstart/lint/lint.ts';
import type { Release } from '../../../kickstart/lint/release.ts';
import { COMMANDS, SECTIONS } from '../../../kickstart/lint/table.ts';

const release = fc.constantFrom<Release>(
  { major: 6, minor: 2 },
  ...([6, 7, 8, 9, 10] as const).map((major): Release => ({ major, minor: undefined })),
);

const names = [...COMMANDS.keys(), ...SECTIONS.keys(), '%end', '%include', '%ksappend', '%', '--', '-', '__proto__'];
const options = [...COMMANDS.values(), ...SECTIONS.values()].flatMap((spec) => [...spec.options.keys()]);
const word = fc.oneof(
  fc.constantFrom(...names),
  fc.constantFrom(...options),
  fc.tuple(fc.constantFrom(...options), fc.string()).map(([option, value]) => `${option}=${value}`),
  fc.constantFrom('raid.1', 'pv.1', '/', 'swap', 'constructor', '"', "'", '\\', '#', 'sda', 'RAID1', '1.2.3.4'),
  fc.string({ unit: 'binary' }),
);
const line = fc.array(word, { maxLength: 8 }).map((words) => words.join(' '));
const text = fc.oneof(
  fc.array(line, { maxLength: 30 }).map((lines) => lines.join('\n')),
  fc.tuple(fc.array(line), fc.constantFrom('\r\n', '\r', '\f', '\u2028')).map(([lines, ends]) => lines.join(ends)),
  fc.string({ unit: 'binary', maxLength: 400 }),
);

test('it never throws, and points inside the text', () => {
  fc.assert(
    fc.property(text, release, (kickstart, of) => {
      const lines = kickstart.split(/\r\n|\n|\r/);
      const findings = lintKickstart(kickstart, of);
      for (const finding of findings) {
        expect(finding.line).toBeGreaterThanOrEqual(1);
        expect(finding.line).toBeLessThanOrEqual(lines.length);
        expect(finding.column ?? 1).toBeLessThanOrEqual(Math.max(1, (lines[finding.line - 1] ?? '').length));
        expect(finding.message + (finding.remedy ?? '')).toMatch(/^[\x20-\x7e]+$/);
      }
      expect(findings.map((one) => one.line)).toEqual(findings.map((one) => one.line).toSorted((a, b) => a - b));
    }),
    { numRuns: 400 },
  );
});

test.each([
  'rootpw SECRET',
  'rootpw --iscrypted SECRET',
  'rootpw --SECRET',
  'rootpw --plaintext=SECRET x',
  'rootpw x SECRET',
  'rootpw "SECRET',
  'user --name=a --iscrypted --password=SECRET',
  'user --name=a --password SECRET SECRET',
  'sshpw --username=root SECRET SECRET',
  'part / --size=1 --passphrase=SECRET',
  'bootloader --iscrypted --password=SECRET',
  'vnc --password=SECRET SECRET',
  'rhsm --organization=a --activation-key=SECRET SECRET',
  'realm join --one-time-password=SECRET x',
])('no finding repeats the secret of: %s', (kickstart) => {
  for (const major of [6, 7, 8, 9, 10] as const) {
    const findings = lintKickstart(kickstart.replaceAll('SECRET', 'hunter2'), { major, minor: undefined });
    expect(JSON.stringify(findings)).not.toContain('hunter2');
  }
});

test.each<[string, string]>([
  ['too long', 'x'.repeat(1024 * 1024 + 1)],
  ['too many lines', '\n'.repeat(20_001)],
])('a text that is %s is one error', (_name, kickstart) => {
  const findings = lintKickstart(kickstart, { major: 9, minor: undefined });
  expect(findings.map(({ severity, line: at }) => [severity, at])).toEqual([['error', 1]]);
  expect(findings[0]?.message).toContain('it was not read');
});

test('a text that is no kickstart ends with a count, and its errors are kept', () => {
  const findings = lintKickstart(`${'part raid.1\n'.repeat(500)}nonsense\n`, { major: 9, minor: undefined });
  expect(findings.length).toBe(200);
  expect(findings.at(-1)?.message).toMatch(/^and \d+ more/);
  expect(findings.some(({ message }) => message === 'there is no command nonsense')).toBe(true);
});
